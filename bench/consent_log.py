"""The log of consent: sealing it, checking all of it, and a proof out of it, beside SHA-256 over the same bytes.

Half as many numbers as events, each opted in with two keywords by the ledger, on an empty database.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import data
from bench.server import own_megabytes, postgresql_cpu_seconds
from optin import clock, ready_to_serve
from optin.cli.verify import collecting_seldom
from optin.consent import verifying
from optin.consent.events import Act
from optin.consent.ledger.importing import ImportedOptIn, import_opt_ins
from optin.consent.proof import checking, checkpoints, sealing, stored
from optin.consent.proof.checking import Looked
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.leaf import canonical
from optin.consent.verifying import Found
from optin.database.session import db
from optin.enums import OptInSource
from optin.models import ConsentPayload, Keyword
from optin.proof import package
from optin.proof.collecting import Asked

AT_ONCE = 500
PROOFS = 21
NODE = b"\1" * 65


@dataclass(frozen=True)
class Row:
    """A line of the table: seconds as they pass, of this process and of PostgreSQL; the memory that the step took."""

    step: str
    count: int
    passed: float
    seconds: float
    postgresql: float
    megabytes: float


def report(database: str, rows: int, only: str = "") -> str:
    """Return the table of a log of so many events; `only` leaves out steps without it in their name."""
    lines = [
        "| step | of | seconds | CPU s | PostgreSQL s | of SHA-256 | µs each | memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    measured = list(run(database, rows))
    bare = next(row for row in measured if row.step.startswith("SHA-256"))
    for row in measured:
        if only in row.step:
            cost = f"{row.passed:.2f} | {row.seconds:.2f} | {row.postgresql:.2f} | {row.passed / bare.passed:.1f} ×"
            each = f"{row.passed / row.count * 1e6:,.0f} | {row.megabytes:+.0f} MB"
            lines.append(f"| {row.step} | {row.count:,} | {cost} | {each} |")
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def run(database: str, events: int) -> Iterator[Row]:
    """Measure each step on a database of its own."""
    with data.empty(database), TemporaryDirectory() as folder, Session(db.engine) as session:
        yield _measure("writing", events, lambda: _write(session, events))
        keeper = Keeper("bench.example.org", Path(folder), "a secret of the benchmark")
        yield _measure("sealing and signing", events, lambda: _seal(keeper))
        hashed = _bytes(session)
        yield _measure("SHA-256, hash by hash", events, lambda: _hash(hashed))
        hashed.clear()
        yield _measure("checking what was sealed", events, lambda: _found(checking.broken(db.engine, Looked())))
        yield _measure("replaying the log", events, lambda: _found(verifying.differences(db.engine, Found())))
        size = _proof(session, keeper, 0)
        step = f"a proof, ZIP of {size / 1000:,.1f} KB"
        yield _measure(step, PROOFS, lambda: [_proof(session, keeper, turn + 1) for turn in range(PROOFS)])


def _measure(step: str, count: int, act: Callable[[], object]) -> Row:
    ready_to_serve()
    memory, database = own_megabytes(), postgresql_cpu_seconds()
    passed, seconds = perf_counter(), process_time()
    act()
    passed, seconds = perf_counter() - passed, process_time() - seconds
    return Row(step, count, passed, seconds, postgresql_cpu_seconds() - database, own_megabytes() - memory)


def _write(session: Session, events: int) -> None:
    now = clock.now()
    act = Act(source=OptInSource.IMPORT, at=now)
    keywords = [Keyword(word=word, created_at=now) for word in ("volunteer", "donate")]
    session.add_all(keywords)
    session.flush()
    ids = [each.id for each in keywords]
    for first in range(0, (events + 1) // 2, AT_ONCE):
        numbers = [_number(index) for index in range(first, min(first + AT_ONCE, (events + 1) // 2))]
        given = [ImportedOptIn(number, now, "On paper at the pier, 3 May") for number in numbers]
        for keyword_id in ids:
            import_opt_ins(session, keyword_id, given, act)
        session.commit()


def _number(index: int) -> str:
    return f"+1{201 + index // 10_000_000}{2_000_000 + index % 10_000_000:07d}"


def _seal(keeper: Keeper) -> None:
    sealing.seal(db.engine)
    checkpoints.sign(db.engine, keeper, clock.now())


def _bytes(session: Session) -> list[bytes]:
    """Return everything that the log hashes: leaf, personal part and node of each event."""
    leaves = [b"\0" + canonical(event) for event in session.execute(stored.leaves_of_events(session, 0, 2**31 - 1))]
    payload = select(ConsentPayload.salt + ConsentPayload.number + ConsentPayload.text)
    return [*leaves, *(text.encode() for text in session.scalars(payload)), *[NODE] * len(leaves)]


def _hash(hashed: list[bytes]) -> None:
    for each in hashed:
        hashlib.sha256(each).digest()


def _found(sentences: Iterator[str]) -> None:
    """Go through all of it as `ledger verify` does."""
    with collecting_seldom():
        wrong = next(sentences, None)
    if wrong:
        raise SystemExit(f"The log of the benchmark is wrong: {wrong}")


def _proof(session: Session, keeper: Keeper, index: int) -> int:
    """Make the proof of a number and return the bytes of its ZIP."""
    into = io.BytesIO()
    package.write(session, Asked(_number(index)), keeper, into)
    return into.tell()
