"""Whole audiences at once: what the app does with a million rows beside the best single statement for the same.

Everything happens in transactions that are taken back, so that the data stay as they are.
"""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

import psutil
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import data
from optin import clock
from optin.consent import audience, audience_counts
from optin.database.session import db
from optin.enums import BroadcastState
from optin.features.campaigns import add_opt_ins
from optin.models import Broadcast, Campaign, Sender
from optin.policy import policy
from optin.sending import deciding

ROUNDS = 3
Work = Callable[[Session], object]
EXISTS = """
SELECT why, count(*) FROM (SELECT CASE WHEN m.number IS NULL THEN 'no_number'
  WHEN EXISTS (SELECT 1 FROM suppression s WHERE s.number = m.number AND s.ended_at IS NULL) THEN 'opted_out'
  WHEN EXISTS (SELECT 1 FROM hold h WHERE h.number = m.number AND h.ended_at IS NULL) THEN 'on_hold'
  WHEN EXISTS (SELECT 1 FROM campaign_member e WHERE e.campaign_id = 1 AND e.number = m.number
    AND e.removed_at IS NULL AND e.id < m.id) THEN 'duplicate'
  ELSE (SELECT CASE WHEN o.status IS NULL THEN 'not_opted_in' WHEN o.status = 'pending' THEN 'pending'
    WHEN EXISTS (SELECT 1 FROM provider_block b WHERE b.scope = '+14155550100' AND b.number = m.number
      AND b.ended_at IS NULL) THEN 'blocked' WHEN m.zones IN ({closed}) THEN 'outside_hours' ELSE '' END
    FROM (SELECT max(o.status) AS status FROM opt_in o WHERE o.channel = 'sms' AND o.number = m.number
      AND o.keyword_id = 1 AND o.status IN ('active', 'pending')) o) END AS why
  FROM campaign_member m WHERE m.campaign_id = 1 AND m.removed_at IS NULL ORDER BY m.number LIMIT -1) each
GROUP BY why"""
JOINED = """
SELECT why, count(*) FROM (SELECT CASE WHEN m.number IS NULL THEN 'no_number' WHEN s.id IS NOT NULL THEN 'opted_out'
    WHEN h.id IS NOT NULL THEN 'on_hold' WHEN m.id > f.first THEN 'duplicate' WHEN o.status IS NULL THEN 'not_opted_in'
    WHEN o.status = 'pending' THEN 'pending' WHEN b.id IS NOT NULL THEN 'blocked'
    WHEN m.zones IN ({closed}) THEN 'outside_hours' ELSE '' END AS why
  FROM campaign_member m
  LEFT JOIN suppression s ON s.number = m.number AND s.channel = 'sms' AND s.ended_at IS NULL
  LEFT JOIN hold h ON h.number = m.number AND h.channel = 'sms' AND h.ended_at IS NULL
  LEFT JOIN (SELECT number, min(id) AS first FROM campaign_member WHERE campaign_id = 1 AND removed_at IS NULL
    GROUP BY number) f ON f.number = m.number
  LEFT JOIN opt_in o ON o.number = m.number AND o.channel = 'sms' AND o.keyword_id = 1
    AND o.status IN ('active', 'pending')
  LEFT JOIN provider_block b ON b.number = m.number AND b.scope = '+14155550100' AND b.ended_at IS NULL
  WHERE m.campaign_id = 1 AND m.removed_at IS NULL) each
GROUP BY why"""
ADD = """
INSERT INTO campaign_member (campaign_id, person_id, number, zones, added_at, added_by_id)
SELECT 2, p.id, p.mobile, p.zones, '2026-01-01 00:00:00', 1 FROM opt_in o JOIN person p ON p.mobile = o.number
WHERE o.keyword_id = 1 AND o.status = 'active'
  AND NOT EXISTS (SELECT 1 FROM campaign_member m WHERE m.campaign_id = 2 AND m.number = o.number
    AND m.removed_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM campaign_member m JOIN person r ON r.id = m.person_id
    WHERE m.campaign_id + 0 = 2 AND m.removed_at IS NOT NULL AND r.mobile = o.number)
  AND NOT EXISTS (SELECT 1 FROM person e WHERE e.mobile = p.mobile
    AND (e.kind < p.kind OR e.kind = p.kind AND e.id < p.id))
ORDER BY o.number"""
QUEUE = """
INSERT INTO message (channel, direction, number, sender_id, body, segments, media_count, status, created_at, updated_at,
  effect, purpose, broadcast_id, person_id, author_id, opt_in_id, decided_at, attempts, error_text)
SELECT 'sms', 'outbound', m.number, 1, '', 0, 0, 'queued', '2026-01-01 00:00:00', '2026-01-01 00:00:00', '', 'campaign',
  {broadcast}, m.person_id, 1, NULL, '2026-01-01 00:00:00', 0, '' FROM campaign_member m
WHERE m.campaign_id = 1 AND m.removed_at IS NULL AND m.number IS NOT NULL AND m.id % 100 <> 8 ORDER BY m.number"""


@dataclass(frozen=True)
class Row:
    """A line of the table: seconds (median) of ours and of the baseline, the memory that ours took, the goal."""

    case: str
    baseline: float
    ours: float
    megabytes: float
    goal: float


def report(database: str, rows: int, only: str = "") -> str:
    """Return the table of whole audiences."""
    lines = ["| case | single statement | the app | ratio | goal | memory |", "|---|---|---|---|---|---|"]
    for row in run(database, rows, only):
        ratio = row.ours / row.baseline
        met = "met" if ratio <= row.goal else "**not met**"
        times = f"{row.baseline:.2f} s | {row.ours:.2f} s | {ratio:.2f} × | {row.goal} ×, {met}"
        lines.append(f"| {row.case} | {times} | +{row.megabytes:.0f} MB |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def run(database: str, rows: int, only: str) -> Iterator[Row]:
    """Measure the cases whose name has `only` in it."""
    with data.databases(database, rows) as (url,), data.app_on(url).app_context():
        cases = (
            ("deliverability", ROUNDS, _count_best, _deliverability, 1.3),
            ("Add Opt-Ins", 1, _add_in_one, _add, 1.5),
            ("queue a broadcast", 1, _queue_bare, _queue, 2.0),
        )
        for case, rounds, baseline, ours, goal in cases:
            if only in case:
                yield _measure(case, rounds, baseline, ours, goal)
        db.engine.dispose()


def _measure(case: str, rounds: int, baseline: Work, ours: Work, goal: float) -> Row:
    """Do both in turn."""
    process, memory = psutil.Process(), 0.0
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, kept in zip((baseline, ours), times, strict=True):
            with _taken_back() as session:
                before, begin = process.memory_full_info().uss, perf_counter()
                work(session)
                kept.append(perf_counter() - begin)
            memory = max(memory, process.memory_full_info().uss - before) if work is ours else memory
    base, took = (statistics.median(each) for each in times)
    return Row(case, base, took, memory / 1e6, goal)


@contextmanager
def _taken_back() -> Iterator[Session]:
    with Session(db.engine) as session:
        yield session
        session.rollback()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE campaign_member, message")


def _question(session: Session) -> audience.AudienceQuestion:
    sender = session.get_one(Sender, 1)
    return audience.ask(session, session.get_one(Campaign, 1), sender.scope, sender.channel, policy.load(session))


def _deliverability(session: Session) -> object:
    return audience_counts.deliverability(session, _question(session))


def _count_best(session: Session) -> object:
    """Count with the statement that was the best of several on each database."""
    closed = ", ".join(f"'{zone}'" for zone in _question(session).closed_groups) or "''"
    statement = EXISTS if db.engine.dialect.name == "sqlite" else JOINED
    return session.execute(text(statement.format(closed=closed))).all()


def _add(session: Session) -> object:
    return add_opt_ins.add(session, 2, 1, create_leads=False, include_removed=False)


def _add_in_one(session: Session) -> object:
    return session.execute(text(ADD))


def _queue(session: Session) -> object:
    return deciding.queue_broadcast(session, _broadcast(session), _question(session))


def _queue_bare(session: Session) -> object:
    return session.execute(text(QUEUE.format(broadcast=_broadcast(session).id)))


def _broadcast(session: Session) -> Broadcast:
    now = clock.now()
    made = Broadcast(
        campaign_id=1, keyword_id=1, sender_id=1, body="Hello", state=BroadcastState.SENDING,
        form_key=str(uuid4()), created_at=now, started_at=now, created_by_id=1,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made
