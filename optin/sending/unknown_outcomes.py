"""Messages of which it is not known whether they were sent: Twilio's list tells, or a person decides."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.channels import address
from optin.channels.address import Address
from optin.database.transactions import reading, writing
from optin.enums import Channel, MessageStatus
from optin.models import Broadcast, Message, Person, Sender
from optin.models.index_conditions import is_unknown
from optin.own_fields import merging
from optin.policy import cache
from optin.provider.gateway import Gateway, ListedMessage
from optin.sending import conversations, status_callbacks, variants
from optin.sending.claim import person_fields
from optin.texts import merge_fields, segments

LOOKED_FOR_AFTER = timedelta(minutes=2)
NOT_FOUND_AFTER = timedelta(minutes=30)
EARLIER, LATER = timedelta(minutes=1), timedelta(minutes=15)
"""How far Twilio's date of a message may be from the start that we know of."""
UNKNOWN_AT_ONCE = 300
MOST_LISTED = 200
TRIAL = "Sent from your Twilio trial account - "

_UNSETTLED = (MessageStatus.UNKNOWN, MessageStatus.NOT_FOUND)


@dataclass
class ComparisonReport:
    """What a comparison read and changed: texts taken in, sends settled, statuses brought up to date."""

    read: int = 0
    texts: int = 0
    settled: int = 0
    statuses: int = 0
    not_found: int = 0

    @property
    def found(self) -> int:
        """Count everything that was not as it is at Twilio."""
        return self.texts + self.settled + self.statuses + self.not_found


def count(session: Session) -> int:
    """Count the messages of unknown outcome, also those that it is too early to look for."""
    return session.scalar(select(func.count()).select_from(Message).where(is_unknown(Message))) or 0


def waiting(engine: Engine) -> bool:
    """Tell whether a message has been of unknown outcome for long enough to be looked for."""
    with reading(engine) as session:
        return session.scalar(select(Message.id).where(*_due()).limit(1)) is not None


def settle(engine: Engine, gateway: Gateway) -> ComparisonReport:
    """Look for the oldest messages of unknown outcome, number by number; after half an hour they are *not found*.

    The list of one number is read without a date: what still waits at Twilio has none.
    """
    report = ComparisonReport()
    with reading(engine) as session:
        rows = session.execute(
            select(Message.channel, Message.number, Message.started_at, Message.created_at)
            .where(*_due())
            .order_by(Message.id)
        ).fetchmany(UNKNOWN_AT_ONCE)
        served = {Channel(each) for each in session.scalars(select(Sender.channel).distinct())} if rows else set()
    since: dict[Address, datetime] = {}
    for channel, number, started_at, created_at in rows:
        to = Address(Channel(channel), number)
        since[to] = min(since.get(to, clock.now()), started_at or created_at)
    for to, begin in since.items():
        for found in _sent_to(gateway, to, begin - EARLIER, served):
            report.read += 1
            report.settled += adopt(engine, found)
        report.not_found += _give_up(engine, to)
    return report


def adopt(engine: Engine, found: ListedMessage) -> bool:
    """Settle the oldest message that this one in Twilio's list can be; tell whether there was one."""
    to = address.parse(found.number)
    with writing(engine) as session:
        if session.scalar(select(Message.id).where(Message.sid == found.sid)) is not None:
            return False
        rows = session.scalars(
            select(Message)
            .where(
                Message.channel == (channels.rules_of(to.channel).carries or to.channel),
                Message.number == to.value,
                Message.status.in_(_UNSETTLED),
                Message.sid.is_(None),
            )
            .order_by(Message.id)
            .with_for_update(skip_locked=True)
        ).all()
        message = next((row for row in rows if _same(session, row, found)), None)
        if message is None:
            return False
        message.sid, message.segments_told = found.sid, found.segments or None
        if not message.body:
            message.body = found.body
            message.segments = channels.rules_of(message.channel).measure(found.body).segments
        status_callbacks.apply(session, message, found.status, found.error_code, found.at)
    return True


def _due() -> tuple[ColumnElement[bool], ...]:
    return is_unknown(Message), Message.updated_at < clock.now() - LOOKED_FOR_AFTER


def _sent_to(gateway: Gateway, to: Address, since: datetime, served: Collection[Channel]) -> Iterator[ListedMessage]:
    """List what was sent to an address since a moment, the oldest first.

    Of the channels that we have addresses of (`served`), Twilio may have chosen one that carries this one's messages.
    """
    found: list[ListedMessage] = []
    carriers = [channel for channel in channels.carriers_of(to.channel) if channel in served]
    for each in (to, *(Address(channel, to.value) for channel in carriers)):
        newest = enumerate(gateway.listed(to=each.written))
        recent = takewhile(lambda pair: pair[0] < MOST_LISTED and pair[1].at >= since, newest)
        found += [each for _, each in recent if not each.inbound]
    yield from sorted(found, key=lambda each: each.at)


def _give_up(engine: Engine, to: Address) -> int:
    """Call not found what Twilio's list does not show after half an hour; return how many."""
    with writing(engine) as session:
        before = clock.now() - NOT_FOUND_AFTER
        rows: Sequence[Message] = session.scalars(
            select(Message)
            .where(
                is_unknown(Message),
                Message.channel == to.channel,
                Message.number == to.value,
                Message.updated_at < before,
            )
            .order_by(Message.id)
            .with_for_update(skip_locked=True)
        ).all()
        for message in rows:
            message.status, message.updated_at = MessageStatus.NOT_FOUND, clock.now()
        conversations.touch(session, *(message.conversation_id for message in rows))
    return len(rows)


def _same(session: Session, message: Message, found: ListedMessage) -> bool:
    """Tell whether the message can be the one in the list: sender, time and text agree."""
    begun = message.started_at or message.created_at
    if found.at < begun - EARLIER or (message.started_at and found.at > begun + LATER):
        return False
    sender = session.get(Sender, message.sender_id) if message.sender_id else None
    if sender is None or sender.address not in (found.address, found.messaging_service_sid):
        return False
    return _plain(_text(session, message)) == _plain(found.body.removeprefix(TRIAL))


def _text(session: Session, message: Message) -> str:
    """Return what the message says; one of a broadcast that never started has no text of its own yet."""
    if message.body or message.broadcast_id is None:
        return message.body
    person = session.get(Person, message.person_id) if message.person_id else None
    broadcast = session.get_one(Broadcast, message.broadcast_id)
    body = variants.bodies(session, [(message.id, broadcast)])[message.id]
    own = merging.of_person(session, person, body)
    return merge_fields.render(body, person_fields(person, cache.policy(session).brand, own))


def _plain(text: str) -> str:
    """Write a text as Twilio's Smart Encoding may have, which replaces look-alikes."""
    return segments.plain(text).strip()
