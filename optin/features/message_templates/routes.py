"""Message templates: the list, the form, deleting. Everybody reads them, agents write them."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import Field, ValidationError
from wtforms.validators import DataRequired, Length

from optin.database.session import db
from optin.enums import Role
from optin.features.message_templates import records
from optin.models import MessageTemplate
from optin.own_fields import merging
from optin.queries import message_templates
from optin.sending import broadcast_text
from optin.web import own_fields, refusals
from optin.web.access import requires
from optin.web.fields import Line, MessageText

blueprint = Blueprint("message_templates", __name__)

TEMPLATE = "/templates/<int:template_id>"
LONGEST_NAME = 80


class TemplateForm(FlaskForm):  # type: ignore[misc]
    """A text and the name that it is found by."""

    name = Line("Name", [DataRequired("Enter a name."), Length(max=LONGEST_NAME)])
    body = MessageText("Text")

    def validate_body(self, field: Field) -> None:
        """Refuse what could not be sent."""
        if faults := broadcast_text.faults(field.data, merging.hold(db.session(), field.data)):
            raise ValidationError(" ".join(faults))


@blueprint.get("/templates")
def index() -> str:
    """List the templates, with the form of a new one."""
    return _list(TemplateForm(formdata=None))


@blueprint.post("/templates")
def create() -> Response:
    """Store a new template."""
    form = TemplateForm()
    if not form.validate() or not _saved(MessageTemplate(), form):
        return make_response(_list(form), 422)
    flash(f"Template “{form.name.data}” was saved.", "ok")
    return redirect(url_for(".index"), 303)


@blueprint.get(TEMPLATE)
@requires(Role.AGENT)
def edit(template_id: int) -> str:
    """Show the form with what is stored."""
    template = _load(template_id)
    return _page(template, TemplateForm(obj=template))


@blueprint.post(TEMPLATE)
def update(template_id: int) -> Response:
    """Store another name or text."""
    template, form = _load(template_id), TemplateForm()
    if not form.validate() or not _saved(template, form):
        db.session.refresh(template)
        return make_response(_page(template, form), 422)
    flash(f"Template “{form.name.data}” was saved.", "ok")
    return redirect(url_for(".index"), 303)


@blueprint.post(f"{TEMPLATE}/deletion")
def delete(template_id: int) -> Response:
    template = _load(template_id)
    records.remove(db.session(), template, current_user.id)
    db.session.commit()
    flash(f"Template “{template.name}” was deleted.", "ok")
    return redirect(url_for(".index"), 303)


def _saved(template: MessageTemplate, form: TemplateForm) -> bool:
    """Store what a valid form says; False, with the sentence at the field, where another has the name."""
    if refused := records.save(db.session(), template, form.name.data, form.body.data, current_user.id):
        refusals.show(refused, form)
        return False
    db.session.commit()
    return True


def _list(form: TemplateForm) -> str:
    rows = message_templates.listed(db.session())
    may_edit = current_user.may(Role.AGENT)
    names = own_fields.merge_names()
    return render_template("message_templates/index.html", rows=rows, form=form, may_edit=may_edit, merge_names=names)


def _page(template: MessageTemplate, form: TemplateForm) -> str:
    names = own_fields.merge_names()
    return render_template("message_templates/edit.html", template=template, form=form, merge_names=names)


def _load(template_id: int) -> MessageTemplate:
    return db.session.get(MessageTemplate, template_id) or abort(404)
