"""One phone that carriers spell in several ways is one number in everything."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import facts
from optin.database.session import db
from optin.enums import Direction, OptInStatus, PersonKind
from optin.models import Conversation, Hold, Message, OptIn, OptInPerson, Person, Sender, Suppression
from optin.person import records
from optin.phone import spellings
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from optin.refused import done
from tests.conftest import Clock
from tests.support import world
from tests.support.clients import Browser

PHONES = [
    # the form that is stored, and another one of the same phone
    ("+525512345678", "+5215512345678"),
    ("+5511987654321", "+551187654321"),
    ("+5491123456789", "+541123456789"),
    ("+5493515123456", "+54351155123456"),
]
PLANS = [("+2290197123456", "+22997123456"), ("+2250707123456", "+22507123456"), ("+84391234567", "+841691234567")]
both = pytest.mark.parametrize(("stored", "other"), [*PHONES, *((other, stored) for stored, other in PHONES)])


def count(session: Session, table: type, *where: object) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


@both
def test_a_keyword_under_either_spelling_is_one_opt_in_of_the_person(session: Session, stored: str, other: str) -> None:
    world.keyword(session)
    noor = done(records.create(session, PersonKind.CONTACT, {"first_name": "Noor", "mobile": stored}, None))
    for number in (other, stored, other):
        world.text(session, "volunteer", number)
    found = session.scalars(select(OptIn)).one()
    assert (found.number, noor.mobile) == (spellings.canonical(stored), spellings.canonical(stored))
    assert session.scalars(select(OptInPerson.person_id)).all() == [noor.id]
    assert count(session, Conversation) == 1
    inbound = Message.direction == Direction.INBOUND
    assert set(session.scalars(select(Message.person_id).where(inbound))) == {noor.id}
    assert set(session.scalars(select(Message.number))) == {spellings.canonical(stored)}


@both
def test_a_stop_under_one_spelling_ends_what_began_under_the_other(session: Session, stored: str, other: str) -> None:
    world.keyword(session)
    world.text(session, "volunteer", stored)
    world.text(session, "STOP", other)
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.INACTIVE
    for number in (stored, other):
        assert facts.of_number(session, number, scope=world.OURS).suppressed


@both
@pytest.mark.parametrize("word", ["START", "volunteer"])
def test_coming_back_under_one_spelling_is_coming_back(
    session: Session, clock: Clock, stored: str, other: str, word: str
) -> None:
    world.keyword(session)
    world.text(session, "STOP", other)
    clock.forward(minutes=1)
    world.text(session, word, stored)
    assert count(session, Suppression, Suppression.ended_at.is_(None)) == 0


@both
def test_a_hold_under_one_spelling_is_ended_by_a_word_under_the_other(
    session: Session, stored: str, other: str
) -> None:
    world.keyword(session)
    world.text(session, "we have to stop this some day", stored)
    assert count(session, Hold, Hold.ended_at.is_(None)) == 1
    world.text(session, "volunteer", other)
    assert count(session, Hold, Hold.ended_at.is_(None)) == 0


@both
def test_an_answer_under_one_spelling_confirms_what_was_asked_under_the_other(
    session: Session, clock: Clock, stored: str, other: str
) -> None:
    world.keyword(session, "donate", double_opt_in=True)
    world.text(session, "donate", stored)
    world.question(session, session.scalars(select(OptIn.number)).one())
    clock.forward(minutes=1)
    world.text(session, "donate", other)
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.ACTIVE


@both
def test_the_same_number_in_another_spelling_is_no_change_of_number(session: Session, stored: str, other: str) -> None:
    world.keyword(session)
    noor = done(records.create(session, PersonKind.CONTACT, {"first_name": "Noor", "mobile": stored}, None))
    world.text(session, "volunteer", stored)
    assert done(records.change(session, noor, {"mobile": other}, None)).fields == []
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.ACTIVE


@pytest.mark.parametrize(("stored", "other"), PHONES)
def test_a_stop_reaches_rows_that_an_older_version_wrote_under_another_spelling(
    session: Session, stored: str, other: str
) -> None:
    word, earlier = world.keyword(session), clock.now() - timedelta(days=1)
    given = {"keyword_id": word.id, "status": "active", "source": "sms", "requested_at": earlier}
    session.add_all([OptIn(number=stored, **given), OptIn(number=other, **given)])
    session.commit()
    world.text(session, "STOP", stored)
    assert set(session.scalars(select(OptIn.status))) == {OptInStatus.INACTIVE}


@pytest.mark.parametrize(("new", "old"), [*PLANS, *((old, new) for new, old in PLANS)])
def test_who_leaves_under_one_numbering_plan_leaves_under_the_other(session: Session, new: str, old: str) -> None:
    world.keyword(session)
    world.text(session, "volunteer", old)
    world.text(session, "STOP", new)
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.INACTIVE
    assert set(session.scalars(select(Suppression.number))) == {old, new}


def test_two_people_with_one_phone_are_told_as_such(session: Session) -> None:
    made = [
        done(records.create(session, PersonKind.CONTACT, {"first_name": name, "mobile": number}, None))
        for name, number in (("Noor", "+52 1 55 1234 5678"), ("Sami", "+52 55 1234 5678"))
    ]
    assert len({person.mobile for person in made}) == 1
    assert count(session, Person) == 2


def test_our_own_number_is_known_in_either_spelling(session: Session) -> None:
    world.text(session, "hello", world.MAYA, "+525512345678")
    world.text(session, "hello", world.MAYA, "+5215512345678")
    assert session.scalars(select(Sender.address)).all() == ["+525512345678"]


def test_two_forms_that_stop_at_the_same_moment_do_not_lock_each_other_out(app: Flask, session: Session) -> None:
    session.commit()
    with app.app_context():
        engine = db.engine
    barrier = Barrier(2)

    def stop(sid: str, number: str) -> bool:
        with Session(engine) as own:
            barrier.wait(10)
            done = inbound.take_in(own, InboundText(sid=sid, number=number, address=world.OURS, body="STOP"))
            own.commit()
        return done is not None

    for turn in range(10):
        pairs = [(f"SM{turn:030x}{each:02x}", number) for each, number in enumerate(PLANS[0])]
        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(lambda pair: stop(*pair), pairs)) == [True, True]


@pytest.mark.parametrize(("new", "old"), PLANS)
def test_a_doubt_and_its_decision_hold_for_both_numbering_plans(
    agent: Browser, session: Session, new: str, old: str
) -> None:
    world.keyword(session)
    world.text(session, "volunteer", new)
    world.text(session, "we have to stop this some day", old)
    holds = session.scalars(select(Hold).where(Hold.ended_at.is_(None))).all()
    assert {hold.number for hold in holds} == {old, new}
    asked = next(hold for hold in holds if hold.number == old)
    agent.post(f"/review/{asked.id}/decision", data={"decision": "opt_out"})
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.INACTIVE
    assert set(session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None)))) == {old, new}
    assert session.scalars(select(Hold).where(Hold.ended_at.is_(None))).all() == []
