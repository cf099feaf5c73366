"""The record page of a contact or lead, whichever tab is open, with the 1:1 SMS Messaging component beside it."""

from functools import partial

from flask import render_template, request, url_for

from optin import clock
from optin.database.session import db
from optin.enums import PersonKind
from optin.features.one_to_one import messaging
from optin.features.one_to_one.messaging import Composer, Draft
from optin.features.people import history, queries
from optin.models import Person
from optin.policy import policy
from optin.policy.policy import Policy
from optin.queries import people_of_numbers
from optin.web.filters import current_zone
from optin.web.record_ids import message_id

TABS = ("details", "related", "history")


def render(person: Person, draft: Draft | None = None) -> str:
    """Render the whole page; `draft` is a text that was refused."""
    session, in_force = db.session(), policy.load(db.session())
    tab = request.args.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    return render_template(
        "people/show.html",
        person=person,
        kind=PersonKind(person.kind),
        tab=tab,
        address=address,
        shared=people_of_numbers.of_numbers(session, [person.mobile]).get(person.mobile, []) if person.mobile else [],
        local_time=queries.local_time(person, clock.now()),
        opt_ins=queries.opt_ins(session, person) if tab == "related" else [],
        memberships=queries.memberships(session, person, in_force) if tab == "related" else [],
        history=history.person_history(session, person, partial(address, person, tab)) if tab == "history" else None,
        **component(person, composer(person, in_force), in_force, draft),
    )


def composer(person: Person, in_force: Policy) -> Composer:
    """Return the state of the component for a person."""
    return messaging.composer(db.session(), person.mobile, person, in_force, current_zone())


def component(person: Person, chat: Composer, in_force: Policy, draft: Draft | None = None) -> dict[str, object]:
    """Return what the component shows; the thread tells the changes of number too."""
    session = db.session()
    return messaging.thread_page(
        session,
        chat,
        current_zone(),
        addresses(person),
        draft=draft,
        before=request.args.get("before", type=message_id),
        events=queries.number_changes(session, person, in_force.default_region),
    )


def address(person: Person, tab: str | None = None, page: str | None = None) -> str:
    """Return the address of the record page; `page` is the token of a page of its History."""
    return url_for(f"people.{person.kind}", person_id=person.id, tab=tab, page=page)


def addresses(person: Person) -> dict[str, str]:
    """Return the addresses of the component's parts."""
    kind = person.kind
    return {
        "page": address(person, request.args.get("tab") if request.args.get("tab") in TABS else None),
        "send": url_for(f"people.send_to_{kind}", person_id=person.id),
        "poll": url_for(f"people.{kind}_thread", person_id=person.id),
        "count": url_for(f"people.{kind}_segments", person_id=person.id),
    }
