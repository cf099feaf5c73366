"""An import of contacts: what its check and the import itself cost beside a bare loop that reads and inserts the rows.

Each runs on an empty database of its own, with a tenth of the rows asked for: the cost of a row is what is looked for.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import process_time

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import data
from bench.server import own_megabytes, postgresql_cpu_seconds
from optin import clock, phone, ready_to_serve
from optin.database.session import db
from optin.database.statements import insert
from optin.enums import Role
from optin.features.imports import runs, work
from optin.features.imports.terms import UNDER_WAY, ImportKind, Known
from optin.jobs import background
from optin.models import BackgroundTask, ImportRun, Person, User
from optin.refused import done

REGION = "US"
GOAL = 10_000
"""Rows a CPU second of ours, for the import itself."""
COLUMNS = {0: "name", 1: "mobile", 2: "email", 3: "company"}


@dataclass(frozen=True)
class Row:
    """A line of the table: CPU seconds of ours and of PostgreSQL, and the memory that the step took."""

    step: str
    rows: int
    seconds: float
    postgresql: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Return how many rows go in a CPU second of ours."""
        return self.rows / self.seconds


def report(database: str, rows: int, only: str = "") -> str:
    """Return the table of an import; `only` leaves out steps without it in their name."""
    lines = [
        "| step | rows | rows a CPU second | of the bare loop | PostgreSQL s | memory |",
        "|---|---|---|---|---|---|",
    ]
    measured = list(run(database, max(rows // 10, 100)))
    bare = measured[0].rate
    for row in measured:
        if only in row.step:
            cost = f"{row.rate / bare:.2f} × | {row.postgresql:.1f} | {row.megabytes:+.0f} MB"
            lines.append(f"| {row.step} | {row.rows:,} | {row.rate:,.0f} | {cost} |")
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def run(database: str, rows: int) -> Iterator[Row]:
    """Measure the bare loop, then the check and the import of the same file."""
    file = make_file(rows)
    with data.empty(database), Session(db.engine) as session:
        yield _measure("bare loop", rows, lambda: _insert_bare(session, file))
    with data.empty(database), Session(db.engine) as session:
        user = _user(session)
        received = runs.receive(session, ImportKind.CONTACT, "people.csv", io.BytesIO(file), user.id)
        given = done(received)
        session.commit()
        yield _measure("what will happen", rows, lambda: check(session, given, user.id))
        yield _measure("the import", rows, lambda: _start(session, given, user.id))
        assert given.counts == {"new": rows}, given.counts


def make_file(rows: int) -> bytes:
    """Return a file of contacts, each with a number of their own."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Name", "Mobile phone", "Email", "Company"])
    for index in range(rows):
        number = f"({200 + index // 1_000_000 + 1}) {200 + index // 10_000 % 100 * 7}-{index % 10_000:04d}"
        writer.writerow([f"First{index % 977} Last{index}", number, f"p{index}@example.org", f"Company {index % 500}"])
    return text.getvalue().encode()


def _measure(step: str, rows: int, act: Callable[[], None]) -> Row:
    ready_to_serve()  # as the process is in which it goes on
    memory, begin, begin_database = own_megabytes(), process_time(), postgresql_cpu_seconds()
    act()
    seconds, database = process_time() - begin, postgresql_cpu_seconds() - begin_database
    return Row(step, rows, seconds, database, own_megabytes() - memory)


def _user(session: Session) -> User:
    user = User(email="bench@example.org", name="Bench", role=Role.ADMIN, password_hash="", created_at=clock.now())
    session.add(user)
    session.flush()
    return user


def _insert_bare(session: Session, file: bytes) -> None:
    """Read the file, each number by the library, and insert all people in one transaction."""
    now = clock.now()
    people = [
        {
            "kind": "contact",
            "first_name": name.partition(" ")[0],
            "last_name": name.partition(" ")[2],
            "sort_name": name.casefold(),
            "mobile": phone.normalise(number, REGION),
            "email": email,
            "company": company,
            "created_at": now,
            "updated_at": now,
        }
        for name, number, email, company in list(csv.reader(io.StringIO(file.decode())))[1:]
    ]
    session.execute(insert(Person).inline(), people)
    session.commit()


def check(session: Session, given: ImportRun, user_id: int) -> None:
    """Look at all rows of a file, which can be taken over then."""
    if refused := runs.check(session, given, COLUMNS, user_id):
        raise ValueError(refused.sentence)
    _go_through(session, given)


def _start(session: Session, given: ImportRun, user_id: int) -> None:
    if refused := runs.start(session, given, Known.FILL, user_id):
        raise ValueError(refused.sentence)
    _go_through(session, given)


def _go_through(session: Session, given: ImportRun) -> None:
    """Take step after step, each committed, as the background task does."""
    session.commit()
    while given.state in UNDER_WAY:
        work.step(session, given)
        session.commit()
    for task in session.scalars(select(BackgroundTask).where(BackgroundTask.finished_at.is_(None))):
        background.finish(task)
    session.commit()
