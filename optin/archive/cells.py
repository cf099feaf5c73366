r"""The cells of the files, and back: UTF-8, a moment as ISO 8601 in UTC, nothing for NULL.

Where a column may be NULL, a text that is empty or begins with a backslash has one backslash before it. A text that a
spreadsheet would run as a formula has an apostrophe before its sign, as in every file of Optin.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, LargeBinary

from optin.database.session import UTCDateTime
from optin.web import spreadsheets

Writer = Callable[[Any], str]
Reader = Callable[[str], Any]
RAW = "%Y-%m-%d %H:%M:%S.%f"


def is_file(column: Column[Any]) -> bool:
    """Tell whether what stands in the column is a file of its own in the ZIP, which the cell names."""
    return isinstance(column.type, LargeBinary)


def writer(column: Column[Any]) -> Writer:
    """Return what makes the cell of a value as the database gives it, which is not NULL."""
    if isinstance(column.type, UTCDateTime):
        return _moment
    if isinstance(column.type, Boolean):
        return _yes_or_no
    if isinstance(column.type, Float):
        return _fraction
    if isinstance(column.type, Integer | BigInteger):
        return str
    return _nullable_text if column.nullable else spreadsheets.harmless_cell


def reader(column: Column[Any]) -> Reader:
    """Return what makes the value of a cell for SQLAlchemy. Raises ValueError for what is none."""
    read = _reader(column)
    if not column.nullable:
        return read
    return lambda cell: read(cell) if cell else None


def _reader(column: Column[Any]) -> Reader:
    kind = column.type
    if isinstance(kind, UTCDateTime):
        return _read_moment
    if isinstance(kind, Boolean):
        return _read_yes_or_no
    if isinstance(kind, Float):
        return float
    if isinstance(kind, Integer | BigInteger):
        return int
    if isinstance(kind, JSON):
        return (lambda cell: json.loads(_read_nullable(cell))) if column.nullable else _read_nested
    if is_file(column):
        return str
    return _read_nullable if column.nullable else spreadsheets.as_it_was


def _moment(value: str) -> str:
    """SQLite keeps `2026-11-27 07:05:30.123456`; PostgreSQL says `2026-11-27 07:05:30.12+00`."""
    head, _, fraction = value.removesuffix("+00").partition(".")
    return f"{head.replace(' ', 'T')}.{fraction:0<6}Z"


def _read_moment(cell: str) -> datetime:
    moment = datetime.fromisoformat(cell.removesuffix("Z") + "+00:00")
    if not cell.endswith("Z"):
        raise ValueError("a moment ends with Z")
    return moment.astimezone(UTC)


def _fraction(value: float | str) -> str:
    """SQLite says 3.0 where PostgreSQL says 3."""
    return repr(float(value))


def _yes_or_no(value: object) -> str:
    return "true" if value in (1, True, "t") else "false"


def _read_yes_or_no(cell: str) -> bool:
    if cell not in ("true", "false"):
        raise ValueError("neither true nor false")
    return cell == "true"


def _nullable_text(value: str) -> str:
    return spreadsheets.harmless_cell(f"\\{value}" if not value or value[0] == "\\" else value)


def _read_nullable(cell: str) -> str:
    return spreadsheets.as_it_was(cell).removeprefix("\\")


def _read_nested(cell: str) -> Any:
    return json.loads(spreadsheets.as_it_was(cell))
