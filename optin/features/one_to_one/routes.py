"""What the 1:1 SMS Messaging component asks for: sending, the poll of the messages, the count of segments.

A page that shows it adds these addresses below its own (`add_routes`), and says what it is about (`Place`).
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from optin.database.session import db
from optin.features.one_to_one import component, draft
from optin.features.one_to_one.component import Place
from optin.features.one_to_one.draft import Draft
from optin.jobs import engine
from optin.refused import Refused
from optin.web import htmx
from optin.web.current import current_policy
from optin.web.record_ids import message_id, record_id

Find = Callable[[], Place]
View = Callable[[Find], WSGIResponse | str]


def add_routes(blueprint: Blueprint, path: str, name: str, place_of: Callable[..., Place]) -> None:
    """Serve the component's addresses below `path`; `place_of` takes the path's arguments, and may answer 404.

    The endpoints are `name` with _send, _poll and _count.
    """
    for end, address, view, method in (
        ("send", "messages", _send, "POST"),
        ("poll", "thread", _poll, "GET"),
        ("count", "messages/segments", _count, "POST"),
    ):
        blueprint.add_url_rule(f"{path}/{address}", f"{name}_{end}", _at(place_of, view), methods=[method])


def urls(name: str, page: str, record: dict[str, Any], **kept: Any) -> dict[str, str]:
    """Return the component's addresses for `Place`; `page` is the page's own.

    `name` is that of the endpoints with its blueprint, `record` the path's arguments; what is `kept` stands in the
    addresses that may lead back to the page.
    """
    return {
        "page": page,
        "send": url_for(f"{name}_send", **record, **kept),
        "count": url_for(f"{name}_count", **record, **kept),
        "poll": url_for(f"{name}_poll", **record),
    }


def _at(place_of: Callable[..., Place], view: View) -> Callable[..., WSGIResponse | str]:
    @wraps(view)
    def placed(**record: Any) -> WSGIResponse | str:
        return view(partial(place_of, **record))

    return placed


def _send(find: Find) -> WSGIResponse:
    """Send a 1:1 message; a refused one comes back with the reason and the draft. The place is found anew after it."""
    place, policy, form = find(), current_policy(), request.form
    typed = Draft(form.get("body", ""), form.get("form_key", ""), form.get("number", ""))
    if form.get("do") == "template":
        return _shown(place, draft.with_template(db.session(), typed, form.get("template", type=record_id)))
    sent = draft.send(db.session(), component.composer_of(place, policy), typed, policy, current_user.id)
    if isinstance(sent, Refused):
        db.session.rollback()
        return _shown(find(), draft.refused_draft(typed.body, sent), 422)
    db.session.commit()
    engine.nudge()
    return _shown(find()) if htmx.is_htmx() else redirect(place.urls["page"], 303)


def _shown(place: Place, draft: Draft | None = None, status: int = 200) -> WSGIResponse:
    """Show the component with a draft, or with an empty one: by itself to a script, else on its page."""
    if draft is not None and not htmx.is_htmx():
        return make_response(place.render(draft), status)
    chat = component.composer_of(place, current_policy())
    context = component.context(place, chat, draft)
    return make_response(render_template("one_to_one/_sent.html", written=True, **context), status)


def _poll(find: Find) -> WSGIResponse:
    """Give the messages (fragment); 204 while the `version` that the page has is true."""
    place = find()
    chat = component.composer_of(place, current_policy())
    last = request.args.get("last", 0, type=message_id)
    news = component.news(db.session(), chat, request.args.get("version", ""), last)
    if news is None:
        return Response(status=204)
    place.read()
    return make_response(render_template("one_to_one/_poll.html", **news, **component.context(place, chat)))


def _count(find: Find) -> str:
    """Count the segments of a text while it is typed (fragment)."""
    place = find()
    measured = draft.measured(db.session(), request.form.get("body", ""), place.person, current_policy(), place.channel)
    return render_template("one_to_one/_count.html", segments=measured)
