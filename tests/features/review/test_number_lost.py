"""A number on hold that somebody else has now: the remedy besides opt out and keep, and taking it back."""

from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import facts, ledger
from optin.consent.events import Act
from optin.enums import Direction, HoldCause, MessageStatus, OptInSource, Purpose
from optin.models import ConsentEvent, Hold, Keyword, Message, OptIn, Person, Suppression
from tests.conftest import Clock
from tests.support.clients import Browser
from tests.support.world import MAYA, keyword, person, text

SAID = "No one here by that name"


@pytest.fixture
def held(session: Session, clock: Clock) -> Hold:
    """Maya opted in; later somebody else answers from her number."""
    keyword(session)
    person(session, "Maya Chen", MAYA)
    text(session, "volunteer")
    clock.forward(days=90)
    return hold(session, SAID)


def hold(session: Session, said: str, cause: HoldCause = HoldCause.NOT_THEIRS) -> Hold:
    """Let the number be on hold for a cause, whatever the text is read as."""
    message = text(session, said)
    act = Act(OptInSource.SMS, at=message.created_at, text=said, message_id=message.id, message_sid=message.sid)
    ledger.hold(session, MAYA, act, cause, said)
    session.commit()
    return session.scalars(select(Hold).where(Hold.ended_at.is_(None))).one()


def decide(agent: Browser, hold: Hold, decision: str = "number_lost") -> str:
    answer = agent.post(f"/review/{hold.id}/decision", data={"decision": decision}, follow_redirects=True)
    return unescape(answer.text)


def undo(agent: Browser, hold: Hold) -> str:
    return unescape(agent.post(f"/review/{hold.id}/withdrawal", follow_redirects=True).text)


def events(session: Session) -> list[str]:
    return list(session.scalars(select(ConsentEvent.kind).order_by(ConsentEvent.id)))


def test_the_card_says_why_and_leads_with_the_remedy(agent: Browser, held: Hold) -> None:
    page = unescape(agent.get("/review").text)
    assert "someone else may have this number now" in page
    card = page.split('class="acts"')[1].split("</article>")[0]
    assert card.index("Number lost") < card.index("Opt out") < card.index("Keep")
    assert card.count("btn-primary") == 1
    assert "btn-primary" in card.split("Number lost")[0].rsplit("<form", 1)[1]


def test_every_card_has_the_remedy_but_does_not_lead_with_it(agent: Browser, session: Session) -> None:
    hold(session, "please mind the stop sign", HoldCause.SENTENCE)
    card = agent.get("/review").text.split('class="acts"')[1].split("</article>")[0]
    assert card.index("Opt out") < card.index("Keep") < card.index("Number lost")


def test_a_lost_number_loses_its_opt_ins_and_stays_with_the_person(
    agent: Browser, session: Session, held: Hold
) -> None:
    page = decide(agent, held)
    assert "(415) 555-0134 is marked as lost: 1 opt-in ended. No text was sent." in page
    assert events(session)[-2:] == ["number_lost", "hold_resolved"]
    opt_in = session.scalars(select(OptIn)).one()
    assert (opt_in.status, opt_in.end_reason, opt_in.ended_by_id) == ("inactive", "number_lost", agent.user.id)
    assert (held.resolution, held.resolved_by_id) == ("number_lost", agent.user.id)
    assert session.scalars(select(Suppression)).all() == []
    assert session.scalars(select(Person.mobile)).one() == MAYA


def test_the_new_owner_can_opt_in(agent: Browser, session: Session, held: Hold, clock: Clock) -> None:
    decide(agent, held)
    clock.forward(minutes=1)
    text(session, "volunteer")
    assert facts.of_number(session, MAYA, scope=None).any_opt_in
    assert "On hold" in agent.get("/contacts/1").text, "a user decides whose number it is before anything goes there"


def test_what_waits_for_them_in_a_broadcast_does_not_go(agent: Browser, session: Session, held: Hold) -> None:
    first = session.scalars(select(Message).where(Message.direction == Direction.INBOUND)).first()
    assert first is not None
    waiting = Message(
        direction=Direction.OUTBOUND, number=MAYA, purpose=Purpose.CAMPAIGN, body="x", status=MessageStatus.QUEUED,
        sender_id=first.sender_id, opt_in_id=1, created_at=first.created_at, updated_at=first.created_at,
    )  # fmt: skip
    session.add(waiting)
    session.commit()
    decide(agent, held)
    session.refresh(waiting)
    assert waiting.status in (MessageStatus.SKIPPED, MessageStatus.CANCELLED)


def test_it_can_be_withdrawn_for_ten_minutes(agent: Browser, session: Session, held: Hold, clock: Clock) -> None:
    before = session.scalars(select(OptIn)).one().activated_at
    decide(agent, held)
    clock.forward(minutes=9)
    assert "is on hold again. 1 opt-in stands as before." in undo(agent, held)
    assert events(session)[-3:] == ["loss_withdrawn", "held", "decision_withdrawn"]
    opt_in = session.scalars(select(OptIn)).one()
    assert (opt_in.status, opt_in.activated_at, opt_in.end_reason) == ("active", before, None)
    again = session.scalars(select(Hold).where(Hold.ended_at.is_(None))).one()
    assert again.cause == HoldCause.NOT_THEIRS
    decide(agent, again)
    clock.forward(minutes=10)
    assert "is more than 10 minutes old and stands." in undo(agent, again)


@pytest.mark.parametrize(
    ("said", "came"),
    [("STOP", "Opted out of everything"), ("volunteer", "Opted in"), ("START", "Texted START")],
)
def test_what_came_after_it_is_never_undone(
    agent: Browser, session: Session, held: Hold, clock: Clock, said: str, came: str
) -> None:
    decide(agent, held)
    clock.forward(minutes=1)
    text(session, said)
    written = events(session)
    assert f"stands: “{came}” came after it" in undo(agent, held)
    assert events(session) == written


def test_a_number_without_opt_ins_can_be_lost_and_given_back(agent: Browser, session: Session) -> None:
    made: Keyword = keyword(session)
    waiting = hold(session, "wrong guy")
    assert "0 opt-ins ended" in decide(agent, waiting)
    assert "0 opt-ins stand" in undo(agent, waiting)
    assert made.archived_at is None
    assert facts.of_number(session, MAYA, scope=None).held
