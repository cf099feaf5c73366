"""Starting and stopping a broadcast. Messages leave through the outbox; this module only adds and cancels its rows."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience, follow_up
from optin.consent.follow_up import FollowUp
from optin.database.statements import change_rows, insert
from optin.enums import Audience, BroadcastState, CanaryState, Channel
from optin.models import Broadcast, Campaign, CampaignMember, Message, Sender
from optin.own_fields import merging
from optin.policy import audit, cache
from optin.provider import senders
from optin.refused import Refused
from optin.sending import broadcast_text, canary, gate, put_out, recurring, scheduled, taking_back, variants
from optin.short_links import keeping
from optin.texts import text_test
from optin.texts.choices import BroadcastChoices
from optin.texts.recurrence import Recurrence
from optin.texts.text_test import TextTest

FROM = {
    BroadcastState.PAUSED: (BroadcastState.SENDING,),
    BroadcastState.SENDING: (BroadcastState.PAUSED,),
    BroadcastState.CANCELLED: (
        BroadcastState.SENDING,
        BroadcastState.PAUSED,
        BroadcastState.QUEUEING,
        BroadcastState.SCHEDULED,
    ),
}
"""The states that a user may bring a broadcast to, each with those that it may come from."""

UNDO = timedelta(minutes=1)
"""So long after *Send* a broadcast starts that is held."""

PART_AGAIN = "Only a broadcast to all members can go out again. Choose “Once”."
"""A follow-up is to those who missed or did not answer one broadcast."""

DONE = {BroadcastState.PAUSED: "paused", BroadcastState.SENDING: "resumed", BroadcastState.CANCELLED: "cancelled"}


@dataclass(frozen=True)
class BroadcastOrder:
    """What a user asks to send: the text with its merge fields, the sender (None: the default), the form's UUID.

    `starts_at` is a moment to come, None for now; `not_after` its last time, None for none; `follow_up` the part of the
    campaign to which it goes, None for all. It is spread over so many seconds, None for as fast as it may go. What is
    to go now and `is_held` starts a minute later, so that it can still be stopped. What starts later may go
    out `again`, as the first date of a recurring broadcast. A `test` has a second text.
    """

    body: str
    sender_id: int | None
    form_key: str
    user_id: int
    starts_at: datetime | None = None
    not_after: datetime | None = None
    spread_over: int | None = None
    is_held: bool = False
    follow_up: FollowUp | None = None
    choices: BroadcastChoices = field(default_factory=BroadcastChoices)
    again: Recurrence | None = None
    test: TextTest | None = None

    @property
    def texts(self) -> list[str]:
        """List its texts, the first one first."""
        return text_test.texts(self.body, self.test)


@dataclass(frozen=True)
class StartedBroadcast:
    """A broadcast under way to so many people (None: they are not counted yet), or scheduled (`people` 0).

    `again`: the same form had made it before. One that is scheduled `starts_at` a moment to come.
    """

    broadcast_id: int
    people: int | None
    again: bool = False
    starts_at: datetime | None = None


def start(session: Session, campaign_id: int, order: BroadcastOrder) -> StartedBroadcast | Refused:
    """Make a broadcast and put its messages into the outbox, or say why not; the caller commits, or undoes a refusal.

    One that starts later has no messages yet: who gets it is decided at its time (sending/scheduled.py). The
    campaign's lock freezes its keyword meanwhile. The same form twice (a double click) is one broadcast.
    """
    campaign = session.scalars(Campaign.locked(campaign_id)).one()
    before = session.scalar(select(Broadcast.id).where(Broadcast.form_key == order.form_key))
    if before is not None:
        return StartedBroadcast(before, 0, again=True)
    sender = checked_sender(session, campaign_id, order)
    if isinstance(sender, Refused):
        return sender
    if order.is_held and order.starts_at is None:
        order = replace(order, starts_at=clock.now() + UNDO)
    broadcast = _make(session, campaign, sender, order)
    if broadcast is None:
        return Refused("This form was already sent. Open the campaign again.")
    if order.starts_at:
        told = {"Starts": ("", told_time(order.starts_at))}
        if order.not_after:
            told["Send until"] = ("", told_time(order.not_after))
        audit.record(session, order.user_id, "scheduled", "broadcast", broadcast.id, told)
        if order.again:
            recurring.begin(session, broadcast, order.again, order.user_id)
        return StartedBroadcast(broadcast.id, 0, starts_at=order.starts_at)
    begun = put_out.begin(session, campaign, broadcast, order.user_id)
    if begun.people != 0:
        return StartedBroadcast(broadcast.id, begun.people)
    late = select(func.count()).select_from(Message).where(Message.broadcast_id == broadcast.id)
    return Refused(" ".join(broadcast_text.hindrances(sender, 1, 0, session.scalar(late) or 0)))


def checked_sender(session: Session, campaign_id: int, order: BroadcastOrder) -> Sender | Refused:
    """Return from whom an order is sent, or say what forbids it apart from the rule for each member."""
    usable = senders.all_in_use(session)
    sender = next((sender for sender in usable if order.sender_id in (None, sender.id)), None)
    if usable and sender is None:
        return Refused("That number is no longer in use. Choose another one to send from.")
    faults = _faults(session, campaign_id, order, sender)
    return Refused(" ".join(faults)) if faults or sender is None else sender


def told_time(moment: datetime | None) -> str:
    """Say a time of a broadcast in the audit trail, "" for none."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def send_now(session: Session, broadcast_id: int, user_id: int) -> StartedBroadcast | Refused:
    """Start a scheduled broadcast at once, or say why not; the caller commits, or rolls back a refusal."""
    if shut := gate.why_closed(session):
        return Refused(shut)
    begun = scheduled.start(session, broadcast_id, user_id)
    if begun is None:
        return Refused("It is no longer scheduled: it has been started or cancelled.")
    if isinstance(begun, Refused):
        return Refused(f"It can’t be sent now: {begun.sentence}.")
    if begun.people == 0:
        return Refused(f"It can’t be sent now: {put_out.NOBODY}.")
    return StartedBroadcast(broadcast_id, begun.people)


def bring_to(session: Session, broadcast_id: int, state: BroadcastState, user_id: int) -> Refused | None:
    """Pause, resume or cancel, or say that the state forbids it; the caller commits, and then asks for `settle`."""
    now = clock.now()
    values: dict[str, object] = {"state": state, "stopped_by_id": user_id}
    if state is BroadcastState.CANCELLED:
        values["finished_at"] = now
    if state is BroadcastState.SENDING:
        values["stopped_by_id"] = None
    moved = change_rows(
        session,
        update(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.state.in_(FROM[state])).values(**values),
    )
    if not moved:
        return Refused(f"The broadcast can no longer be {DONE[state]}: its state has changed.")
    if state is BroadcastState.SENDING:
        canary.go_on(session, broadcast_id, cache.policy(session))
    audit.record(session, user_id, DONE[state], "broadcast", broadcast_id)
    return None


def settle(engine: Engine, broadcast_id: int, state: BroadcastState) -> int | None:
    """See after the commit of a pause or cancel that nothing of the broadcast is being started any more.

    Return how many waiting messages a cancel took back; None: they are very many, and the broadcast's job goes on.
    """
    if state is BroadcastState.CANCELLED:
        taken_back = taking_back.take_back_some(engine, broadcast_id)
        return taken_back if taken_back < taking_back.AT_ONCE else None
    if state is BroadcastState.PAUSED:
        taking_back.await_starts(engine, broadcast_id)
    return 0


def _faults(session: Session, campaign_id: int, order: BroadcastOrder, sender: Sender | None) -> list[str]:
    """Say what forbids this text to this campaign, apart from the rule for each member."""
    channel = sender.channel if sender else Channel.SMS
    part = order.follow_up
    if part and order.again:
        return [PART_AGAIN]
    if part and (fault := follow_up.fault(session.get(Broadcast, part.broadcast_id), campaign_id)):
        return [fault]
    members = select(func.count()).select_from(CampaignMember).where(audience.belongs(campaign_id, part))
    merging.hold(session, *order.texts)
    given = cache.policy(session)
    texts = [keeping.as_sent(text, shortens=order.choices.shortens, host=given.short_domain) for text in order.texts]
    found = [
        *broadcast_text.faults_of(session, texts, channel),
        *_test_faults(order),
        *broadcast_text.hindrances(sender, session.scalar(members) or 0, 1, follow_up=part),
    ]
    if order.starts_at is None and (shut := gate.why_closed(session)):
        found.append(shut)
    if found:
        return found
    longest = partial(broadcast_text.longest, session, campaign_id, channel=channel, follow_up=part)
    return broadcast_text.too_long_of([longest(text, given.brand) for text in texts])


def _test_faults(order: BroadcastOrder) -> list[str]:
    starts, recurs = order.starts_at or clock.now(), order.again is not None
    return text_test.faults(order.test, order.body, starts, order.not_after, canary=order.choices.canary, recurs=recurs)


def _make(session: Session, campaign: Campaign, sender: Sender, order: BroadcastOrder) -> Broadcast | None:
    """Store the broadcast; None when another campaign's broadcast took the form's key at this very moment."""
    now, part = clock.now(), order.follow_up
    made = session.scalar(
        insert(Broadcast)
        .values(
            channel=sender.channel,
            campaign_id=campaign.id,
            keyword_id=campaign.keyword_id,
            sender_id=sender.id,
            body=order.body,
            state=BroadcastState.SCHEDULED if order.starts_at else BroadcastState.SENDING,
            form_key=order.form_key,
            created_at=now,
            created_by_id=order.user_id,
            starts_at=order.starts_at,
            not_after=order.not_after,
            spread_over=order.spread_over,
            audience=part.audience if part else Audience.ALL,
            of_broadcast_id=part.broadcast_id if part else None,
            canary=CanaryState.CHOOSING if order.choices.canary else None,
            **order.choices.columns,
            **variants.columns(order.test),
            started_at=None if order.starts_at else now,
        )
        .on_conflict_do_nothing(index_elements=["form_key"])
        .returning(Broadcast.id)
    )
    return session.get(Broadcast, made) if made else None
