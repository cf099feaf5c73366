"""`import-all`: fills an empty Optin from an export of everything. Nothing is sent by it."""

from pathlib import Path

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from optin import clock
from optin.archive import filling, making, opening
from optin.archive.opening import BadArchive
from optin.cli import verify
from optin.cli.sign_in_link import address
from optin.cli.start import answers
from optin.config import Config
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import links
from optin.features.auth.users import LINK_HOURS
from optin.models import User

CLOSED = (
    "Nothing is sent yet: what was waiting has been cancelled, and sending stays closed until Twilio's list of "
    "messages has been compared. Let only one of the two installations go on: stop the other before you start this one."
)


@click.command("import-all")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def command(file: Path) -> None:
    """Fill an empty Optin with FILE, which `export-all` or Settings › Export everything has made."""
    config: Config = current_app.config["OPTIN"]
    if answers(config):
        raise click.ClickException(f"Optin is running at {config.local_url}. Stop it and its workers first.")
    try:
        with opening.opened(file) as archive:
            flask_migrate.upgrade()
            opening.see_version(archive, making.version(db.engine))
            archive.check()
            db.session.remove()
            db.engine.dispose()
            filling.fill(config.database_url, archive, clock.now())
            counts = opening.counts(archive)
    except BadArchive as error:
        raise click.ClickException(str(error)) from None
    click.echo("Filled with " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts) + ".")
    click.echo(CLOSED)
    _let_the_admins_in(config)
    verify.report(db.engine)


def _let_the_admins_in(config: Config) -> None:
    """Print a sign-in link for each admin: passwords are in no export."""
    session = db.session()
    admins = select(User).where(User.role == Role.ADMIN, User.disabled_at.is_(None)).order_by(User.id)
    for admin in session.scalars(admins).all():
        token = links.issue(session, admin, clock.now(), LINK_HOURS)
        session.commit()
        click.echo(f"Sign in as {admin.name} (once, within {LINK_HOURS} hours): {address(config, token)}")
    click.echo("Everybody else gets a new link from an admin, under Settings › Users.")
