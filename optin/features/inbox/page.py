"""The three panes of the inbox: the list, the thread, and who the person is."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user
from sqlalchemy import update

from optin import phone
from optin.consent.consent_status import ConsentStatus
from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import Channel, Role
from optin.features.inbox import queries
from optin.features.inbox.queries import SHOWS, InboxFilter, InboxPage
from optin.features.one_to_one import component, routes
from optin.features.one_to_one.component import Place
from optin.features.one_to_one.draft import Draft
from optin.models import Conversation, Person
from optin.queries import people_of_numbers
from optin.web.current import current_policy


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
    session, number = db.session(), conversation.number
    listing = list_context(conversation.id, number)
    listed: InboxPage = listing["listed"]
    people = listed.people.get(number, [])
    place = _place(conversation, people, listed.number_statuses.get(number))
    return render_template(
        "inbox/show.html",
        conversation=conversation,
        is_phone=phone.is_e164(number),
        shared=people,
        opt_ins=queries.opt_ins(session, number),
        campaigns=queries.campaigns(session, number),
        users=queries.assignable(session),
        **listing,
        **component.context(place, component.composer_of(place, current_policy()), draft),
    )


def place_of(conversation: Conversation) -> Place:
    """Return the page of a conversation as a place of 1:1 SMS Messaging: the contact stands before the lead."""
    people = people_of_numbers.of_numbers(db.session(), [conversation.number]).get(conversation.number, [])
    return _place(conversation, people)


def read(conversation: Conversation) -> Conversation:
    """Mark it as read by somebody who can answer, unless a text came in after it was loaded for this page."""
    if conversation.unread and current_user.may(Role.AGENT):
        seen = (Conversation.id == conversation.id, Conversation.version == conversation.version)
        db.session.commit()
        with writing(db.engine) as session:
            session.execute(update(Conversation).where(*seen).values(unread=0))
        db.session.refresh(conversation)
    return conversation


def address(conversation: Conversation) -> str:
    """Return the address of the page, which keeps what the list was asked for."""
    args: dict[str, Any] = {**requested_filter().args}
    return url_for("inbox.show", conversation_id=conversation.id, **args)


def _place(conversation: Conversation, people: Sequence[Person], number_status: ConsentStatus | None = None) -> Place:
    record = {"conversation_id": conversation.id}
    return Place(
        conversation.number,
        people[0] if people else None,
        urls=routes.urls("inbox.conversation", address(conversation), record, **requested_filter().args),
        render=partial(render, conversation),
        channel=Channel(conversation.channel),
        number_status=number_status,
        read=partial(read, conversation),
    )
