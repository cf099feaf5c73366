"""Fields of one's own of two records that become one: the kept record gets what it has not. Nothing commits."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, literal, select
from sqlalchemy.orm import Session, aliased

from optin.database.statements import insert
from optin.models import OwnValue

COLUMNS = ("text", "folded", "number", "option_id")


def fill(session: Session, from_id: int, to_id: int) -> list[int]:
    """Give a record the values of another in fields where it has none; return the ids of these fields."""
    theirs = select(OwnValue.field_id).where(OwnValue.person_id == to_id)
    rows = select(literal(to_id), OwnValue.field_id, *(getattr(OwnValue, name) for name in COLUMNS)).where(
        OwnValue.person_id == from_id, OwnValue.field_id.not_in(theirs)
    )
    made = insert(OwnValue).from_select(["person_id", "field_id", *COLUMNS], rows).on_conflict_do_nothing()
    return list(session.scalars(made.returning(OwnValue.field_id)))


def take_back(session: Session, from_id: int, to_id: int, field_ids: Sequence[int]) -> None:
    """Take from a record what `fill` gave it, unless it was changed since."""
    given = aliased(OwnValue)
    same = exists().where(
        given.person_id == from_id,
        given.field_id == OwnValue.field_id,
        given.text.is_not_distinct_from(OwnValue.text),
        given.option_id.is_not_distinct_from(OwnValue.option_id),
    )
    gone = delete(OwnValue).where(OwnValue.person_id == to_id, OwnValue.field_id.in_(field_ids), same)
    session.execute(gone.execution_options(synchronize_session=False))
