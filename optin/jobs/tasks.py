"""What a job does. The engine runs these functions, again if need be: each may run twice, at the same time too."""

from optin.jobs import worker
from optin.jobs.sending import send_waiting
from optin.sending import delivery

SECONDS = 30.0
"""How long one job lasts at most, so that others have their turn; what is left gets the next job."""


def deliver_urgent() -> None:
    """Send the replies and 1:1 messages that wait, and see whether a broadcast does."""
    if at_work := worker.current():
        at_work.looked_for.set()
        send_waiting(at_work.urgent, None, SECONDS)


def deliver_broadcast(broadcast_id: int) -> None:
    """Send what waits of a broadcast, and finish it when nothing is left."""
    if at_work := worker.current():
        send_waiting(at_work.broadcasts, broadcast_id, SECONDS)
        delivery.finish(at_work.engine, broadcast_id)
