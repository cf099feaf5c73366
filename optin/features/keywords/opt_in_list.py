"""The Opt-Ins of a keyword: columns, search, filter, and the same as a file."""

from collections.abc import Iterator, Sequence

from flask import Response
from sqlalchemy.orm import Session

from optin.enums import OptInSource, OptInStatus
from optin.features.keywords import opt_ins
from optin.features.keywords.opt_ins import OptInFilter
from optin.models import Keyword, OptIn
from optin.policy import policy
from optin.queries import people_of_numbers
from optin.web import lists
from optin.web.lists import Column, Listing

COLUMNS = (
    Column("Opt-in", "opted-in", [OptIn.id], descending=True),
    Column("Phone number"),
    Column("Contact or lead"),
    Column("Status"),
    Column("Message"),
    Column("Message SID"),
    Column("Opted in"),
)
TITLES = (
    "Opt-in",
    "Phone number",
    "Contact or lead",
    "Status",
    "Source",
    "Message",
    "Message SID",
    "Asked",
    "Opted in",
    "Ended",
)


def listing(keyword: Keyword) -> Listing:
    """Return the list that the request asks for."""
    filters = {"q": lists.search(), "status": lists.one_of("status", list(OptInStatus))}
    where = {"keyword_id": keyword.id}
    return Listing(COLUMNS, "-opted-in", "keywords.show", where, filters, "keywords.opt_ins_file", {"tab": "related"})


def file(session: Session, keyword: Keyword) -> Response:
    """Answer with all opt-ins that the list shows as a file."""
    asked, region, name = listing(keyword), policy.load(session).default_region, f"opt-ins-{keyword.id}"
    given = OptInFilter(asked.filters["q"], asked.filters["status"])
    query = opt_ins.query(keyword.id, given, opt_ins.found_in_all(keyword.id, given, region))

    def cells(session: Session, rows: Sequence[OptIn]) -> Iterator[Sequence[object]]:
        having = people_of_numbers.of_opt_ins(session, rows)
        for row in rows:
            names = ", ".join(person.name for person in having.get(row.id, []))
            source, when = OptInSource(row.source).label, (row.requested_at, row.activated_at, row.ended_at)
            yield (row.name, row.number, names, row.state.label, source, row.text, row.message_sid, *when)

    return lists.download(name, TITLES, asked, query, cells)
