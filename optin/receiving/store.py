"""A text as it arrives: what is known of it before, and storing it with its thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import String, bindparam, case, exists, select, update
from sqlalchemy.orm import Session

from optin.channels import address
from optin.channels.address import Address
from optin.consent import facts, ledger
from optin.consent.facts import About
from optin.database.statements import insert, run, table
from optin.enums import Channel, Direction, MessageStatus, PersonKind
from optin.models import Conversation, Message, Person
from optin.phone import spellings
from optin.policy import cache
from optin.sending import conversations
from optin.texts import segments

_MESSAGE, _CONVERSATION, _PERSON = table(Message), table(Conversation), table(Person)
_NUMBER = bindparam("number", type_=String())
_KNOWN = (
    cache.token(),
    exists().where(_MESSAGE.c.sid == bindparam("sid", type_=String())),
    select(_CONVERSATION.c.id)
    .where(_CONVERSATION.c.channel == bindparam("channel", type_=String()), _CONVERSATION.c.number == _NUMBER)
    .scalar_subquery(),
    facts.is_so(About(number=_NUMBER), "lost"),
)
_LOOK, _LOCK_AND_LOOK = select(*_KNOWN), select(*_KNOWN, ledger.lock(_NUMBER))
_FIRST_PERSON = (
    select(_PERSON.c.id)
    .where(_PERSON.c.mobile == bindparam("mobile", type_=String()))
    .order_by(case((_PERSON.c.kind == PersonKind.CONTACT, 0), else_=1), _PERSON.c.id)
    .limit(1)
)
_NEW_MESSAGE = (
    insert(_MESSAGE)
    .values(person_id=_FIRST_PERSON.scalar_subquery())
    .on_conflict_do_nothing(index_elements=["sid"])
    .returning(_MESSAGE.c.id)
)
_EFFECT = update(_MESSAGE).where(_MESSAGE.c.id == bindparam("message_id"))

LONGEST_WRITTEN = 200
_UNREAD = Address(Channel.SMS, "")


@dataclass(frozen=True)
class InboundText:
    """A text as Twilio reports it: addresses as received, `opt_out_type` only with Advanced Opt-Out.

    `provider_at` is Twilio's own date; only a text fetched from Twilio's list has one. `read_addresses` finds the
    `origin`, of which `number` is then the value, and what Twilio calls its channel (`channel_prefix`).
    """

    sid: str
    number: str
    address: str
    body: str
    media_count: int = 0
    opt_out_type: str | None = None
    messaging_service_sid: str | None = None
    provider_at: datetime | None = None
    origin: Address = _UNREAD
    channel_prefix: str = ""
    written: str | None = None


@dataclass(frozen=True, slots=True)
class KnownState:
    """What the database knows when a text arrives: the token of the cached settings, whether its SID is stored already,
    the thread of its number, and whether the carrier says that the number is not in use."""

    token: str | None
    repeated: bool
    conversation_id: int | None
    lost: bool


@dataclass(frozen=True, slots=True)
class StoredIds:
    """The ids of a stored text and of its thread."""

    message_id: int
    conversation_id: int


def read_addresses(text: InboundText) -> InboundText:
    """Return the text with its addresses read: the sender's in the one form that we store, ours as we keep them.

    `written` keeps the sender's as Twilio wrote it, where the number does not say it all.
    """
    origin = address.parse(text.number)
    if origin.channel is Channel.SMS:  # then the other end tells
        origin = replace(origin, channel=address.parse(text.address).channel)
    return replace(
        text,
        number=origin.value,
        address=address.our_address(text.address),
        origin=origin,
        channel_prefix=address.prefix_of(text.number) or address.prefix_of(text.address),
        written=text.number[:LONGEST_WRITTEN] if origin.value != text.number else None,
    )


def lock_free(session: Session, texts: Sequence[InboundText]) -> list[bool]:
    """Take the locks of the texts' numbers, in all their forms, as far as nobody else has them; tell for which texts.

    It waits for nobody, so that a transaction for many numbers holds up none and never takes part in a deadlock.
    """
    forms = [(text.number, *spellings.others(text.number)) for text in texts]
    free = ledger.lock_free(session, {number for each in forms for number in each})
    return [free.issuperset(each) for each in forms]


def first_of_each_phone(texts: Sequence[InboundText], among: Sequence[int]) -> list[int]:
    """Return those indexes, in order, before which none is of the same phone, in whatever form its number is written.

    A STOP acts on each form. Forms are no equivalence: two may share a third, which then keeps all of them in order.
    """
    first: list[int] = []
    seen: set[str] = set()
    for index in among:
        forms = {texts[index].number, *spellings.others(texts[index].number)}
        if seen.isdisjoint(forms):
            first.append(index)
        seen |= forms
    return first


def find_known(session: Session, text: InboundText) -> KnownState:
    """Take the number's lock, unless the transaction has it, and look at what is known, in one statement.

    What is known may be older than the lock: unique keys decide about the SID and the thread, not this look.
    """
    values = {"sid": text.sid, "channel": text.origin.channel, "number": text.number}
    if ledger.has_lock(session, text.number):
        return KnownState(*run(session, _LOOK, values).one())
    forms = spellings.others(text.number)
    for each in sorted((text.number, *forms)) if forms else ():  # in one order for all: an opt-out acts on each form
        ledger.lock_number(session, each)
    *known, _ = run(session, _LOCK_AND_LOOK, values).one()
    ledger.note_lock(session, text.number)
    return KnownState(*known)


def store(
    session: Session,
    text: InboundText,
    sender_id: int,
    conversation_id: int | None,
    read: Mapping[str, object],
    now: datetime,
) -> StoredIds | None:
    """Insert the message unless its SID is known; the unique key decides, not a look before.

    `read` is what was read in it: meaning, word and near_keyword_id.
    """
    thread = conversation_id or conversations.ensure_one(session, text.origin, now)
    message_id = run(
        session,
        _NEW_MESSAGE,
        {
            "channel": text.origin.channel,
            "direction": Direction.INBOUND,
            "sid": text.sid,
            "conversation_id": thread,
            "number": text.number,
            "written": text.written,
            "sender_id": sender_id,
            "body": text.body,
            "segments": segments.count(text.body).segments,
            "media_count": text.media_count,
            "status": MessageStatus.RECEIVED,
            "created_at": text.provider_at or now,
            "updated_at": now,
            **read,
            "effect": "",
            "mobile": text.number,
            "attempts": 0,
            "error_text": "",
        },
    ).scalar()
    return StoredIds(message_id, thread) if message_id is not None else None


def note_effect(session: Session, message_id: int, effect: str, meaning: str) -> None:
    """Keep what came of a text, in words, and what it meant."""
    run(session, _EFFECT, {"message_id": message_id, "effect": effect[:255], "meaning": meaning})
