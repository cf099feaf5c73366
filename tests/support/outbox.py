"""What tests of sending arrange: people in a campaign, opt-ins, messages that wait."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import BroadcastState, Direction, MessageStatus, OptInSource, PersonKind, Purpose, ReplyKind, Role
from optin.models import Broadcast, Campaign, CampaignMember, Keyword, KeywordWord, Message, Person, Sender, User
from optin.policy import policy
from optin.provider import senders
from optin.sending import queueing

OURS = "+14155550100"
MAYA = "+14155550134"
_form_keys = count(1)


def sender(session: Session) -> Sender:
    """Have our number."""
    return senders.ensure(session, OURS)


def keyword(session: Session, word: str = "VOLUNTEER", *, double_opt_in: bool = False) -> Keyword:
    """Have a keyword."""
    known = session.scalar(select(Keyword).where(Keyword.word == word))
    if known is None:
        known = Keyword(word=word, created_at=clock.now(), double_opt_in=double_opt_in)
        known.words = [KeywordWord(word=word, normal=word.casefold(), is_main=True)]
        session.add(known)
        session.flush()
    return known


def act(text: str = "") -> Act:
    """Something that a person does now."""
    return Act(source=OptInSource.SMS, at=clock.now(), text=text)


def opted_in(session: Session, number: str, to: Keyword | None = None) -> None:
    """Let a number opt in."""
    ledger.opt_in(session, number, to or keyword(session), act("VOLUNTEER"))


def without_sending_hours(session: Session, **rules: object) -> None:
    """Let broadcasts go at any hour; further rules as in optin/policy/policy.py."""
    policy.change(session, None, sending_hours=False, **rules)


def broadcast(session: Session, *, to: Keyword | None = None, body: str = "Hello {{ first_name | you }}") -> Broadcast:
    """Have a broadcast that is being sent, with nobody in it yet; `to` is the keyword that it needs."""
    now = clock.now()
    campaign = Campaign(name="Clean-up", keyword_id=to.id if to else None, created_at=now, updated_at=now)
    session.add(campaign)
    session.flush()
    made = Broadcast(
        campaign_id=campaign.id,
        keyword_id=campaign.keyword_id,
        sender_id=sender(session).id,
        body=body,
        state=BroadcastState.SENDING,
        form_key=f"broadcast {next(_form_keys)}",
        created_at=now,
        started_at=now,
    )
    session.add(made)
    session.flush()
    return made


def due(session: Session, to: Keyword, body: str, numbers: Sequence[str]) -> Broadcast:
    """Have a broadcast to numbers that opted in, of a campaign of its own, whose time came a second ago."""
    made = broadcast(session, to=to, body=body)
    add_people(session, made, numbers)
    session.execute(delete(Message).where(Message.broadcast_id == made.id))
    for number in numbers:
        opted_in(session, number, to)
    made.state, made.started_at = BroadcastState.SCHEDULED, None
    made.starts_at = clock.now() - timedelta(seconds=1)
    return made


def add_people(session: Session, to: Broadcast, numbers: Sequence[str], zones: str = "America/Los_Angeles") -> None:
    """Make a contact and a waiting message of the broadcast for each number, whatever the rules say."""
    now = clock.now()
    people = [
        Person(
            kind=PersonKind.CONTACT,
            first_name=f"P{number[-4:]}",
            sort_name=number,
            mobile=number,
            zones=zones,
            created_at=now,
            updated_at=now,
        )
        for number in numbers
    ]
    session.add_all(people)
    session.flush()
    session.add_all(
        CampaignMember(campaign_id=to.campaign_id, person_id=one.id, number=one.mobile, zones=zones, added_at=now)
        for one in people
    )
    session.add_all(
        _waiting(one.mobile or "", to.sender_id, purpose=Purpose.CAMPAIGN, broadcast_id=to.id, person_id=one.id)
        for one in people
    )
    session.flush()


def reached(
    session: Session, *numbers: str, body: str = "Clean-up", status: MessageStatus = MessageStatus.DELIVERED
) -> Broadcast:
    """Have a broadcast whose messages to the numbers are at `status` now, as by default delivered."""
    made = broadcast(session, body=body)
    add_people(session, made, numbers)
    for message in session.scalars(select(Message).where(Message.broadcast_id == made.id)):
        message.body = body
        went(message, status)
    session.commit()
    return made


def went(message: Message, status: MessageStatus = MessageStatus.DELIVERED) -> None:
    """Let a message have been started now and be at `status`; Twilio may have accepted it or not."""
    accepted = status in (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)
    message.status, message.started_at = status, clock.now()
    message.sent_at = clock.now() if accepted else None


def one_to_one(session: Session, number: str = MAYA, body: str = "See you at nine") -> Message:
    """Have a 1:1 message wait, if the rules let it."""
    made = queueing.queue_one_to_one(
        session,
        number=number,
        body=body,
        sender=sender(session),
        policy=policy.load(session),
        author_id=author(session),
        form_key=f"form {next(_form_keys)}",
    )
    assert isinstance(made, Message), made
    return made


def reply(session: Session, kind: ReplyKind, number: str = MAYA) -> Message:
    """Have an automatic answer wait, whatever the rules say."""
    made = _waiting(number, sender(session).id, purpose=Purpose.REPLY, reply_kind=kind, body="An answer")
    session.add(made)
    session.flush()
    return made


def numbers(amount: int, after: int = 0) -> list[str]:
    """Return so many different numbers, others than the first ones `after` which they come."""
    return [f"+1415{7000000 + index}" for index in range(after, after + amount)]


def _waiting(number: str, sender_id: int, **fields: object) -> Message:
    now = clock.now()
    return Message(
        direction=Direction.OUTBOUND,
        number=number,
        sender_id=sender_id,
        status=MessageStatus.QUEUED,
        created_at=now,
        updated_at=now,
        **fields,
    )


def author(session: Session) -> int:
    """Have a user who writes; return their id."""
    known = session.scalar(select(User.id).limit(1))
    if known is not None:
        return known
    user = User(email="a@example.org", name="A", role=Role.AGENT, created_at=clock.now())
    session.add(user)
    session.flush()
    return user.id
