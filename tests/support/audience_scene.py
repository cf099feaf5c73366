"""Audiences of every kind: members of whom each reason of the rule may be so, and what was decided about them."""

from collections import Counter
from datetime import timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience
from optin.enums import Direction, MessageStatus, OptInStatus, Per, Purpose, Reason
from optin.models import (
    Broadcast,
    CampaignMember,
    Disclosure,
    Hold,
    Keyword,
    LeftOut,
    Message,
    NumberLoss,
    OptIn,
    Person,
    ProviderBlock,
    Suppression,
)
from optin.policy import policy
from optin.sending import put_out
from tests.support import outbox

OPEN, CLOSED = "America/Los_Angeles", "Asia/Tokyo"
"""Zones at noon in the United States: in one broadcasts may go, in the other they wait."""
MESSAGE = "message"


def broadcast(session: Session, *, cap_waits: bool = False, with_keyword: bool = True) -> Broadcast:
    """Have a broadcast of which nothing is decided; who got a broadcast within a day gets no more of them.

    It leaves out who has no company, and who got many texts lately.
    """
    policy.change(session, None, cap_per_day=1, cap_waits=cap_waits)
    made = outbox.broadcast(session, to=outbox.keyword(session) if with_keyword else None, body="{{ company }}, hello")
    made.leaves_out_empty = made.leaves_out_often = True
    return made


def member(
    session: Session,
    of: Broadcast,
    number: str | None,
    zones: str = OPEN,
    *,
    removed: bool = False,
    company: str = "Acme",
) -> int:
    """Have a member; return the person's id."""
    now = clock.now()
    person = Person(kind="contact", first_name="P", sort_name="p", mobile=number, created_at=now, updated_at=now)
    person.company = company
    session.add(person)
    session.flush()
    removed_at = now if removed else None
    row = {"campaign_id": of.campaign_id, "person_id": person.id, "number": number, "zones": zones}
    session.add(CampaignMember(**row, added_at=now, removed_at=removed_at))
    session.flush()
    return person.id


def opt_in(session: Session, number: str, status: OptInStatus, keyword: Keyword | None = None) -> None:
    """Have an opt-in in a status."""
    given = {"keyword_id": (keyword or outbox.keyword(session)).id, "status": status, "source": "sms"}
    session.add(OptIn(number=number, **given, requested_at=clock.now(), activated_at=clock.now()))
    session.flush()


def obstacle(session: Session, of: Broadcast, number: str, reason: Reason) -> None:
    """Let something stand against a number that is opted in."""
    now = clock.now()
    made = {
        Reason.OPTED_OUT: lambda: Suppression(number=number, started_at=now, asked_at=now),
        Reason.NUMBER_LOST: lambda: NumberLoss(number=number, started_at=now),
        Reason.ON_HOLD: lambda: Hold(number=number, started_at=now, cause="sentence"),
        Reason.BLOCKED: lambda: ProviderBlock(scope=of.sender.scope, number=number, cause="word", started_at=now),
        Reason.CAP_REACHED: lambda: Message(
            direction=Direction.OUTBOUND, purpose=Purpose.CAMPAIGN, number=number, status=MessageStatus.DELIVERED,
            started_at=now - timedelta(hours=1), created_at=now, updated_at=now,
        ),
    }  # fmt: skip
    session.add(made[reason]())
    session.flush()


def uses_up_promise(session: Session, number: str) -> None:
    """Let a number have got the one text a week that its opt-in was promised, some days ago."""
    opt_in = session.scalars(select(OptIn).where(OptIn.number == number)).one()
    told = Disclosure(keyword_id=opt_in.keyword_id, version=1, text="1 a week", created_at=clock.now())
    told.promised_most, told.promised_per = 1, Per.WEEK
    session.add(told)
    session.flush()
    opt_in.disclosure_id = told.id
    obstacle(session, session.scalars(select(Broadcast).limit(1)).one(), number, Reason.CAP_REACHED)
    got = session.scalars(select(Message).where(Message.number == number)).one()
    got.started_at, got.opt_in_id = clock.now() - timedelta(days=2), opt_in.id
    session.flush()


def many_texts(session: Session, number: str, *, days: float = 2, count: int = 3) -> None:
    """Let a number have got broadcast messages some days ago, many where nothing else is said."""
    then = clock.now() - timedelta(days=days)
    of_each = {"direction": Direction.OUTBOUND, "purpose": Purpose.CAMPAIGN, "status": MessageStatus.DELIVERED}
    moments = {"started_at": then, "created_at": then, "updated_at": then}
    session.add_all(Message(number=number, **of_each, **moments) for _ in range(count))
    session.flush()


def at_random(session: Session, of: Broadcast, chance: Random, members: int) -> None:
    """Have members with few numbers, of which anything may be so."""
    numbers = outbox.numbers(members // 2)
    for number in numbers:
        status = chance.choice((None, OptInStatus.PENDING, *[OptInStatus.ACTIVE] * 4))
        if status:
            opt_in(session, number, status)
        for reason in (Reason.OPTED_OUT, Reason.NUMBER_LOST, Reason.ON_HOLD, Reason.BLOCKED, Reason.CAP_REACHED):
            if chance.random() < 0.1:
                obstacle(session, of, number, reason)
        if chance.random() < 0.2:
            many_texts(session, number, days=chance.choice((2, 6.9, 7.1)), count=chance.choice((2, 3)))
    for _ in range(members):
        number = chance.choice((*numbers, None, None, "SUPPORT"))
        member(session, of, number, chance.choice((OPEN, OPEN, CLOSED)), removed=chance.random() < 0.1)


def would_get(session: Session, of: Broadcast) -> dict[int, str]:
    """Return what the rule says of each member now, by the person's id: MESSAGE, or the reason for none."""
    question = put_out.question(session, of.campaign, of)
    asked = select(CampaignMember.person_id, audience.reason(question)).where(audience.stays(of.campaign_id))
    taken_in = [*audience.taken_in(question), Reason.TOO_LATE]
    return {person_id: MESSAGE if why in taken_in else why for person_id, why in session.execute(asked)}


def decided(session: Session, of: Broadcast) -> dict[int, str]:
    """Return what was decided about each person, in the same words; nobody may have two decisions."""
    messages = session.scalars(select(Message.person_id).where(Message.broadcast_id == of.id)).all()
    rows = select(LeftOut.person_id, LeftOut.reason).where(LeftOut.broadcast_id == of.id)
    left_out = dict(session.execute(rows).all())
    assert set(Counter([*messages, *left_out]).values()) <= {1}, "somebody was decided about twice"
    return {**dict.fromkeys(messages, MESSAGE), **left_out}
