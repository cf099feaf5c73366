"""Signing in and out."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from optin import clock
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import account_routes, attempts, links, number_routes, passwords, sessions, user_routes
from optin.features.auth.accounts import first_admin
from optin.features.auth.attempts import limit_sign_in
from optin.features.auth.blueprint import blueprint
from optin.features.auth.forms import SignInForm
from optin.features.auth.paths import local_path
from optin.models import User
from optin.policy import audit
from optin.web.access import public, requires, say_that_it_ended

__all__ = ["account_routes", "blueprint", "number_routes", "user_routes"]

WRONG = "Wrong email or password. Check both, or ask an admin for a sign-in link."


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@limit_sign_in
def sign_in() -> Response | str | tuple[str, int]:
    """Ask for email and password, and lead on to the page that was asked for first."""
    target = local_path(request.args.get("next", ""))
    form = SignInForm()
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(target, 303)
        say_that_it_ended()
        return _sign_in_page(form, target)
    if form.validate():
        user = _who(form.email.data, form.password.data)
        if user and (user := sessions.lock(user)):
            sessions.begin(user)
            attempts.succeeded(user)
            user.last_sign_in_at = clock.now()
            db.session.commit()
            return redirect(target, 303)
        attempts.failed()
        form.password.errors = [WRONG]
    return _sign_in_page(form, target), 422


@blueprint.post("/sign-out")
@requires(Role.VIEWER)
def sign_out() -> Response:
    """End the session in this browser."""
    sessions.end()
    db.session.commit()
    flash("You are signed out.", "ok")
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.get("/sign-in/<token>")
@public
def use_link(token: str) -> str | tuple[str, int]:
    """Show whom the link signs in. Only the button uses it up, so that a link preview does not."""
    user = links.peek(db.session(), token, clock.now())
    page = render_template("auth/link.html", user=user, token=token)
    return page if user else (page, 404)


@blueprint.post("/sign-in/<token>")
@public
def redeem_link(token: str) -> Response | tuple[str, int]:
    """Use the link up and sign in; who has no password yet and gets no link at the next start is led to set one."""
    now = clock.now()
    user = links.redeem(db.session(), token, now)
    if user is None:
        return render_template("auth/link.html", user=None, token=token), 404
    sessions.begin(user, linked_at=now)
    attempts.succeeded(user)
    user.last_sign_in_at = now
    audit.record(db.session(), user.id, "signed in with a link", "user", user.id)
    db.session.commit()
    gets_more = current_app.config["OPTIN"].is_simulator and user == first_admin(db.session())
    if user.password_hash or gets_more:
        return redirect("/", 303)
    flash(f"Welcome, {user.name}. Set a password now: the link only worked once.", "ok")
    return redirect(url_for("auth.account"), 303)


def _who(email: str, password: str) -> User | None:
    """Return the user whose password this is; the answer takes as long where there is no such user."""
    user = db.session.scalar(select(User).where(func.lower(User.email) == func.lower(email.strip())))
    db.session.commit()  # the hash takes its time: nobody shall wait for SQLite's write lock meanwhile
    right = passwords.verify(user.password_hash if user else None, password)
    return user if user and right and user.is_active else None


def _sign_in_page(form: SignInForm, target: str) -> str:
    return render_template("auth/sign_in.html", form=form, target=None if target == "/" else target)
