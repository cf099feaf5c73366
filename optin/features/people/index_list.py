"""The lists of contacts and of leads: columns, search, and the same as a file."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.consent.consent_status import ConsentStatus
from optin.database.session import db
from optin.enums import PersonKind
from optin.features.people import queries
from optin.models import Person
from optin.web import lists
from optin.web.current import current_policy
from optin.web.lists import Column, Listing


class PersonRow(NamedTuple):
    """A contact or lead, and where their number stands."""

    person: Person
    consent: ConsentStatus


COLUMNS: tuple[Column[PersonRow], ...] = (
    Column("Name", cell="name", css="text-break", name="name", keys=[Person.sort_name, Person.id]),
    Column("First name", lambda row: row.person.first_name, in_table=False),
    Column("Last name", lambda row: row.person.last_name, in_table=False),
    Column("Mobile phone", lambda row: row.person.mobile, is_phone=True),
    Column("Consent", lambda row: row.consent.text, cell="consent"),
    Column(
        "Company",
        lambda row: row.person.company,
        css="text-break",
        name="company",
        keys=[Person.company, Person.id],
    ),
    Column("Email", lambda row: row.person.email, css="text-break", name="email", keys=[Person.email, Person.id]),
    Column("Owner", lambda row: row.person.owner.name if row.person.owner else ""),
    Column(
        "Added",
        lambda row: row.person.created_at,
        is_moment=True,
        css="nowrap",
        name="added",
        keys=[Person.id],
        descending=True,
    ),
)


def listing(kind: PersonKind) -> Listing:
    """Return the list of a kind as the request asks for it."""
    address, file = f"people.{kind}s", f"people.{kind}s_file"
    filters = {"q": lists.search(), "consent": lists.one_of("consent", [queries.NO_ACTIVE_OPT_IN])}
    return Listing(COLUMNS, "name", address, filters=filters, file_endpoint=file)


def query(session: Session, kind: PersonKind, listing: Listing) -> tuple[Select[Person], bool]:
    """Select what the list shows, of a search the first some hundred; the second tells whether it finds more."""
    text, consent = listing.filters["q"], listing.filters["consent"]
    if not text:
        return queries.listed(session, kind, consent), False
    hits = queries.found(session, kind, text, current_policy().default_region, consent)
    return queries.listed(session, kind, consent, hits.ids), hits.more


def file(kind: PersonKind) -> Response:
    """Answer with all pages of the list as a file."""
    session, asked = db.session(), listing(kind)
    text, consent = asked.filters["q"], asked.filters["consent"]
    among = queries.found_in_all(kind, text, current_policy().default_region, consent) if text else None
    return lists.download(f"{kind}s", asked, queries.listed(session, kind, consent, among), rows)


def rows(session: Session, people: Sequence[Person]) -> list[PersonRow]:
    """Return the people as rows of the list, each with the status of their number."""
    found = consent_status.of_numbers(session, [person.mobile for person in people])
    return [PersonRow(person, found.get(person.mobile or "", consent_status.NO_OPT_IN)) for person in people]
