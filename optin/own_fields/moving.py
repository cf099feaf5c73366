"""Fields of one's own of two records that become one, and two again. Nothing commits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, literal, select
from sqlalchemy.orm import Session, aliased

from optin.database.statements import insert
from optin.models import OwnValue
from optin.own_fields import kinds, values
from optin.refused import Refused

COLUMNS = ("text", "folded", "number", "option_id")


@dataclass(frozen=True)
class Taken:
    """What `take` did: by the names of the fields what the record had there before, and what it has since.

    `decided` are the ids of all fields about which there was a choice.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    decided: Collection[int]


def take(session: Session, from_id: int, to_id: int, choice: Mapping[str, bool]) -> Taken:
    """Give a record the values of another, also empty ones, in the fields for whose names `choice` says so."""
    fields = values.held(session, choice)
    theirs, mine = values.before(session, from_id, fields), values.before(session, to_id, fields)
    changed = {name: theirs[name] for name in fields if choice[name] and theirs[name] != mine[name]}
    values.write(session, fields, [(to_id, changed)])
    return Taken({name: mine[name] for name in changed}, changed, {field.id for field in fields.values()})


def fill(session: Session, from_id: int, to_id: int, decided: Collection[int] = ()) -> list[int]:
    """Give a record the values of another where it has none and nothing was `decided`; return the ids of the fields."""
    mine = select(OwnValue.field_id).where(OwnValue.person_id == to_id)
    rows = select(literal(to_id), OwnValue.field_id, *(getattr(OwnValue, name) for name in COLUMNS)).where(
        OwnValue.person_id == from_id, OwnValue.field_id.not_in(mine), OwnValue.field_id.not_in(decided)
    )
    made = insert(OwnValue).from_select(["person_id", "field_id", *COLUMNS], rows).on_conflict_do_nothing()
    return list(session.scalars(made.returning(OwnValue.field_id)))


def changed_since(session: Session, from_id: int, to_id: int, before: Mapping[str, str]) -> list[str]:
    """Return the names of the fields in which a record has no longer what `take` gave it, or can't have `before` again.

    Both are read as the fields are now: an option that was renamed is renamed in both records.
    """
    fields = values.held(session, before)
    theirs, mine = values.before(session, from_id, fields), values.before(session, to_id, fields)
    return [
        name
        for name, field in fields.items()
        if mine[name] != theirs[name]
        or isinstance(kinds.read(field.kind, before[name], field.options.values()), Refused)
    ]


def give_back(session: Session, to_id: int, before: Mapping[str, str]) -> None:
    """Give a record what it had `before` the merge, in fields that are there still."""
    fields = values.held(session, before)
    texts = values.read(fields, {name: before[name] for name in fields})
    if not isinstance(texts, Refused):
        values.write(session, fields, [(to_id, texts)])


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
