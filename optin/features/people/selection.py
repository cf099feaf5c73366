"""The people of whom something is to be done: the ticked ones of a page, or all that a list shows.

A selection is a small mapping that JSON knows, which background tasks keep; whom it leaves is asked whenever it is
used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from optin.campaign_members import sources
from optin.enums import PersonKind
from optin.models import Person
from optin.person.filters import table, terms
from optin.person.filters.field import Asker
from optin.person.filters.terms import Filter
from optin.queries import search
from optin.queries.look import People

SOURCE = "people of a list"


@dataclass(frozen=True)
class Selection:
    """People of a kind: those with `ids`, else those who meet the filters and the text, up to the id `up_to`.

    `asker` is who asked: what is mine, and which days are meant, stays as it was then. `region` reads numbers.
    """

    kind: PersonKind
    ids: tuple[int, ...] | None
    filters: tuple[Filter, ...]
    text: str
    region: str
    asker: Asker
    up_to: int

    @property
    def stored(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {
            "kind": str(self.kind),
            "ids": None if self.ids is None else list(self.ids),
            "filters": terms.stored(self.filters),
            "text": self.text,
            "region": self.region,
            "user_id": self.asker.user_id,
            "at": self.asker.now.isoformat(),
            "zone": self.asker.zone.key,
            "up_to": self.up_to,
        }

    def conditions(self, session: Session) -> "Conditions":
        """Return what must hold of them now."""
        question = table.ask(session, self.filters, self.asker)
        return Conditions(self, question.holds)


@dataclass(frozen=True)
class Conditions:
    """The conditions of a selection, on the table of people or on some of its rows."""

    selection: Selection
    filters: Any

    def __call__(self, of: People) -> Sequence[ColumnElement[bool]]:
        """Return them for people under this name."""
        chosen = self.selection
        found: list[ColumnElement[bool]] = [(of.kind + "") == chosen.kind, of.id <= chosen.up_to]
        if chosen.ids is not None:
            return [*found, of.id.in_(chosen.ids)]
        if chosen.text:
            found.append(of.id.in_(search.any_of(search.people(chosen.text, chosen.region, all_=True))))
        return [*found, *self.filters(of)]


def of(
    session: Session, kind: PersonKind, ids: Sequence[int] | None, filters: Sequence[Filter], text: str, *,
    region: str, asker: Asker,
) -> Selection:  # fmt: skip
    """Select people; who is added from now on is none of them."""
    up_to = session.scalar(select(func.max(Person.id))) or 0
    chosen = None if ids is None else tuple(dict.fromkeys(ids))
    return Selection(kind, chosen, tuple(filters), text, region, asker, up_to)


def loaded(kept: Mapping[str, Any]) -> Selection:
    """Return what `stored` gave."""
    return Selection(
        PersonKind(kept["kind"]),
        None if kept["ids"] is None else tuple(kept["ids"]),
        terms.loaded(kept["filters"]),
        kept["text"],
        kept["region"],
        Asker(kept["user_id"], datetime.fromisoformat(kept["at"]), ZoneInfo(kept["zone"])),
        kept["up_to"],
    )


@sources.source(SOURCE)
def members_to_be(session: Session, about: Mapping[str, Any]) -> sources.People:
    """Give the people of a selection to those who add members to a campaign."""
    chosen = loaded(about)
    title = f"{len(chosen.ids)} selected people" if chosen.ids is not None else f"{chosen.kind.label}s of a list"
    ids = select(Person.id).where(*chosen.conditions(session)(Person))
    if chosen.ids is None:
        return sources.People(title, ids)
    return sources.People(title, ids, select(Person.id).where(Person.id.in_(chosen.ids)), len(chosen.ids))
