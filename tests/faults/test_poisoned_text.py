"""Among texts that come in together is one that cannot be stored: it alone gets an error, each time it comes."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from optin.database.session import db
from tests.support.faults import replay
from tests.support.faults.twilio import SMS, web
from tests.support.provider import serve_provider
from tests.support.twilio_requests import text_form

BATCH = 32
POISON = {
    "sqlite": """
        CREATE TRIGGER poison BEFORE UPDATE ON message WHEN NEW.body = 'HELP'
        BEGIN SELECT RAISE(ABORT, 'poison'); END""",
    "postgresql": """
        CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$;
        CREATE TRIGGER poison BEFORE UPDATE ON message FOR EACH ROW WHEN (NEW.body = 'HELP')
        EXECUTE FUNCTION poison()""",
}
"""The last statement of a text that asks for help fails: by then it is stored and its answer is queued."""


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context(), Session(db.engine) as session:
        replay.arrange(session)
        session.execute(text(POISON[db.engine.dialect.name]))
        session.commit()
        return db.engine


def test_31_are_stored_and_one_is_refused(app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path) -> None:
    numbers = [f"+1415555{index:04d}" for index in range(BATCH)]
    texts = [text_form(app, "rides" if index % 2 else "STOP", number=number) for index, number in enumerate(numbers)]
    poison = texts[BATCH // 2] = text_form(app, "HELP", number=numbers[BATCH // 2])
    first = text_form(app, "volunteer", number="+14155559999")
    with serve_provider() as provider, web(app, tmp_path, provider, GRANIAN_BLOCKING_THREADS="40") as twilio:
        with ThreadPoolExecutor(BATCH + 1) as threads, _waits(engine, first["From"]):
            asked = [threads.submit(twilio.post, SMS, first)]
            time.sleep(0.1)
            asked += [threads.submit(twilio.post, SMS, form) for form in texts]
            time.sleep(0.5)
        answers = [each.result(60) for each in asked]
        again = [twilio.post(SMS, poison) for _ in range(2)]
    assert answers == [200, *(500 if form is poison else 200 for form in texts)]
    assert again == [500, 500]
    healthy = [first, *(form for form in texts if form is not poison)]
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, [healthy]))
    assert replay.differences(replay.state(engine), wanted) == {}


def _waits(engine: Engine, number: str) -> Session:
    """Have what a number texts wait for us, as the only writer or by the lock of its number, until the block ends."""
    session = Session(engine)
    if engine.dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 0))"), {"number": number})
    else:
        session.execute(text("SELECT 1"))
    return session
