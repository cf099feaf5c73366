"""The app of a test. Making one takes longer than most tests: it serves again where a test left it as it was."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from optin import create_app
from optin.config import Config
from optin.database.session import db
from optin.metrics import HTTP
from optin.web.extensions import limiter
from tests.support.clients import Browser
from twilio_simulator import close_simulator

_kept: dict[Path, Flask] = {}
_compile_builder = Rule._compile_builder
_builders: dict[str, Callable[..., tuple[str, str]]] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """Return what builds the rule's address, a function of the rule: most of the time an app takes goes into these."""
    key = repr((rule.rule, rule._trace, rule.defaults, append_unknown))
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _compile_once


def new_app(url: str, shared: Path, folder: Path, **environ: str) -> Flask:
    """Make an app on the database at `url`, with its instance in `folder` and further environment variables."""
    given = {"OPTIN_DATABASE_URL": url, "OPTIN_WORKERS": "external", "OPTIN_SAMPLE_DATA": "0", **environ}
    app = create_app(Config.from_environ(given, folder))
    app.testing = True
    app.test_client_class = Browser
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(shared))  # compiled once for all tests
    limiter.reset()
    HTTP.clear()  # else each look at /metrics shows the addresses of all tests before
    return app


def end_app(app: Flask) -> None:
    """Close what the app holds open."""
    _leave_database(app)
    if simulator := app.extensions.get("simulator"):
        close_simulator(simulator)


@contextmanager
def plain_app(url: str, shared: Path, instances: Path) -> Iterator[Flask]:
    """Lend the app with nothing but a database; what a test changes of it (routes, settings) goes with it.

    Each database has an instance of its own in the folder `instances`, as each install has.
    """
    folder = instances / sha256(url.encode()).hexdigest()[:16]
    app = _kept.pop(folder, None)
    if app is None:
        shutil.rmtree(folder, ignore_errors=True)
        app = new_app(url, shared, folder)
    limiter.reset()
    before = _shape(app), _texted(folder)
    try:
        yield app
    finally:
        if (_shape(app), _texted(folder)) == before:
            _leave_database(app)
            _kept[folder] = app
        else:
            end_app(app)


def _texted(folder: Path) -> set[tuple[str, int, int]]:
    """Return what tells whether the simulator's file was written to: nobody may find what another test texted."""
    files = [file for file in folder.glob("simulator.db*") if file.suffix != ".db-shm"]
    return {(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files}


def _leave_database(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def _shape(app: Flask) -> tuple[object, ...]:
    """Return what a test may have changed of the app itself."""
    hooks = {str(name): list(map(id, functions)) for name, functions in app.before_request_funcs.items()}
    extensions = {name: id(value) for name, value in app.extensions.items() if name != "simulator"}
    settings = {name: repr(value) for name, value in app.config.items()}
    globals_ = {name: id(value) for name, value in app.jinja_env.globals.items()}
    return app.testing, settings, extensions, hooks, globals_, sorted(app.view_functions)
