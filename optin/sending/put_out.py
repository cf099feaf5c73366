"""Putting a broadcast's messages into the outbox: at once, or for a large campaign some thousands at a time.

SQLite has one writer, and a STOP must not wait for it until a million rows are written. So a large broadcast is
`queueing` until the last of its messages is there; nothing of it starts before. Its row says how far it has come, and
each part is one transaction. Whatever ends the process, another job goes on from there; everybody is put there, or left
out with the reason (LeftOut), once. Parts go by number; members without one are decided about with the last of them.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience, empty_fields, follow_up
from optin.consent.audience import AudienceQuestion, NumberRange, TheseNumbers
from optin.database.transactions import writing
from optin.enums import BroadcastState, CampaignStatus
from optin.models import Broadcast, Campaign, CampaignMember
from optin.policy import audit, cache
from optin.sending import deciding
from optin.short_links import keeping

AT_ONCE = {"sqlite": 25_000, "postgresql": 100_000}
"""So many members are looked at in one transaction. On PostgreSQL nobody waits for it, and small parts take longer."""
NOBODY = "none of the campaign’s members could receive it"


@dataclass(frozen=True)
class Begun:
    """A broadcast under way to so many people; None: they are counted when the last message is in the outbox."""

    people: int | None


def begin(session: Session, campaign: Campaign, broadcast: Broadcast, user_id: int | None) -> Begun:
    """Put the messages of a broadcast into the outbox, or have it done by jobs (`put_some`); the caller commits.

    With the first messages the campaign is in progress. Where it goes to nobody, the caller refuses it or ends it.
    """
    broadcast.keeps_left_out = True
    keeping.keep(session, broadcast)
    if _is_large(session, campaign.id):
        broadcast.state = BroadcastState.QUEUEING
        audit.record(session, user_id, "sent", "broadcast", broadcast.id)
        return Begun(None)
    people = deciding.queue_broadcast(session, broadcast, question(session, campaign, broadcast))
    if people:
        _set_apart(broadcast, people)
        audit.record(session, user_id, "sent", "broadcast", broadcast.id, {"People": ("", people)})
        call_in_progress(session, campaign, user_id)
    return Begun(people)


def put_some(engine: Engine, broadcast_id: int) -> bool:
    """Put the messages for those who come next by number into the outbox; tell whether more are left to be put there.

    After the last the broadcast is being sent. Of two jobs that are at it at once one waits for the other.
    """
    with writing(engine) as session:
        campaign_id = session.get_one(Broadcast, broadcast_id).campaign_id
        campaign = session.scalars(Campaign.locked(campaign_id)).one()
        broadcast = session.scalars(_being_queued(broadcast_id)).one_or_none()
        if broadcast is None:
            return False
        end = _end_of_part(session, campaign_id, broadcast.queued_to)
        for numbers in _next_part(broadcast.queued_to, end):
            deciding.decide(session, broadcast, question(session, campaign, broadcast, numbers))
        broadcast.queued_to = end
        if end is None:
            _finish(session, campaign, broadcast)
        return end is not None


def end_for_nobody(session: Session, broadcast: Broadcast) -> None:
    """Cancel a broadcast that goes to nobody: it never started, and whom it left out stays on record."""
    why = not_sent(NOBODY)
    broadcast.state, broadcast.finished_at, broadcast.ended_because = BroadcastState.CANCELLED, clock.now(), why
    broadcast.started_at = None
    audit.record(session, None, "cancelled", "broadcast", broadcast.id, {"Why": ("", why)})


def not_sent(why: str) -> str:
    """Return the sentence of a broadcast that ended by itself; `why` is a half one."""
    return f"It was not sent: {why}."


def _being_queued(broadcast_id: int) -> Select[Broadcast]:
    """Select the broadcast if it is being queued, locked until the transaction ends; new messages refer to it."""
    found = select(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.QUEUEING)
    return found.with_for_update(key_share=True).execution_options(populate_existing=True)


def _is_large(session: Session, campaign_id: int) -> bool:
    """Tell whether there are too many members for one transaction."""
    members = select(CampaignMember.id).where(audience.stays(campaign_id)).order_by(CampaignMember.id)
    return session.scalar(members.offset(_at_once(session) - 1).limit(1)) is not None


def _at_once(session: Session) -> int:
    return AT_ONCE[session.get_bind().dialect.name]


def _next_part(after: str | None, end: str | None) -> list[NumberRange]:
    """Return who is decided about next; with the last numbers also who has none."""
    numbers = NumberRange(after, end)
    return [numbers] if end is not None else [numbers, NumberRange(none=True)]


def _end_of_part(session: Session, campaign_id: int, after: str | None) -> str | None:
    """Return the number that ends the next part; None: what is left is no more than that."""
    members = select(CampaignMember.number).where(
        audience.stays(campaign_id), NumberRange(after).holds(CampaignMember.number)
    )
    return session.scalar(members.order_by(CampaignMember.number).offset(_at_once(session) - 1).limit(1))


def question(
    session: Session, campaign: Campaign, broadcast: Broadcast, numbers: NumberRange | TheseNumbers | None = None
) -> AudienceQuestion:
    """Ask who gets the broadcast: of all members, or of those whose numbers are in the range."""
    given, sender = cache.policy(session), broadcast.sender
    asked = audience.ask(session, campaign, sender.scope, broadcast.channel, given, not_after=broadcast.not_after)
    part, empty = follow_up.follow_up_of(broadcast), empty_fields.left_out_by(session, broadcast)
    asked = replace(asked, keyword_id=broadcast.keyword_id, numbers=numbers, follow_up=part, empty_fields=empty)
    return replace(asked, leaves_out_often=broadcast.leaves_out_often)


def _finish(session: Session, campaign: Campaign, broadcast: Broadcast) -> None:
    """Let the broadcast be sent, or cancel it where nobody gets it."""
    if people := deciding.count_waiting(session, broadcast):
        broadcast.state = BroadcastState.SENDING
        _set_apart(broadcast, people)
        audit.record(session, None, "prepared", "broadcast", broadcast.id, {"People": ("", people)})
        call_in_progress(session, campaign, None)
        return
    end_for_nobody(session, broadcast)


def _set_apart(broadcast: Broadcast, people: int) -> None:
    """Spread a broadcast to so many people over its time."""
    if broadcast.spread_over:
        broadcast.seconds_apart = broadcast.spread_over / people


def call_in_progress(session: Session, campaign: Campaign, user_id: int | None) -> None:
    """Call a planned campaign in progress: its first broadcast goes out."""
    if campaign.status != CampaignStatus.PLANNED:
        return
    changes = {"Status": (CampaignStatus.PLANNED.label, CampaignStatus.IN_PROGRESS.label)}
    campaign.status, campaign.updated_at = CampaignStatus.IN_PROGRESS, clock.now()
    audit.record(session, user_id, "changed", "campaign", campaign.id, changes)
