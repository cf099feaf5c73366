"""How long pages take with many rows against few, and against their template alone, all through the app's WSGI."""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

from flask import Flask, template_rendered
from flask.testing import FlaskClient

from bench import addresses, data
from optin import clock
from optin.database.session import db
from optin.models import User
from optin.queries import cached_counts
from optin.web import sessions

FEW = 1000
ROUNDS = 5
TOO_SLOW = 500.0
GOAL, GOAL_OF_TEMPLATE = 1.3, 2.0


class Asked(NamedTuple):
    """A page, and the browser to ask for it."""

    client: FlaskClient
    url: str


@dataclass(frozen=True)
class Row:
    """A line of the table: milliseconds (median) with few rows and with many, and of the template alone with many."""

    page: str
    few_ms: float
    many_ms: float
    least_ms: float
    most_ms: float
    template_ms: float

    @property
    def ratio(self) -> float:
        """Return how much longer it takes with many rows."""
        return self.many_ms / self.few_ms

    @property
    def of_template(self) -> float:
        """Return how much longer the page takes than its template."""
        return self.many_ms / self.template_ms


def run(database: str, rows: int, only: str = "") -> Iterator[Row]:
    """Measure every page whose name has `only` in it."""
    with data.databases(database, FEW, rows) as urls, ExitStack() as stack:
        few, many = (stack.enter_context(_reader(url)) for url in urls)
        asked = [
            (name, url, other)
            for (name, url), (_, other) in zip(_pages(few, FEW), _pages(many, rows), strict=True)
            if only in name
        ]
        for name, url, other in asked:
            yield _measure(name, Asked(few, url), Asked(many, other))


def report(database: str, rows: int, only: str = "") -> str:
    """Return the table of pages, each as it is measured."""
    lines = [
        f"| page | at {FEW:,} | at {rows:,} | ratio | {GOAL} × | template alone | ratio | {GOAL_OF_TEMPLATE} × |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in run(database, rows, only):
        many = f"{row.many_ms:.1f} ms ({row.least_ms:.1f} to {row.most_ms:.1f})"
        first = f"| {row.page} | {row.few_ms:.1f} ms | {many} | {row.ratio:.2f} × | {_met(row.ratio, GOAL)} "
        alone = f"| {row.template_ms:.1f} ms | {row.of_template:.2f} × | {_met(row.of_template, GOAL_OF_TEMPLATE)} |"
        lines.append(first + alone)
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def _met(ratio: float, goal: float) -> str:
    return "met" if ratio <= goal else "**not met**"


@contextmanager
def _reader(url: str) -> Iterator[FlaskClient]:
    """Give a browser in which the admin is signed in."""
    app = data.app_on(url)
    with app.app_context():
        admin = db.session.get(User, 1)
        token = sessions.start(db.session(), admin.id, clock.now(), browser="", address="")
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"], kept["_fresh"] = token, True
    yield client
    with app.app_context():
        db.engine.dispose()


def _pages(client: FlaskClient, rows: int) -> list[tuple[str, str]]:
    with client.application.app_context():
        return addresses.pages(db.session(), rows)


def _measure(name: str, few: Asked, many: Asked) -> Row:
    """Ask for both in turn, so that what else the machine does slows both; what is far from its goal is asked once."""
    first, slow = _timed(few), _timed(many)
    while _count_behind(many):
        slow = _timed(many)
    times = [(_timed(few), _timed(many)) for _ in range(ROUNDS if slow < TOO_SLOW else 0)] or [(first, slow)]
    least, most = min(each for _, each in times), max(each for _, each in times)
    medians = [statistics.median(each) for each in zip(*times, strict=True)]
    return Row(name, *medians, least, most, _template(many))


def _count_behind(asked: Asked) -> int:
    """Do what the schedule does beside the pages: count the figures that a page asked for."""
    with asked.client.application.app_context():
        return cached_counts.refresh(db.engine)


def _get(asked: Asked) -> None:
    answer = asked.client.get(asked.url)
    if answer.status_code != 200:
        raise SystemExit(f"{asked.url} answers {answer.status}")


def _timed(asked: Asked) -> float:
    """Time the second of two requests: a process keeps the settings of one database, and here it has two."""
    _get(asked)
    begin = perf_counter()
    _get(asked)
    return (perf_counter() - begin) * 1000


def _template(asked: Asked) -> float:
    """Time the page's template alone, with the rows at hand."""
    client, times = asked.client, []
    drawn: list[tuple[Any, dict[str, Any]]] = []

    def keep(_app: Flask, template: Any, context: dict[str, Any], **_: Any) -> None:
        drawn.append((template, context))

    with client.application.app_context(), template_rendered.connected_to(keep, client.application), client:
        _get(asked)
        template, context = drawn[-1]
        for _ in range(max(ROUNDS, 1)):
            begin = perf_counter()
            template.render(context)
            times.append((perf_counter() - begin) * 1000)
    return statistics.median(times)
