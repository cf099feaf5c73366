"""`seed`: sample data for a new install."""

import click
from flask import current_app
from flask.cli import with_appcontext

from optin.config import Config


@click.command("seed")
@with_appcontext
def command() -> None:
    """Fill an empty database with sample data; one that has people, keywords or messages stays as it is."""
    from optin.sample_data import seed  # here, since it needs all of the app, and every command loads this module

    config: Config = current_app.config["OPTIN"]
    if not config.is_simulator:
        raise click.ClickException("Sample data needs OPTIN_MODE=simulator.")
    filled = seed(config)
    click.echo("Added 30 days of sample data." if filled else "The database already has data. Nothing was added.")
