"""Two processes with jobs, and the program of a partner that is killed: it cosigns again as soon as it is back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import stored
from optin.database.session import db
from optin.models import LogCheckpoint, LogCosignature, LogOrigin, Witness
from tests.support import consent_log
from tests.support.faults.processes import WORKER, running, until
from tests.support.provider import serve_provider
from tests.support.witnesses import Partner, add, has_cosigned, origin, partner, remembered


@pytest.fixture
def log_engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Partner]:
    with partner(tmp_path / "witness") as running_one:
        yield running_one


def write(engine: Engine, count: int) -> None:
    with Session(engine) as session:
        consent_log.write(session, count)
        session.commit()


def is_cosigned(engine: Engine, vkey: str, size: int) -> bool:
    """Tell whether the witness has cosigned a checkpoint of so many events."""
    with Session(engine) as session:
        last = stored.latest_cosigned(session)
        return last is not None and last.size == size and has_cosigned(stored.cosigned_note(session, last), vkey)


def without_waiting(engine: Engine) -> None:
    """Have the witnesses asked now."""
    with Session(engine) as session:
        session.execute(update(Witness).values(next_at=clock.now() - timedelta(seconds=1)))
        session.commit()


@pytest.mark.slow
def test_the_jobs_have_each_checkpoint_cosigned_by_whoever_lives(
    database: str, app: Flask, log_engine: Engine, ada: Partner, tmp_path: Path
) -> None:
    folder, file = tmp_path / "worker", tmp_path / "elsewhere"
    folder.mkdir()
    with (
        serve_provider() as provider,
        partner(tmp_path / "dead" / "witness", "dead.example.org") as dead,
        running(WORKER, database, folder, provider, OPTIN_CHECKPOINT_FILE=str(file)),
        running(WORKER, database, folder, provider, OPTIN_CHECKPOINT_FILE=str(file)),
    ):
        dead.kill()
        write(log_engine, 3)
        until(lambda: _count(log_engine) == 1)
        with Session(log_engine) as session:
            ada.run("add-origin", origin(session))
            add(session, dead.url, dead.vkey)
            add(session, ada.url, ada.vkey)
        until(lambda: is_cosigned(log_engine, ada.vkey, 3))
        until(lambda: file.exists() and has_cosigned(file.read_text(), ada.vkey))

        ada.kill()
        write(log_engine, 4)
        without_waiting(log_engine)
        until(lambda: _state(log_engine, ada.vkey).error == "It can’t be reached.")
        write(log_engine, 5)
        until(lambda: _sealed(log_engine) == 12)
        ada.start()
        without_waiting(log_engine)
        until(lambda: is_cosigned(log_engine, ada.vkey, 12))
        assert _state(log_engine, ada.vkey).failures == 0
        assert _state(log_engine, dead.vkey).error == "It can’t be reached."
        until(lambda: has_cosigned(file.read_text(), ada.vkey) and "\n12\n" in file.read_text())
    with Session(log_engine) as session:
        assert len(session.scalars(select(LogOrigin.id)).all()) == 1
        cosigned = session.scalars(select(LogCosignature.checkpoint_id)).all()
        assert len(cosigned) == len(set(cosigned))
        assert list(remembered(ada).values()) == [12]


def _count(engine: Engine) -> int:
    with Session(engine) as session:
        return len(session.scalars(select(LogCheckpoint.id)).all())


def _sealed(engine: Engine) -> int:
    with Session(engine) as session:
        last = stored.latest_checkpoint(session)
        return last.size if last else 0


def _state(engine: Engine, vkey: str) -> Witness:
    with Session(engine) as session:
        return session.scalars(select(Witness).where(Witness.verifier_key == vkey)).one()
