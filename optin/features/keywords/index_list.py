"""The list of keywords: its columns, its filters, and the same as a file."""

from collections.abc import Iterator, Sequence

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.features.keywords import queries
from optin.models import Keyword
from optin.web import lists
from optin.web.lists import Column, Listing

STATES = ("active", "archived", "all")
COLUMNS = (
    Column("Keyword", "keyword", [Keyword.word, Keyword.id]),
    Column("Description"),
    Column("Active opt-ins", is_number=True),
    Column("Opt-in"),
    Column("State"),
    Column("Created", "created", [Keyword.id], descending=True),
)
TITLES = ("Keyword", "Aliases", "Description", "Active opt-ins", "Opt-in", "State", "Created")


def listing() -> Listing:
    """Return the list that the request asks for."""
    filters = {"q": lists.search(), "state": lists.one_of("state", STATES, STATES[0])}
    return Listing(COLUMNS, "-created", "keywords.index", filters=filters, file_endpoint="keywords.index_file")


def query(listing: Listing) -> Select[Keyword]:
    """Select what the list shows."""
    return queries.listed(listing.filters["q"], listing.filters["state"])


def file() -> Response:
    """Answer with all pages of the list as a file."""
    asked = listing()

    def cells(session: Session, keywords: Sequence[Keyword]) -> Iterator[Sequence[object]]:
        counts = queries.active_counts(session, [keyword.id for keyword in keywords])
        for keyword in keywords:
            kind = "Double" if keyword.double_opt_in else "Single"
            state = "Archived" if keyword.archived_at else "Active"
            aliases, count = ", ".join(keyword.aliases), counts.get(keyword.id, 0)
            yield (keyword.word, aliases, keyword.description, count, kind, state, keyword.created_at)

    return lists.download("keywords", TITLES, asked, query(asked), cells)
