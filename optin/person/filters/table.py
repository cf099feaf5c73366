"""All filters of people: those of every installation, and those that others register, such as fields of one's own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session

from optin.person.filters import choices, consent, texts, times
from optin.person.filters.field import Asked, Asker, Field, People
from optin.person.filters.terms import Filter, Operands
from optin.refused import Refused

Source = Callable[[Session], Iterable[Field]]
"""Lists fields that are made while the app runs."""
FIELDS: Sequence[Field] = (*choices.FIELDS[:1], *consent.FIELDS, *texts.FIELDS, *times.FIELDS, *choices.FIELDS[1:])
GONE = Refused("The field of this filter is not there any more, so the filter matches nobody.")
NOBODY = Asked(lambda _of: false())
_sources: list[Source] = []


@dataclass(frozen=True)
class Question:
    """What some filters ask: one condition each; `problems` has a sentence by the place of each that asks nothing.

    A filter with a problem matches nobody, so that whatever is done to all that match is not done to everybody.
    """

    asked: tuple[Asked, ...] = ()
    problems: dict[int, str] = field(default_factory=dict)

    def holds(self, of: People) -> list[ColumnElement[bool]]:
        """Return the conditions, all of which must hold."""
        return [each.holds(of) for each in self.asked]


def register(source: Source) -> None:
    """Let the fields of a source be asked for too; their names must be none of the others, nor have a dot."""
    _sources.append(source)


def known(session: Session) -> dict[str, Field]:
    """Return all fields by name, in the order in which they are offered."""
    more = [each for source in _sources for each in source(session)]
    return {each.name: each for each in (*FIELDS, *more)}


def operands(fields: Iterable[Field]) -> dict[str, Operands]:
    """Return what the operators of each field need, by its name, for reading an address."""
    return {each.name: each.operands for each in fields}


def ask(session: Session, filters: Sequence[Filter], asker: Asker) -> Question:
    """Return what the filters ask of the database."""
    fields = known(session) if filters else {}
    found = [_ask(session, fields, each, asker) for each in filters]
    problems = {place: each.sentence for place, each in enumerate(found) if isinstance(each, Refused)}
    return Question(tuple(NOBODY if isinstance(each, Refused) else each for each in found), problems)


def say(session: Session, filters: Sequence[Filter]) -> list[str]:
    """Say each filter in words."""
    fields = known(session) if filters else {}
    return [_say(session, fields, each) for each in filters]


def _ask(session: Session, fields: dict[str, Field], each: Filter, asker: Asker) -> Asked | Refused:
    found = fields.get(each.field)
    return found.ask(session, each, asker) if found and each.operator in found.operators and each.values else GONE


def _say(session: Session, fields: dict[str, Field], each: Filter) -> str:
    found = fields.get(each.field)
    return found.say(session, each) if found and each.operator in found.operators else "A field that was deleted"
