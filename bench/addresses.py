"""The pages that are measured: each list, thread, search and record, on its first page and on one in the middle."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, SQLColumnExpression, func, literal, select
from sqlalchemy.orm import Session

from bench.rows import RARE_NAME
from optin.models import (
    AuditEntry,
    Campaign,
    CampaignMember,
    Conversation,
    Hold,
    Keyword,
    LeftOut,
    Message,
    OptIn,
    Person,
    PhraseOptOut,
    Suppression,
)
from optin.queries import paging

BROADCAST, LEFT_OUT = 60, 59
"""One that was sent to everybody, one that left everybody out."""


class Page(NamedTuple):
    """A page: what it is called and its address; `keys` order its list, whose rows are those with `given`."""

    name: str
    url: str
    keys: Sequence[SQLColumnExpression[Any]] = ()
    given: Sequence[ColumnElement[bool]] = ()
    descending: bool = False


def pages(session: Session, rows: int) -> list[tuple[str, str]]:
    """Return (name, address) of every page, with the tokens of the middle of each list."""
    number = session.scalars(select(OptIn.number).where(OptIn.id == rows // 2)).one()
    found = []
    for page in (*LISTS, *_searches(number), *RECORDS):
        found.append((page.name, page.url))
        if page.keys:
            token = _middle(session, page)
            found.append((f"{page.name}, middle", f"{page.url}{'&' if '?' in page.url else '?'}page={token}"))
    middle = 2 * rows + max(session.scalars(select(func.count()).where(Message.purpose == "one_to_one")).one() // 2, 1)
    return [*found, ("thread", f"/inbox/{rows}"), ("thread, middle", f"/inbox/{rows}?before={middle}")]


def _middle(session: Session, page: Page) -> str:
    """Return the token of the page after the row in the middle."""
    rows = select(*page.keys).where(*page.given)
    count = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    order = [key.desc() if page.descending else key.asc() for key in page.keys]
    row = session.execute(rows.order_by(*order).offset(count // 2).limit(1)).one()
    return paging.token_of("after", row, page.keys)


IS_CONTACT, IS_LEAD = Person.kind == "contact", Person.kind == "lead"
OURS = OptIn.keyword_id == 1
STAYS = (CampaignMember.campaign_id == 1, CampaignMember.removed_at.is_(None))
RECENT = [Conversation.last_message_at, Conversation.id]
IS_OPEN = Conversation.closed_at.is_(None)
SENT = Message.broadcast_id == BROADCAST
WAS_LEFT_OUT = LeftOut.broadcast_id == LEFT_OUT
FIRST = literal(0).label("place")
"""Those left out are the first of the lists that make the tab *Not sent to*."""
FILTERED = ("owner=7", "company.contains=99", "mobile.empty=yes", "consent=opted-out", "keyword.not=1", "campaign=2",
            "heard.last=7", "added.last=7&keyword=1")  # fmt: skip
LISTS = (
    Page("keywords", "/keywords", [Keyword.id], descending=True),
    Page("keywords by word", "/keywords?sort=keyword", [Keyword.word, Keyword.id]),
    Page("opt-ins of a keyword", "/keywords/1?tab=related", [OptIn.id], [OURS], descending=True),
    *(
        Page(f"opt-ins, {status}", f"/keywords/1?tab=related&status={status}", [OptIn.id],
             [OURS, OptIn.status == status], descending=True)
        for status in ("active", "pending", "inactive", "expired")
    ),
    Page("near misses", "/keywords/1?tab=near", [Message.id], [Message.near_keyword_id == 1], descending=True),
    Page("campaigns", "/campaigns", [Campaign.name, Campaign.id]),
    Page("campaigns by change", "/campaigns?sort=-changed", [Campaign.updated_at, Campaign.id], descending=True),
    Page("campaigns, completed", "/campaigns?status=completed", [Campaign.name, Campaign.id],
         [Campaign.status == "completed"]),
    Page("members", "/campaigns/1?tab=members", [CampaignMember.id], STAYS),
    *(
        Page(f"members, {reason}", f"/campaigns/1?tab=members&reason={reason}", [CampaignMember.id], STAYS)
        for reason in ("will_receive", "no_number", "opted_out", "on_hold", "duplicate", "pending", "not_opted_in",
                       "blocked", "outside_hours")
    ),
    Page("people to add", "/campaigns/1/members/new", [Person.kind, Person.sort_name, Person.id]),
    Page("contacts", "/contacts", [Person.sort_name, Person.id], [IS_CONTACT]),
    Page("contacts by company", "/contacts?sort=company", [Person.company, Person.id], [IS_CONTACT]),
    Page("contacts by email", "/contacts?sort=email", [Person.email, Person.id], [IS_CONTACT]),
    Page("contacts by age", "/contacts?sort=-added", [Person.created_at, Person.id], [IS_CONTACT], descending=True),
    *(Page(f"contacts, {asked}", f"/contacts?{asked}") for asked in FILTERED),
    Page("leads", "/leads", [Person.sort_name, Person.id], [IS_LEAD]),
    Page("duplicates", "/duplicates"),
    Page("inbox", "/inbox", RECENT, [IS_OPEN], descending=True),
    Page("inbox, unread", "/inbox?show=unread", RECENT, [IS_OPEN, Conversation.unread > 0], descending=True),
    Page("inbox, mine", "/inbox?show=mine", RECENT, [IS_OPEN, Conversation.assigned_to_id == 1], descending=True),
    Page("inbox, unassigned", "/inbox?show=unassigned", RECENT, [IS_OPEN, Conversation.assigned_to_id.is_(None)],
         descending=True),
    Page("inbox, closed", "/inbox?show=closed", RECENT, [~IS_OPEN], descending=True),
    Page("inbox, all", "/inbox?show=all", RECENT, descending=True),
    Page("review", "/review", [Hold.started_at, Hold.id], [Hold.ended_at.is_(None)]),
    Page("read as opt-outs", "/review/opt-outs", [PhraseOptOut.at, PhraseOptOut.id], descending=True),
    Page("recipients", f"/broadcasts/{BROADCAST}", [Message.number], [SENT]),
    Page("recipients, failed", f"/broadcasts/{BROADCAST}?status=failed", [Message.id],
         [SENT, Message.status == "failed"]),
    Page("not sent to, left out", f"/broadcasts/{LEFT_OUT}?view=not-sent",
         [FIRST, LeftOut.reason, LeftOut.person_id], [WAS_LEFT_OUT]),
    Page("not sent to, by a reason", f"/broadcasts/{LEFT_OUT}?view=not-sent&reason=not_opted_in",
         [FIRST, LeftOut.reason, LeftOut.person_id], [WAS_LEFT_OUT, LeftOut.reason == "not_opted_in"]),
    Page("not sent to, skipped", f"/broadcasts/{BROADCAST}?view=not-sent"),
    Page("not sent to, skipped, by a reason", f"/broadcasts/{BROADCAST}?view=not-sent&reason=opted_out"),
    Page("opted out", "/settings/opted-out", [Suppression.id], [Suppression.ended_at.is_(None)], descending=True),
    Page("opted out by number", "/settings/opted-out?sort=number", [Suppression.number, Suppression.id],
         [Suppression.ended_at.is_(None)]),
    Page("audit", "/settings/audit", [AuditEntry.id], descending=True),
    Page("audit of a setting", "/settings/audit?about=brand", [AuditEntry.id], descending=True),
    Page("audit of a user", "/settings/audit?who=7", [AuditEntry.id], [AuditEntry.user_id == 7], descending=True),
)  # fmt: skip
RECORDS = (
    Page("home", "/"),
    Page("nightly check", "/sending-check"),
    Page("keyword", "/keywords/1"),
    Page("keyword, history", "/keywords/1?tab=history"),
    Page("keyword as of", "/keywords/1/as-of?at=2026-06-01T10:00&zone=UTC"),
    Page("keyword as of, what differs", "/keywords/1/as-of?at=2026-06-01T10:00&zone=UTC&known=differs"),
    Page("campaign as of", "/campaigns/1/as-of?at=2026-06-01T10:00&zone=UTC"),
    Page("campaign", "/campaigns/1"),
    Page("campaign, compose", "/campaigns/1?tab=broadcasts"),
    Page("campaign, deliverability", "/campaigns/1?tab=broadcasts&view=deliverability"),
    Page("campaign, sent", "/campaigns/1?tab=broadcasts&view=sent"),
    Page("campaign, history", "/campaigns/1?tab=history"),
    Page("Add Opt-Ins, before", "/campaigns/2/opt-ins"),
    Page("contact", "/contacts/1"),
    Page("contact, related", "/contacts/1?tab=related"),
    Page("contact, history", "/contacts/1?tab=history"),
    Page("contact, merge with", "/contacts/1/merge"),
    Page("merge", "/people/1/merge/2"),
    Page("opt-in", "/opt-ins/1"),
    Page("proof of an opt-in", "/opt-ins/1/proof"),
    Page("opt-out read from a phrase", "/review/opt-outs/1"),
    Page("effect of an opt-out word", "/settings/replies/words?extra_opt_out_words=please"),
    Page("users", "/settings/users"),
    Page("SMS settings", "/settings/sms"),
    Page("inbox, live list", "/inbox/list"),
    Page("opt-ins, live list", "/keywords/1/opt-ins"),
    Page("broadcast, live progress", f"/broadcasts/{BROADCAST}/progress"),
    Page("replies to a broadcast", f"/broadcasts/{BROADCAST}/results"),
    Page("opt-outs after a broadcast", f"/broadcasts/{BROADCAST}/results?show=opt-outs"),
    Page("why a text", "/messages/5/why"),
    Page("why a member", "/campaigns/1/members/5/why"),
    Page("why somebody was left out", f"/broadcasts/{LEFT_OUT}/left-out/5/why"),
    Page("contact, left out of many", "/contacts/1?tab=related"),
)


def _searches(number: str) -> list[Page]:
    """Return the searches: by a name that 60 have, by one that a tenth has, by number, its end, and email."""
    national, tail = number.removeprefix("+1"), number[-5:]
    texts = {"name": RARE_NAME, "common name": "maria", "two names": f"noor {RARE_NAME}", "number": national,
             "end of number": tail, "nothing": "zzyzx"}  # fmt: skip
    places = {"contacts": "/contacts?q=", "leads": "/leads?q=", "everything": "/search?q=", "inbox": "/inbox?q=",
              "opt-ins": "/keywords/1?tab=related&q=", "members": "/campaigns/1?tab=members&q=",
              "people to add": "/campaigns/1/members/new?q="}  # fmt: skip
    found = [
        Page(f"search {place}: {what}", url + text.replace(" ", "+"))
        for place, url in places.items()
        for what, text in texts.items()
    ]
    return [
        *found,
        Page("search contacts: email", f"/contacts?q={RARE_NAME.lower()}.17%40example.org"),
        Page("search everything: email", f"/search?q={RARE_NAME.lower()}.17%40example.org"),
        Page("search inbox: text", "/inbox?q=see+you"),
        Page("search keywords", "/keywords?q=keyword15"),
        Page("search campaigns", "/campaigns?q=campaign+15"),
        Page("search everything: keyword", "/search?q=keyword15"),
    ]
