"""Views: saving what a list shows under a name, renaming, deleting, and with which view a list opens."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import DataRequired, Length

from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.features.people import list_request
from optin.features.people.loading import route
from optin.models import SavedView
from optin.person import views
from optin.person.filters import table
from optin.person.views import Content
from optin.refused import Refused
from optin.web import refusals
from optin.web.access import requires
from optin.web.fields import Line

VIEW = "/views/<int:view_id>"


class ViewForm(FlaskForm):  # type: ignore[misc]
    """The name of a view, and whose it is."""

    name = Line("Name", [DataRequired("Enter a name."), Length(max=60, message="Use at most 60 characters.")])
    shared = BooleanField("Share it with the team: everybody may use it; you and admins may change it")


@route("/views", "{kind}_views")
def views_page(kind: PersonKind) -> str:
    """List the views that the user may use."""
    session = db.session()
    found = views.listed(session, kind, current_user)
    said = {view.id: table.say(session, Content.of(view).filters) for view in found}
    problems = {view.id: _problems(view) for view in found}
    return render_template(
        "people/views.html",
        kind=kind,
        views=found,
        said=said,
        problems=problems,
        default=views.default(session, kind, current_user),
        may_change=views.may_change,
    )


@route("/views/new", "new_{kind}_view")
@requires(Role.AGENT)
def new_view(kind: PersonKind) -> str:
    """Ask for the name under which what the address says is to be saved; of a view it is a copy."""
    asked = list_request.read(db.session(), kind)
    return _form(kind, ViewForm(), asked.content)


@route("/views/new", "create_{kind}_view", ["POST"])
def create_view(kind: PersonKind) -> Response | tuple[str, int]:
    """Save the view and open it."""
    session, form = db.session(), ViewForm()
    content = list_request.read(session, kind).content
    if not form.validate():
        return _form(kind, form, content), 422
    view = views.save(session, kind, form.name.data, content, current_user, shared=form.shared.data)
    if isinstance(view, Refused):
        refusals.show(view, form)
        return _form(kind, form, content), 422
    session.commit()
    flash(f"The view “{view.name}” was saved.", "ok")
    return _to(kind, view)


@route(VIEW, "change_{kind}_view", ["POST"])
def change_view(kind: PersonKind, view_id: int) -> Response:
    """Save what the address shows as the content of the view."""
    session, view = db.session(), _changeable(kind, view_id)
    views.change(session, view, list_request.read(session, kind).content)
    session.commit()
    flash(f"The view “{view.name}” was changed.", "ok")
    return _to(kind, view)


@route(f"{VIEW}/edit", "edit_{kind}_view")
@requires(Role.AGENT)
def edit_view(kind: PersonKind, view_id: int) -> str:
    """Ask for the name, and whose view it is."""
    view = _changeable(kind, view_id)
    return _form(kind, ViewForm(name=view.name, shared=view.is_shared), Content.of(view), view)


@route(f"{VIEW}/edit", "rename_{kind}_view", ["POST"])
def rename_view(kind: PersonKind, view_id: int) -> Response | tuple[str, int]:
    """Give the view another name, or make it the team's."""
    session, view, form = db.session(), _changeable(kind, view_id), ViewForm()
    if not form.validate():
        return _form(kind, form, Content.of(view), view), 422
    refused = views.rename(session, view, form.name.data, shared=form.shared.data)
    if refused is not None:
        refusals.show(refused, form)
        return _form(kind, form, Content.of(view), view), 422
    session.commit()
    flash(f"The view is now called “{form.name.data}”.", "ok")
    return redirect(url_for(f"people.{kind}_views"), 303)


@route(f"{VIEW}/deletion", "delete_{kind}_view", ["POST"])
def delete_view(kind: PersonKind, view_id: int) -> Response:
    """Delete the view; the people in it stay."""
    session, view = db.session(), _changeable(kind, view_id)
    name = view.name
    views.remove(session, view)
    session.commit()
    flash(f"The view “{name}” was deleted. The people in it were not.", "ok")
    return redirect(url_for(f"people.{kind}_views"), 303)


@route("/views/default", "default_{kind}_view", ["POST"])
@requires(Role.VIEWER)
def default_view(kind: PersonKind) -> Response:
    """Open the user's list with a view from now on, or with everybody."""
    session, value = db.session(), request.form.get("view", "")
    view = _usable(kind, int(value)) if value.isascii() and value.isdigit() and len(value) < 10 else None
    views.set_default(session, kind, current_user, view)
    session.commit()
    flash(f"{kind.label}s now open with “{view.name}”." if view else f"{kind.label}s now open with everybody.", "ok")
    return redirect(url_for(f"people.{kind}_views"), 303)


def _usable(kind: PersonKind, view_id: int) -> SavedView:
    return views.find(db.session(), kind, view_id, current_user) or abort(404)


def _changeable(kind: PersonKind, view_id: int) -> SavedView:
    view = _usable(kind, view_id)
    return view if views.may_change(view, current_user) else abort(403)


def _to(kind: PersonKind, view: SavedView) -> Response:
    return redirect(url_for(f"people.{kind}s", view=view.id), 303)


def _problems(view: SavedView) -> list[str]:
    question = table.ask(db.session(), Content.of(view).filters, list_request.asker())
    return list(dict.fromkeys(question.problems.values()))


def _form(kind: PersonKind, form: ViewForm, content: Content, view: SavedView | None = None) -> str:
    said = table.say(db.session(), content.filters)
    return render_template("people/view_form.html", kind=kind, form=form, said=said, view=view)
