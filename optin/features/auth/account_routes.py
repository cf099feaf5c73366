"""The user's own account: name, time zone, password, sessions."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import links, passwords, sessions
from optin.features.auth.attempts import limit_for_user
from optin.features.auth.blueprint import blueprint
from optin.features.auth.forms import CodeForm, NumberForm, PasswordForm, ProfileForm
from optin.features.auth.paths import local_path
from optin.models import User
from optin.policy import audit
from optin.sending import test_number
from optin.web import sessions as records
from optin.web.access import requires

ENDED_ALL = "ended the sessions of"


@blueprint.get("/account")
def account() -> str:
    """Show one's own account."""
    return page()


@blueprint.post("/account")
@requires(Role.VIEWER)
def save_account() -> Response | tuple[str, int]:
    """Change one's own name and time zone."""
    form = ProfileForm()
    if not form.validate():
        return page(profile=form), 422
    user: User = current_user._get_current_object()
    after = {"name": form.name.data, "time_zone": form.time_zone.data}
    changes = audit.differences({name: getattr(user, name) for name in after}, after)
    if changes:
        user.name, user.time_zone = after["name"], after["time_zone"]
        audit.record(db.session(), user.id, "changed", "user", user.id, changes)
    db.session.commit()
    flash("Your account is saved." if changes else "Nothing was changed.", "ok")
    return redirect(url_for("auth.account"), 303)


@blueprint.post("/account/password")
@requires(Role.VIEWER)
@limit_for_user
def change_password() -> Response | tuple[str, int]:
    """Set a new password and end all other sessions."""
    form = PasswordForm()
    user: User = current_user._get_current_object()
    known = not needs_current(user) or passwords.verify(user.password_hash, form.current.data or "")
    if not form.validate() or not known:
        if not known:
            form.current.errors = ["That is not your current password."]
        return page(password=form), 422
    user.password_hash = passwords.hash_password(form.new.data)
    links.cancel(db.session(), user, clock.now())
    audit.record(db.session(), user.id, "changed the password of", "user", user.id)
    _go_on_alone(user)
    flash("Your password was changed. You are signed out everywhere else.", "ok")
    return redirect(url_for("auth.account"), 303)


@blueprint.post("/account/sessions")
@requires(Role.VIEWER)
def end_sessions() -> Response:
    """Sign out everywhere but here."""
    user: User = current_user._get_current_object()
    audit.record(db.session(), user.id, ENDED_ALL, "user", user.id)
    _go_on_alone(user)
    flash("You are signed out everywhere else.", "ok")
    return redirect(url_for("auth.account"), 303)


@blueprint.post("/account/sessions/everywhere")
@requires(Role.VIEWER)
def end_all_sessions() -> Response:
    """Sign out everywhere, here as well."""
    audit.record(db.session(), current_user.id, ENDED_ALL, "user", current_user.id)
    records.end_all(db.session(), current_user.id, clock.now())
    return _signed_out("You are signed out everywhere.")


@blueprint.post("/account/sessions/<int:session_id>/end")
@requires(Role.VIEWER)
def end_session(session_id: int) -> Response:
    """Sign out one device of one's own."""
    here = sessions.current()
    if here and here.id == session_id:
        return _signed_out("You are signed out.")
    if records.end_one(db.session(), current_user.id, session_id, clock.now()):
        audit.record(db.session(), current_user.id, "ended a session of", "user", current_user.id)
        flash("That device is signed out.", "ok")
    else:
        flash("That device was already signed out.")
    db.session.commit()
    return redirect(url_for("auth.account", _anchor="devices"), 303)


def _signed_out(sentence: str) -> Response:
    """End this session too and say so on the sign-in page."""
    sessions.end()
    db.session.commit()
    flash(sentence, "ok")
    return redirect(url_for("auth.sign_in"), 303)


def needs_current(user: User) -> bool:
    """Tell whether a new password asks for the current one: not where there is none, nor after a one-time link."""
    return bool(user.password_hash) and not sessions.came_by_link(clock.now())


def _go_on_alone(user: User) -> None:
    """End all sessions of `user`, and begin a new one in this browser."""
    if sessions.lock(user) is None:
        abort(401)
    records.end_all(db.session(), user.id, clock.now())
    sessions.begin(user)
    db.session.commit()


def page(
    profile: ProfileForm | None = None,
    password: PasswordForm | None = None,
    number: NumberForm | None = None,
    code: CodeForm | None = None,
) -> str:
    """Show the account; a form that was refused is given, the others are as stored. `next` leads back from here."""
    back, here = local_path(request.values.get("next", "")), sessions.current()
    devices = records.of_user(db.session(), current_user.id, clock.now())
    return render_template(
        "auth/account.html",
        profile=profile or ProfileForm(formdata=None, obj=current_user),
        password=password or PasswordForm(formdata=None),
        number=number or NumberForm(formdata=None),
        code=code or CodeForm(formdata=None),
        waiting=test_number.waiting(db.session(), current_user.id),
        back=None if back == "/" else back,
        needs_current=needs_current(current_user),
        devices=sorted(devices, key=lambda device: here is None or device.id != here.id),
        here=here,
        may_send=current_user.may(Role.AGENT),
    )
