"""`worker`: runs the jobs in a separate process."""

import signal
import threading

import click
from flask.cli import ScriptInfo, pass_script_info

from optin.jobs import engine


@click.command("worker")
@pass_script_info
def command(info: ScriptInfo) -> None:
    """Run the jobs until interrupted; for a web app that is started with OPTIN_WORKERS=external."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    engine.launch(info.load_app(), receives=False)
    click.echo("The worker is running. Press Ctrl-C to stop.")
    ended.wait()
    engine.shutdown()
