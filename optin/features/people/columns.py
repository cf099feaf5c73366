"""The columns of the lists of people: which there are, which are shown unless others are chosen, and in which order.

Fields of one's own are columns too: of the table if they are chosen, and of the file also where nothing is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from optin.consent.consent_status import ConsentStatus
from optin.models import Person
from optin.own_fields import keys
from optin.policy.cache import CachedField
from optin.web import own_fields
from optin.web.lists import Column


class PersonRow(NamedTuple):
    """A contact or lead, where their number stands, and what they have in those fields of one's own that are shown."""

    person: Person
    consent: ConsentStatus
    own: Mapping[str, str] = {}


NAME: tuple[Column[PersonRow], ...] = (
    Column("Name", cell="name", css="text-break", name="name", keys=[Person.sort_name, Person.id]),
    Column("First name", lambda row: row.person.first_name, in_table=False),
    Column("Last name", lambda row: row.person.last_name, in_table=False),
)
"""By what people are known: always there, and first."""
CHOICE: tuple[Column[PersonRow], ...] = (
    Column("Mobile phone", lambda row: row.person.mobile, name="mobile", is_phone=True),
    Column("Consent", lambda row: row.consent.text, name="consent", cell="consent"),
    Column(
        "Company",
        lambda row: row.person.company,
        css="text-break",
        name="company",
        keys=[Person.company, Person.id],
    ),
    Column("Email", lambda row: row.person.email, css="text-break", name="email", keys=[Person.email, Person.id]),
    Column("Owner", lambda row: row.person.owner.name if row.person.owner else "", name="owner"),
    Column(
        "Added",
        lambda row: row.person.created_at,
        is_moment=True,
        css="nowrap",
        name="added",
        keys=[Person.created_at, Person.id],
        descending=True,
    ),
)
MORE: tuple[Column[PersonRow], ...] = (
    Column("State (US)", lambda row: row.person.us_state, name="state"),
    Column("Time zone", lambda row: row.person.zones.replace("|", ", "), css="text-break", name="zone"),
    Column("Changed", lambda row: row.person.updated_at, is_moment=True, css="nowrap", name="changed"),
    Column("Notes", lambda row: row.person.notes, css="text-break", name="notes"),
)
COLUMNS = (*NAME, *CHOICE)
SORTS = [column.name for column in (*NAME, *CHOICE) if column.keys]


def known(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the names that are columns, each once."""
    there = _by_name()
    return tuple(name for name in dict.fromkeys(names) if name in there)


def chosen(names: Sequence[str]) -> tuple[Column[PersonRow], ...]:
    """Return the columns of a list by their names; none: as the list has them. By all that sort it can be sorted."""
    if not names:
        return (*COLUMNS, *(replace(_own(field), in_table=False) for field in own_fields.current_fields()))
    there = _by_name()
    others = [column for column in CHOICE if column.keys and column.name not in names]
    hidden = (replace(column, value=None, in_table=False) for column in others)
    return (*NAME, *(there[name] for name in names), *hidden)


def own_in(columns: Iterable[Column[PersonRow]]) -> list[CachedField]:
    """Return the fields of one's own that are among the columns."""
    names = {column.name for column in columns}
    return [field for field in own_fields.current_fields() if keys.name_of(field.key) in names]


def offered(names: Sequence[str]) -> list[tuple[Column[PersonRow], bool]]:
    """Return the columns to choose from and whether each is shown, those first in their order."""
    there = _by_name()
    shown = list(names) or [column.name for column in CHOICE]
    return [
        *((there[name], True) for name in shown),
        *((column, False) for name, column in there.items() if name not in shown),
    ]


def _by_name() -> Mapping[str, Column[PersonRow]]:
    own = (_own(field) for field in own_fields.current_fields())
    return {column.name: column for column in (*CHOICE, *MORE, *own)}


def _own(field: CachedField) -> Column[PersonRow]:
    name = keys.name_of(field.key)
    return Column(field.label, lambda row: row.own.get(field.key, ""), css="text-break", name=name)
