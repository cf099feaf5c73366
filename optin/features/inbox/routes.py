"""The SMS Inbox: list and thread with their polls, sending, assigning, closing."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import update
from werkzeug.wrappers import Response as WSGIResponse

from optin import clock
from optin.database import session
from optin.database.session import db
from optin.enums import Role
from optin.features.inbox import page, queries
from optin.features.one_to_one import handling, messaging
from optin.features.one_to_one.messaging import Draft
from optin.jobs import engine
from optin.models import Conversation, User
from optin.policy import audit, policy
from optin.policy.policy import Policy
from optin.web import htmx, navigation
from optin.web.record_ids import message_id, record_id

LARGEST_ID = 2**31 - 1
INBOX = f"/inbox/<int(max={LARGEST_ID}):conversation_id>"
CONVERSATION = f"/conversations/<int(max={LARGEST_ID}):conversation_id>"

blueprint = Blueprint("inbox", __name__)
blueprint.record_once(lambda state: navigation.badge(state.app, "/inbox", queries.unread, queries.MOST_UNREAD))


@blueprint.get("/inbox")
def index() -> str:
    """List the conversations."""
    return render_template("inbox/index.html", **page.list_context())


@blueprint.get("/inbox/list")
def listed() -> WSGIResponse:
    """Give the list (fragment); 204 while the `version` that the page has is true."""
    context = page.list_context(request.args.get("current", 0, type=int))
    version = request.args.get("version")
    if version == context["listed"].version:
        return Response(status=204)
    response = make_response(render_template("inbox/_list.html", **context))
    if version is None:
        current = context["current_id"]
        here = {"conversation_id": current} if current else {}
        response.headers["HX-Replace-Url"] = url_for(".show" if current else ".index", **here, **context["asked"].args)
    return response


@blueprint.get(INBOX)
def show(conversation_id: int) -> str:
    """Show a conversation beside the list; opening it is reading it."""
    return page.render(_read(_load(conversation_id)))


@blueprint.get(f"{CONVERSATION}/thread")
def thread(conversation_id: int) -> WSGIResponse:
    """Give the messages (fragment); 204 while the `version` that the page has is true."""
    conversation = _load(conversation_id)
    chat = page.composer(conversation, policy.load(db.session()))
    last = request.args.get("last", 0, type=message_id)
    news = messaging.thread_news(db.session(), chat, request.args.get("version", ""), last)
    if news is None:
        return Response(status=204)
    _read(conversation)
    return make_response(render_template("one_to_one/_poll.html", **news, **page.component(conversation, chat)))


@blueprint.post(f"{CONVERSATION}/messages")
def send(conversation_id: int) -> WSGIResponse:
    """Send a 1:1 message; a refused one comes back with the reason and the draft."""
    conversation, in_force = _load(conversation_id), policy.load(db.session())
    form = request.form
    draft = Draft(form.get("body", ""), form.get("form_key", ""), form.get("number", ""))
    if form.get("do") == "template":
        return _with_template(conversation, in_force, draft)
    sent = messaging.send(db.session(), page.composer(conversation, in_force), draft, in_force, current_user.id)
    refused = sent if isinstance(sent, Draft) else None
    if refused is None:
        db.session.commit()
        engine.nudge()
    else:
        db.session.rollback()
    if not htmx.is_htmx():
        url = page.addresses(conversation)["page"]
        return make_response(page.render(conversation, refused), 422) if refused else redirect(url, 303)
    chat = page.composer(conversation, in_force)
    context = page.component(conversation, chat, refused)
    return make_response(render_template("one_to_one/_sent.html", written=True, **context), 422 if refused else 200)


def _with_template(conversation: Conversation, in_force: Policy, draft: Draft) -> WSGIResponse:
    """Show the draft with the chosen template behind it; nothing is sent."""
    longer = messaging.with_template(db.session(), draft, request.form.get("template", type=record_id))
    if not htmx.is_htmx():
        return make_response(page.render(conversation, longer))
    context = page.component(conversation, page.composer(conversation, in_force), longer)
    return make_response(render_template("one_to_one/_sent.html", written=True, **context))


@blueprint.post(f"{CONVERSATION}/messages/segments")
def segments(conversation_id: int) -> str:
    """Count the segments of a text while it is typed (fragment)."""
    in_force = policy.load(db.session())
    person = page.composer(_load(conversation_id), in_force).person
    measured = messaging.measured(request.form.get("body", ""), person, in_force)
    return render_template("one_to_one/_count.html", segments=measured)


@blueprint.post(f"{CONVERSATION}/assignment")
def assign(conversation_id: int) -> WSGIResponse:
    """Give the conversation to a user who can answer, or to nobody."""
    conversation = _load(conversation_id, to_change=True)
    wanted = request.form.get("user_id", type=record_id)
    user = db.session.get(User, wanted) if wanted else None
    if request.form.get("user_id") and (user is None or user not in queries.assignable(db.session())):
        abort(422, "This user can’t answer conversations.")
    before = conversation.assigned_to
    if before != user:
        conversation.assigned_to_id = user.id if user else None
        names = tuple(one.name if one else handling.NOBODY for one in (before, user))
        _changed(conversation, "assigned", {"to": names})
    db.session.commit()
    flash(f"Assigned to {user.name}." if user else "No longer assigned.", "ok")
    return _back(conversation)


@blueprint.post(f"{CONVERSATION}/closure")
def close(conversation_id: int) -> WSGIResponse:
    """Close the conversation, or open it again when `closed` is 0; a new text opens it by itself."""
    conversation = _load(conversation_id, to_change=True)
    closed = request.form.get("closed") != "0"
    if closed != (conversation.closed_at is not None):
        conversation.closed_at = clock.now() if closed else None
        conversation.closed_by_id = current_user.id if closed else None
        _changed(conversation, "closed" if closed else "reopened")
    db.session.commit()
    flash("Closed. It reopens by itself when they text." if closed else "Reopened.", "ok")
    return _back(conversation)


def _load(conversation_id: int, *, to_change: bool = False) -> Conversation:
    """Return the conversation, or answer 404; `to_change` lets one at a time change who takes care of it."""
    lock = {"key_share": True} if to_change else None
    return db.session.get(Conversation, conversation_id, with_for_update=lock) or abort(404)


def _changed(conversation: Conversation, action: str, changes: dict[str, tuple[Any, ...]] | None = None) -> None:
    """Write into the trail what this user did, and let the threads that are open elsewhere hear of it."""
    audit.record(db.session(), current_user.id, action, handling.SUBJECT, conversation.id, changes)
    conversation.version += 1


def _read(conversation: Conversation) -> Conversation:
    """Mark it as read by somebody who can answer, unless a text came in after it was loaded for this page."""
    if conversation.unread and current_user.may(Role.AGENT):
        seen = (Conversation.id == conversation.id, Conversation.version == conversation.version)
        with session.writing():
            db.session.execute(update(Conversation).where(*seen).values(unread=0))
        db.session.refresh(conversation)
    return conversation


def _back(conversation: Conversation) -> WSGIResponse:
    args: dict[str, Any] = {**page.requested_filter().args}
    return redirect(url_for(".show", conversation_id=conversation.id, **args), 303)
