"""Status callbacks shuffled, doubled, at once over two processes, one of which is killed: messages only go forward."""

import threading
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import Direction, MessageStatus, Purpose
from optin.models import Message
from optin.provider import statuses
from tests.support import outbox
from tests.support.faults import replay
from tests.support.faults.processes import kill, until
from tests.support.faults.twilio import NO_ANSWER, STATUS, Form, web
from tests.support.provider import serve_provider

LIVES = (("queued", "sent", "delivered"), ("sent", "undelivered"), ("queued", "failed"), ("sent",))
CODES = {"undelivered": "30005", "failed": "21610"}
MESSAGES = 80


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context(), Session(db.engine) as session:
        arrange(session)
        session.commit()
        return db.engine


def arrange(session: Session) -> None:
    """Have messages that Twilio has taken; of each third we never learned the SID."""
    now, sender = clock.now(), outbox.sender(session)
    for index in range(1, MESSAGES + 1):
        known = index % 3
        message = Message(
            id=index,
            direction=Direction.OUTBOUND,
            purpose=Purpose.ONE_TO_ONE,
            number=f"+1415555{index:04d}",
            sender_id=sender.id,
            sid=_sid(index) if known else None,
            status=MessageStatus.SENT if known else MessageStatus.UNKNOWN,
            created_at=now,
            updated_at=now,
            started_at=now,
        )
        session.add(message)


def test_each_ends_as_if_they_had_come_one_by_one(
    app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path
) -> None:
    calls = [call for index in range(1, MESSAGES + 1) for call in _calls(app, index)]
    shuffled = Random(7).sample(calls * 2, len(calls) * 2)
    with serve_provider() as provider, web(app, tmp_path, provider, 2) as twilio, _Watch(engine) as watch:
        lanes = [(path, [form]) for path, form in shuffled]
        with twilio.delivering_each(lanes):
            until(lambda: len(twilio.answered) >= len(shuffled) // 3)
            kill(twilio.processes[0])
    assert watch.steps
    assert watch.backwards == []
    assert set(twilio.statuses) <= {204, 503, NO_ANSWER}
    wanted = replay.replayed(shared_folder, tmp_path / "replay", calls, arrange)
    assert replay.differences(replay.state(engine), wanted) == {}


class _Watch(threading.Thread):
    """Looks at the messages again and again while the block runs; keeps what went back."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine, self.ended = engine, threading.Event()
        self.steps, self.backwards = 0, list[tuple[int, str, str]]()

    def run(self) -> None:
        before: dict[int, str] = {}
        while not self.ended.wait(0.02):
            with reading(self.engine) as session:
                found = dict(session.execute(select(Message.id, Message.status)).all())
            changed = [(id_, before[id_], status) for id_, status in found.items() if before.get(id_, status) != status]
            self.steps += len(changed)
            self.backwards += [step for step in changed if not _forward(*step[1:])]
            before = found

    def __enter__(self) -> "_Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


def _forward(old: str, new: str) -> bool:
    return statuses.advances(MessageStatus(old), MessageStatus(new), current_error=None, new_error=None)


def _sid(index: int) -> str:
    return f"SM{index:032x}"


def _calls(app: Flask, index: int) -> list[tuple[str, Form]]:
    """Return path and form of all that Twilio says of a message, in the order in which it was so."""
    return [
        (
            f"{STATUS}?message={index}",
            {
                "MessageSid": _sid(index),
                "MessageStatus": status,
                "AccountSid": app.config["OPTIN"].twilio_account_sid,
                **({"ErrorCode": CODES[status]} if status in CODES else {}),
            },
        )
        for status in LIVES[index % len(LIVES)]
    ]
