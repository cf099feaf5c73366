"""`simulator`: runs the Twilio stand-in as a separate server."""

import click
from flask import current_app
from flask.cli import with_appcontext

from optin import make_simulator
from optin.config import Config
from twilio_simulator.server import serve


@click.command("simulator")
@click.option("--port", default=5001, show_default=True, type=click.IntRange(1, 65535))
@with_appcontext
def command(port: int) -> None:
    """Run the simulator alone; start the app with TWILIO_API_URL set to its address."""
    config: Config = current_app.config["OPTIN"]
    if not config.is_simulator:
        raise click.ClickException("The simulator only runs with OPTIN_MODE=simulator.")
    click.echo(f"The simulator is running at http://127.0.0.1:{port} and calls {config.inbound_webhook}.")
    click.echo(f"Start the app with TWILIO_API_URL=http://127.0.0.1:{port}. Press Ctrl-C to stop.")
    serve(make_simulator(config), port)
