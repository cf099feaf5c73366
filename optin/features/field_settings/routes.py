"""Settings › Fields: the list with the form of a new one, a field's page, its order, archive and deletion."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import FieldKind, Role
from optin.features.field_settings import deleting_task
from optin.features.field_settings.forms import OPTION, DeletionForm, FieldForm
from optin.jobs import engine
from optin.models import OwnField, OwnValue
from optin.own_fields import definitions, deleting
from optin.queries import cached_counts
from optin.refused import Refused
from optin.web import refusals
from optin.web.access import requires
from optin.web.filters import n, plural

blueprint = Blueprint("field_settings", __name__)

FIELD = "/settings/fields/<int:field_id>"
VALUES = cached_counts.RowCounter(
    "values of a field", lambda field_id: select(OwnValue.person_id).where(OwnValue.field_id == field_id)
)


@blueprint.get("/settings/fields")
@requires(Role.ADMIN)
def index() -> str:
    """List the fields in their order, with the form of a new one."""
    return _list(FieldForm(formdata=None))


@blueprint.post("/settings/fields")
@requires(Role.ADMIN)
def create() -> Response | tuple[str, int]:
    """Make a field."""
    form = FieldForm()
    if not form.validate():
        return _list(form), 422
    made = definitions.create(db.session(), form.given, current_user.id)
    if isinstance(made, Refused):
        refusals.show(made, form)
        return _list(form), 422
    db.session.commit()
    flash(f"The field {made.label} was added to contacts and leads.", "ok")
    return redirect(url_for(".index"), 303)


@blueprint.get(FIELD)
@requires(Role.ADMIN)
def show(field_id: int) -> str:
    """Show a field with its form."""
    mine = _load(field_id)
    return _page(mine, FieldForm(mine, formdata=None))


@blueprint.post(FIELD)
@requires(Role.ADMIN)
def update(field_id: int) -> Response | tuple[str, int]:
    """Change what a field is called, its kind, what can be chosen or its help text."""
    mine = _locked(field_id)
    form = FieldForm(mine)
    form.take_options(request.form)
    if not form.validate():
        return _page(mine, form), 422
    changed = definitions.change(db.session(), mine, form.given, current_user.id)
    if isinstance(changed, Refused):
        db.session.rollback()
        refusals.show(changed, form)
        return _page(_load(field_id), form), 422
    db.session.commit()
    flash(f"The field {mine.label} was saved." if changed else "Nothing was changed.", "ok" if changed else "off")
    return redirect(url_for(".index"), 303)


@blueprint.post(f"{FIELD}/place")
@requires(Role.ADMIN)
def move(field_id: int) -> Response:
    """Move a field up or down."""
    definitions.move(db.session(), _locked(field_id), -1 if request.form.get("to") == "up" else 1, current_user.id)
    db.session.commit()
    return redirect(url_for(".index"), 303)


@blueprint.post(f"{FIELD}/archive")
@requires(Role.ADMIN)
def archive(field_id: int) -> Response:
    """Archive a field, or bring it back."""
    mine = _locked(field_id)
    if request.form.get("archived") == "1":
        definitions.archive(db.session(), mine, current_user.id)
        said = f"The field {mine.label} was archived. Its values are kept."
    else:
        definitions.bring_back(db.session(), mine, current_user.id)
        said = f"The field {mine.label} is shown again, with its values."
    db.session.commit()
    flash(said, "ok")
    return redirect(url_for(".index"), 303)


@blueprint.get(f"{FIELD}/deletion")
@requires(Role.ADMIN)
def ask_to_delete(field_id: int) -> str:
    """Say how many values go with a field, before it is deleted."""
    mine = _load(field_id)
    return _deletion(mine, DeletionForm(mine, formdata=None))


@blueprint.post(f"{FIELD}/deletion")
@requires(Role.ADMIN)
def delete(field_id: int) -> Response | tuple[str, int]:
    """Delete a field with its values, once its label was typed."""
    session, mine = db.session(), _locked(field_id)
    form = DeletionForm(mine)
    if not form.validate():
        return _deletion(mine, form), 422
    label, values = mine.label, VALUES.of(session, field_id)
    if refused := deleting.begin(session, mine, n(values), current_user.id):
        refusals.show(refused, form)
        return _deletion(mine, form), 422
    goes_on = deleting_task.begin(session, mine, values.value, current_user.id)
    session.commit()
    engine.nudge()
    said = (
        "Its values are being deleted in the background."
        if goes_on
        else f"{plural(values, 'value', 'values')} went with it."
    )
    flash(f"The field {label} was deleted. {said}", "ok")
    return redirect(url_for(".index"), 303)


def _list(form: FieldForm) -> str:
    session = db.session()
    fields = definitions.everyone(session)
    return render_template(
        "field_settings/index.html",
        shown=[each for each in fields if not each.archived_at and not each.deleted_at],
        archived=[each for each in fields if each.archived_at and not each.deleted_at],
        deleted=[(each, deleting_task.under_way(session, each.id)) for each in fields if each.deleted_at],
        values=VALUES.of_each(session, OwnField.id, [each.id for each in fields]),
        most=definitions.MOST,
        kinds={str(kind): kind.label for kind in FieldKind},
        form=form,
    )


def _page(mine: OwnField, form: FieldForm) -> str:
    return render_template("field_settings/field.html", mine=mine, form=form, option=OPTION)


def _deletion(mine: OwnField, form: DeletionForm) -> str:
    session = db.session()
    return render_template(
        "field_settings/delete.html",
        mine=mine,
        form=form,
        values=VALUES.of(session, mine.id),
        refused=deleting.in_use(session, mine.key),
    )


def _load(field_id: int) -> OwnField:
    mine = db.session.get(OwnField, field_id)
    return mine if mine is not None and mine.deleted_at is None else abort(404)


def _locked(field_id: int) -> OwnField:
    return definitions.locked(db.session(), field_id) or abort(404)
