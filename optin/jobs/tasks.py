"""What a job does. The engine runs these functions, again if need be: each may run twice, at the same time too."""

import time
from functools import partial

from optin.database.turns import take_turns, until
from optin.jobs import background, worker
from optin.jobs.sending import send_waiting
from optin.sending import canary, delivery, put_out, scheduled, taking_back, variants

SECONDS = 30.0
"""How long one job lasts at most, so that others have their turn; what is left gets the next job."""


def deliver_urgent() -> None:
    """Send the replies and 1:1 messages that wait, and see whether anything else does."""
    if ours := worker.current():
        ours.looked_for.set()
        send_waiting(ours.urgent, None, SECONDS)


def deliver_broadcast(broadcast_id: int) -> None:
    """Put what is missing of a broadcast into the outbox, send what waits, and finish it when nothing is left.

    Of one that was cancelled, what waits is taken back.
    """
    if ours := worker.current():
        end = time.monotonic() + SECONDS
        for part in (put_out.put_some, taking_back.take_back_some):
            take_turns(ours.engine, partial(part, ours.engine, broadcast_id), until(end, ours.stopping))
        canary.choose(ours.engine, broadcast_id)
        variants.choose(ours.engine, broadcast_id)
        send_waiting(ours.broadcasts, broadcast_id, end - time.monotonic())
        canary.pause_after_first(ours.engine, broadcast_id)
        variants.measure(ours.engine, broadcast_id)
        delivery.finish(ours.engine, broadcast_id)


def begin_broadcast(broadcast_id: int) -> None:
    """Begin a scheduled broadcast now that its time has come, and have it sent."""
    if ours := worker.current():
        is_due = broadcast_id in scheduled.due(ours.engine)
        if is_due and scheduled.start_or_end(ours.engine, broadcast_id):
            ours.looked_for.set()


def run_task(task_id: int) -> None:
    """Go on with a background task until it is finished, or this job's time is over."""
    if ours := worker.current():
        background.run(ours.engine, task_id, SECONDS, ours.stopping)
