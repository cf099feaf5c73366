"""Days in statements."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, String, cast, func
from sqlalchemy.orm import Session


def utc_day(session: Session, moment: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Return the day of a moment by UTC, as ISO 8601 writes it."""
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")
    return func.substr(cast(moment, String()), 1, 10)
