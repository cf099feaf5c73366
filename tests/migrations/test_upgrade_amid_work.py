"""An install of version 0021 that was killed in the middle of its work is upgraded, and goes on where it was."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import flask_migrate
import pytest
from dbos import DBOSClient
from flask import Flask
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, OptInStatus, Reason
from optin.jobs import engine
from optin.jobs.queue_database import open_queue
from optin.jobs.schedule import Chore
from optin.models import Broadcast, Message, OptIn
from tests.migrations.test_upgrade import Rows, all_kept, rows
from tests.support.clients import Browser
from tests.support.jobs import end_jobs
from tests.support.servers import serve
from tests.support.twilio_requests import post, text_form

pytestmark = pytest.mark.slow

VERSION = "0021"
FILE = Path(__file__).parent / "upgrades" / f"{VERSION}.sql"
AGO = re.compile(r"'-?(\d+)h'")
MAYA, TOM, INES, NOOR, LEO = "+14155550134", "+16465550177", "+13125550118", "+12065550163", "+12065550150"
SENDING = 2
OUTCOMES = select(Message.number, Message.status, Message.reason).order_by(Message.id)
PATIENCE = 30.0
PAGES = """
    / /keywords /keywords/1 /keywords/2 /campaigns /campaigns/1 /campaigns/1?tab=members /campaigns/1?tab=broadcasts
    /campaigns/1?tab=history /contacts /contacts/1 /contacts/2?tab=history /contacts/3 /leads/4 /inbox /inbox/1 /inbox/3
    /review /broadcasts/1 /broadcasts/2 /broadcasts/3 /opt-ins/2 /templates /search?q=chen /settings/sms
    /settings/replies /settings/opted-out /settings/audit /settings/users
""".split()  # noqa: SIM905  (a list is longer)


@pytest.fixture
def queue(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The queue's database, with the engine's tables and nothing in them."""
    with monkeypatch.context() as patch:
        patch.setattr(engine, "comparisons", lambda _: [Chore(60, lambda: None)])
        engine.launch(app)
        end_jobs()
    queue = open_queue(app.config["OPTIN"].queue_url)
    yield queue
    queue.dispose()


@pytest.fixture
def before(app: Flask) -> Rows:
    """Upgrade the database as version 0021 left it; return the rows of its tables before."""
    with app.app_context():
        flask_migrate.downgrade(revision=VERSION)
        with db.engine.begin() as connection:
            fill(connection)
        before = rows()
        flask_migrate.upgrade()
    return before


def fill(connection: Connection) -> None:
    """Put in the rows of the file."""
    is_postgresql = connection.dialect.name == "postgresql"
    now, zone = clock.now(), "+00" if is_postgresql else ""

    def moment(ago: re.Match[str]) -> str:
        """Return a moment as the database writes it."""
        return f"'{now - timedelta(hours=int(ago[1])):%Y-%m-%d %H:%M:%S.%f}{zone}'"

    for statement in AGO.sub(moment, FILE.read_text()).split(";\n"):
        connection.exec_driver_sql(statement)
        numbered = re.search(r'INSERT INTO "?(\w+)"?\s+\(id,', statement)
        if is_postgresql and numbered:
            newest = f'(SELECT max(id) FROM "{numbered[1]}")'
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('\"{numbered[1]}\"', 'id'), {newest})"))


def test_nothing_is_lost(app: Flask, before: Rows) -> None:
    with app.app_context():
        all_kept(before, rows())
    assert sum(len(found) for found in before.values()) > 90


def test_pages_open(before: Rows, admin: Browser) -> None:
    for page in PAGES:
        assert admin.get(page).status_code == 200, page


def test_what_waited_is_sent_once_to_those_who_may_get_it(
    app: Flask, database: str, queue: Engine, before: Rows, admin: Browser, session: Session, tmp_path: Path
) -> None:
    """Leo texts a word of the settings while his messages wait, Tom did so before, Ines is on hold."""
    put(queue, "urgent", "deliver_urgent", str(int(time.time()) // 5))
    put(queue, "broadcasts", "deliver_broadcast", f"{SENDING}-0", SENDING)
    assert post(admin, "/webhooks/twilio/sms", text_form(app, "Basta", number=LEO)).status_code == 200
    assert session.scalars(select(OptIn.status).where(OptIn.number == LEO)).all() == [OptInStatus.INACTIVE]
    session.commit()
    with serve(database, tmp_path / "instance of a server") as server:
        wait_until_all_is_sent(session)
        listed = list(server.app.extensions["gateway"].listed())
    assert Counter((text.number, text.body) for text in listed if text.number != LEO) == {
        (MAYA, "Saturday at 9, Maya"): 1,
        (NOOR, "Saturday at 9, Noor"): 1,
        (NOOR, "Can you bring the boat?"): 1,
        (MAYA, "See you, Maya"): 1,
        (NOOR, "See you, Noor"): 1,
    }
    assert [text.body[:35] for text in listed if text.number == LEO] == ["River Friends: you are unsubscribed"]
    assert session.execute(OUTCOMES.where(Message.broadcast_id == SENDING)).all() == [
        (MAYA, MessageStatus.DELIVERED, None),
        (TOM, MessageStatus.CANCELLED, Reason.OPTED_OUT),
        (INES, MessageStatus.SKIPPED, Reason.ON_HOLD),
        (NOOR, MessageStatus.DELIVERED, None),
        (LEO, MessageStatus.CANCELLED, Reason.OPTED_OUT),
    ]


def put(queue: Engine, name: str, task: str, key: str, *arguments: int) -> None:
    """Put a job into the queue as version 0021 did."""
    client = DBOSClient(system_database_engine=queue, application_name="optin")
    client.enqueue({"queue_name": name, "workflow_name": task, "app_version": "1", "deduplication_id": key}, *arguments)


def wait_until_all_is_sent(session: Session) -> None:
    """Wait until both broadcasts are over, and all that Twilio accepted was reported as delivered."""
    until = time.monotonic() + PATIENCE
    open_ = select(func.count()).where(
        Message.status.in_([MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING, MessageStatus.SENT])
    )
    going = select(func.count()).where(Broadcast.state.in_([BroadcastState.SCHEDULED, BroadcastState.SENDING]))
    while session.scalar(open_) or session.scalar(going):
        session.rollback()
        assert time.monotonic() < until, session.execute(OUTCOMES).all()
        time.sleep(0.1)
    session.rollback()
