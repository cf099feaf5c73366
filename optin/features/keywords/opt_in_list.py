"""The Opt-Ins of a keyword: columns, search, filter, and the same as a file."""

from flask import Response

from optin.enums import OptInSource, OptInStatus
from optin.features.keywords import opt_ins
from optin.features.keywords.opt_ins import OptInFilter, OptInRow
from optin.models import Keyword, OptIn
from optin.web import lists
from optin.web.current import current_policy
from optin.web.filters import person_name
from optin.web.lists import Column, Listing

COLUMNS: tuple[Column[OptInRow], ...] = (
    Column("Opt-in", lambda row: row.opt_in.name, cell="opt_in", name="opted-in", keys=[OptIn.id], descending=True),
    Column("Phone number", lambda row: row.opt_in.number, is_phone=True),
    Column("Contact or lead", lambda row: ", ".join(person_name(person) for person in row.people), cell="people"),
    Column("Status", lambda row: row.opt_in.state.label, cell="status"),
    Column("Source", lambda row: OptInSource(row.opt_in.source).label, in_table=False),
    Column("Message", lambda row: row.opt_in.text, cell="message"),
    Column("Message SID", lambda row: row.opt_in.message_sid, cell="message_sid"),
    Column("Asked", lambda row: row.opt_in.requested_at, in_table=False),
    Column("Opted in", lambda row: row.opt_in.activated_at, cell="opted_in"),
    Column("Ended", lambda row: row.opt_in.ended_at, in_table=False),
)


def listing(keyword: Keyword) -> Listing:
    """Return the list that the request asks for."""
    filters = {"q": lists.search(), "status": lists.one_of("status", list(OptInStatus))}
    where = {"keyword_id": keyword.id}
    return Listing(COLUMNS, "-opted-in", "keywords.show", where, filters, "keywords.opt_ins_file", {"tab": "related"})


def file(keyword: Keyword) -> Response:
    """Answer with all opt-ins that the list shows as a file."""
    asked, region, name = listing(keyword), current_policy().default_region, f"opt-ins-{keyword.id}"
    given = OptInFilter(asked.filters["q"], asked.filters["status"])
    query = opt_ins.query(keyword.id, given, opt_ins.found_in_all(keyword.id, given, region))
    return lists.download(name, asked, query, opt_ins.rows)
