"""What tests of pages arrange: keywords, people and texts from phones, in as few words as they are told."""

import itertools

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import MessageStatus, PersonKind, ReplyKind
from optin.models import Keyword, KeywordWord, Message, Person
from optin.reading.words import normalise
from optin.receiving import inbound
from optin.receiving.inbound import InboundText

OURS = "+14155550100"
MAYA, TOM, INES = "+14155550134", "+16465550177", "+13125550118"
SIDS = itertools.count(1)


def keyword(session: Session, word: str = "volunteer", *aliases: str, **fields: object) -> Keyword:
    """Store a keyword."""
    made = Keyword(word=word, created_at=clock.now(), **fields)
    made.words = [KeywordWord(word=each, normal=normalise(each), is_main=each == word) for each in (word, *aliases)]
    session.add(made)
    session.commit()
    return made


def text(session: Session, body: str, number: str = MAYA, to: str = OURS) -> Message:
    """Let a phone text us, as the webhook hands it on."""
    sid = f"SM{next(SIDS):032x}"
    message = inbound.receive(session, InboundText(sid=sid, number=number, address=to, body=body))
    assert message is not None
    session.commit()
    return message


def question(
    session: Session, number: str = MAYA, status: MessageStatus = MessageStatus.SENT, sid: str | None = ""
) -> Message:
    """Let the double opt-in question that was queued last for a phone be at `status`, as by default handed over.

    Twilio's SID is made up unless given or None.
    """
    asked = select(Message).where(Message.number == number, Message.reply_kind == ReplyKind.QUESTION)
    found = session.scalars(asked.order_by(Message.id.desc()).limit(1)).one()
    found.status, found.sid = status, f"SM{next(SIDS):032x}" if sid == "" else sid
    found.started_at = found.sent_at = clock.now()
    session.commit()
    return found


def person(session: Session, name: str, mobile: str | None, kind: PersonKind = PersonKind.CONTACT) -> Person:
    """Store a contact or a lead; `name` is "First Last"."""
    first, _, last = name.partition(" ")
    now = clock.now()
    made = Person(
        kind=kind,
        first_name=first,
        last_name=last,
        sort_name=f"{last} {first}".casefold(),
        mobile=mobile,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.commit()
    return made
