"""What users do to a recurring broadcast: pause it, let it go on, end it, give it another text and sender.

Each act is under the campaign's lock, which the start of a date takes too: it starts before the act or as the act says.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.enums import RecurrenceState
from optin.features.broadcasts import changing, sending
from optin.features.broadcasts.sending import BroadcastOrder
from optin.models import AuditEntry, Broadcast, RecurringBroadcast, Sender
from optin.policy import audit
from optin.refused import Refused
from optin.sending import put_out, recurring
from optin.texts import choices

FROM: Mapping[RecurrenceState, tuple[RecurrenceState, ...]] = {
    RecurrenceState.PAUSED: (RecurrenceState.ACTIVE,),
    RecurrenceState.ACTIVE: (RecurrenceState.PAUSED,),
    RecurrenceState.ENDED: recurring.GOES_ON,
}
"""The states that a user may bring a recurring broadcast to, each with those that it may come from."""
DONE = {RecurrenceState.PAUSED: "paused", RecurrenceState.ACTIVE: "resumed", RecurrenceState.ENDED: "ended"}
ENDED = "the recurring broadcast was ended"
OVER = "It has ended: no more dates follow. Nothing was changed."


@dataclass(frozen=True)
class NewText:
    """What a user wants each date to say from the next on, from which sender, and which version they saw."""

    body: str
    sender_id: int | None
    seen: int
    user_id: int


def bring_to(session: Session, recurring_id: int, state: RecurrenceState, user_id: int) -> Refused | None:
    """Pause, resume or end it, or say that its state forbids that; the caller commits.

    The date that waits stays while it is paused, and passes unsent; it is cancelled with the end.
    """
    found = recurring.locked(session, recurring_id)
    if found.state not in FROM[state]:
        return Refused(f"It can no longer be {DONE[state]}: its state has changed.")
    date, now = recurring.waiting(session, found), clock.now()
    if date and state is RecurrenceState.ENDED:
        recurring.cancel(session, date, put_out.not_sent(ENDED), user_id)
    if date and state is RecurrenceState.ACTIVE and date.starts_at and date.starts_at <= now:
        recurring.cancel(session, date, put_out.not_sent(recurring.PAUSED), None)
    found.state, found.finished_at = state, now if state is RecurrenceState.ENDED else None
    audit.record(session, user_id, DONE[state], recurring.SUBJECT, recurring_id)
    return None


def change(session: Session, recurring_id: int, new: NewText) -> RecurringBroadcast | Refused:
    """Give it another text and sender from the next date on, or say why not; the caller commits or undoes it.

    The date that waits gets them too. The same change twice (a double click) is one.
    """
    found = recurring.locked(session, recurring_id)
    sender_id = new.sender_id or found.sender_id
    if found.version == new.seen + 1 and (found.body, found.sender_id) == (new.body, sender_id):
        return found
    if found.state not in recurring.GOES_ON:
        return Refused(OVER)
    if found.version != new.seen:
        return Refused(changing.MEANWHILE)
    order = BroadcastOrder(new.body, sender_id, "", new.user_id, starts_at=clock.now(), choices=choices.of_row(found))
    sender = sending.checked_sender(session, found.campaign_id, order)
    if isinstance(sender, Refused):
        return sender
    for to, kind in ((found, recurring.SUBJECT), (recurring.waiting(session, found), "broadcast")):
        if to and (differs := _give(to, new.body, sender)):
            audit.record(session, new.user_id, changing.CHANGED, kind, to.id, differs)
    return found


def changes(recurring_id: int) -> Select[AuditEntry]:
    """Select what was done to it, the newest first."""
    return audit.history(recurring.SUBJECT, recurring_id).options(joinedload(AuditEntry.user)).limit(changing.SHOWN)


def dates(recurring_id: int) -> Select[Broadcast]:
    """Select the broadcasts of its dates."""
    return select(Broadcast).where(Broadcast.recurring_id == recurring_id)


def _give(to: Broadcast | RecurringBroadcast, body: str, sender: Sender) -> dict[str, tuple[object, object]]:
    """Give it text and sender, as another version where it had others; return what differs."""
    before = _told(to)
    to.body, to.sender, to.channel = body, sender, sender.channel
    differs = audit.differences(before, _told(to))
    to.version += bool(differs)
    return differs


def _told(of: Broadcast | RecurringBroadcast) -> dict[str, object]:
    return {"Message": of.body, "From": of.sender.address}
