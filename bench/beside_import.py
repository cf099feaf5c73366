"""The inbox beside an import in the same process: what its page takes then, and what it takes alone, in turn."""

import http.client
import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple
from urllib.parse import urlsplit

import flask_migrate
from sqlalchemy.orm import Session

from bench import data, imports
from bench.server import free_port, serve
from optin import clock, create_app
from optin.config import Config
from optin.database.session import db
from optin.environment import sqlite_url
from optin.features.imports import runs
from optin.features.imports.terms import ImportKind, ImportState, Known
from optin.models import ImportRun, User
from optin.refused import done
from optin.web import sessions

PAGE = "/inbox?show=all"
PEOPLE = 10_000
TURNS, ASKED, PAUSE = 3, 120, 0.05
GOAL = 2.0


class Times(NamedTuple):
    """Milliseconds that half of the pages take at most, and 19 of 20."""

    half: float
    most: float


def report(database: str, rows: int, _only: str) -> str:
    """Return the table; the file has as many rows as it takes, a quarter of `rows` at most."""
    lines = ["| inbox page | half | 19 of 20 |", "|---|---|---|"]
    alone, beside = run(database, rows // 4)
    lines += [
        f"| {name} | {of.half:.1f} ms | {of.most:.1f} ms |"
        for name, of in [("alone", alone), ("beside an import", beside)]
    ]
    ratios = [beside.half / alone.half, beside.most / alone.most]
    met = [f"{ratio:.2f} × ({'met' if ratio <= GOAL else '**not met**'})" for ratio in ratios]
    return "\n".join([*lines, f"| at most {GOAL} × | {met[0]} | {met[1]} |"]) + "\n"


def run(database: str, rows: int) -> tuple[Times, Times]:
    """Ask for pages with the import paused and with it going on, in turn."""
    alone: list[float] = []
    beside: list[float] = []
    with tempfile.TemporaryDirectory() as folder, _database(database, Path(folder)) as url:
        port = free_port()
        environ = {"OPTIN_DATABASE_URL": url, "OPTIN_SAMPLE_DATA": "0", "PORT": str(port)}
        app = create_app(Config.from_environ(environ, Path(folder)))
        environ |= {"OPTIN_SECRET_KEY": str(app.secret_key)}
        with app.app_context():
            flask_migrate.upgrade()
            data.fill(db.engine, PEOPLE)
            session = db.session()
            user = session.get_one(User, 1)
            token = sessions.start(session, user.id, clock.now(), browser="", address="")
            given = done(runs.receive(session, ImportKind.CONTACT, "more.csv", io.BytesIO(imports.make_file(rows)), 1))
            imports.check(session, given, user.id)
            session.commit()
            client = app.test_client()
            with client.session_transaction() as kept:
                kept["_user_id"], kept["_fresh"] = token, True
            cookie = client.get_cookie("optin_session")
            assert cookie is not None
            db.engine.dispose()
            with serve("optin.wsgi:app", environ, port) as server:
                _ask(server.url, cookie.value)
                for turn in range(TURNS):
                    alone += _ask(server.url, cookie.value)
                    _go_on(session, given, user.id, first=not turn)
                    beside += _ask(server.url, cookie.value)
                    _pause(session, given)
            db.engine.dispose()
    return _times(alone), _times(beside)


@contextmanager
def _database(database: str, folder: Path) -> Iterator[str]:
    if database == "sqlite":
        yield sqlite_url(folder / "bench.db")
    else:
        data.FOLDER.mkdir(parents=True, exist_ok=True)
        with data.fresh_postgresql() as url:
            yield url


def _ask(url: str, cookie: str) -> list[float]:
    """Ask for the page again and again over one connection, and return the milliseconds of each."""
    place = urlsplit(url).netloc
    connection, took = http.client.HTTPConnection(place), []
    for _ in range(ASKED):
        begin = time.perf_counter()
        connection.request("GET", PAGE, headers={"Cookie": f"optin_session={cookie}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{PAGE} answers {answer.status}")
        took.append((time.perf_counter() - begin) * 1000)
        time.sleep(PAUSE)
    connection.close()
    return took


def _go_on(session: Session, given: ImportRun, user_id: int, *, first: bool) -> None:
    """Have the server's jobs take over rows, and wait until they do."""
    refused = runs.start(session, given, Known.FILL, user_id) if first else runs.go_on(session, given, user_id)
    if refused:
        raise SystemExit(refused.sentence)
    session.commit()
    before = given.line  # the first step is done with the order
    while given.line == before:
        session.rollback()  # a session that looks at it holds the writer back
        time.sleep(0.1)
        session.refresh(given)
    session.rollback()


def _pause(session: Session, given: ImportRun) -> None:
    """Stop it while it is under way, and let what it was at come to its end."""
    session.rollback()
    session.refresh(given, with_for_update=True)
    if given.state != ImportState.RUNNING:
        raise SystemExit(f"the import was over after {given.line:,} rows: ask for more")
    runs.pause(given)
    session.commit()
    time.sleep(2)


def _times(took: list[float]) -> Times:
    twentieths = quantiles(took, n=20)
    return Times(twentieths[9], twentieths[18])
