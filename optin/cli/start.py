"""`start`: what `make run` and `make serve` run."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import TypeVar

import click
import flask_migrate
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from optin import clock, create_app, ready_to_serve, run_jobs_beside
from optin.cli.sign_in_link import address
from optin.config import Config
from optin.database.session import db
from optin.features.auth import links
from optin.features.auth.accounts import first_admin
from optin.first_start import prepare
from optin.storage import write_check
from optin.storage.troubles import in_words

T = TypeVar("T")
THREADS = 32
LINK_HOURS = 24
PATIENCE = 2  # seconds for a process that is just ending


@click.command("start")
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on; 0.0.0.0 in a container")
@with_appcontext
def command(host: str) -> None:
    """Migrate, make what is missing, and serve the app on this machine until it is interrupted."""
    config: Config = current_app.config["OPTIN"]
    refuse_a_port_in_use(config)
    flask_migrate.upgrade()
    prepare(db.session(), config)
    db.session.commit()
    if config.sample_data and config.is_simulator:
        fill_in_sample_data()
    lines = welcome(config)
    refuse_a_database_that_cannot_store(config)
    db.session.remove()
    db.engine.dispose()
    Granian(
        "optin",
        address=host,
        port=config.port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        log_level=LogLevels.error,  # its warnings only doubt the number of threads
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        websockets=False,
    ).serve(target_loader=partial(load_app, config, lines), wrap_loader=False)


def refuse_a_port_in_use(config: Config) -> None:
    """Raise ClickException with a sentence if something else listens on the port and does not end within moments."""
    for _ in range(PATIENCE * 10):
        if _is_free(config.port):
            return
        time.sleep(0.1)
    who = "Optin is already running at" if answers(config) else "Another program is already using"
    raise click.ClickException(
        f"{who} {config.local_url}. Stop it first, or use another port: make run PORT={config.port + 1}"
    )


def refuse_a_database_that_cannot_store(config: Config) -> None:
    """Raise ClickException with a sentence where nothing can be written: the server would fail again and again."""
    trouble, error = write_check.write(db.engine)
    if trouble:
        raise click.ClickException(in_words(error, config.database_url) or trouble.sentence)


def fill_in_sample_data() -> None:
    """Fill an empty database with something to look at, in a process of its own: its memory ends with it."""
    from optin.sample_data import seed  # nobody else needs it

    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        if seed(current_app.config["OPTIN"]):
            click.echo("Added 30 days of sample data. Set OPTIN_SAMPLE_DATA=0 to start without it.")
    except Exception as error:
        if words := in_words(error):
            click.echo(f"The sample data could not be added. {words}", err=True)
        else:
            structlog.get_logger().exception("the sample data could not be added")
    finally:
        sys.stdout.flush()
        os._exit(0)


def welcome(config: Config) -> list[str]:
    """Return what to tell when the server is ready; a sign-in link is issued where nobody has a password."""
    lines = [f"Optin is ready at {config.local_url}"]
    admin = first_admin(db.session())
    if admin and (config.is_simulator or not admin.password_hash):
        token = links.issue(db.session(), admin, clock.now(), LINK_HOURS)
        db.session.commit()
        lines.append(f"Sign in as {admin.name} (once, within {LINK_HOURS} hours): {address(config, token)}")
    if config.is_simulator:
        lines.append(f"Text as a person from the phones: {config.local_url}/simulator/phones")
    return lines


def load_app(config: Config, lines: list[str]) -> Flask:
    """Return the app, in the process that serves it; `lines` are printed when it answers."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    app = _when_it_works(config, lambda: create_app(config))
    _when_it_works(config, lambda: run_jobs_beside(app))
    ready_to_serve()
    threading.Thread(target=_say_when_ready, args=(config, lines), daemon=True).start()
    return app


def _when_it_works(config: Config, begin: Callable[[], T]) -> T:
    """Do it, again and again while database or disk do not work: else the server would start and fail in turns."""
    told = ""
    while True:
        try:
            return begin()
        except Exception as error:
            words = in_words(error, config.database_url)
            if not words:
                raise
            if words != told:
                click.echo(f"Optin is waiting and will start by itself when this is over. {words}", err=True)
            told = words
            time.sleep(PATIENCE)


def _end_with(parent: int) -> None:
    """End this process when its parent ended, however that happened: nobody else would ever stop it."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _is_free(port: int) -> bool:
    """Tell whether a server could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _say_when_ready(config: Config, lines: list[str]) -> None:
    """Wait until the server answers and print the lines."""
    while not answers(config):
        time.sleep(0.1)
    click.echo("\n" + "\n".join(lines) + "\n\nPress Ctrl-C to stop.")


def answers(config: Config) -> bool:
    """Tell whether an Optin answers on the port; asked without the proxy that the environment may name."""
    connection = HTTPConnection("127.0.0.1", config.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return b'"ok"' in connection.getresponse().read(100)
    except (HTTPException, OSError):
        return False
    finally:
        connection.close()
