"""Making one record of two, and two again: choosing the other one, the page with both, the undo."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.features.people import duplicates_page, merge_page, page, queries
from optin.features.people.blueprint import blueprint
from optin.features.people.loading import RECORD, load, route
from optin.models import Person, PersonMerge
from optin.models.person import MERGED
from optin.person import merge_outlook, merging, undoing_merges
from optin.refused import Refused
from optin.web import lists, refusals
from optin.web.access import requires
from optin.web.current import current_policy

PAIR = "/people/<int:one_id>/merge/<int:other_id>"


@route(f"{RECORD}/merge", "choose_{kind}")
@requires(Role.AGENT)
def choose(kind: PersonKind, person_id: int) -> str:
    """Let the user choose with whom to merge: by a search among contacts and leads."""
    person, text = load(kind, person_id), lists.search()
    people, has_more = queries.others_found(db.session(), person, text, current_policy().default_region)
    return render_template(
        "people/choose_merge.html",
        person=person,
        kind=kind,
        search=text,
        people=people,
        has_more=has_more,
        matches=[] if text else duplicates_page.matches(db.session(), person),
    )


@blueprint.get(PAIR)
@requires(Role.AGENT)
def merge(one_id: int, other_id: int) -> str | Response:
    """Show both records side by side, and what becomes of the consent of each number."""
    one, other = _load(one_id), _load(other_id)
    if one.id == other.id or MERGED in (one.kind, other.kind):
        return redirect(page.address_of_kept(one), 303)
    kept, goes = merging.in_order(one, other, request.args.get("keep", type=int))
    outlooks = merge_outlook.outlooks(db.session(), kept, goes)
    return merge_page.render(kept, goes, merge_page.form_of(kept, goes, outlooks), outlooks)


@blueprint.post(PAIR)
def do_merge(one_id: int, other_id: int) -> Response | tuple[str, int]:
    """Merge as chosen, unless something has changed since it was shown."""
    session = db.session()
    found = merging.lock_both(session, one_id, other_id)
    if set(found) != {one_id, other_id} or one_id == other_id:
        abort(404)
    kept, goes = merging.in_order(found[one_id], found[other_id], request.form.get("keep", type=int))
    if MERGED in (kept.kind, goes.kind):
        flash(merging.GONE.sentence, "warn")
        return redirect(page.address_of_kept(kept), 303)
    outlooks = merge_outlook.outlooks(session, kept, goes)
    form = merge_page.form_of(kept, goes, outlooks)
    outlook = merge_page.chosen(form, outlooks)
    if not form.validate() or form.lacks_reason(outlook):
        return merge_page.render(kept, goes, form, outlooks), 422
    if not outlook.shown <= set((form.shown.data or "").split(",")):
        return merge_page.render(kept, goes, form, outlooks, merging.CHANGED.sentence), 422
    values, seen = form.values(kept, goes), form.seen.data or ""
    agreed = form.how_agreed if outlook.out_since else ""
    made = merging.merge(session, kept, goes, values, current_user.id, agreed=agreed, seen=seen, own=form.own)
    if isinstance(made, Refused):
        return merge_page.render(kept, goes, form, outlooks, made.sentence), 422
    session.commit()
    flash(merge_page.said(kept, made), "ok")
    return redirect(page.address(kept), 303)


@blueprint.get("/people/<int:person_id>")
def show_person(person_id: int) -> Response:
    """Lead to the record of a person, whichever kind it is, or has become part of."""
    return redirect(page.address_of_kept(_load(person_id)), 303)


@blueprint.get("/merges/<int:merge_id>/undo")
@requires(Role.AGENT)
def undo(merge_id: int) -> str:
    """Say what an undo brings back and what it can't."""
    return merge_page.undo_page(db.session.get(PersonMerge, merge_id) or abort(404))


@blueprint.post("/merges/<int:merge_id>/undo")
def do_undo(merge_id: int) -> Response:
    """Make two records of one again, and lead to the one that was kept."""
    session = db.session()
    made = session.get(PersonMerge, merge_id) or abort(404)
    kept, other = made.kept, made.merged
    undone = undoing_merges.undo(session, merge_id, current_user.id)
    if isinstance(undone, Refused):
        session.rollback()
        refusals.show(undone)
        return redirect(url_for("people.undo", merge_id=merge_id), 303)
    session.commit()
    flash(merge_page.said_of_undo(kept, other, undone), "ok")
    return redirect(page.address(kept), 303)


def _load(person_id: int) -> Person:
    return db.session.get(Person, person_id) or abort(404)
