"""1:1 SMS Messaging on the record page: sending, the poll of the thread, the count of segments."""

from flask import Response, make_response, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from optin.database.session import db
from optin.enums import PersonKind
from optin.features.one_to_one import messaging
from optin.features.one_to_one.messaging import Draft
from optin.features.people import page
from optin.features.people.loading import RECORD, load, route
from optin.jobs import engine
from optin.models import Person
from optin.policy import policy
from optin.policy.policy import Policy
from optin.web import htmx
from optin.web.record_ids import message_id, record_id


@route(f"{RECORD}/messages", "send_to_{kind}", ["POST"])
def send(kind: PersonKind, person_id: int) -> WSGIResponse:
    """Send a 1:1 message; a refused one comes back with the reason and the draft."""
    person, in_force = load(kind, person_id), policy.load(db.session())
    form = request.form
    draft = Draft(form.get("body", ""), form.get("form_key", ""), form.get("number", ""))
    if form.get("do") == "template":
        return _with_template(person, in_force, draft)
    sent = messaging.send(db.session(), page.composer(person, in_force), draft, in_force, current_user.id)
    if isinstance(sent, Draft):
        db.session.rollback()
        if not htmx.is_htmx():
            return make_response(page.render(person, sent), 422)
    else:
        db.session.commit()
        engine.nudge()
    if not htmx.is_htmx():
        return redirect(page.addresses(person)["page"], 303)
    chat = page.composer(person, in_force)
    refused = sent if isinstance(sent, Draft) else None
    html = render_template("one_to_one/_sent.html", written=True, **page.component(person, chat, in_force, refused))
    return make_response(html, 422 if refused else 200)


def _with_template(person: Person, in_force: Policy, draft: Draft) -> WSGIResponse:
    """Show the draft with the chosen template behind it; nothing is sent."""
    longer = messaging.with_template(db.session(), draft, request.form.get("template", type=record_id))
    if not htmx.is_htmx():
        return make_response(page.render(person, longer))
    context = page.component(person, page.composer(person, in_force), in_force, longer)
    return make_response(render_template("one_to_one/_sent.html", written=True, **context))


@route(f"{RECORD}/thread", "{kind}_thread")
def thread(kind: PersonKind, person_id: int) -> WSGIResponse:
    """Give the messages (fragment); 204 while the `version` that the page has is true."""
    person, in_force = load(kind, person_id), policy.load(db.session())
    chat = page.composer(person, in_force)
    last = request.args.get("last", 0, type=message_id)
    news = messaging.thread_news(db.session(), chat, request.args.get("version", ""), last)
    if news is None:
        return Response(status=204)
    return make_response(render_template("one_to_one/_poll.html", **news, **page.component(person, chat, in_force)))


@route(f"{RECORD}/messages/segments", "{kind}_segments", ["POST"])
def segments(kind: PersonKind, person_id: int) -> str:
    """Count the segments of a text while it is typed (fragment)."""
    person, in_force = load(kind, person_id), policy.load(db.session())
    measured = messaging.measured(request.form.get("body", ""), person, in_force)
    return render_template("one_to_one/_count.html", segments=measured)
