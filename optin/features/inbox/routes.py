"""The SMS Inbox: the list with its poll, a conversation, assigning, closing."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from optin import clock
from optin.database.session import db
from optin.features.inbox import page, queries
from optin.features.one_to_one import assignments
from optin.features.one_to_one import routes as one_to_one
from optin.models import Conversation, User
from optin.policy import audit
from optin.web import navigation
from optin.web.record_ids import record_id

INBOX = "/inbox/<int:conversation_id>"
CONVERSATION = "/conversations/<int:conversation_id>"

blueprint = Blueprint("inbox", __name__)
blueprint.record_once(lambda state: navigation.badge(state.app, "/inbox", queries.unread, queries.MOST_UNREAD))


@blueprint.get("/inbox")
def index() -> str:
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
    return page.render(page.read(_load(conversation_id)))


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
        names = tuple(one.name if one else assignments.NOBODY for one in (before, user))
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
    audit.record(db.session(), current_user.id, action, assignments.SUBJECT, conversation.id, changes)
    conversation.version += 1


def _back(conversation: Conversation) -> WSGIResponse:
    return redirect(page.address(conversation), 303)


one_to_one.add_routes(
    blueprint, CONVERSATION, "conversation", lambda conversation_id: page.place_of(_load(conversation_id))
)
