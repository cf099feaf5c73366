"""Steering a database past a plan that it would choose wrongly. What a statement selects stays the same.

Who uses one of these says why, and a line in tests/database/test_query_plans.py holds the plan.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, any_, case, false, func, literal_column, true
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import Exists
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse


def without_index(column: SQLColumnExpression[int]) -> ColumnElement[int]:
    """Return the value of a column of whole numbers so that no index on the column is used for it."""
    return column + 0


def is_any(id_: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """A condition that every id meets, for SQLite: it leads to an index that has the ids behind what is asked for.

    Rows that are found in the order of their ids lie side by side in the file.
    """
    return id_ > literal_column("0")


def written_out(term: str) -> ColumnElement[str]:
    """Return a term that stands in the statement itself and not among its values.

    With a value, SQLite prepares it anew each time to see whether a partial index serves, and the plans that PostgreSQL
    keeps use none.
    """
    found: ColumnElement[str] = literal_column(f"'{term}'")
    return found


def evaluated_once(
    session: Session, query: Select[*tuple[Any, ...]], order: SQLColumnExpression[Any]
) -> Select[*tuple[Any, ...]]:
    """Keep SQLite from folding a subquery into the statement around it and asking each of its columns anew.

    A limit, even none, and an order keep the two apart; `order` is one that costs nothing.
    """
    return query.order_by(order).limit(-1) if session.get_bind().dialect.name == "sqlite" else query


def asked_in_order(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """All of the conditions, each asked only where those before it hold, and of one row after the other.

    PostgreSQL makes joins of EXISTS, beginning with those that nearly every row meets, as it does not know which leaves
    few rows; or it reads whole tables to ask some hundred rows. It does neither with a subquery that gives a value.
    """
    asked: ColumnElement[bool] = true()
    for each in reversed(conditions):
        asked = case((replacement_traverse(each, {}, _as_value), asked), else_=false())
    return asked


def _as_value(element: ExternallyTraversible, **_: object) -> ColumnElement[bool] | None:
    if not isinstance(element, Exists):
        return None
    rows: Select[Any] = element.element.element
    return rows.with_only_columns(literal_column("1")).limit(literal_column("1")).scalar_subquery().is_not(None)


def is_in(session: Session, column: SQLColumnExpression[Any], value: object) -> ColumnElement[bool]:
    """The condition that a column has one value, for a page of an index that begins with the column and has the order.

    The order has to name the column too. PostgreSQL leaves it out of the order of one value otherwise, and then goes
    through the newest rows of all values: past all the others, where those asked for are old.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(array([value]))
    return column == value


def is_one_of_few(session: Session, column: SQLColumnExpression[Any], few: Select[Any]) -> ColumnElement[bool]:
    """The condition that a column has one of a few values that a query selects, which are selected first.

    PostgreSQL folds a mere subquery into the statement, and may then read all rows to see whose value is among them.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(func.array(few.scalar_subquery()))
    return column.in_(few)
