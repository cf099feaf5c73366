"""`user add`: people who sign in."""

import re

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from optin.auth.accounts import add_user
from optin.extensions import db
from optin.models import User
from optin.terms import Role


@click.group("user")
def command() -> None:
    """People who sign in."""


@command.command("add")
@click.argument("email")
@click.option("--name", help="What colleagues see; the part before the @ when left out.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.AGENT.value, show_default=True)
@click.option(
    "--password", envvar="OPTIN_USER_PASSWORD", default="", help="Without it only a sign-in link lets them in."
)
@with_appcontext
def add(email: str, name: str | None, role: str, password: str) -> None:
    """Add a user with this EMAIL."""
    email = email.strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise click.ClickException(f"{email} is not an email address.")
    if db.session.scalar(select(User.id).where(func.lower(User.email) == email.lower())) is not None:
        raise click.ClickException(f"There is a user with the email {email} already.")
    add_user(db.session(), email=email, name=name or email.partition("@")[0], role=Role(role), password=password)
    db.session.commit()
    click.echo(
        f"{email} can work as {role}." + ("" if password else f" Let them in: flask --app app sign-in-link {email}")
    )
