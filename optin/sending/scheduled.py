"""Broadcasts whose time has come: who gets them is decided now, and they begin exactly once.

The change of state, the messages and the trail are one transaction, so a process that is killed in between leaves a
broadcast that is still scheduled: another starts it, late rather than never or twice.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, select, true, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState, CampaignStatus
from optin.models import Broadcast, Campaign, Keyword, Sender
from optin.policy import audit
from optin.refused import Refused
from optin.sending import gate, put_out, recurring
from optin.sending.put_out import Begun
from optin.short_links import keeping

_ALWAYS = true()
ABORTED = "the campaign was aborted"
ARCHIVED = "the campaign’s opt-in keyword was archived"
NO_SENDER = "the number to send from is no longer in use"
OVER = "its time to send had passed before it could start"


def due(engine: Engine) -> list[int]:
    """List the broadcasts whose time has come, the longest due first; none while the sending gate is closed."""
    with reading(engine) as session:
        if not session.scalar(select(gate.is_open())):
            return []
        found = select(Broadcast.id).where(Broadcast.state == BroadcastState.SCHEDULED, _is_due())
        return list(session.scalars(found.order_by(Broadcast.starts_at, Broadcast.id)))


def start_or_end(engine: Engine, broadcast_id: int) -> bool:
    """Start a broadcast whose time has come, or end it if it can't be; tell whether this process did either."""
    with writing(engine) as session:
        begun = start(session, broadcast_id, None, only=_is_due())
        if begun is None:
            return False
        if isinstance(begun, Refused):
            session.rollback()
            return _end(session, broadcast_id, put_out.not_sent(begun.sentence), clock.now())
        if begun.people == 0:
            put_out.end_for_nobody(session, session.get_one(Broadcast, broadcast_id))
        return True


def start(
    session: Session, broadcast_id: int, user_id: int | None, *, only: ColumnElement[bool] = _ALWAYS
) -> Begun | Refused | None:
    """Start a scheduled broadcast if the condition `only` holds; return to how many people it goes, or why it does not.

    The caller commits, or rolls back what was refused, of which the sentence is a half one. What goes to nobody, the
    caller ends or rolls back. None when it is not scheduled any more. `user_id` is who wants it now, None for its time.
    The campaign's lock is taken first, as by everything that starts a broadcast.
    """
    found = session.get_one(Broadcast, broadcast_id)
    campaign = session.scalars(Campaign.locked(found.campaign_id)).one()
    taken = session.scalar(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.SCHEDULED, only)
        .values(state=BroadcastState.SENDING, started_at=clock.now())
        .returning(Broadcast.id)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        return None
    broadcast = session.get_one(Broadcast, broadcast_id, populate_existing=True)
    if refused := _refusal(session, broadcast, campaign):
        return refused
    if user_id is None and (why := recurring.why_not(session, broadcast, clock.now())):
        return Refused(why)
    return put_out.begin(session, campaign, broadcast, user_id)


def hindrance(campaign: Campaign, keyword: Keyword | None, sender: Sender) -> str:
    """Say in a half sentence what forbids to send to a campaign by itself, "" for nothing."""
    if campaign.status == CampaignStatus.ABORTED:
        return ABORTED
    if keyword is not None and keyword.archived_at is not None:
        return ARCHIVED
    return NO_SENDER if sender.retired_at is not None else ""


def _end(session: Session, broadcast_id: int, why: str, now: datetime) -> bool:
    """Cancel what can't be started, with the sentence that its page shows."""
    ended = session.scalar(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.SCHEDULED, _is_due())
        .values(state=BroadcastState.CANCELLED, finished_at=now, ended_because=why)
        .returning(Broadcast.id)
    )
    if ended is not None:
        audit.record(session, None, "cancelled", "broadcast", broadcast_id, {"Why": ("", why)})
    return ended is not None


def _is_due() -> ColumnElement[bool]:
    return Broadcast.starts_at <= clock.now()


def _refusal(session: Session, broadcast: Broadcast, campaign: Campaign) -> Refused | None:
    """Say in a half sentence what forbids to start it, apart from the rule for each member."""
    if why := hindrance(campaign, broadcast.keyword, broadcast.sender):
        return Refused(why)
    if broadcast.not_after is not None and broadcast.not_after <= clock.now():
        return Refused(OVER)
    return Refused(keeping.NOT_ANY_MORE) if keeping.is_too_long_now(session, broadcast) else None
