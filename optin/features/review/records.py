"""What the review queue reads: the numbers on hold with all that helps to decide, and what was decided recently."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.consent import business_days, ledger
from optin.database.session import UTCDateTime
from optin.enums import Direction, HoldCause, HoldResolution, OptInStatus, Purpose
from optin.models import Hold, Keyword, Message, OptIn, Person
from optin.models.index_conditions import has_not_ended
from optin.queries import cached_counts, paging, people_of_numbers
from optin.queries.cached_counts import CachedCount
from optin.queries.paging import Page

RECENT = timedelta(days=7)
MOST_RECENT = 20
SOON, NEAR = 2, 6
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class AnsweredMessage:
    """A message of ours that a text may answer, and the broadcast that it was part of."""

    body: str
    broadcast_id: int | None


@dataclass(frozen=True)
class Card:
    """A number on hold: its people, its active opt-ins as (word, since), and the text in question.

    `parts` are the text before, at and after the trigger. `answers` is our last message before it, the broadcast where
    the text refuses one; `left` the business days left, negative when overdue.
    """

    hold: Hold
    people: list[Person]
    opt_ins: list[tuple[str, datetime]]
    parts: tuple[str, str, str]
    answers: AnsweredMessage | None
    left: int

    @property
    def conversation_id(self) -> int | None:
        """Return the conversation that the text is in, whatever channel it came by."""
        return self.hold.message.conversation_id if self.hold.message else None

    @property
    def tone(self) -> str:
        """Return the colour of the days left."""
        return "bad" if self.left <= SOON else "warn" if self.left <= NEAR else "off"

    @property
    def cause(self) -> HoldCause:
        """Return why the number waits."""
        return HoldCause(self.hold.cause)


@dataclass(frozen=True)
class DecidedHold:
    """A hold that ended, whose number it is, and the text before, at and after its trigger.

    `minutes_left` to withdraw the decision, 0 when it stands.
    """

    hold: Hold
    people: list[Person]
    parts: tuple[str, str, str]
    minutes_left: int = 0

    @property
    def resolution(self) -> HoldResolution:
        """Return how it ended."""
        return HoldResolution(str(self.hold.resolution))


def open_holds() -> Select[int]:
    """Select the numbers that wait for a decision."""
    return select(Hold.id).where(has_not_ended(Hold))


def open_count(session: Session) -> CachedCount:
    """Count the numbers that wait for a decision, up to some thousand."""
    return cached_counts.up_to_few(session, open_holds())[0]


def waiting(session: Session, zone: ZoneInfo, token: str | None) -> tuple[list[Card], Page[Hold]]:
    """Fetch a page of numbers on hold, oldest first; days are those of `zone`."""
    waits = select(Hold).where(has_not_ended(Hold)).options(joinedload(Hold.message))
    page = paging.read_page(session, waits, [Hold.started_at, Hold.id], token)
    holds: Sequence[Hold] = page.rows
    numbers = {hold.number for hold in holds}
    having, opted_in = people_of_numbers.of_numbers(session, numbers), _opt_ins(session, numbers)
    answers = _answers(session, holds)
    today = clock.now().astimezone(zone).date()
    cards = [
        Card(
            hold=hold,
            people=having.get(hold.number, []),
            opt_ins=opted_in.get(hold.number, []),
            parts=_parts(hold),
            answers=answers.get(hold.id),
            left=business_days.days_left(hold.started_at.astimezone(zone).date(), today),
        )
        for hold in holds
    ]
    return cards, page


def decided(session: Session) -> list[DecidedHold]:
    """List the holds that ended in the last week, newest first."""
    ended = select(Hold).where(Hold.ended_at > clock.now() - RECENT).options(joinedload(Hold.message))
    return _decided(session, session.scalars(ended.order_by(Hold.ended_at.desc()).limit(MOST_RECENT)).all())


def just_decided(session: Session, hold_id: int | None) -> DecidedHold | None:
    """Return a decision while it can be withdrawn, with whose number it is; None when it stands or there is none."""
    hold = session.get(Hold, hold_id) if hold_id else None
    return next((found for found in _decided(session, [hold]) if found.minutes_left), None) if hold else None


def ended_by(session: Session, hold: Hold) -> int:
    """Count the opt-ins that the decision about a hold ended."""
    ended = (OptIn.number == hold.number, OptIn.ended_at == hold.ended_at, OptIn.ended_by_id == hold.resolved_by_id)
    return session.scalars(select(func.count(OptIn.id)).where(*ended)).one()


def marked(text: str, trigger: str) -> tuple[str, str, str]:
    """Split a text into what stands before, at and after the trigger, a piece of the text as it was received.

    Where the piece stands as a word of its own, it is that one: not the "stop" in "unstoppable".
    """
    word = re.search(rf"(?<!\w){re.escape(trigger)}(?!\w)", text)
    begin = word.start() if word else text.find(trigger)
    if not trigger or begin < 0:
        return text, "", ""
    return text[:begin], trigger, text[begin + len(trigger) :]


def _decided(session: Session, holds: Sequence[Hold]) -> list[DecidedHold]:
    having, now = people_of_numbers.of_numbers(session, {hold.number for hold in holds}), clock.now()
    return [
        DecidedHold(
            hold=hold,
            people=having.get(hold.number, []),
            parts=_parts(hold),
            minutes_left=_minutes_left(hold, now),
        )
        for hold in holds
    ]


def _minutes_left(hold: Hold, now: datetime) -> int:
    """Return the minutes left to withdraw a decision, begun ones counted."""
    if hold.ended_at is None or not ledger.can_withdraw(hold, now):
        return 0
    return -((now - hold.ended_at - ledger.WITHDRAW_WITHIN) // MINUTE)


def _parts(hold: Hold) -> tuple[str, str, str]:
    return marked(hold.message.body if hold.message else hold.trigger, hold.trigger)


def _opt_ins(session: Session, numbers: Collection[str]) -> dict[str, list[tuple[str, datetime]]]:
    rows = session.execute(
        select(OptIn.number, Keyword.word, OptIn.activated_at)
        .join(Keyword, Keyword.id == OptIn.keyword_id)
        .where(OptIn.number.in_(numbers), OptIn.status == OptInStatus.ACTIVE, OptIn.activated_at.is_not(None))
        .order_by(OptIn.activated_at)
    )
    found: dict[str, list[tuple[str, datetime]]] = {}
    for number, word, since in rows:
        if since is not None:
            found.setdefault(number, []).append((word, since))
    return found


def _answers(session: Session, holds: Sequence[Hold]) -> dict[int, AnsweredMessage]:
    """Return by hold what we had sent last before the text: it may be an answer to that."""
    refused = and_(Hold.cause == HoldCause.SHORT_REFUSAL, Message.purpose == Purpose.CAMPAIGN)
    went = func.coalesce(Message.sent_at, Message.started_at, type_=UTCDateTime())
    last = (
        select(Message.id)
        .where(
            Message.number == Hold.number,
            Message.direction == Direction.OUTBOUND,
            or_(refused, and_(Hold.cause != HoldCause.SHORT_REFUSAL, Message.sent_at.is_not(None))),
            went <= Hold.started_at,
        )
        .order_by(went.desc(), Message.id.desc())
        .limit(1)
        .correlate(Hold)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Hold.id, Message.body, Message.broadcast_id)
        .join(Message, Message.id == last)
        .where(Hold.id.in_([hold.id for hold in holds]))
    )
    return {hold_id: AnsweredMessage(body, broadcast_id) for hold_id, body, broadcast_id in rows}
