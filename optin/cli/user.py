"""`user add`: adds a person who can sign in."""

import re

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from optin.database.session import db
from optin.enums import Role
from optin.features.auth.accounts import add_user
from optin.models import User


@click.group("user")
def command() -> None:
    """People who sign in."""


@command.command("add")
@click.argument("email")
@click.option("--name", help="The name that colleagues see. By default, the part of the email before the @.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.AGENT.value, show_default=True)
@click.option(
    "--password",
    envvar="OPTIN_USER_PASSWORD",
    default="",
    help="Without it, they can only sign in with a sign-in link.",
)
@with_appcontext
def add(email: str, name: str | None, role: str, password: str) -> None:
    """Add a user with this EMAIL."""
    email = email.strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise click.ClickException(f"{email} is not an email address.")
    if db.session.scalar(select(User.id).where(func.lower(User.email) == email.lower())) is not None:
        raise click.ClickException(f"There is already a user with the email {email}.")
    add_user(db.session(), email=email, name=name or email.partition("@")[0], role=Role(role), password=password)
    db.session.commit()
    click.echo(
        f"{email} was added as {role}."
        + ("" if password else f" Make a sign-in link for them: flask --app app sign-in-link {email}")
    )
