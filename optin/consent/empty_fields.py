"""The merge fields of a text that may be empty for somebody: those without a default, as conditions on people.

A broadcast may leave out for whom one of them is empty; the rule has a step for that. The brand is never among them: it
is the same for all.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, or_, select
from sqlalchemy.orm import Session

from optin.models import Broadcast, Person
from optin.own_fields import merging
from optin.policy.cache import CachedField
from optin.texts import merge_fields

PERSONAL = ("first_name", "last_name", "company")
"""The merge fields of ours that say something else of each person, as columns of theirs."""
_SPACE = "".join(character for character in map(chr, range(0x3001)) if character.isspace())
"""What merge_fields.render takes for space."""


@dataclass(frozen=True)
class EmptyFields:
    """Merge fields by their names: `ours`, and fields of one's own."""

    ours: tuple[str, ...] = ()
    own: tuple[CachedField, ...] = ()

    @property
    def names(self) -> list[str]:
        """Return their names."""
        return [*self.ours, *(field.key for field in self.own)]

    def columns(self) -> tuple[list[ColumnElement[bool]], list[merging.Column]]:
        """Return for each field that it is empty, in a statement that has Person, and what that statement joins."""
        joined = [merging.column(field) for field in self.own]
        texts = [*(getattr(Person, name) for name in self.ours), *(each.text for each in joined)]
        return [func.trim(text, _SPACE) == "" for text in texts], joined

    def any_of(self, person_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
        """The condition that one of them is empty for a person."""
        are_empty, joined = self.columns()
        found: Select[Any] = merging.join(select(Person.id), joined).where(Person.id == person_id, or_(*are_empty))
        return found.correlate_except(Person, *(each.joined for each in joined)).exists()


def of_texts(session: Session, *bodies: str) -> EmptyFields | None:
    """Return the fields of texts that may be empty for somebody; None where there is none."""
    names = {name for body in bodies for name in merge_fields.without_default(body)}
    own = tuple(field for field in merging.used_in(session, *bodies) if field.key in names)
    ours = tuple(name for name in PERSONAL if name in names)
    return EmptyFields(ours, own) if ours or own else None


def left_out_by(session: Session, broadcast: Broadcast) -> EmptyFields | None:
    """Return the fields for which a broadcast leaves people out; None: for none."""
    return of_texts(session, *broadcast.texts) if broadcast.leaves_out_empty else None
