"""The job engine, the only importer of DBOS: it gives each job to a process, at its time, and again after a kill.

What is to be done, and what was, stands in our rows: a job that is lost or runs twice harms nothing. So the engine's
own commits need not survive a power cut, and the schedule gives a new job to whatever waits without one. Each job has
a deadline: one of which the engine could not write that it ended, or whose process is gone, is over then by itself.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec

from dbos import DBOS, DBOSClient, EnqueueOptions
from dbos import error as dbos_error
from flask import Flask, current_app, has_app_context
from sqlalchemy import Engine

from optin import clock
from optin.config import Config, Workers
from optin.jobs import tasks, worker, worker_registry
from optin.jobs.at_exit import AtExit
from optin.jobs.errors import log_error
from optin.jobs.heartbeat import BEAT, Heartbeat
from optin.jobs.queue_database import open_queue
from optin.jobs.schedule import Chore, Offers, Schedule, chores, comparisons, counting, sealing, series_of_texts
from optin.jobs.wakeup import Wakeup
from optin.jobs.worker import Worker
from optin.jobs.worker_registry import SIGN_OF_LIFE, Name

APPLICATION = "optin"
VERSION = "1"
"""One version for ever: jobs of an older release are run by the newer one. Tasks keep their names and arguments."""
URGENT, BROADCASTS, BACKGROUND = "urgent", "broadcasts", "background"
THREADS = {
    "optin-wakeup",
    "optin-schedule",
    "optin-comparisons",
    "optin-counting",
    "optin-sealing",
    "optin-series",
    "dbos-background-jobs",
}
THREADS |= {f"queue-worker-{queue}" for queue in (URGENT, BROADCASTS, BACKGROUND)}
WINDOW = 5
"""Seconds for which one urgent job is enough, unless it has ended."""
DEADLINE = 45.0
"""Seconds after which a job that began is over: it lasts thirty, and then waits for the requests under way."""
LAST_SECONDS = 8.0
"""Seconds that requests under way get when the process ends."""
FINISHED_JOBS_KEPT = timedelta(hours=1)
FORGOTTEN_AT_ONCE = 1000
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

log = logging.getLogger(__name__)
logging.getLogger("dbos").addHandler(logging.NullHandler())  # else it brings a handler of its own
logging.getLogger("dbos").setLevel(logging.WARNING)
P = ParamSpec("P")


def told(task: Callable[P, None]) -> Callable[P, None]:
    """Return `task` such that what it raises is logged and goes no further: our rows tell what is left."""

    @wraps(task)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            task(*args, **kwargs)
        except BaseException as error:
            log_error(f"the job {task.__name__} ended early; what is left goes on in another", error)

    return run


for _task in (tasks.deliver_urgent, tasks.deliver_broadcast, tasks.begin_broadcast, tasks.run_task):
    DBOS.workflow(name=_task.__name__)(told(_task))


def launch(app: Flask, *, receives: bool = True) -> None:
    """Start the engine inside this process, with the schedule and the threads that send; it goes on where it ended.

    `receives` tells whether this process serves the web as well, and so takes in what people text.
    Raises RuntimeError if it runs already, and SQLAlchemy's errors when a database is away.
    """
    global _running, _door
    with _changing:
        if _running is not None:
            raise RuntimeError("the job engine is already running")
        _running = _Running(app, receives)
        try:
            _running.start()
        except BaseException:
            shutdown()
            raise
        _door = _running.door


def shutdown() -> None:
    """End the engine: nothing new starts, requests under way end and are recorded. Harmless where none runs."""
    global _running, _door
    with _changing:
        running, door = _running, _door
        _running = _door = None
        if door is not None:
            door.wakeup.stop()
        if running is not None:
            running.stop()


def nudge() -> None:
    """Say that something new waits, after the commit. Cheap, never raises, does nothing without engine.

    In a web process beside external workers it puts a job into their queue.
    """
    _through_the_door(lambda door: door.wakeup.wake())


def begin_at(broadcast_id: int, moment: datetime) -> None:
    """Have a scheduled broadcast begin at its time, after the commit. Never raises, does nothing without engine.

    On SQLite the queue is in the file of the database: who asks while a transaction is open waits for themselves.
    """
    _through_the_door(lambda door: door.queue.begin_broadcast(broadcast_id, moment))


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

    def deliver_broadcast(self, broadcast_id: int) -> None:
        """Have a broadcast sent, by each process that runs jobs."""
        for number in range(max(1, worker_registry.count(self._database))):
            self._put(BROADCASTS, tasks.deliver_broadcast.__name__, f"broadcast-{broadcast_id}-{number}", broadcast_id)

    def begin_broadcast(self, broadcast_id: int, moment: datetime) -> None:
        """Have a scheduled broadcast begin at a moment."""
        delay = max(0.0, (moment - clock.now()).total_seconds())
        key = f"begin-{broadcast_id}-{moment.timestamp():.0f}"
        self._put(BACKGROUND, tasks.begin_broadcast.__name__, key, broadcast_id, delay=delay)

    def run_task(self, task_id: int) -> None:
        """Have a background task run; scheduled broadcasts come first."""
        self._put(BACKGROUND, tasks.run_task.__name__, f"task-{task_id}", task_id, priority=1)

    def _put(
        self,
        queue: str,
        task: str,
        key: str,
        *arguments: int,
        delay: float | None = None,
        priority: int | None = None,
    ) -> bool:
        """Put a job into the queue unless one with the same key waits or runs; tell whether it was put."""
        options: EnqueueOptions = {
            "queue_name": queue,
            "workflow_name": task,
            "app_version": VERSION,
            "deduplication_id": key,
            "workflow_timeout": DEADLINE,
        }
        if delay is not None:
            options["delay_seconds"] = delay
        if priority is not None:
            options["priority"] = priority  # without one it comes first
        try:
            self._client.enqueue(options, *arguments)
        except dbos_error.DBOSQueueDeduplicatedError:
            return False
        return True


class _Door:
    """How a process has jobs run: by the queue, at once or soon after."""

    def __init__(self, database: Engine) -> None:
        self.queue = _Queue(database)
        self.wakeup = Wakeup(self.queue.deliver_urgent)


class _Running:
    """The engine of this process and all that it works with."""

    def __init__(self, app: Flask, receives: bool) -> None:
        config: Config = app.config["OPTIN"]
        self._url = config.queue_url
        self._name, self._database = Name(config.instance_path), open_queue(config.queue_url)
        self._worker = Worker(app)
        self._heartbeat = Heartbeat(self._worker.engine, config.instance_path, receives=receives)
        self._schedules: list[Schedule] = []
        self._missing: set[str] = set()
        self._exit: AtExit | None = None
        self.door = _Door(self._database)

    def start(self) -> None:
        """Make the tables, start the engine and then the schedule."""
        worker.set_current(self._worker)
        self._heartbeat.beat()  # before anything is sent: the database may have been restored
        worker_registry.create_table(self._database)
        worker_registry.live(self._database, self._name.text)
        self._launch_dbos()
        queue = self.door.queue
        todo = chores(self._worker, Offers(self.door.wakeup.wake, queue.deliver_broadcast, queue.run_task))
        todo += [Chore(SIGN_OF_LIFE, self._show_life), Chore(30, _forget_finished_jobs)]
        todo += [Chore(BEAT, self._heartbeat.beat)]
        self._schedules = [
            Schedule(todo, self._worker.looked_for),
            Schedule(comparisons(self._worker), threading.Event(), "optin-comparisons"),
            Schedule(counting(self._worker), threading.Event(), "optin-counting"),
            Schedule(sealing(self._worker), threading.Event(), "optin-sealing"),
            Schedule(series_of_texts(self._worker), threading.Event(), "optin-series"),
        ]
        self._exit = AtExit(shutdown)

    def stop(self) -> None:
        """End everything in the order in which it gives work to one another, beginning with what texts people."""
        self._worker.start_nothing_more()
        if self._exit is not None:
            self._exit.cancel()
        for schedule in self._schedules:
            schedule.stop()
        if not self._worker.stop(LAST_SECONDS):
            log.warning("some requests did not end in time: their messages will be shown as unknown")
        DBOS.destroy()
        worker.set_current(None)
        if self._schedules:
            worker_registry.leave(self._database, self._name.text)
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
        DBOS.register_queue(BACKGROUND, worker_concurrency=4, polling_interval_sec=1.0)
        _resume_jobs_without_deadline()

    def _show_life(self) -> None:
        """Give a sign of life.

        A process one of whose threads has ended gives none: it does not do all that it should, and must say so.
        """
        if ended := self._ended():
            log.error("threads that must keep running have ended: %s. Restart this process.", ", ".join(sorted(ended)))
        else:
            worker_registry.live(self._database, self._name.text)

    def _ended(self) -> set[str]:
        """Return the names of the threads that should run and did not at this look and the one before."""
        missing = THREADS - {thread.name for thread in threading.enumerate()}
        ended, self._missing = missing & self._missing, missing
        return ended


_running: _Running | None = None
_door: _Door | None = None
_changing = threading.RLock()


def _through_the_door(do: Callable[[_Door], None]) -> None:
    """Do it where an engine runs, here or beside; whatever fails, the schedule finds what waits."""
    try:
        door = _door or _connect()
        if door is not None:
            do(door)
    except Exception:
        log.warning("the job engine could not be reached; the schedule will pick up what is waiting", exc_info=True)


def _connect() -> _Door | None:
    """Make the door of a web process whose jobs are run by others; None where no engine is meant to be."""
    global _door
    if not has_app_context() or current_app.testing:
        return None
    config: Config = current_app.config["OPTIN"]
    if config.workers is not Workers.EXTERNAL:
        return None
    with _changing:
        if _door is None:
            _door = _Door(open_queue(config.queue_url))
        return _door


def _resume_jobs_without_deadline() -> None:
    """Run those jobs again that an older version began, since it gave them no deadline: nothing else would end them."""
    left = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    DBOS.resume_workflows([job.workflow_id for job in left if job.workflow_deadline_epoch_ms is None])


def _forget_finished_jobs() -> None:
    """Delete jobs that ended some time ago: nobody asks for them, our rows tell what happened."""
    before = (clock.now() - FINISHED_JOBS_KEPT).isoformat()
    old = DBOS.list_workflows(
        status=ENDED, completed_before=before, limit=FORGOTTEN_AT_ONCE, load_input=False, load_output=False
    )
    if old:
        DBOS.delete_workflows([job.workflow_id for job in old])
