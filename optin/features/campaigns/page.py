"""The record page of a campaign: what stands in its header, and what each tab needs."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import make_response, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from optin.consent import rules
from optin.consent.audience import Deliverability
from optin.database.session import db
from optin.enums import Purpose, Role
from optin.features.campaigns import add_opt_ins, compose, member_list, queries
from optin.features.campaigns.campaign_request import CampaignRequest
from optin.features.campaigns.compose import Draft
from optin.models import AuditEntry, Broadcast, Campaign, RecurringBroadcast
from optin.queries import paging, saved_draft
from optin.queries.cached_counts import CachedCount
from optin.sending import recurring, results, series
from optin.web import history_tab
from optin.web.current import current_policy
from optin.web.history_tab import History, HistoryLine

TABS = ("details", "members", "broadcasts", "history")
VIEWS = ("compose", "deliverability", "sent", "series")
SENT = 20


@dataclass(frozen=True)
class Header:
    """The highlights: `counts` is None before it was counted, `found` where the keyword has very many opt-ins.

    `scheduled` is the next broadcast that waits for its time.
    """

    members: CachedCount
    counts: Deliverability | None
    found: add_opt_ins.Preview | None
    scheduled: Broadcast | None = None

    @property
    def opted_in(self) -> int:
        """Count the numbers that opted in with the campaign's keyword."""
        return self.found.total if self.found else add_opt_ins.MANY


def render(
    campaign: Campaign, tab: str, *, status: int = 200, draft: Draft | None = None, sender_id: int | None = None
) -> Response:
    """Answer with the record page, open at `tab`; `draft` is what stands in the composer, to be sent from a sender."""
    session, asked = db.session(), CampaignRequest(db.session(), campaign, sender_id)
    tab = tab if tab in TABS else TABS[0]
    head = header(asked)
    context = {"campaign": campaign, "header": head, "tab": tab, "may_edit": current_user.may(Role.AGENT)}
    if tab == "members":
        context |= _members_context(asked)
    elif tab == "broadcasts":
        draft = draft or _kept_draft(session, campaign)
        if draft.about.follow_up or draft.choices.leaves_out_empty or draft.choices.leaves_out_often:
            asked = compose.request_for(session, campaign, draft, sender_id)
        context |= _broadcasts_context(asked, draft)
    elif tab == "history":
        context["history"] = _history(session, campaign)
    return make_response(render_template("campaigns/show.html", **context), status)


def header(asked: CampaignRequest) -> Header:
    session, campaign = asked.session, asked.campaign
    scheduled = queries.scheduled(session, [campaign.id]).get(campaign.id)
    return Header(asked.members, asked.counts, _found(session, campaign), scheduled)


def _members_context(asked: CampaignRequest) -> dict[str, Any]:
    """Return a page of members with what the rule says of each."""
    session, campaign = asked.session, asked.campaign
    listing = member_list.listing(campaign.id, asked.sender)
    looked, has_more = member_list.find(session, listing, asked.question, asked.counts)
    page = looked.page
    return {
        "listing": listing,
        "page": page,
        "rows": member_list.rows(session, asked.question, page.rows),
        "has_more": has_more,
        "looked": looked,
        "search": listing.filters["q"],
        "reason": listing.filters["reason"],
        "all_reasons": rules.reasons_of(Purpose.CAMPAIGN),
        "sender": asked.sender,
    }


def _broadcasts_context(asked: CampaignRequest, draft: Draft) -> dict[str, Any]:
    """Return what the composer, Deliverability and the list of what was sent need."""
    session, view = asked.session, request.args.get("view")
    view = view if view in VIEWS else VIEWS[0]
    if not current_user.may(Role.AGENT) and view == "compose":
        view = "deliverability"
    context = {"view": view, **compose.context(asked, draft)}
    context |= {"counts": asked.counts, "rows": compose.rows(asked.counts)}
    if view == "sent":
        token = request.args.get("page")
        page = paging.read_page(
            session, queries.sent(asked.campaign.id), [Broadcast.id], token, descending=True, size=SENT
        )
        sizes = results.sizes_of(session, results.counted(page.rows))
        context |= {
            "recurs": _recurring(session, asked.campaign.id),
            "page": page,
            "statuses": results.by_status(session, sizes),
        }
    if view == "series":
        context["all_series"] = session.scalars(series.of_campaign(asked.campaign.id).limit(SENT)).all()
    return context


def _recurring(session: Session, campaign_id: int) -> list[tuple[RecurringBroadcast, str, list[datetime]]]:
    """Return the newest recurring broadcasts, each with its rule in words and its next date."""
    found = session.scalars(recurring.of_campaign(campaign_id).limit(SENT)).all()
    return [(row, recurring.recurrence_of(row).words, recurring.next_dates(session, row, 1)) for row in found]


def _kept_draft(session: Session, campaign: Campaign) -> Draft:
    return compose.new_draft(saved_draft.kept(session, current_user.id, campaign.id), canary=current_policy().canary)


def _history(session: Session, campaign: Campaign) -> History:
    """Return what users did to the campaign and to its broadcasts."""

    def address(token: str) -> str:
        return url_for("campaigns.show", campaign_id=campaign.id, tab="history", page=token)

    def tell(entry: AuditEntry) -> HistoryLine:
        line = history_tab.entry_line(entry)
        if entry.subject_kind == "broadcast":
            of, url = "Broadcast", url_for("broadcasts.show", broadcast_id=entry.subject_id)
        elif entry.subject_kind == recurring.SUBJECT:
            of, url = "Recurring broadcast", url_for("broadcasts.show_recurring", recurring_id=entry.subject_id)
        elif entry.subject_kind == series.SUBJECT:
            of, url = "Series", url_for("broadcasts.show_series", series_id=entry.subject_id)
        else:
            return line
        return replace(line, what=f"{of} {line.what[:1].lower()}{line.what[1:]}", url=url)

    return history_tab.history_of(session, queries.history(campaign.id), address, tell)


def _found(session: Session, campaign: Campaign) -> add_opt_ins.Preview | None:
    """Count the opt-ins that could be added, unless the keyword has very many."""
    if campaign.keyword_id is None:
        return add_opt_ins.Preview()
    many = add_opt_ins.count_opted_in(session, campaign.keyword_id, add_opt_ins.MANY) >= add_opt_ins.MANY
    return None if many else add_opt_ins.preview(session, campaign)
