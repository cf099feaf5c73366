"""What happens from time to time: waiting messages get a job, and what a dead process left is cleaned up.

A thread of our own and not the engine's schedules: it must also work when the engine or its database does not, since it
finds what they lost, and a job each time would cost more than what most of the chores do.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.proof import checkpoints
from optin.consent.proof import sealing as seals
from optin.consent.proof.checkpoint_file import CheckpointFile
from optin.database.transactions import writing
from optin.enums import OptInSource
from optin.jobs import background, duplicate_search, nightly_check
from optin.jobs.errors import log_error
from optin.jobs.worker import Worker
from optin.person import merging
from optin.provider.gateway import GatewayError
from optin.queries import cached_counts, export_files, import_files, throttle
from optin.receiving import reconcile
from optin.sending import (
    canary,
    delivery,
    overdue_replies,
    pauses,
    recurring,
    scheduled,
    send_until,
    series,
    series_look,
    variants,
    wait_ends,
)
from optin.witnesses import asking

DAY = timedelta(hours=24)
RETRY = 15.0
"""Seconds after which a chore that failed is done again, if its time does not come before."""

FIRST_SEARCH = 600.0
"""Seconds after the start of a process until it looks for duplicates: there is more urgent work."""

FIRST_CHECK = 120.0
"""Seconds after the start of a process until it sees whether the nightly check is due."""

log = logging.getLogger(__name__)


@dataclass
class Chore:
    """Something to be done every `seconds`; `soon` ones also when somebody looks for work."""

    seconds: float
    do: Callable[[], object]
    soon: bool = False
    due: float = 0.0


@dataclass(frozen=True)
class Offers:
    """How what waits gets its job, if it has none: urgent messages, a broadcast, a background task."""

    urgent: Callable[[], object]
    broadcast: Callable[[int], object]
    task: Callable[[int], object]


def chores(worker: Worker, offers: Offers) -> list[Chore]:
    """List what delivery and consent need, and what the queue may have lost."""

    def begin_broadcasts() -> None:
        begin = partial(scheduled.start_or_end, worker.engine)
        _each(scheduled.due(worker.engine), begin, "the scheduled broadcast {} could not begin")

    def make_next_dates() -> None:
        make = partial(recurring.make_next, worker.engine)
        _each(recurring.behind(worker.engine), make, "the next date of the recurring broadcast {} could not be made")

    def start_broadcasts() -> None:
        for broadcast_id in delivery.waiting_broadcasts(worker.engine):
            offers.broadcast(broadcast_id)

    def start_urgent() -> None:
        if delivery.urgent_waiting(worker.engine):
            offers.urgent()

    def start_tasks() -> None:
        for task_id in background.unfinished(worker.engine):
            offers.task(task_id)

    alarm = wait_ends.SettingsWatch(worker.engine)

    def committed(act: Callable[[Session, datetime], object]) -> None:
        with writing(worker.engine) as session:
            act(session, clock.now())

    return [
        Chore(15, begin_broadcasts),
        Chore(15, make_next_dates),
        Chore(5, start_tasks, soon=True),
        Chore(2, alarm.ring, soon=True),
        Chore(2, lambda: send_until.end_late(worker.engine)),
        Chore(3, lambda: canary.look(worker.engine)),
        Chore(3, lambda: variants.look(worker.engine)),
        Chore(2, start_broadcasts, soon=True),
        Chore(2, start_urgent),
        Chore(5, lambda: delivery.sweep(worker.engine)),
        Chore(5, lambda: overdue_replies.end_overdue(worker.engine)),
        Chore(60, lambda: committed(_expire_questions)),
        Chore(60, lambda: committed(pauses.end_idle)),
        Chore(60, lambda: committed(merging.gather_strays)),
        Chore(3600, lambda: throttle.forget_old(worker.engine, clock.now())),
        Chore(3600, lambda: committed(background.forget_old)),
        Chore(3600, lambda: committed(merging.forget_old)),
        Chore(3600, lambda: committed(duplicate_search.begin_if_changed), due=time.monotonic() + FIRST_SEARCH),
        Chore(600, lambda: committed(nightly_check.begin_at_night), due=time.monotonic() + FIRST_CHECK),
        Chore(3600, lambda: import_files.forget_old(worker.engine)),
        Chore(3600, lambda: export_files.forget_old(worker.engine)),
        *checkpoints_elsewhere(worker),
    ]


def _each(ids: Iterable[int], do: Callable[[int], object], failed: str) -> None:
    """Do it for each; what fails is told, and the others do not wait for it."""
    for each in ids:
        try:
            do(each)
        except Exception as error:
            log_error(failed.format(each), error)


def _expire_questions(session: Session, now: datetime) -> None:
    ledger.expire_questions(session, Act(source=OptInSource.SMS, at=now))


def counting(worker: Worker) -> list[Chore]:
    """List what keeps figures fresh: long reads, on a schedule of their own."""
    return [Chore(2, lambda: cached_counts.refresh(worker.engine))]


def sealing(worker: Worker) -> list[Chore]:
    """List what seals and signs the log of consent: the events of an older version take long, and so need a schedule
    of their own."""

    def seal() -> None:
        seals.seal(worker.engine, lambda: not worker.stopping.is_set())
        checkpoints.sign(worker.engine, worker.keeper, clock.now())

    return [Chore(5, seal)]


def series_of_texts(worker: Worker) -> list[Chore]:
    """List what goes on with the series after keywords: it may wait for those who write opt-ins or people at that
    moment, such as imports, and so needs a schedule of its own."""

    def go_on() -> None:
        look = partial(series_look.look, worker.engine)
        _each(series.active(worker.engine), look, "the series {} could not go on")

    return [Chore(15, go_on)]


def checkpoints_elsewhere(worker: Worker) -> list[Chore]:
    """List what brings checkpoints to others: witnesses, and a file. Each may hang, and is done beside."""

    def ask_witnesses() -> None:
        for witness_id in asking.due(worker.engine, clock.now()):
            ask = partial(asking.ask, worker.engine, witness_id)
            worker.beside.do(("witness", witness_id), ask, f"asking the witness {witness_id}")

    def keep_in_file() -> None:
        if worker.checkpoint_file:
            keep = partial(checkpoints.keep, worker.engine, CheckpointFile(Path(worker.checkpoint_file)))
            worker.beside.do("file", keep, f"writing the checkpoint to {worker.checkpoint_file}")

    return [Chore(5, ask_witnesses), Chore(5, keep_in_file)]


def comparisons(worker: Worker) -> list[Chore]:
    """List the comparisons with Twilio's message list. They may take long: they need a schedule of their own."""

    def daily() -> None:
        last = reconcile.finished_at(worker.engine, reconcile.DAILY)
        if last is None or clock.now() - last > DAY:
            reconcile.check_statuses(worker.engine, worker.gateway)

    todo: list[tuple[float, Callable[[], object]]] = [
        (5, lambda: reconcile.reopen(worker.engine, worker.gateway)),
        (60, lambda: reconcile.settle_unknown(worker.engine, worker.gateway)),
        (3600, lambda: reconcile.check_inbound(worker.engine, worker.gateway)),
        (3600, daily),
    ]
    return [Chore(seconds, _while_twilio_answers(do)) for seconds, do in todo]


def _while_twilio_answers(do: Callable[[], object]) -> Callable[[], None]:
    """Do it; when Twilio's list can't be read, say so in a line: it is done again at its time."""

    def attempt() -> None:
        try:
            do()
        except GatewayError as error:
            log.warning("the comparison with Twilio's message list failed: %s", error.text)

    return attempt


class Schedule:
    """Does the chores on a thread of its own until it is stopped. What fails is told and done again at its time."""

    def __init__(self, chores: Sequence[Chore], looked_for: threading.Event, name: str = "optin-schedule") -> None:
        """`looked_for` is set by whoever wants the `soon` ones done now."""
        self._chores, self._looked_for = chores, looked_for
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the chore that it is at."""
        self._stopping = True
        self._looked_for.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping:
            for chore in self._chores:
                if time.monotonic() >= chore.due and not self._stopping:
                    self._do(chore)
            left = min(chore.due for chore in self._chores) - time.monotonic()
            if self._looked_for.wait(max(0.0, left)) and not self._stopping:
                self._looked_for.clear()
                for chore in self._chores:
                    chore.due = 0.0 if chore.soon else chore.due

    def _do(self, chore: Chore) -> None:
        """Do it. Whatever it raises, the others are done as well, and this one again before long."""
        wait = chore.seconds
        try:
            chore.do()
        except BaseException as error:
            wait = min(wait, RETRY)
            log_error(f"the chore {chore.do.__qualname__} failed and will be retried in {wait:g} seconds", error)
        chore.due = time.monotonic() + wait
