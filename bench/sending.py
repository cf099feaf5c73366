"""Sending a broadcast to a stand-in for Twilio that takes 0, 30 and 100 ms, beside a bare loop of the same client."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection

import flask_migrate
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session
from twilio.rest import Client

from bench import data
from bench.server import free_port, postgresql_cpu_seconds
from optin import create_app
from optin.clock import now
from optin.config import Config
from optin.database.session import db
from optin.enums import BroadcastState, Direction, MessageStatus, OptInSource, OptInStatus, PersonKind, Purpose
from optin.environment import sqlite_url
from optin.jobs.sender_pool import SenderPool
from optin.jobs.sending import send_waiting
from optin.jobs.worker import BROADCAST_THREADS
from optin.models import Broadcast, Campaign, CampaignMember, Keyword, Message, OptIn, Person
from optin.policy import policy
from optin.provider import senders
from optin.provider.twilio import KeptHttpClient, TwilioGateway

DELAYS = (0, 30, 100)
MESSAGES = 1500
ROUNDS = 3
ACCOUNT, TOKEN = "AC" + "0" * 32, "0" * 32
CALLBACK = "https://optin.example.org/webhooks/twilio/status"


@dataclass(frozen=True)
class Run:
    """What a round, or the median of rounds, came to: messages a second, CPU ms a message of ours and PostgreSQL's."""

    rate: float
    cpu_ms: float
    postgresql_ms: float


def report(database: str, _rows: int, _only: str) -> str:
    """Return the table of one database ("sqlite" or "postgresql")."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if database == "sqlite":
            return _report(sqlite_url(home / "bench.db"), home)
        data.FOLDER.mkdir(parents=True, exist_ok=True)
        with data.fresh_postgresql() as url:
            return _report(url, home)


def _report(url: str, folder: Path) -> str:
    app = create_app(Config.from_environ({"OPTIN_DATABASE_URL": url, "OPTIN_WORKERS": "external"}, folder))
    with app.app_context():
        flask_migrate.upgrade()
        policy.change(db.session(), None, sending_hours=False)
        db.session.commit()
        engine = db.engine
        lines = [
            "| Twilio takes | bare SDK loop | Optin, messages a second | ratio | CPU ms | on top | PostgreSQL ms |",
            "|---|---|---|---|---|---|---|",
            *(_line(engine, delay) for delay in DELAYS),
        ]
        engine.dispose()
    return "\n".join(lines) + "\n"


def _line(engine: Engine, delay: int) -> str:
    with _stand_in(delay) as api_url:
        bare = [_bare(api_url) for _ in range(ROUNDS + 1)][1:]
        ours = [_ours(engine, api_url) for _ in range(ROUNDS + 1)][1:]
    loop, sent = _median(bare), _median(ours)
    rates = [f"{of.rate:,.0f} ({min(r.rate for r in runs):,.0f} to {max(r.rate for r in runs):,.0f})"
             for of, runs in ((loop, bare), (sent, ours))]  # fmt: skip
    cost = f"{sent.cpu_ms:.2f} | {sent.cpu_ms - loop.cpu_ms:.2f} | {sent.postgresql_ms:.2f}"
    return f"| {delay} ms | {rates[0]} | {rates[1]} | {sent.rate / loop.rate:.2f} × | {cost} |"


def _bare(api_url: str) -> Run:
    """Send with the SDK alone, from as many threads."""
    client = Client(ACCOUNT, TOKEN, http_client=KeptHttpClient())
    client.api.base_url = api_url

    def work() -> None:
        with ThreadPoolExecutor(BROADCAST_THREADS) as pool:
            for index in range(MESSAGES):
                to = f"+1415{7000000 + index}"
                pool.submit(client.messages.create, to=to, from_="+14155550100", body="Hello", status_callback=CALLBACK)

    return _timed(work)


def _ours(engine: Engine, api_url: str) -> Run:
    """Send a broadcast as a worker does."""
    with Session(engine) as session:
        broadcast_id = _arrange(session)
        session.commit()
    pool = SenderPool(engine, TwilioGateway(ACCOUNT, TOKEN, api_url=api_url), CALLBACK, BROADCAST_THREADS, "bench")
    run = _timed(lambda: send_waiting(pool, broadcast_id, 60))
    pool.stop(5)
    with Session(engine) as session:
        left = select(func.count()).where(Message.broadcast_id == broadcast_id, Message.status != MessageStatus.SENT)
        if session.scalar(left):
            raise SystemExit(f"{session.scalar(left)} messages were not sent")
    return run


def _timed(work: Callable[[], None]) -> Run:
    cpu, database, start = time.process_time(), postgresql_cpu_seconds(), time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    cpu, database = time.process_time() - cpu, postgresql_cpu_seconds() - database
    return Run(MESSAGES / seconds, cpu / MESSAGES * 1000, database / MESSAGES * 1000)


def _median(runs: list[Run]) -> Run:
    names = ("rate", "cpu_ms", "postgresql_ms")
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in names))


def _arrange(session: Session) -> int:
    """Make a campaign of people who opted in, and a broadcast whose messages wait; return its id."""
    moment, stamp = now(), time.time_ns()
    dates = {"created_at": moment, "updated_at": moment}
    sender = senders.ensure(session, "+14155550100")
    keyword = Keyword(word=f"k{stamp}", created_at=moment)
    session.add(keyword)
    session.flush()
    campaign = Campaign(name="Bench", keyword_id=keyword.id, **dates)
    session.add(campaign)
    session.flush()
    sent = {
        "campaign_id": campaign.id,
        "keyword_id": keyword.id,
        "sender_id": sender.id,
        "body": "Hello {{ first_name }}",
    }
    broadcast = Broadcast(
        **sent, state=BroadcastState.SENDING, form_key=str(stamp), created_at=moment, started_at=moment
    )
    session.add(broadcast)
    session.flush()
    numbers = [f"+1{stamp % 10**6:06d}{index:05d}" for index in range(MESSAGES)]
    person = {"kind": PersonKind.CONTACT, "first_name": "Maya", "sort_name": "maya", **dates}
    made = insert(Person).returning(Person.id, sort_by_parameter_order=True)
    ids = session.scalars(made, [{**person, "mobile": number} for number in numbers]).all()
    opt_in = {"channel": "sms", "keyword_id": keyword.id, "status": OptInStatus.ACTIVE, "source": OptInSource.SMS}
    opt_in |= {"requested_at": moment, "activated_at": moment}
    session.execute(insert(OptIn), [{**opt_in, "number": number} for number in numbers])
    member = {"campaign_id": campaign.id, "added_at": moment}
    people = list(zip(ids, numbers, strict=True))
    session.execute(insert(CampaignMember), [{**member, "person_id": one, "number": number} for one, number in people])
    message = {"direction": Direction.OUTBOUND, "status": MessageStatus.QUEUED, "purpose": Purpose.CAMPAIGN}
    message |= {"sender_id": sender.id, "broadcast_id": broadcast.id, **dates}
    session.execute(insert(Message), [{**message, "person_id": one, "number": number} for one, number in people])
    return broadcast.id


@contextmanager
def _stand_in(milliseconds: int) -> Iterator[str]:
    """Run the stand-in and give its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.stand_in", str(port), str(milliseconds)])
    try:
        for _ in range(100):
            try:
                with closing(create_connection(("127.0.0.1", port), 1)):
                    break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
