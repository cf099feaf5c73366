"""`sign-in-link`: lets in a user who has no password or has forgotten it."""

import click
from flask import current_app, url_for
from flask.cli import with_appcontext
from sqlalchemy import func, select

from optin import clock
from optin.config import Config
from optin.database.session import db
from optin.features.auth import links
from optin.models import User


@click.command("sign-in-link")
@click.argument("email")
@click.option("--hours", default=24.0, show_default=True, type=click.FloatRange(0, 720, min_open=True))
@with_appcontext
def command(email: str, hours: float) -> None:
    """Print a link that signs in the user with this EMAIL once."""
    user = db.session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
    if user is None:
        raise click.ClickException(f"There is no user with the email {email}.")
    if not user.is_active:
        raise click.ClickException(f"{user.name} is disabled and cannot sign in.")
    token = links.issue(db.session(), user, clock.now(), hours)
    db.session.commit()
    click.echo(address(current_app.config["OPTIN"], token))


def address(config: Config, token: str) -> str:
    """Return the address that signs in with `token`: the public one, or this machine's with the simulator."""
    with current_app.test_request_context(base_url=config.local_url if config.is_simulator else config.public_url):
        return url_for("auth.use_link", token=token, _external=True)
