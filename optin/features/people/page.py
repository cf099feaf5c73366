"""The record page of a contact or lead, whichever tab is open, with the 1:1 SMS Messaging component beside it."""

from functools import partial

from flask import abort, render_template, request, url_for
from flask_login import current_user

from optin import clock
from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.features.one_to_one import component, routes
from optin.features.one_to_one.component import Place
from optin.features.one_to_one.draft import Draft
from optin.features.people import duplicates_page, history, left_out, merge_page, queries
from optin.models import Person
from optin.own_fields import values
from optin.person import records
from optin.person.merged_from import merged_from
from optin.queries import merged_people, people_of_numbers
from optin.web import own_fields
from optin.web.current import current_policy
from optin.web.filters import default_region
from optin.web.record_ids import record_id

TABS = ("details", "related", "history")


def render(person: Person, draft: Draft | None = None) -> str:
    """Render the whole page; `draft` is a text that was refused."""
    session, policy, place = db.session(), current_policy(), place_of(person)
    tab = request.args.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    everyone = merged_people.ids_of(session, person.id)
    return render_template(
        "people/show.html",
        person=person,
        kind=PersonKind(person.kind),
        tab=tab,
        address=address,
        shared=people_of_numbers.of_numbers(session, [person.mobile]).get(person.mobile, []) if person.mobile else [],
        merged_from=merged_from(session, everyone) if tab == "details" and len(everyone) > 1 else [],
        merged=merge_page.recent(person),
        matches=duplicates_page.matches(session, person) if current_user.may(Role.AGENT) else [],
        left_earlier=records.opted_out_with(session, person, everyone),
        own=_own(person) if tab == "details" else [],
        local_time=queries.local_time(person, clock.now()),
        opt_ins=queries.opt_ins(session, person) if tab == "related" else [],
        memberships=queries.memberships(session, person, policy) if tab == "related" else [],
        left_out=left_out.left_out_of(session, everyone, _before()) if tab == "related" else None,
        left_out_why=left_out.why,
        history=history.person_history(session, person, partial(address, person, tab)) if tab == "history" else None,
        **component.context(place, component.composer_of(place, policy), draft),
    )


def _before() -> int | None:
    """Return the broadcast before which the request asks for those that left the person out."""
    return request.args.get("left_out_before", type=record_id)


def _own(person: Person) -> list[tuple[str, str]]:
    """Return what the person has in fields of one's own, each with its label."""
    fields = own_fields.current_fields()
    texts = values.of_people(db.session(), [person.id], fields)[person.id] if fields else {}
    return [(field.label, own_fields.shown(field, texts) or "–") for field in fields]


def place_of(person: Person) -> Place:
    """Return the record page as a place of 1:1 SMS Messaging; its messages tell the changes of number too."""
    here = address(person, request.args.get("tab") if request.args.get("tab") in TABS else None)
    return Place(
        person.mobile,
        person,
        urls=routes.urls(f"people.{person.kind}", here, {"person_id": person.id}),
        render=partial(render, person),
        events=lambda: queries.number_changes(db.session(), person, default_region()),
    )


def address_of_kept(person: Person) -> str:
    """Return the address of the record that a record is part of now; 404 if that was deleted."""
    return address(merged_people.kept(db.session(), person) or abort(404))


def address(person: Person, tab: str | None = None, page: str | None = None) -> str:
    """Return the address of the record page; `page` is the token of a page of its History."""
    return url_for(f"people.{person.kind}", person_id=person.id, tab=tab, page=page)
