"""Contacts and leads: lists, record page, form, conversion, deletion. Both kinds share the views."""

from functools import partial
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.features.one_to_one import routes as one_to_one
from optin.features.one_to_one.component import Place
from optin.features.people import (
    act_routes,
    columns,
    duplicates_routes,
    form_page,
    index_list,
    list_request,
    merge_routes,
    page,
    queries,
    view_routes,
)
from optin.features.people.blueprint import blueprint
from optin.features.people.loading import RECORD, load, route
from optin.models import Person
from optin.person import records, views
from optin.person.filters import table, terms
from optin.queries import people_of_numbers
from optin.refused import Refused
from optin.web import refusals
from optin.web.access import downloads, requires
from optin.web.current import current_policy
from optin.web.filters import person_name

__all__ = ["act_routes", "blueprint", "duplicates_routes", "merge_routes", "view_routes"]


@route("", "{kind}s")
def index(kind: PersonKind) -> str | WSGIResponse:
    """List contacts or leads; what the form of filters asks for becomes the address of the list."""
    session = db.session()
    if not request.args and (first := views.default(session, kind, current_user)):
        return redirect(url_for(f"people.{kind}s", view=first), 302)
    asked = list_request.read(session, kind)
    wanted = list_request.sent(session, asked)
    if wanted is not None:
        return redirect(url_for(f"people.{kind}s", **_given(wanted)), 302)
    question = table.ask(session, asked.filters, list_request.asker())
    listing = index_list.listing(kind, asked)
    found = index_list.find(session, kind, asked, question, listing)
    people = found.looked.page.rows
    return render_template(
        "people/index.html",
        kind=kind,
        other=PersonKind.LEAD if kind == PersonKind.CONTACT else PersonKind.CONTACT,
        asked=asked,
        parameters=_given({"q": asked.text, **terms.parameters(asked.filters)}),
        everything=_given({**asked.edited(asked.content), "sort": asked.content.sort}),
        views=views.listed(session, kind, current_user),
        columns=columns.offered(asked.content.columns),
        may_change=views.may_change,
        said=table.say(session, asked.filters),
        without=[url_for(f"people.{kind}s", **_given(each)) for each in asked.without],
        without_any=url_for(f"people.{kind}s", **_given(asked.with_filters(()))),
        problems=question.problems,
        fields=list_request.fields(session).values(),
        filter_rows=list_request.rows(session, asked, question),
        listing=listing,
        page=found.looked.page,
        looked=found.looked,
        rows=index_list.rows(session, people, listing),
        has_more=found.has_more,
        search=asked.text,
        shared=people_of_numbers.of_numbers(session, [person.mobile for person in people if person.mobile]),
        others=queries.count_others(session, kind, asked.text, current_policy().default_region, question)
        if asked.text or asked.filters
        else 0,
    )


@route("/file", "{kind}s_file")
@requires(Role.AGENT)
@downloads
def index_file(kind: PersonKind) -> Response:
    return index_list.file(kind)


@route("/new", "new_{kind}")
@requires(Role.AGENT)
def new(kind: PersonKind) -> str:
    """Show the empty form; `mobile` may come with the address, from a conversation with a number alone."""
    return form_page.render(kind, form_page.empty())


@route("/new", "create_{kind}", ["POST"])
def create(kind: PersonKind) -> WSGIResponse | tuple[str, int]:
    """Store a new contact or lead and lead to the record."""
    form = form_page.empty()
    if not form.validate():
        return form_page.render(kind, form), 422
    person = records.create(db.session(), kind, form.values, current_user.id, current_policy().default_region)
    if isinstance(person, Refused):
        refusals.show(person, form)
        return form_page.render(kind, form), 422
    db.session.commit()
    flash(f"{kind.label} {person_name(person)} was created.", "ok")
    return redirect(page.address(person), 303)


@route(RECORD, "{kind}")
def show(kind: PersonKind, person_id: int) -> str | WSGIResponse:
    """Show the record; one that was converted or merged leads from its old address to where it is."""
    person = db.session.get(Person, person_id) or abort(404)
    return page.render(person) if person.kind == kind else redirect(page.address_of_kept(person), 303)


@route(f"{RECORD}/edit", "edit_{kind}")
@requires(Role.AGENT)
def edit(kind: PersonKind, person_id: int) -> str:
    """Show the form with what is stored."""
    person = load(kind, person_id)
    return form_page.render(kind, form_page.stored(person), person)


@route(f"{RECORD}/edit", "update_{kind}", ["POST"])
def update(kind: PersonKind, person_id: int) -> WSGIResponse | tuple[str, int]:
    """Store what was changed; what ends with the number is shown and confirmed first."""
    person = load(kind, person_id, to_change=True)
    form = form_page.stored(person)
    if not form.validate() or form_page.unconfirmed(form, person):
        return form_page.render(kind, form, person), 422
    agreed = form.agreed.data if form.agrees else ""
    region = current_policy().default_region
    changed = records.change(db.session(), person, form.values, current_user.id, region, agreed)
    if isinstance(changed, Refused):
        refusals.show(changed, form)
        return form_page.render(kind, form, person), 422
    db.session.commit()
    flash(form_page.saved(changed), "ok" if changed.fields else "off")
    return redirect(page.address(person), 303)


@route(f"{RECORD}/number", "{kind}_number")
def number(kind: PersonKind, person_id: int) -> str:
    """Say what ends if the mobile number becomes the one that is typed (fragment)."""
    person = load(kind, person_id)
    form = form_page.typed()
    ending = form_page.ending(person, form.mobile.data or "")
    return render_template("people/_number_answer.html", ending=ending, person=person, form=form)


@blueprint.post(f"/leads{RECORD}/conversion")
def convert_lead(person_id: int) -> WSGIResponse:
    person = db.session.get(Person, person_id) or abort(404)
    if records.convert(db.session(), person, current_user.id):
        db.session.commit()
        flash(f"{person_name(person)} is now a contact. The opt-ins of the number have not changed.", "ok")
    return redirect(url_for("people.contact", person_id=person_id), 303)


@route(f"{RECORD}/deletion", "delete_{kind}")
@requires(Role.AGENT)
def ask_to_delete(kind: PersonKind, person_id: int) -> str:
    """Say what goes and what stays, before it is done."""
    person = load(kind, person_id)
    return render_template(
        "people/delete.html", person=person, kind=kind, memberships=queries.in_campaigns(db.session(), person)
    )


@route(f"{RECORD}/deletion", "deleted_{kind}", ["POST"])
def delete(kind: PersonKind, person_id: int) -> WSGIResponse:
    person = load(kind, person_id)
    name = person_name(person)
    records.delete(db.session(), person, current_user.id)
    db.session.commit()
    flash(f"{kind.label} {name} was deleted. The opt-ins of the number were kept.", "ok")
    return redirect(url_for(f"people.{kind}s"), 303)


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value}


def _place(kind: PersonKind, person_id: int) -> Place:
    return page.place_of(load(kind, person_id))


for each in PersonKind:
    one_to_one.add_routes(blueprint, f"/{each}s{RECORD}", each, partial(_place, each))
