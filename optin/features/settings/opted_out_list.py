"""The list of numbers that asked for no more messages at all: columns, search, and the same as a file."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin import phone
from optin.consent import recorded_opt_outs
from optin.consent.recorded_opt_outs import RecordedOptOut
from optin.features.settings import queries
from optin.models import Person, Suppression
from optin.queries import people_of_numbers
from optin.refused import Refused
from optin.web import lists
from optin.web.current import current_policy
from optin.web.filters import person_name
from optin.web.lists import Column, Listing


class OptedOutRow(NamedTuple):
    """A number that opted out, the people who have it, and the text that it did so with or what a user wrote down."""

    suppression: Suppression
    people: Sequence[Person]
    text: str
    written: RecordedOptOut | None

    @property
    def words(self) -> str:
        """Return how they asked, in their words or a user's."""
        return f"{self.written.text} (recorded by {self.written.by or 'Optin'})" if self.written else self.text


COLUMNS: tuple[Column[OptedOutRow], ...] = (
    Column("Contact or lead", lambda row: ", ".join(person_name(person) for person in row.people), in_table=False),
    Column(
        "Mobile phone",
        lambda row: row.suppression.number,
        is_phone=True,
        name="number",
        keys=[Suppression.number, Suppression.id],
    ),
    Column("Contact or lead", cell="people", css="text-break"),
    Column("Text", lambda row: row.words, cell="text", css="text-break"),
    Column(
        "Opted out",
        lambda row: row.suppression.started_at,
        is_moment=True,
        css="nowrap",
        name="when",
        keys=[Suppression.id],
        descending=True,
    ),
)


def listing() -> Listing:
    """Return the list that the request asks for."""
    filters = {"q": lists.search()}
    return Listing(COLUMNS, "-when", "settings.opted_out", filters=filters, file_endpoint="settings.opted_out_file")


def query(listing: Listing) -> Select[Suppression]:
    """Select what the list shows on all its pages."""
    return queries.opted_out(_number(listing.filters["q"]))


def file() -> Response:
    """Answer with all pages of the list as a file."""
    asked = listing()
    return lists.download("opted-out", asked, query(asked), rows)


def rows(session: Session, found: Sequence[Suppression]) -> list[OptedOutRow]:
    """Return the opt-outs as rows of the list, each with who has the number now and the text that asked for it."""
    people = people_of_numbers.of_numbers(session, [row.number for row in found])
    texts = queries.texts_of(session, found)
    written = recorded_opt_outs.of_suppressions(session, found)
    return [
        OptedOutRow(row, people.get(row.number, []), texts.get(row.message_id, ""), written.get(row.number))
        for row in found
    ]


def _number(typed: str) -> str | None:
    """Return the number looked for as it is stored, "" for what is none, None when nothing is looked for."""
    if not typed:
        return None
    number = phone.normalise(typed, current_policy().default_region)
    return "" if isinstance(number, Refused) else number
