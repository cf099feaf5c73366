"""The job engine, the only importer of DBOS: it keeps jobs in the queue's database and resumes what a kill interrupts.

What is to be sent, and what was, stands in the outbox: a job that is lost or runs twice harms nothing. So the engine's
own commits need not survive a power cut, and the schedule gives a new job to whatever waits without one.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from dbos import DBOS, DBOSClient, EnqueueOptions
from dbos import error as dbos_error
from flask import Flask, current_app, has_app_context
from sqlalchemy import Engine

from optin import clock
from optin.config import Config, Workers
from optin.jobs import executors, tasks, worker
from optin.jobs.at_work import Jobs
from optin.jobs.bell import Bell
from optin.jobs.executors import SIGN_OF_LIFE, Name
from optin.jobs.pulse import BEAT, Pulse
from optin.jobs.queue_database import open_queue
from optin.jobs.schedule import Chore, Schedule, chores, comparisons, counting
from optin.jobs.worker import Worker

APPLICATION = "optin"
VERSION = "1"
"""One version for ever: jobs of an older release are run by the newer one. Tasks keep their names and arguments."""
URGENT, BROADCASTS = "urgent", "broadcasts"
THREADS = {"optin-bell", "optin-schedule", "optin-comparisons", "optin-counting"}
THREADS |= {f"queue-worker-{queue}" for queue in (URGENT, BROADCASTS)}
WINDOW = 5
"""Seconds for which one urgent job is enough, unless it has ended."""
ANEW = 30
"""Seconds for which one new job is enough where the old one does nothing."""
LAST_SECONDS = 8.0
"""Seconds that requests under way get when the process ends."""
FINISHED_JOBS_KEPT = timedelta(hours=1)
FORGOTTEN_AT_ONCE = 1000
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

log = logging.getLogger(__name__)
logging.getLogger("dbos").addHandler(logging.NullHandler())  # else it brings a handler of its own
logging.getLogger("dbos").setLevel(logging.WARNING)
_jobs = Jobs()
for _task in (tasks.deliver_urgent, tasks.deliver_broadcast):
    DBOS.workflow(name=_task.__name__)(_jobs.tracked(_task, lambda: DBOS.workflow_id))


def launch(app: Flask, *, receives: bool = True) -> None:
    """Start the engine inside this process, with the schedule and the threads that send; it goes on where it ended.

    `receives` tells whether this process serves the web as well, and so takes in what people text.
    Raises RuntimeError if it runs already, and SQLAlchemy's errors when a database is away.
    """
    global _running, _bell
    with _changing:
        if _running is not None:
            raise RuntimeError("the job engine is already running")
        _running = _Running(app, receives)
        try:
            _running.start()
        except BaseException:
            shutdown()
            raise
        _bell = _running.bell
    _before_threads_are_joined(shutdown)


def shutdown() -> None:
    """End the engine: nothing new starts, requests under way end and are recorded. Harmless where none runs."""
    global _running, _bell
    with _changing:
        running, bell = _running, _bell
        _running = _bell = None
        if bell is not None:
            bell.stop()
        if running is not None:
            running.stop()


def nudge() -> None:
    """Say that something new waits in the outbox, after the commit. Cheap, never raises, does nothing without engine.

    In a web process beside external workers it puts a job into their queue.
    """
    try:
        bell = _bell or _connect()
        if bell is not None:
            bell.ring()
    except Exception:
        log.warning("the job engine could not be reached; the schedule will pick up what is waiting", exc_info=True)


class _Queue:
    """Puts jobs into the queue, from any process."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._client = DBOSClient(
            system_database_engine=database, application_name=APPLICATION, lazy=True, retry_connection_errors=False
        )

    def deliver_urgent(self) -> bool:
        """Have urgent messages sent; False when a job is at it that may have looked for the last time."""
        return self._put(URGENT, tasks.deliver_urgent.__name__, str(int(time.time()) // WINDOW))

    def deliver_broadcast(self, broadcast_id: int, *, anew: bool = False) -> None:
        """Have a broadcast sent, by each process that runs jobs; `anew` when the jobs that it has do nothing."""
        key = f"{broadcast_id}-anew-{int(time.time() // ANEW)}" if anew else f"{broadcast_id}"
        for number in range(max(1, executors.count(self._database))):
            self._put(BROADCASTS, tasks.deliver_broadcast.__name__, f"{key}-{number}", broadcast_id)

    def _put(self, queue: str, task: str, key: str, *arguments: int) -> bool:
        """Put a job into the queue unless one with the same key waits or runs; tell whether it was put."""
        options: EnqueueOptions = {
            "queue_name": queue,
            "workflow_name": task,
            "app_version": VERSION,
            "deduplication_id": key,
        }
        try:
            self._client.enqueue(options, *arguments)
        except dbos_error.DBOSQueueDeduplicatedError:
            return False
        return True


class _Running:
    """The engine of this process and all that it works with."""

    def __init__(self, app: Flask, receives: bool) -> None:
        config: Config = app.config["OPTIN"]
        self._url = config.queue_url
        self._name, self._database = Name(config.instance_path), open_queue(config.queue_url)
        self._worker = Worker(app)
        self._queue = _Queue(self._database)
        self._pulse = Pulse(self._worker.engine, config.instance_path, receives=receives)
        self._schedule: Schedule | None = None
        self._comparisons: Schedule | None = None
        self._counting: Schedule | None = None
        self._missing: set[str] = set()
        self.bell = Bell(self._queue.deliver_urgent)

    def start(self) -> None:
        """Make the tables, start the engine and then the schedule."""
        worker.set_current(self._worker)
        self._pulse.beat()  # before anything is sent: the database may have been restored
        executors.create_table(self._database)
        executors.live(self._database, self._name.text)
        self._launch_dbos()
        todo = chores(self._worker, self._queue.deliver_broadcast, self.bell.ring)
        todo += [Chore(SIGN_OF_LIFE, self._show_life), Chore(SIGN_OF_LIFE, self._give_up_jobs)]
        todo += [Chore(30, _forget_finished_jobs), Chore(BEAT, self._pulse.beat)]
        self._schedule = Schedule(todo, self._worker.looked_for)
        self._comparisons = Schedule(comparisons(self._worker), threading.Event(), "optin-comparisons")
        self._counting = Schedule(counting(self._worker), threading.Event(), "optin-counting")

    def stop(self) -> None:
        """End everything in the order in which it gives work to one another."""
        for schedule in filter(None, (self._schedule, self._comparisons, self._counting)):
            schedule.stop()
        if not self._worker.stop(LAST_SECONDS):
            log.warning("some requests did not end in time: their messages will be shown as unknown")
        DBOS.destroy()
        worker.set_current(None)
        if self._schedule is not None:
            executors.forget(self._database, [self._name.text])
        self._database.dispose()
        self._name.give_back()

    def _launch_dbos(self) -> None:
        dbos = DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._url,
                "system_database_engine": self._database,
                "application_version": VERSION,
                "executor_id": self._name.text,
                "use_listen_notify": False,
                "notification_listener_polling_interval_sec": 1.0,
                "scheduler_polling_interval_sec": 3600.0,
                "log_level": "WARNING",
            }
        )
        DBOS.launch()
        # Else it asks a database that was away again after ever longer pauses, and its threads wait so long with it.
        dbos._sys_db._retry_connection_errors = False
        DBOS.register_queue(URGENT, worker_concurrency=4, polling_interval_sec=0.25)
        DBOS.register_queue(BROADCASTS, worker_concurrency=8, polling_interval_sec=0.5)

    def _show_life(self) -> None:
        """Give a sign of life, and take over the unfinished jobs of processes that give none any more.

        A process one of whose threads has ended gives none: it does not do all that it should, and must say so.
        """
        if ended := self._ended():
            log.error("threads that must keep running have ended: %s. Restart this process.", ", ".join(sorted(ended)))
            return
        executors.live(self._database, self._name.text)
        gone = executors.dead(self._database)
        if gone:
            left = DBOS.list_workflows(executor_id=gone, status="PENDING", load_input=False, load_output=False)
            DBOS.resume_workflows([job.workflow_id for job in left])
            executors.forget(self._database, gone)

    def _give_up_jobs(self) -> None:
        """Delete the jobs that the engine takes for running here though they ended: they stand in the way of others."""
        claimed = DBOS.list_workflows(
            executor_id=[self._name.text], status="PENDING", load_input=False, load_output=False
        )
        gone = _jobs.gone(job.workflow_id for job in claimed)
        if gone:
            log.warning("%s jobs had ended without a record of it and were deleted", len(gone))
            DBOS.delete_workflows(gone)

    def _ended(self) -> set[str]:
        """Return the names of the threads that should run and did not at this look and the one before."""
        missing = THREADS - {thread.name for thread in threading.enumerate()}
        ended, self._missing = missing & self._missing, missing
        return ended


_running: _Running | None = None
_bell: Bell | None = None
_changing = threading.RLock()


def _connect() -> Bell | None:
    """Make the bell of a web process whose jobs are run by others; None where no engine is meant to be."""
    global _bell
    if not has_app_context() or current_app.testing:
        return None
    config: Config = current_app.config["OPTIN"]
    if config.workers is not Workers.EXTERNAL:
        return None
    with _changing:
        if _bell is None:
            _bell = Bell(_Queue(open_queue(config.queue_url)).deliver_urgent)
        return _bell


def _forget_finished_jobs() -> None:
    """Delete jobs that ended some time ago: nobody asks for them, the outbox tells what happened."""
    before = (clock.now() - FINISHED_JOBS_KEPT).isoformat()
    old = DBOS.list_workflows(
        status=ENDED, completed_before=before, limit=FORGOTTEN_AT_ONCE, load_input=False, load_output=False
    )
    if old:
        DBOS.delete_workflows([job.workflow_id for job in old])


def _before_threads_are_joined(end: Callable[[], None]) -> None:
    """Call `end` when the interpreter ends: before it waits for the threads of pools, which `atexit` comes after."""
    threading._register_atexit(end)  # type: ignore[attr-defined]
