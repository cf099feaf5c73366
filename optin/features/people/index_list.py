"""The lists of contacts and of leads: columns, search, and the same as a file."""

from collections.abc import Iterator, Sequence

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.database.session import db
from optin.enums import PersonKind
from optin.features.people import queries
from optin.models import Person
from optin.policy import policy
from optin.web import lists
from optin.web.lists import Column, Listing

COLUMNS = (
    Column("Name", "name", [Person.sort_name, Person.id]),
    Column("Mobile phone"),
    Column("Consent"),
    Column("Company", "company", [Person.company, Person.id]),
    Column("Email", "email", [Person.email, Person.id]),
    Column("Owner"),
    Column("Added", "added", [Person.id], descending=True),
)
TITLES = ("First name", "Last name", "Mobile phone", "Consent", "Company", "Email", "Owner", "Added")


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
    hits = queries.found(session, kind, text, policy.load(session).default_region, consent)
    return queries.listed(session, kind, consent, hits.ids), hits.more


def file(kind: PersonKind) -> Response:
    """Answer with all pages of the list as a file."""
    session, asked = db.session(), listing(kind)
    text, consent = asked.filters["q"], asked.filters["consent"]
    among = queries.found_in_all(kind, text, policy.load(session).default_region, consent) if text else None

    def cells(session: Session, people: Sequence[Person]) -> Iterator[Sequence[object]]:
        number_statuses = consent_status.of_numbers(session, [person.mobile for person in people])
        for person in people:
            where = number_statuses.get(person.mobile or "", consent_status.NO_OPT_IN).text
            owner, names = person.owner.name if person.owner else "", (person.first_name, person.last_name)
            yield (*names, person.mobile, where, person.company, person.email, owner, person.created_at)

    return lists.download(f"{kind}s", TITLES, asked, queries.listed(session, kind, consent, among), cells)
