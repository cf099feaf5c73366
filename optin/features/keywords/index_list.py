"""The list of keywords: its columns, its filters, and the same as a file."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.features.keywords import queries
from optin.models import Keyword
from optin.queries.cached_counts import CachedCount
from optin.web import lists
from optin.web.lists import Column, Listing

STATES = ("active", "archived", "all")


class KeywordRow(NamedTuple):
    """A keyword with the number of its active opt-ins."""

    keyword: Keyword
    active: CachedCount


COLUMNS: tuple[Column[KeywordRow], ...] = (
    Column("Keyword", lambda row: row.keyword.word, cell="keyword", name="keyword", keys=[Keyword.word, Keyword.id]),
    Column("Aliases", lambda row: ", ".join(row.keyword.aliases), in_table=False),
    Column("Description", lambda row: row.keyword.description, cell="description"),
    Column("Active opt-ins", lambda row: row.active, is_number=True),
    Column("Opt-in", lambda row: "Double" if row.keyword.double_opt_in else "Single"),
    Column("State", lambda row: "Archived" if row.keyword.archived_at else "Active", cell="state"),
    Column(
        "Created",
        lambda row: row.keyword.created_at,
        is_moment=True,
        name="created",
        keys=[Keyword.id],
        descending=True,
    ),
)


def listing() -> Listing:
    """Return the list that the request asks for."""
    filters = {"q": lists.search(), "state": lists.one_of("state", STATES, STATES[0])}
    return Listing(COLUMNS, "-created", "keywords.index", filters=filters, file_endpoint="keywords.index_file")


def query(listing: Listing) -> Select[Keyword]:
    """Select what the list shows on all its pages."""
    return queries.listed(listing.filters["q"], listing.filters["state"])


def file() -> Response:
    """Answer with all pages of the list as a file."""
    asked = listing()
    return lists.download("keywords", asked, query(asked), rows)


def rows(session: Session, keywords: Sequence[Keyword]) -> list[KeywordRow]:
    """Return the keywords as rows of the list, each with how many opt-ins are active."""
    counts = queries.active_counts(session, [keyword.id for keyword in keywords])
    return [KeywordRow(keyword, counts.get(keyword.id, CachedCount(0))) for keyword in keywords]
