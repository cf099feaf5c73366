"""The webhook of a keyword while the same process seals the log of consent, and while it does not, in turn."""

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import flask_migrate
from flask import Flask

from bench import data
from bench.load import Row, measure_round
from bench.server import free_port, make_queue, serve
from bench.webhooks import keyword_texts, make_keywords
from optin import create_app
from optin.config import Config
from optin.consent.proof import sealing
from optin.database.session import db
from optin.environment import sqlite_url

TURNS = 4
REQUESTS = 6_000
"""Of one turn: it lasts so long that the log is sealed in it."""


def report(database: str, rows: int, _only: str) -> str:
    """Return the table of one database ("sqlite" or "postgresql"); few `rows` make few requests."""
    data.FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        home, requests = Path(folder), min(rows, REQUESTS)
        if database == "sqlite":
            return _table(*run(sqlite_url(home / "bench.db"), home, requests))
        with data.fresh_postgresql() as url:
            return _table(*run(url, home, requests))


def run(database_url: str, folder: Path, requests: int) -> tuple[list[Row], list[Row]]:
    """Measure turns without sealing and turns with it, on a fresh database, after one of each to warm up."""
    port, seals = free_port(), folder / "seals"
    environ = {"OPTIN_DATABASE_URL": database_url, "OPTIN_WORKERS": "external", "PORT": str(port)}
    app = create_app(Config.from_environ(environ, folder))
    with app.app_context():
        flask_migrate.upgrade()
        make_keywords(db.session(), 1)
        db.engine.dispose()
    make_queue(app.config["OPTIN"].queue_url)
    environ |= {"OPTIN_SECRET_KEY": str(app.secret_key), "BENCH_SEALS": str(seals)}
    without: list[Row] = []
    beside: list[Row] = []
    with serve("bench.sealing_server:app", environ, port) as server:
        for turn in range(TURNS + 1):
            for found in (without, beside):
                place = 2 * turn + (found is beside)
                _seal_all(app)
                seals.touch() if found is beside else seals.unlink(missing_ok=True)
                row = measure_round("", server, keyword_texts(app, place, requests))
                if turn:
                    found.append(row)
    return without, beside


def _seal_all(app: Flask) -> None:
    """Seal what the last turn left, so that each seals its own."""
    with app.app_context():
        sealing.seal(db.engine)
        db.engine.dispose()


def _table(without: list[Row], beside: list[Row]) -> str:
    lines = ["| webhook: keyword | a second | CPU ms | PostgreSQL ms |", "|---|---|---|---|"]
    for case, rows in {"without sealing": without, "while the log is sealed": beside}.items():
        rate, cpu, database = (
            statistics.median(values)
            for values in zip(*((row.rate, row.cpu_ms, row.postgresql_ms) for row in rows), strict=True)
        )
        lines.append(f"| {case} | {rate:,.0f} | {cpu:.3f} | {database:.3f} |")
    return "\n".join(lines) + "\n"
