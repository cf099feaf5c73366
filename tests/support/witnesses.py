"""What tests of witnesses share: the program that a partner runs as a process, and cosignatures read by hand."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import origins, stored
from optin.consent.proof.cosignature import Cosigner
from optin.models import LogCosignature, User, Witness
from optin.refused import done
from optin.witnesses import asking, records, witness
from optin.witnesses.transport import Answer, NoAnswer, post
from tests.support.faults.processes import free_port, until
from tests.support.other_tlog import MAKING

PROGRAM = Path(witness.__file__)


class Partner:
    """A partner who runs witness.py, in a folder and on a port of its own."""

    def __init__(self, folder: Path, name: str = "witness.example.org/1") -> None:
        self.folder, self.port = folder, free_port()
        self.vkey = self.run("key", name)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str) -> str:
        """Run a command of the program and return what it prints."""
        command = [sys.executable, str(PROGRAM), "--folder", str(self.folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def start(self) -> None:
        command = [sys.executable, str(PROGRAM), "--folder", str(self.folder), "serve", "--port", str(self.port)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder.parent / "witness.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self.answers, 20)

    def answers(self) -> bool:
        try:
            return bool(post(self.url, "nothing").status)
        except NoAnswer:
            return False

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def partner(folder: Path, name: str = "witness.example.org/1") -> Iterator[Partner]:
    """Run one until the end of the block."""
    found = Partner(folder, name)
    found.start()
    try:
        yield found
    finally:
        found.kill()


def say(url: str, content: str | bytes, path: str = "/add-checkpoint") -> Answer:
    """Ask a witness by another client than ours."""
    raw = content.encode() if isinstance(content, str) else content
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, raw, method="POST"), timeout=10) as answer:
            return Answer(answer.status, answer.headers["Content-Type"], answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers["Content-Type"], error.read().decode())


def add(session: Session, url: str, vkey: str) -> int:
    """Add a witness by its address and verifier key; return its id."""
    made = done(records.add(session, _admin(session), url, Cosigner.read(vkey), clock.now()))
    witness_id = made.id
    session.commit()
    return witness_id


def origin(session: Session) -> str:
    """Return the newest verifier key of the log."""
    session.rollback()
    found = origins.all_origins(session)[-1].verifier_key
    session.rollback()
    return found


def ask(engine: Engine, witness_id: int) -> Witness:
    """Have it asked now, whatever its time; return how it stands then."""
    with Session(engine, expire_on_commit=False) as session:
        session.execute(update(Witness).where(Witness.id == witness_id).values(next_at=clock.now()))
        session.commit()
    asking.ask(engine, witness_id)
    with Session(engine) as session:
        return session.get_one(Witness, witness_id)


def newest(session: Session) -> str:
    """Return the newest checkpoint as others get it."""
    session.rollback()
    last = stored.latest_checkpoint(session)
    assert last
    note = stored.cosigned_note(session, last)
    session.rollback()
    return note


def remembered(of: Partner) -> dict[str, int]:
    """Return how many events of each log the partner has cosigned."""
    state = json.loads((of.folder / "state.json").read_text())
    return {name: log["size"] for name, log in state.items()}


def lines(session: Session) -> list[tuple[int, str]]:
    """Return the cosignatures that are stored, by their checkpoints."""
    session.rollback()
    rows = session.execute(select(LogCosignature.checkpoint_id, LogCosignature.line).order_by("checkpoint_id"))
    found = [(checkpoint_id, line) for checkpoint_id, line in rows]
    session.rollback()
    return found


def has_cosigned(note: str, vkey: str) -> bool:
    """Tell whether a witness has cosigned a note, by all other implementations that there are."""
    said = {each.has_cosigned(note, vkey) for each in MAKING}
    assert len(said) == 1, "they do not agree"
    return said.pop()


def _admin(session: Session) -> int:
    user = session.scalars(select(User.id)).first()
    if user is None:
        made = User(email="admin@example.org", name="Ada Admin", role="admin", created_at=clock.now())
        session.add(made)
        session.flush()
        user = made.id
    return user
