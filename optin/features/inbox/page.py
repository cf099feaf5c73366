"""The three panes of the inbox: the list, the thread, and who the person is."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user

from optin import phone
from optin.consent.consent_status import ConsentStatus
from optin.database.session import db
from optin.enums import Channel
from optin.features.inbox import queries
from optin.features.inbox.queries import SHOWS, InboxFilter, InboxPage
from optin.features.one_to_one import messaging
from optin.features.one_to_one.messaging import Composer, Draft
from optin.models import Conversation, Person
from optin.policy import policy
from optin.policy.policy import Policy
from optin.queries import people_of_numbers
from optin.web.filters import current_zone
from optin.web.record_ids import message_id


def requested_filter() -> InboxFilter:
    """Return what the request asks the list for; nonsense is what the inbox shows first."""
    show = request.args.get("show", "open")
    text = request.args.get("q", "").replace("\0", "").strip()
    return InboxFilter(show if show in SHOWS else "open", text, current_user.id, request.args.get("page"))


def list_context(current_id: int = 0, besides: str | None = None) -> dict[str, Any]:
    """Return what the list shows; `current_id` is the conversation that is open beside it, `besides` its number."""
    given = requested_filter()
    listed = queries.listed(db.session(), given, besides)
    before, after = listed.neighbours(current_id)
    return {
        "asked": given,
        "listed": listed,
        "shows": SHOWS,
        "current_id": current_id,
        "keys": {before: "k", after: "j"},
    }


def render(conversation: Conversation, draft: Draft | None = None) -> str:
    """Render the page with a conversation open; `draft` is a text that was refused."""
    session, in_force, number = db.session(), policy.load(db.session()), conversation.number
    context = list_context(conversation.id, number)
    listed: InboxPage = context["listed"]
    shared = listed.people.get(number, [])
    chat = _composer(conversation, in_force, shared, listed.number_statuses.get(number))
    return render_template(
        "inbox/show.html",
        conversation=conversation,
        is_phone=phone.is_e164(number),
        shared=shared,
        opt_ins=queries.opt_ins(session, number),
        campaigns=queries.campaigns(session, number),
        users=queries.assignable(session),
        **context,
        **component(conversation, chat, draft),
    )


def composer(conversation: Conversation, in_force: Policy) -> Composer:
    """Return the state of the component for a conversation: the contact stands before the lead."""
    people = people_of_numbers.of_numbers(db.session(), [conversation.number]).get(conversation.number, [])
    return _composer(conversation, in_force, people)


def component(conversation: Conversation, chat: Composer, draft: Draft | None = None) -> dict[str, object]:
    """Return what the component shows."""
    before = request.args.get("before", type=message_id)
    return messaging.thread_page(
        db.session(), chat, current_zone(), addresses(conversation), draft=draft, before=before
    )


def addresses(conversation: Conversation) -> dict[str, str]:
    """Return the addresses of the component's parts; the page keeps what the list was asked for."""
    this: dict[str, Any] = {"conversation_id": conversation.id, **requested_filter().args}
    return {name: url_for(f"inbox.{endpoint}", **this) for name, endpoint in _ENDPOINTS.items() if name != "poll"} | {
        "poll": url_for("inbox.thread", conversation_id=conversation.id)
    }


def _composer(
    conversation: Conversation, in_force: Policy, people: Sequence[Person], number_status: ConsentStatus | None = None
) -> Composer:
    person, channel = people[0] if people else None, Channel(conversation.channel)
    return messaging.composer(
        db.session(), conversation.number, person, in_force, current_zone(), channel, number_status=number_status
    )


_ENDPOINTS = {"page": "show", "send": "send", "count": "segments", "poll": "thread"}
