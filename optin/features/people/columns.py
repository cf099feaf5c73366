"""The columns of the lists of people: which there are, which are shown unless others are chosen, and in which order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from optin.consent.consent_status import ConsentStatus
from optin.models import Person
from optin.web.lists import Column


class PersonRow(NamedTuple):
    """A contact or lead, where their number stands, and for a file what they have in fields of one's own by key."""

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
    Column("Time zone", lambda row: row.person.zones.replace("|", ", "), css="text-break", name="zone"),
    Column("Changed", lambda row: row.person.updated_at, is_moment=True, css="nowrap", name="changed"),
    Column("Notes", lambda row: row.person.notes, css="text-break", name="notes"),
)
COLUMNS = (*NAME, *CHOICE)
BY_NAME: Mapping[str, Column[PersonRow]] = {column.name: column for column in (*CHOICE, *MORE)}
SORTS = [column.name for column in (*NAME, *CHOICE) if column.keys]


def known(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the names that are columns, each once."""
    return tuple(name for name in dict.fromkeys(names) if name in BY_NAME)


def chosen(names: Sequence[str]) -> tuple[Column[PersonRow], ...]:
    """Return the columns of a list by their names; none: as the list has them. By all that sort it can be sorted."""
    if not names:
        return COLUMNS
    others = [column for column in CHOICE if column.keys and column.name not in names]
    hidden = (replace(column, value=None, in_table=False) for column in others)
    return (*NAME, *(BY_NAME[name] for name in names), *hidden)


def offered(names: Sequence[str]) -> list[tuple[Column[PersonRow], bool]]:
    """Return the columns to choose from and whether each is shown, those first in their order."""
    shown = list(names) or [column.name for column in CHOICE]
    return [
        *((BY_NAME[name], True) for name in shown),
        *((column, False) for name, column in BY_NAME.items() if name not in shown),
    ]
