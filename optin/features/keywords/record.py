"""What the tabs of a keyword's record page show."""

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session

from optin.consent import promises
from optin.enums import OptInSource, OptInStatus
from optin.features.keywords import opt_in_list, opt_ins, queries, saving
from optin.features.keywords.opt_ins import OptInFilter
from optin.features.keywords.queries import Highlights
from optin.models import Keyword
from optin.policy import audit
from optin.queries import people_of_numbers
from optin.queries.paging import Page
from optin.texts import merge_fields, segments
from optin.web import filters, history_tab
from optin.web.current import current_policy

DETAILS, RELATED, NEAR, HISTORY = "details", "related", "near", "history"
TABS = {DETAILS: "Details", RELATED: "Related", NEAR: "Near misses", HISTORY: "History"}


def context(session: Session, keyword: Keyword, tab: str) -> dict[str, Any]:
    """Return what the record page shows: header, tabs, and the content of the tab that is asked for."""
    tab = tab if tab in TABS else DETAILS
    content = {DETAILS: _details, RELATED: _related, NEAR: _near, HISTORY: _history}[tab](session, keyword)
    return {
        "keyword": keyword,
        "tab": tab,
        "tabs": [(label, address(keyword, name), name == tab) for name, label in TABS.items()],
        "figures": figures(session, keyword),
        **content,
    }


def figures(session: Session, keyword: Keyword) -> Highlights:
    """Count what the header shows."""
    return queries.highlights(session, keyword.id, filters.current_zone())


def address(keyword: Keyword, tab: str, **query: str | None) -> str:
    """Return the address of a tab; what is empty stays out of it."""
    return url_for("keywords.show", keyword_id=keyword.id, tab=None if tab == DETAILS else tab, **_filled(query))


def opt_ins_context(session: Session, keyword: Keyword) -> dict[str, Any]:
    """Return the Opt-Ins list that the request asks for, and the addresses of its neighbours and of its next poll.

    The count of all its pages is made when it is called for: the live list mostly has not changed.
    """
    asked, listing = asked_for(), opt_in_list.listing(keyword)
    hits = opt_ins.found(session, keyword.id, asked, current_policy().default_region)
    query = opt_ins.query(keyword.id, asked, hits.ids if hits else None)
    listed = opt_ins.listed(session, listing.page(session, query), hits)
    again = {"q": asked.search, "status": asked.status, "sort": listing.other_sort, "page": asked.token}
    return {
        "keyword": keyword,
        "asked": asked,
        "listing": listing,
        "listed": listed,
        "count_opt_ins": lambda: opt_ins.count(session, keyword.id, asked, hits),
        "sources": {source.value: source.label for source in OptInSource},
        "poll_url": url_for("keywords.opt_ins", keyword_id=keyword.id, version=listed.version, **_filled(again)),
    }


def asked_for() -> OptInFilter:
    """Read search, filter and page from the address."""
    search = request.args.get("q", "").replace("\0", "").strip()
    return OptInFilter(search, request.args.get("status", ""), request.args.get("page"))


def _details(session: Session, keyword: Keyword) -> dict[str, Any]:
    policy, told = current_policy(), saving.current_disclosure(keyword)
    fields = {"brand": policy.brand, "keyword": keyword.word, "frequency": keyword.frequency}
    replies = [("Confirmation reply", merge_fields.render(keyword.confirmation, fields))]
    if keyword.double_opt_in:
        replies.insert(0, ("Question for double opt-in", merge_fields.render(keyword.question, fields)))
    return {
        "told": told,
        "promise": promises.of(told),
        "not_kept": promises.read(f"{told.text}\n{keyword.frequency}") if told and not promises.of(told) else None,
        "earlier": keyword.disclosures[1:],
        "replies": [(label, text, segments.count(text)) for label, text in replies],
        "can_delete": not (queries.has_opt_ins(session, keyword.id) or queries.has_campaigns(session, keyword.id)),
    }


def _related(session: Session, keyword: Keyword) -> dict[str, Any]:
    rows, page, total = queries.campaigns(session, keyword.id, request.args.get("campaigns"))
    return {
        "campaigns": rows,
        "campaign_count": total,
        "campaigns_newer_url": page.before and address(keyword, RELATED, campaigns=page.before),
        "campaigns_older_url": page.after and address(keyword, RELATED, campaigns=page.after),
        "statuses": list(OptInStatus),
        **opt_ins_context(session, keyword),
    }


def _near(session: Session, keyword: Keyword) -> dict[str, Any]:
    page = queries.near_misses(session, keyword.id, request.args.get("page"))
    return {
        "messages": page.rows,
        "people": people_of_numbers.of_numbers(session, {message.number for message in page.rows}),
        **_neighbours(keyword, NEAR, page),
    }


def _history(session: Session, keyword: Keyword) -> dict[str, Any]:
    own = audit.history(saving.KIND, keyword.id)
    return {"history": history_tab.history_of(session, own, lambda token: address(keyword, HISTORY, page=token))}


def _neighbours(keyword: Keyword, tab: str, page: Page[Any]) -> dict[str, str | None]:
    return {"newer_url": _page_url(keyword, tab, page.before), "older_url": _page_url(keyword, tab, page.after)}


def _page_url(keyword: Keyword, tab: str, token: str | None, **query: str) -> str | None:
    return address(keyword, tab, page=token, **query) if token else None


def _filled(query: Mapping[str, str | None]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value}
