"""Links of opt-ins to people go along when two records become one, and back; for display, never for eligibility."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from optin.database.statements import insert, insert_rows, table
from optin.models import OptInPerson

_LINK = table(OptInPerson)
_NEW = insert(_LINK).on_conflict_do_nothing().inline()
Link = tuple[int, datetime, datetime | None]
"""The opt-in, since when it is linked, and until when."""


@dataclass(frozen=True)
class Links:
    """The links of the one who has been merged, and the opt-ins of these that the other was linked to already."""

    had: list[Link] = field(default_factory=list)
    shared: list[int] = field(default_factory=list)


def links_of(session: Session, merged_id: int, kept_id: int) -> Links:
    """Return the links as they are, for `return_links`."""
    had = _of(session, merged_id)
    theirs = {opt_in for opt_in, _, _ in _of(session, kept_id)}
    return Links(had, [opt_in for opt_in, _, _ in had if opt_in in theirs])


def move_links(session: Session, merged_id: int, kept_id: int) -> None:
    """Give all links of one person to another, who keeps those that they have."""
    had = _of(session, merged_id)
    _delete(session, OptInPerson.person_id == merged_id)
    _insert(session, kept_id, had)


def return_links(session: Session, links: Links, merged_id: int, kept_id: int) -> None:
    """Take what came with the merged person away from the other, and give it back as it was."""
    came = [opt_in for opt_in, _, _ in links.had if opt_in not in links.shared]
    _delete(session, and_(OptInPerson.person_id == kept_id, OptInPerson.opt_in_id.in_(came)))
    _insert(session, merged_id, links.had)


def _of(session: Session, person_id: int) -> list[Link]:
    asked = select(OptInPerson.opt_in_id, OptInPerson.linked_at, OptInPerson.ended_at)
    rows = session.execute(asked.where(OptInPerson.person_id == person_id).order_by(OptInPerson.opt_in_id))
    return [(opt_in, linked, ended) for opt_in, linked, ended in rows]


def _delete(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(delete(OptInPerson).where(which).execution_options(synchronize_session=False))


def _insert(session: Session, person_id: int, links: list[Link]) -> None:
    rows = [
        {"opt_in_id": opt_in, "person_id": person_id, "linked_at": linked, "ended_at": ended}
        for opt_in, linked, ended in links
    ]
    insert_rows(session, _NEW, rows)
