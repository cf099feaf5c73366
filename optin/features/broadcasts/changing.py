"""Changing a broadcast that waits for its time: text, sender and times, until it starts.

Whoever changes it says which version they saw, so that of two who do it at once the second is told of the first. The
campaign's lock, which its start takes too, and the condition of the UPDATE decide: it starts with the new text, or the
change is refused.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Select, update
from sqlalchemy.orm import Session, joinedload

from optin.consent import follow_up, often
from optin.database.statements import change_rows
from optin.enums import BroadcastState, CanaryState
from optin.features.broadcasts import sending
from optin.features.broadcasts.sending import BroadcastOrder, StartedBroadcast
from optin.models import AuditEntry, Broadcast, Campaign, Sender
from optin.policy import audit
from optin.refused import Refused
from optin.sending import recurring, variants
from optin.short_links import keeping
from optin.texts import choices, text_test
from optin.texts.send_time import spread_words

CHANGED = "changed"
SHOWN = 50
AS_FAST = "No time: as fast as the sender may"
MEANWHILE = "Somebody else changed it while you were at it. Compare, and save again to put yours in its place."
OVER = "It is no longer scheduled: it has been started or cancelled. Nothing was changed."


@dataclass(frozen=True)
class ChangedMeanwhile(Refused):
    """Somebody else changed it first: `entry` is the newest line of what they did."""

    entry: AuditEntry | None = None


def change(session: Session, broadcast_id: int, seen: int, order: BroadcastOrder) -> StartedBroadcast | Refused:
    """Give a scheduled broadcast another text, sender or times, or say why not; the caller commits or undoes it.

    `seen` is the version that the user began with. An order without a start has it sent at once. The same change twice
    (a double click) is one. A date of a recurring broadcast is changed alone; any other may become its first date.
    """
    campaign_id = session.get_one(Broadcast, broadcast_id).campaign_id
    session.scalars(Campaign.locked(campaign_id)).one()
    broadcast = session.get_one(Broadcast, broadcast_id, populate_existing=True)
    if broadcast.version == seen + 1 and _is_as(broadcast, order):
        return StartedBroadcast(broadcast_id, 0, again=True)
    if broadcast.state != BroadcastState.SCHEDULED:
        return Refused(OVER)
    if broadcast.version != seen:
        return ChangedMeanwhile(MEANWHILE, entry=session.scalar(changes(broadcast_id).limit(1)))
    if broadcast.recurring_id and order.test:
        return Refused(text_test.NOT_AGAIN)
    order = replace(order, follow_up=follow_up.follow_up_of(broadcast))
    sender = sending.checked_sender(session, campaign_id, order)
    if isinstance(sender, Refused):
        return sender
    if not _store(session, broadcast, sender, order):
        return Refused(OVER)
    if order.again and order.starts_at and broadcast.recurring_id is None:
        recurring.begin(session, broadcast, order.again, order.user_id)
    return (
        StartedBroadcast(broadcast_id, 0) if order.starts_at else sending.send_now(session, broadcast_id, order.user_id)
    )


def changes(broadcast_id: int) -> Select[AuditEntry]:
    """Select what was changed of a broadcast, the newest first."""
    of_it = audit.history("broadcast", broadcast_id).where(AuditEntry.action == CHANGED)
    return of_it.options(joinedload(AuditEntry.user)).limit(SHOWN)


def _is_as(broadcast: Broadcast, order: BroadcastOrder) -> bool:
    """Tell whether the broadcast is what the order asks for already."""
    starts = broadcast.starts_at == order.starts_at if order.starts_at else broadcast.started_at is not None
    now, asked = ((each.texts, each.not_after, each.spread_over) for each in (broadcast, order))
    same_test = variants.test_of(broadcast) == order.test
    same = now == asked and same_test and choices.of_row(broadcast) == order.choices
    return starts and same and order.sender_id in (None, broadcast.sender_id)


def _store(session: Session, broadcast: Broadcast, sender: Sender, order: BroadcastOrder) -> bool:
    """Store the new version with its lines in the trail, if anything differs; False: it is no longer scheduled."""
    new = {
        "channel": sender.channel,
        "sender_id": sender.id,
        "body": order.body,
        "starts_at": order.starts_at or broadcast.starts_at,
        "not_after": order.not_after,
        "spread_over": order.spread_over,
        "canary": CanaryState.CHOOSING if order.choices.canary else None,
        **order.choices.columns,
        **variants.columns(order.test),
    }
    if all(getattr(broadcast, name) == value for name, value in new.items()):
        return True
    before = _told(broadcast)
    mine = (Broadcast.id == broadcast.id, Broadcast.state == BroadcastState.SCHEDULED)
    if not change_rows(session, update(Broadcast).where(*mine).values(**new, version=Broadcast.version + 1)):
        return False
    session.refresh(broadcast)
    differs = audit.differences(before, _told(broadcast))
    audit.record(session, order.user_id, CHANGED, "broadcast", broadcast.id, differs)
    return True


def _told(broadcast: Broadcast) -> dict[str, object]:
    """Return what may be changed, as the trail tells it."""
    test = variants.test_of(broadcast)
    return {
        "Message": broadcast.body,
        "Text B": broadcast.other_body or "",
        "Test of two texts": test.words if test else "None",
        "From": broadcast.sender.address,
        "Starts": sending.told_time(broadcast.starts_at),
        "Send until": sending.told_time(broadcast.not_after),
        "Spread over": spread_words(broadcast.spread_over // 60) if broadcast.spread_over else AS_FAST,
        "Empty merge fields": "People are left out" if broadcast.leaves_out_empty else "Sent anyway",
        often.LABEL: "Left out" if broadcast.leaves_out_often else "Sent anyway",
        "Links": keeping.SHORT if broadcast.shortens else keeping.AS_WRITTEN,
        "Who first": "A few people" if broadcast.canary else "Everybody at once",
    }
