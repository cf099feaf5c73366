"""The users panel of the settings: who may sign in, and as what."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock
from optin.config import Config
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import users as accounts
from optin.features.auth.blueprint import blueprint
from optin.features.auth.forms import InviteForm, RoleForm
from optin.models import User
from optin.policy import audit
from optin.refused import Refused
from optin.web import refusals, sessions
from optin.web.access import requires

_NEW_LINK = "new_link"


@blueprint.get("/settings/users")
@requires(Role.ADMIN)
def users() -> str:
    """List the users, with the form that invites another."""
    return _list(InviteForm(formdata=None))


@blueprint.post("/settings/users")
@requires(Role.ADMIN)
def invite() -> Response | tuple[str, int]:
    """Add a user and show the link that lets them in."""
    form = InviteForm()
    if not form.validate():
        return _list(form), 422
    admin = current_user._get_current_object()
    given = {"role": Role(form.role.data), "may_download": form.may_download.data}
    made = accounts.invite(db.session(), admin, email=form.email.data, name=form.name.data, **given)
    if isinstance(made, Refused):
        refusals.show(made, form)
        return _list(form), 422
    return _show_new_link(
        made, f"{made.name} was added. Send them the link below so that they can sign in and set a password."
    )


@blueprint.get("/settings/users/<int:user_id>")
@requires(Role.ADMIN)
def user(user_id: int) -> str:
    """Show one user; a link that was just made is shown this once."""
    found = db.get_or_404(User, user_id)
    return _page(found, RoleForm(formdata=None, obj=found))


@blueprint.post("/settings/users/<int:user_id>/role")
@requires(Role.ADMIN)
def change_role(user_id: int) -> Response | tuple[str, int]:
    """Give a user another role, or the right to download; the last admin keeps theirs."""
    found, form = db.get_or_404(User, user_id), RoleForm()
    if not form.validate():
        return _page(found, form), 422
    role = Role(form.role.data)
    admin = current_user._get_current_object()
    if refused := accounts.change_role(db.session(), admin, found, role, may_download=form.may_download.data):
        refusals.show(refused, form)
        return _page(found, form), 422
    files = "" if role is Role.ADMIN else f" and {'may' if found.downloads else 'may not'} download personal data"
    return _saved(found, f"{found.name} is {'an' if role is not Role.VIEWER else 'a'} {role.label.lower()}{files} now.")


@blueprint.post("/settings/users/<int:user_id>/disabled")
@requires(Role.ADMIN)
def disable_user(user_id: int) -> Response | tuple[str, int]:
    """Disable a user, with their sessions and links; the last admin stays."""
    found = db.get_or_404(User, user_id)
    if refused := accounts.disable(db.session(), current_user._get_current_object(), found):
        refusals.show(refused, tone="bad")
        return _page(found, RoleForm(formdata=None, obj=found)), 422
    return _saved(found, f"{found.name} is disabled and signed out everywhere.")


@blueprint.post("/settings/users/<int:user_id>/enabled")
@requires(Role.ADMIN)
def enable_user(user_id: int) -> Response:
    """Let a user in again."""
    found = db.get_or_404(User, user_id)
    accounts.enable(db.session(), current_user._get_current_object(), found)
    return _saved(found, f"{found.name} can sign in again.")


@blueprint.post("/settings/users/<int:user_id>/sessions")
@requires(Role.ADMIN)
def end_user_sessions(user_id: int) -> Response:
    """Sign a user out everywhere; they may sign in again."""
    found = db.get_or_404(User, user_id)
    accounts.end_sessions(db.session(), current_user._get_current_object(), found)
    return _saved(found, f"{found.name} is signed out everywhere.")


@blueprint.post("/settings/users/<int:user_id>/links")
@requires(Role.ADMIN)
def make_link(user_id: int) -> Response:
    """Make a fresh sign-in link for who lost theirs, or forgot the password."""
    found = db.get_or_404(User, user_id)
    return _show_new_link(found, f"A new link for {found.name} is below. Earlier links no longer work.")


def _show_new_link(found: User, notice: str) -> Response:
    """Make a link and keep its token until the next page, which is the only one that shows it."""
    token = accounts.new_link(db.session(), current_user._get_current_object(), found)
    if isinstance(token, Refused):
        refusals.show(token, tone="bad")
        return redirect(url_for("auth.user", user_id=found.id), 303)
    cookie[_NEW_LINK] = [found.id, token]
    return _saved(found, notice)


def _saved(found: User, notice: str) -> Response:
    db.session.commit()
    flash(notice, "ok")
    return redirect(url_for("auth.user", user_id=found.id), 303)


def _list(form: InviteForm) -> str:
    return render_template("auth/users.html", users=accounts.everybody(db.session()), form=form)


def _page(found: User, form: RoleForm) -> str:
    history = db.session.scalars(audit.history("user", found.id).limit(50)).all()
    devices = sessions.of_user(db.session(), found.id, clock.now())
    link = _link_to_show(found)
    return render_template("auth/user.html", user=found, form=form, link=link, history=history, devices=devices)


def _link_to_show(found: User) -> str | None:
    """Return the address of the link that was just made for this user; it is forgotten with that."""
    user_id, token = cookie.pop(_NEW_LINK, (None, ""))
    if user_id != found.id:
        return None
    config: Config = current_app.config["OPTIN"]
    base = request.host_url.rstrip("/") if config.is_simulator else config.public_url
    return base + url_for("auth.use_link", token=token)
