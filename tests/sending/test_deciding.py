"""A broadcast decides about everybody once: a message, or the reason for none, as the rule said at that moment."""

import threading
from datetime import UTC, datetime
from random import Random

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience_counts, rules
from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, OptInStatus, Purpose, Reason
from optin.features.broadcasts import sending
from optin.models import Broadcast, CampaignMember, LeftOut, Message, Person
from optin.person import records
from optin.refused import Refused
from optin.sending import put_out, scheduled
from tests.conftest import Clock
from tests.support import audience_scene as scene
from tests.support import outbox
from tests.support.audience_scene import MESSAGE

NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture(autouse=True)
def _noon(clock: Clock) -> None:
    clock.set(NOON)


def cut(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(put_out, "AT_ONCE", dict.fromkeys(put_out.AT_ONCE, size))


def begin(session: Session, broadcast: Broadcast) -> None:
    put_out.begin(session, broadcast.campaign, broadcast, None)
    session.commit()


def put_all(engine: Engine, broadcast_id: int) -> None:
    while put_out.put_some(engine, broadcast_id):
        pass


def one_of_each(session: Session, broadcast: Broadcast, *, with_keyword: bool) -> dict[int, str]:
    """Have a member of each reason, those who get it now or later, and one who was removed; return what is expected."""
    numbers = iter(outbox.numbers(20))
    expected = {scene.member(session, broadcast, None): Reason.NO_NUMBER}
    expected[scene.member(session, broadcast, "SUPPORT")] = Reason.NO_NUMBER
    for reason in (Reason.OPTED_OUT, Reason.NUMBER_LOST, Reason.ON_HOLD, Reason.BLOCKED, Reason.CAP_REACHED):
        number = next(numbers)
        scene.opt_in(session, number, OptInStatus.ACTIVE)
        scene.obstacle(session, broadcast, number, reason)
        expected[scene.member(session, broadcast, number)] = reason
    shared, late, gone = (next(numbers) for _ in range(3))
    for number in (shared, late, gone):
        scene.opt_in(session, number, OptInStatus.ACTIVE)
    expected[scene.member(session, broadcast, shared)] = MESSAGE
    expected[scene.member(session, broadcast, shared)] = Reason.DUPLICATE
    expected[scene.member(session, broadcast, late, scene.CLOSED)] = MESSAGE
    scene.member(session, broadcast, gone, removed=True)
    promised, nameless, often, seldom = (next(numbers) for _ in range(4))
    for number in (promised, nameless, often, seldom):
        scene.opt_in(session, number, OptInStatus.ACTIVE)
    scene.uses_up_promise(session, promised)
    expected[scene.member(session, broadcast, promised)] = Reason.PROMISE_REACHED if with_keyword else MESSAGE
    expected[scene.member(session, broadcast, nameless, company="")] = Reason.EMPTY_FIELD
    scene.many_texts(session, often)
    scene.many_texts(session, seldom, days=7.1)
    expected[scene.member(session, broadcast, often)] = Reason.OFTEN_TEXTED
    expected[scene.member(session, broadcast, seldom)] = MESSAGE
    pending, none = next(numbers), next(numbers)
    scene.opt_in(session, pending, OptInStatus.PENDING)
    expected[scene.member(session, broadcast, pending)] = Reason.PENDING if with_keyword else Reason.NO_OPT_IN
    expected[scene.member(session, broadcast, none)] = Reason.NOT_OPTED_IN if with_keyword else Reason.NO_OPT_IN
    return {person_id: str(reason) for person_id, reason in expected.items()}


@pytest.mark.parametrize("size", [3, 1000])
@pytest.mark.parametrize("with_keyword", [True, False])
def test_each_reason_is_kept_with_number_and_moment(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch, with_keyword: bool, size: int
) -> None:
    broadcast = scene.broadcast(session, with_keyword=with_keyword)
    expected = one_of_each(session, broadcast, with_keyword=with_keyword)
    assert scene.would_get(session, broadcast) == expected
    cut(monkeypatch, size)
    begin(session, broadcast)
    put_all(engine, broadcast.id)
    assert scene.decided(session, broadcast) == expected
    assert broadcast.keeps_left_out
    of_person = {row.person_id: row for row in session.scalars(select(LeftOut))}
    numbers = dict(session.execute(select(CampaignMember.person_id, CampaignMember.number)).all())
    assert {each: row.number for each, row in of_person.items()} == {each: numbers[each] for each in of_person}
    assert all(NOON <= row.asked_at <= clock.now() for row in of_person.values())


def test_no_reason_of_the_rule_was_forgotten_above(session: Session) -> None:
    found = set()
    for with_keyword in (True, False):
        broadcast = scene.broadcast(session, with_keyword=with_keyword)
        found |= {
            Reason(why) for why in one_of_each(session, broadcast, with_keyword=with_keyword).values() if why != MESSAGE
        }
        session.rollback()
    of_messages = {Reason.TOO_LATE, Reason.OUTSIDE_HOURS}
    assert found == set(rules.reasons_of(Purpose.CAMPAIGN)) - of_messages


def test_who_waits_for_the_cap_is_not_left_out(session: Session) -> None:
    broadcast = scene.broadcast(session, cap_waits=True)
    number = outbox.MAYA
    scene.opt_in(session, number, OptInStatus.ACTIVE)
    scene.obstacle(session, broadcast, number, Reason.CAP_REACHED)
    person_id = scene.member(session, broadcast, number)
    begin(session, broadcast)
    assert scene.decided(session, broadcast) == {person_id: MESSAGE}


@pytest.mark.parametrize("seed", range(10))
def test_of_any_audience_everybody_is_decided_about_as_deliverability_says(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    broadcast = scene.broadcast(session, cap_waits=chance.random() < 0.5, with_keyword=chance.random() < 0.7)
    scene.at_random(session, broadcast, chance, members=chance.choice((1, 12, 40)))
    session.commit()
    expected = scene.would_get(session, broadcast)
    counts = audience_counts.deliverability(session, put_out.question(session, broadcast.campaign, broadcast))
    cut(monkeypatch, chance.choice((1, 2, 5, 1000)))
    begin(session, broadcast)
    put_all(engine, broadcast.id)
    session.expire_all()
    decided = scene.decided(session, broadcast)
    assert decided == expected
    assert len(decided) == counts.total
    left_out = [why for why in decided.values() if why != MESSAGE]
    for reason in set(left_out):
        assert left_out.count(reason) == counts.reasons[Reason(reason)]


def arranged(session: Session, seed: int = 1) -> tuple[Broadcast, dict[int, str]]:
    """Have a broadcast to forty members of any kind, who are to be decided about in parts."""
    broadcast = scene.broadcast(session)
    scene.at_random(session, broadcast, Random(seed), members=40)
    session.commit()
    return broadcast, scene.would_get(session, broadcast)


def test_a_part_that_was_broken_off_leaves_nothing_and_is_done_again(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast, expected = arranged(session)
    cut(monkeypatch, 5)
    begin(session, broadcast)
    broadcast_id = broadcast.id
    real = put_out.deciding.decide

    def breaks(*arguments: object) -> None:
        real(*arguments)
        raise ZeroDivisionError

    more = True
    while more:
        before = scene.decided(session, broadcast)
        session.commit()
        with monkeypatch.context() as broken:
            broken.setattr(put_out.deciding, "decide", breaks)
            with pytest.raises(ZeroDivisionError):
                put_out.put_some(engine, broadcast_id)
        assert scene.decided(session, broadcast) == before
        session.commit()
        more = put_out.put_some(engine, broadcast_id)
    assert scene.decided(session, broadcast) == expected


def test_two_jobs_at_once_decide_about_everybody_once(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast, expected = arranged(session, seed=2)
    cut(monkeypatch, 3)
    begin(session, broadcast)
    jobs = [threading.Thread(target=put_all, args=(engine, broadcast.id)) for _ in range(2)]
    for each in jobs:
        each.start()
    for each in jobs:
        each.join()
    assert scene.decided(session, broadcast) == expected


def test_a_campaign_of_nobody_but_people_without_a_number_is_large_too(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = scene.broadcast(session)
    people = [scene.member(session, broadcast, None) for _ in range(9)]
    cut(monkeypatch, 4)
    begin(session, broadcast)
    assert broadcast.state == BroadcastState.QUEUEING
    put_all(engine, broadcast.id)
    session.expire_all()
    assert scene.decided(session, broadcast) == dict.fromkeys(people, str(Reason.NO_NUMBER))
    assert broadcast.state == BroadcastState.CANCELLED


def moves(session: Session, person_id: int, number: str | None) -> None:
    """Give somebody another number in the campaign between two parts."""
    mine = select(CampaignMember).where(CampaignMember.person_id == person_id)
    session.scalars(mine).one().number = number
    session.commit()


def test_who_was_left_out_is_not_asked_again_with_a_later_number(
    session: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, middle, last = outbox.numbers(3)
    broadcast = scene.broadcast(session)
    people = [scene.member(session, broadcast, number) for number in (first, middle)]
    scene.opt_in(session, last, OptInStatus.ACTIVE)
    session.commit()
    cut(monkeypatch, 1)
    begin(session, broadcast)
    put_out.put_some(engine, broadcast.id)
    moves(session, people[0], last)
    put_all(engine, broadcast.id)
    assert scene.decided(session, broadcast) == dict.fromkeys(people, str(Reason.NOT_OPTED_IN))


def test_a_number_that_has_its_message_leaves_a_later_member_out_as_duplicate(session: Session, engine: Engine) -> None:
    """As when two members are given one number while its message is in the outbox already."""
    broadcast = scene.broadcast(session)
    number = outbox.MAYA
    scene.opt_in(session, number, OptInStatus.ACTIVE)
    first = scene.member(session, broadcast, number)
    begin(session, broadcast)
    session.scalars(select(CampaignMember)).one().removed_at = clock.now()
    second = scene.member(session, broadcast, number)
    broadcast.state = BroadcastState.QUEUEING
    session.commit()
    put_all(engine, broadcast.id)
    assert scene.decided(session, broadcast) == {first: MESSAGE, second: str(Reason.DUPLICATE)}


def test_a_scheduled_broadcast_that_nobody_could_receive_keeps_whom_it_left_out(
    session: Session, engine: Engine, clock: Clock
) -> None:
    broadcast = scene.broadcast(session)
    person_id = scene.member(session, broadcast, outbox.MAYA)
    broadcast.state, broadcast.starts_at = BroadcastState.SCHEDULED, NOON
    session.commit()
    assert isinstance(sending.send_now(session, broadcast.id, outbox.author(session)), Refused)
    session.rollback()
    broadcast_id = broadcast.id
    assert scene.decided(session, broadcast) == {}
    session.commit()
    clock.forward(minutes=1)
    assert scheduled.start_or_end(engine, broadcast_id)
    session.expire_all()
    assert scene.decided(session, broadcast) == {person_id: str(Reason.NOT_OPTED_IN)}
    assert (broadcast.state, broadcast.ended_because) == ("cancelled", put_out.not_sent(put_out.NOBODY))
    assert broadcast.keeps_left_out
    session.commit()
    assert not scheduled.start_or_end(engine, broadcast_id)


def test_for_whom_it_is_too_late_has_a_message_and_no_second_row(session: Session) -> None:
    broadcast = scene.broadcast(session)
    broadcast.not_after = NOON
    scene.opt_in(session, outbox.MAYA, OptInStatus.ACTIVE)
    person_id = scene.member(session, broadcast, outbox.MAYA)
    begin(session, broadcast)
    assert scene.decided(session, broadcast) == {person_id: MESSAGE}
    assert session.scalars(select(Message.status)).all() == [MessageStatus.SKIPPED]


def test_a_deleted_person_takes_the_row_along(session: Session) -> None:

    broadcast = scene.broadcast(session)
    person_id = scene.member(session, broadcast, outbox.MAYA)
    begin(session, broadcast)
    assert scene.decided(session, broadcast) == {person_id: str(Reason.NOT_OPTED_IN)}
    records.delete(session, session.get_one(Person, person_id), None)
    session.commit()
    assert scene.decided(session, broadcast) == {}
