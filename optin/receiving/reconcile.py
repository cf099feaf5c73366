"""Comparing with Twilio's message list: texts that no webhook brought, sends of unknown outcome, late statuses.

Everything here may be interrupted and done again, and by two processes at once: a text is taken in once per
MessageSid, a SID settles one message. What is done is kept a window at a time (optin/models/operations).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, or_, select, update

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import reading, writing
from optin.enums import Closure
from optin.models import Reconciliation
from optin.provider.gateway import Gateway, GatewayError
from optin.receiving import compare
from optin.sending import gate, unknown_outcomes
from optin.sending.unknown_outcomes import ComparisonReport

WINDOW = timedelta(hours=6)
OVERLAP = timedelta(minutes=15)
FIRST_LOOK = timedelta(hours=24)
LEASE = timedelta(minutes=10)
STATUSES_BETWEEN = (timedelta(hours=36), timedelta(hours=12))
"""Statuses that did not come within twelve hours are asked for (Twilio's advice), once a day."""
BUSY = "Another process is comparing right now."
INBOUND, DAILY, UNKNOWN = "inbound", "daily", "unknown"

log = logging.getLogger(__name__)


@dataclass
class ComparisonProgress:
    """A comparison under way: how far it had come before, and where to say how far it is."""

    engine: Engine
    name: str
    done_until: datetime | None = None
    lease_until: datetime | None = None

    def reach(self, moment: datetime, report: ComparisonReport) -> None:
        """Keep that everything before the moment is done; the lease goes on."""
        self.done_until = moment
        until = clock.now() + LEASE
        _keep(self.engine, self.name, done_until=moment, lease_until=until, found=report.found)
        self.lease_until = until


_not_given_back: dict[tuple[str, str], datetime | None] = {}
"""Leases that this process could not give back, as on a full disk, by database and kind: its next try ends them."""


def check_inbound(engine: Engine, gateway: Gateway, *, since: datetime | None = None) -> ComparisonReport | None:
    """Take in what people texted and no webhook brought; None when another process is at it."""
    with _at_it(engine, INBOUND) as progress:
        if progress is None:
            return None
        begin = since or (progress.done_until or clock.now() - FIRST_LOOK) - OVERLAP
        return _go_through(gateway, progress, begin, clock.now(), everything=False)


def check_everything(engine: Engine, gateway: Gateway, *, since: datetime) -> ComparisonReport | None:
    """Compare all messages both ways since a moment; None when another process is at it."""
    with _at_it(engine, DAILY) as progress:
        return None if progress is None else _go_through(gateway, progress, since, clock.now(), everything=True)


def check_statuses(engine: Engine, gateway: Gateway) -> ComparisonReport | None:
    """Ask for statuses that never came; None when another process is at it."""
    with _at_it(engine, DAILY) as progress:
        begin, end = (clock.now() - ago for ago in STATUSES_BETWEEN)
        return None if progress is None else _go_through(gateway, progress, begin, end, everything=True)


def settle_unknown(engine: Engine, gateway: Gateway) -> ComparisonReport | None:
    """Look for the messages of which it is not known whether they were sent; None when another process is at it."""
    if not unknown_outcomes.waiting(engine):
        return ComparisonReport()
    with _at_it(engine, UNKNOWN) as progress:
        return None if progress is None else unknown_outcomes.settle(engine, gateway)


def reopen(engine: Engine, gateway: Gateway) -> bool:
    """While the sending gate is closed: compare all that may be missing, then open it. Goes on where it was."""
    with reading(engine) as session:
        closed = gate.closure(session)
    if closed is None or closed.at is None or closed.unsure_since is None:
        return False
    with _at_it(engine, f"opening {closed.at:%y%m%d%H%M%S%f}") as progress:
        if progress is None:
            return False
        begin = max(filter(None, (closed.unsure_since, progress.done_until)))
        report = _go_through(gateway, progress, begin, clock.now(), everything=closed.closure is Closure.RESTORED)
    with writing(engine) as session:
        opened = gate.open_again(session, closed)
    if opened:
        log.warning("sending is open again: %s texts were missing, %s sends settled", report.texts, report.settled)
    return opened


def finished_at(engine: Engine, name: str) -> datetime | None:
    """Return when a comparison was last completed."""
    with reading(engine) as session:
        return session.scalar(select(Reconciliation.finished_at).where(Reconciliation.name == name))


def _go_through(
    gateway: Gateway, progress: ComparisonProgress, begin: datetime, end: datetime, *, everything: bool
) -> ComparisonReport:
    """Compare window after window, the oldest first, so that an interruption loses little."""
    report = ComparisonReport()
    while begin < end:
        until = min(begin + WINDOW, end)
        last = until == end and end >= clock.now() - OVERLAP
        compare.compare(progress.engine, gateway, begin, None if last else until, everything=everything, report=report)
        progress.reach(until, report)
        begin = until
    return report


@contextmanager
def _at_it(engine: Engine, name: str) -> Iterator[ComparisonProgress | None]:
    """Let one process at a time into the block; gives None to others. What failed is kept and raised."""
    with writing(engine) as session:
        now = clock.now()
        session.execute(
            insert(Reconciliation)
            .values(name=name, found=0, problem="")
            .on_conflict_do_nothing(index_elements=["name"])
        )
        ours = _not_given_back.get((str(engine.url), name))
        free = or_(
            Reconciliation.lease_until.is_(None), Reconciliation.lease_until < now, Reconciliation.lease_until == ours
        )
        taken = session.execute(
            update(Reconciliation)
            .where(Reconciliation.name == name, free)
            .values(lease_until=now + LEASE)
            .returning(Reconciliation.done_until)
            .execution_options(synchronize_session=False)
        ).first()
    if taken is None:
        yield None
        return
    progress = ComparisonProgress(engine, name, taken[0], now + LEASE)
    try:
        yield progress
    except GatewayError as error:
        _give_back(progress, problem=error.text[:255])
        raise
    except BaseException:
        _give_back(progress)
        raise
    _give_back(progress, finished_at=clock.now(), problem="")


def _give_back(progress: ComparisonProgress, **values: object) -> None:
    """End the lease; where that can't be written down, remember it, so that nobody waits for its end."""
    key = (str(progress.engine.url), progress.name)
    _not_given_back[key] = progress.lease_until
    _keep(progress.engine, progress.name, lease_until=None, **values)
    _not_given_back.pop(key, None)


def _keep(engine: Engine, name: str, **values: object) -> None:
    with writing(engine) as session:
        session.execute(
            update(Reconciliation)
            .where(Reconciliation.name == name)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
