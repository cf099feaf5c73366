"""`reconcile`: compares with Twilio's message list now."""

from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from optin.database.session import db
from optin.provider.gateway import GatewayError
from optin.receiving import reconcile


@click.command("reconcile")
@click.option("--since", type=click.DateTime(), help="Compare everything since this time (UTC), in both directions.")
@with_appcontext
def command(since: datetime | None) -> None:
    """Take in texts that no webhook brought, settle sends of unknown outcome, open the sending gate if it is closed."""
    gateway = current_app.extensions["gateway"]
    try:
        if since is None:
            report = reconcile.check_inbound(db.engine, gateway)
        else:
            report = reconcile.check_everything(db.engine, gateway, since=since.replace(tzinfo=UTC))
        settled = reconcile.settle_unknown(db.engine, gateway)
        opened = reconcile.reopen(db.engine, gateway)
    except GatewayError as error:
        raise click.ClickException(error.text) from None
    if report is None or settled is None:
        raise click.ClickException(reconcile.BUSY)
    click.echo(
        f"{report.read} messages read: {report.texts} missing texts added, "
        f"{report.settled + settled.settled} unknown outcomes settled, "
        f"{report.statuses} statuses updated, {settled.not_found} not found."
    )
    if opened:
        click.echo("Sending is open again.")
