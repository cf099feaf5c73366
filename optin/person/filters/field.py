"""What a field of filters is: its label, its operators with their words, what can be chosen, and its SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from optin.models import Person
from optin.person.filters.terms import Filter, Operand, Operator
from optin.refused import Refused

People = type[Person]
"""The people of whom a condition speaks: the table itself, or an alias of some of its rows."""
SAID = 3


class Option(NamedTuple):
    """Something that can be chosen: its value in the address, and its words."""

    value: str
    label: str


@dataclass(frozen=True)
class Asker:
    """Who asks, in which time zone, and when: "me" and days mean something else for everyone."""

    user_id: int | None
    now: datetime
    zone: ZoneInfo


@dataclass(frozen=True)
class Asked:
    """What a filter asks of the database: the condition that it makes of people's rows.

    `ids` selects all of whom it holds where an index finds them, or `numbers` their numbers; they need not be all of
    one kind. `leads`: an index has them in the order of names.
    """

    holds: Callable[[People], ColumnElement[bool]]
    ids: Select[int] | None = None
    numbers: Select[str] | None = None
    leads: bool = False


class How(NamedTuple):
    """What an operator of a field needs, and its sentence; `{}` stands for the values."""

    operand: Operand
    words: str


@dataclass(frozen=True)
class Field:
    """One field. `ask` refuses values that it can't ask for, with the sentence for whoever gave them.

    `options` lists what can be chosen, with what is chosen already. `in_lists`: the lists of people offer it.
    """

    name: str
    label: str
    operators: Mapping[Operator, How]
    ask: Callable[[Session, Filter, Asker], Asked | Refused]
    options: Callable[[Session, Sequence[str]], Sequence[Option]] = lambda _session, _chosen: ()
    in_lists: bool = True

    @property
    def operands(self) -> dict[Operator, Operand]:
        """Return what each of its operators needs."""
        return {operator: how.operand for operator, how in self.operators.items()}

    def say(self, session: Session, asked: Filter) -> str:
        """Say the filter in words: “Company contains “Harbor””."""
        how = self.operators[asked.operator]
        return how.words.format(_joined(self._said(session, asked, how.operand)))

    def _said(self, session: Session, asked: Filter, operand: Operand) -> list[str]:
        if operand is Operand.CHOICE:
            labels = dict(self.options(session, asked.values))
            return [labels.get(value, "something that was deleted") for value in asked.values]
        if operand is Operand.TEXT:
            return [f"“{value}”" for value in asked.values]
        if operand is Operand.DAYS:
            return ["day" if value == "1" else f"{value} days" for value in asked.values]
        return list(asked.values)


def _joined(said: list[str]) -> str:
    """Join what any of is asked for: “a, b or c”, of many the first and how many more."""
    if len(said) > SAID:
        said = [*said[:SAID], f"{len(said) - SAID} more"]
    return f"{', '.join(said[:-1])} or {said[-1]}" if len(said) > 1 else "".join(said)
