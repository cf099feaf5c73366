"""Recurring broadcasts: each date is a broadcast of its own, which waits as a scheduled one until its time.

The next is made when the one before no longer waits, so that there is one to look at, change or cancel. Date and number
are a unique key of the database, and it is made in one transaction under the campaign's lock: of two processes one
makes it, and what a killed one had not committed another does. A date that was missed is kept as a cancelled broadcast.
One whose time has come before it is made is not sent: after a restore, what was lost may have sent it.
"""

from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState, CanaryState, Every, RecurrenceState
from optin.models import Broadcast, Campaign, RecurringBroadcast
from optin.policy import audit
from optin.sending import put_out
from optin.texts import choices
from optin.texts.recurrence import Occurrence, Recurrence, existing

LATE = timedelta(hours=6)
"""A date is not sent so long after its time or later."""
MISSED = f"its time was missed by more than {LATE.total_seconds() / 3600:.0f} hours"
UNMADE = "its time was missed: it came before Optin had prepared it"
PAUSED = "the recurring broadcast was paused"
GOES_ON = (RecurrenceState.ACTIVE, RecurrenceState.PAUSED)
SUBJECT = "recurring_broadcast"
MINUTE = timedelta(minutes=1)


def recurrence_of(recurring: RecurringBroadcast) -> Recurrence:
    """Return the dates of a recurring broadcast."""
    return Recurrence(
        Every(recurring.every),
        datetime.fromisoformat(recurring.first),
        ZoneInfo(recurring.zone),
        recurring.days,
        date.fromisoformat(recurring.until) if recurring.until else None,
        recurring.times,
    )


def begin(session: Session, broadcast: Broadcast, recurrence: Recurrence, user_id: int | None) -> RecurringBroadcast:
    """Make a scheduled broadcast the first date of a recurring one; the caller has the campaign's lock, and commits."""
    recurring = RecurringBroadcast(
        channel=broadcast.channel,
        campaign_id=broadcast.campaign_id,
        sender_id=broadcast.sender_id,
        body=broadcast.body,
        state=RecurrenceState.ACTIVE,
        every=recurrence.every,
        days=recurrence.days,
        first=recurrence.first.isoformat(timespec="seconds"),
        zone=recurrence.zone.key,
        until=recurrence.until.isoformat() if recurrence.until else None,
        times=recurrence.times,
        lasts=_lasts(broadcast, recurrence),
        spread_over=broadcast.spread_over,
        canary=broadcast.canary is not None,
        **choices.of_row(broadcast).columns,
        made=1,
        created_at=clock.now(),
        created_by_id=user_id,
    )
    session.add(recurring)
    session.flush()
    broadcast.recurring_id, broadcast.occurrence = recurring.id, 1
    audit.record(session, user_id, "created", SUBJECT, recurring.id, {"When": ("", recurrence.words)})
    return recurring


def behind(engine: Engine) -> list[int]:
    """List the recurring broadcasts that go on and of which no date waits."""
    newest = (Broadcast.recurring_id == RecurringBroadcast.id) & (Broadcast.occurrence == RecurringBroadcast.made)
    found = select(RecurringBroadcast.id).join(Broadcast, newest).where(RecurringBroadcast.state.in_(GOES_ON))
    with reading(engine) as session:
        found = found.where(Broadcast.state != BroadcastState.SCHEDULED).order_by(RecurringBroadcast.id)
        return list(session.scalars(found))


def make_next(engine: Engine, recurring_id: int) -> int:
    """Make the next date that can be sent, and before it those that were missed; return how many were made.

    After the last date the recurring broadcast ends. Where another process was first, nothing is made.
    """
    with writing(engine) as session:
        recurring = locked(session, recurring_id)
        newest = session.scalars(_date(recurring_id, recurring.made)).one()
        if recurring.state not in GOES_ON or newest.state == BroadcastState.SCHEDULED:
            return 0
        made = 0
        for each in recurrence_of(recurring).following(recurring.made, newest.starts_at or newest.created_at):
            made += 1
            if _make(session, recurring, each).state == BroadcastState.SCHEDULED:
                return made
        recurring.state, recurring.finished_at = RecurrenceState.ENDED, clock.now()
        audit.record(session, None, "ended", SUBJECT, recurring_id, {"Why": ("", "Its last date is over.")})
        return made


def of_campaign(campaign_id: int) -> Select[RecurringBroadcast]:
    """Select the recurring broadcasts of a campaign, the newest first."""
    found = select(RecurringBroadcast).where(RecurringBroadcast.campaign_id == campaign_id)
    return found.order_by(RecurringBroadcast.id.desc())


def locked(session: Session, recurring_id: int) -> RecurringBroadcast:
    """Return a recurring broadcast as it is under its campaign's lock, which whoever changes or starts it has."""
    campaign_id = session.get_one(RecurringBroadcast, recurring_id).campaign_id
    session.scalars(Campaign.locked(campaign_id)).one()
    return session.get_one(RecurringBroadcast, recurring_id, populate_existing=True)


def waiting(session: Session, recurring: RecurringBroadcast) -> Broadcast | None:
    """Return the date that waits for its time, None where the next is not made yet or there is none."""
    newest = _date(recurring.id, recurring.made).execution_options(populate_existing=True)
    found = session.scalars(newest).one_or_none()
    return found if found and found.state == BroadcastState.SCHEDULED else None


def next_dates(session: Session, recurring: RecurringBroadcast, count: int) -> list[datetime]:
    """List when it goes out next, at most so many times; none after its end.

    The date that waits may have been moved; the others follow by the rule.
    """
    if recurring.state not in GOES_ON:
        return []
    date = session.scalars(_date(recurring.id, recurring.made)).one_or_none()
    if date is None or date.starts_at is None:
        return []
    waits = [date.starts_at] if date.state == BroadcastState.SCHEDULED else []
    after = max(date.starts_at, clock.now())
    follow = recurrence_of(recurring).next_dates(recurring.made, after, count - len(waits))
    return waits + [each.at for each in follow]


def why_not(session: Session, broadcast: Broadcast, now: datetime) -> str:
    """Say in a half sentence why a date must not begin by itself now, "" for nothing or for any other broadcast."""
    if broadcast.recurring_id is None or broadcast.starts_at is None:
        return ""
    recurring = session.get_one(RecurringBroadcast, broadcast.recurring_id, populate_existing=True)
    if recurring.state == RecurrenceState.PAUSED:
        return PAUSED
    return MISSED if broadcast.starts_at <= now - LATE else ""


def cancel(session: Session, broadcast: Broadcast, why: str, user_id: int | None) -> None:
    """Cancel a date that waits, with the sentence that its page shows; the caller has the campaign's lock."""
    broadcast.state, broadcast.finished_at, broadcast.ended_because = BroadcastState.CANCELLED, clock.now(), why
    audit.record(session, user_id, "cancelled", "broadcast", broadcast.id, {"Why": ("", why)})


def _date(recurring_id: int, number: int) -> Select[Broadcast]:
    return select(Broadcast).where(Broadcast.recurring_id == recurring_id, Broadcast.occurrence == number)


def _make(session: Session, recurring: RecurringBroadcast, occurrence: Occurrence) -> Broadcast:
    """Store the broadcast of a date, cancelled where it was missed."""
    now = clock.now()
    ends = occurrence.local + recurring.lasts * MINUTE if recurring.lasts else None
    made = session.scalar(
        insert(Broadcast)
        .values(
            channel=recurring.channel,
            campaign_id=recurring.campaign_id,
            keyword_id=recurring.campaign.keyword_id,
            sender_id=recurring.sender_id,
            body=recurring.body,
            state=BroadcastState.SCHEDULED,
            form_key=str(uuid4()),
            created_at=now,
            created_by_id=recurring.created_by_id,
            starts_at=occurrence.at,
            not_after=existing(ends, ZoneInfo(recurring.zone)) if ends else None,
            spread_over=recurring.spread_over,
            canary=CanaryState.CHOOSING if recurring.canary else None,
            **choices.of_row(recurring).columns,
            recurring_id=recurring.id,
            occurrence=occurrence.number,
        )
        .returning(Broadcast.id)
    )
    broadcast = session.get_one(Broadcast, made)
    recurring.made = occurrence.number
    starts = f"{occurrence.at:%Y-%m-%d %H:%M} UTC"
    audit.record(session, None, "scheduled", "broadcast", broadcast.id, {"Starts": ("", starts)})
    if occurrence.at <= now:
        cancel(session, broadcast, put_out.not_sent(why_not(session, broadcast, now) or UNMADE), None)
    return broadcast


def _lasts(broadcast: Broadcast, recurrence: Recurrence) -> int | None:
    """Return the minutes from the first date to its last time, as the clock on the wall has it."""
    if broadcast.not_after is None:
        return None
    last = broadcast.not_after.astimezone(recurrence.zone).replace(tzinfo=None)
    return round((last - recurrence.first) / MINUTE)
