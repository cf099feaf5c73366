"""Large broadcasts are put into the outbox in parts: everybody once, however the parts are cut and broken off."""

import threading
from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.database import sqlite
from optin.database.session import db
from optin.database.transactions import writing
from optin.database.turns import take_turns
from optin.enums import BroadcastState, CampaignStatus, Closure, MessageStatus
from optin.features.broadcasts import sending
from optin.models import AuditEntry, Broadcast, Campaign, CampaignMember, Message, SendingGate
from optin.refused import Refused
from optin.sending import delivery, gate, put_out, taking_back
from tests.support import outbox

NUMBERS = [f"+1415555{index:04}" for index in range(100, 200)]
STOPPED = NUMBERS[::7]


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for database in put_out.AT_ONCE:
        monkeypatch.setitem(put_out.AT_ONCE, database, 9)


def prepare(engine: Engine, numbers: Sequence[str] = NUMBERS, status: str = CampaignStatus.PLANNED) -> int:
    """Have a broadcast to a campaign with these numbers, whose messages are being queued."""
    with Session(engine) as session:
        outbox.without_sending_hours(session)
        keyword = outbox.keyword(session)
        broadcast = outbox.broadcast(session, to=keyword)
        outbox.add_people(session, broadcast, numbers)
        session.execute(delete(Message).where(Message.broadcast_id == broadcast.id))
        for number in numbers:
            outbox.opted_in(session, number, keyword)
        for number in set(numbers) & set(STOPPED):
            ledger.opt_out(session, number, outbox.act("STOP"))
        campaign = session.get_one(Campaign, broadcast.campaign_id)
        campaign.status = status
        assert put_out.begin(session, campaign, broadcast, None).people is None
        session.commit()
        return broadcast.id


def queued(engine: Engine, broadcast_id: int) -> list[str]:
    with Session(engine) as session:
        mine = (Message.broadcast_id == broadcast_id, Message.status == MessageStatus.QUEUED)
        return list(session.scalars(select(Message.number).where(*mine).order_by(Message.id)))


def state(engine: Engine, broadcast_id: int) -> str:
    with Session(engine) as session:
        return session.get_one(Broadcast, broadcast_id).state


def put_all(engine: Engine, broadcast_id: int) -> None:
    while put_out.put_some(engine, broadcast_id):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 9, 33, 50, 99])
def test_everybody_who_may_get_it_is_queued_once_by_number(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(put_out, "AT_ONCE", dict.fromkeys(put_out.AT_ONCE, size))
    broadcast_id = prepare(engine)
    put_all(engine, broadcast_id)
    assert queued(engine, broadcast_id) == [number for number in NUMBERS if number not in STOPPED]
    assert state(engine, broadcast_id) == BroadcastState.SENDING
    assert not put_out.put_some(engine, broadcast_id)


def test_a_campaign_of_one_part_is_put_out_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(put_out, "AT_ONCE", dict.fromkeys(put_out.AT_ONCE, 4))
    with Session(engine) as session:
        outbox.without_sending_hours(session)
        broadcast = outbox.broadcast(session)
        outbox.add_people(session, broadcast, NUMBERS[:3])
        session.execute(delete(Message))
        for number in NUMBERS[:3]:
            outbox.opted_in(session, number)
        campaign = session.get_one(Campaign, broadcast.campaign_id)
        assert put_out.begin(session, campaign, broadcast, None).people == 3
        assert broadcast.state == BroadcastState.SENDING


def test_two_members_with_one_number_are_one_message_whatever_parts_they_are_in(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    with Session(engine) as session:
        members = session.scalars(select(CampaignMember).order_by(CampaignMember.number)).all()
        for member in members[5:40]:
            member.number = NUMBERS[5]
        session.commit()
    put_all(engine, broadcast_id)
    found = queued(engine, broadcast_id)
    assert found == sorted(set(found))
    assert NUMBERS[5] in found
    assert len(found) == len({number for number in NUMBERS[:6] + NUMBERS[40:] if number not in STOPPED})


def test_nothing_is_sent_and_nothing_ends_before_the_last_part(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    while put_out.put_some(engine, broadcast_id):
        assert state(engine, broadcast_id) == BroadcastState.QUEUEING
        assert delivery.claim(engine, broadcast_id=broadcast_id) == []
        assert not delivery.finish(engine, broadcast_id)
        assert delivery.waiting_broadcasts(engine) == [broadcast_id]
    assert len(delivery.claim(engine, broadcast_id=broadcast_id)) == len(NUMBERS) - len(STOPPED)


def test_it_goes_on_while_nothing_of_it_could_be_sent(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    put_out.put_some(engine, broadcast_id)
    with writing(engine) as session:
        moment = outbox.act().at
        gate.close(session, session.get_one(SendingGate, 1), Closure.AWAY, moment, moment)
    assert delivery.waiting_broadcasts(engine) == [broadcast_id]
    put_all(engine, broadcast_id)
    assert state(engine, broadcast_id) == BroadcastState.SENDING
    assert delivery.waiting_broadcasts(engine) == []


def test_who_opts_out_between_two_parts_gets_nothing(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    put_out.put_some(engine, broadcast_id)
    before, after = NUMBERS[1], NUMBERS[-2]
    assert before in queued(engine, broadcast_id)
    with writing(engine) as session:
        for number in (before, after):
            ledger.opt_out(session, number, outbox.act("STOP"))
    put_all(engine, broadcast_id)
    assert not {before, after} & set(queued(engine, broadcast_id))


def test_a_cancel_between_two_parts_takes_back_all_and_ends_it(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    put_out.put_some(engine, broadcast_id)
    with writing(engine) as session:
        assert sending.bring_to(session, broadcast_id, BroadcastState.CANCELLED, outbox.author(session)) is None
    assert take_turns(engine, lambda: taking_back.take_back_some(engine, broadcast_id)) > 0
    assert not put_out.put_some(engine, broadcast_id)
    assert queued(engine, broadcast_id) == []
    assert state(engine, broadcast_id) == BroadcastState.CANCELLED


def test_it_cannot_be_paused_before_it_is_sent(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    with writing(engine) as session:
        for asked in (BroadcastState.PAUSED, BroadcastState.SENDING):
            assert isinstance(sending.bring_to(session, broadcast_id, asked, outbox.author(session)), Refused)
    assert state(engine, broadcast_id) == BroadcastState.QUEUEING


def test_a_part_that_fails_is_done_again_whole(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast_id = prepare(engine)
    put_out.put_some(engine, broadcast_id)
    before = queued(engine, broadcast_id)
    real = put_out.deciding.decide

    def fails(*arguments: object) -> None:
        real(*arguments)
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(put_out.deciding, "decide", fails)
        with pytest.raises(ZeroDivisionError):
            put_out.put_some(engine, broadcast_id)
    assert queued(engine, broadcast_id) == before
    put_all(engine, broadcast_id)
    assert queued(engine, broadcast_id) == [number for number in NUMBERS if number not in STOPPED]


def test_where_nobody_may_get_it_the_broadcast_is_cancelled_and_says_so(engine: Engine) -> None:
    broadcast_id = prepare(engine, STOPPED)
    put_all(engine, broadcast_id)
    with Session(engine) as session:
        broadcast = session.get_one(Broadcast, broadcast_id)
        assert (broadcast.state, broadcast.ended_because) == ("cancelled", put_out.not_sent(put_out.NOBODY))
        assert broadcast.finished_at is not None
        assert broadcast.campaign.status == CampaignStatus.PLANNED


def test_the_trail_says_to_how_many_it_goes(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    put_all(engine, broadcast_id)
    with Session(engine) as session:
        mine = (AuditEntry.subject_kind == "broadcast", AuditEntry.subject_id == broadcast_id)
        entries = session.scalars(select(AuditEntry).where(*mine).order_by(AuditEntry.id)).all()
        said = [(entry.action, entry.field, entry.after) for entry in entries]
        assert said == [("sent", "", ""), ("prepared", "People", str(len(NUMBERS) - len(STOPPED)))]
        assert session.get_one(Broadcast, broadcast_id).campaign.status == CampaignStatus.IN_PROGRESS


def test_after_a_restore_what_was_half_queued_is_cancelled(engine: Engine) -> None:
    """It may have been queued to its end and sent since the backup."""
    broadcast_id = prepare(engine)
    put_out.put_some(engine, broadcast_id)
    with writing(engine) as session:
        moment = outbox.act().at
        gate.close(session, SendingGate(), Closure.RESTORED, moment, moment)
    assert not put_out.put_some(engine, broadcast_id)
    with Session(engine) as session:
        broadcast = session.get_one(Broadcast, broadcast_id)
        assert (broadcast.state, broadcast.ended_because) == ("cancelled", gate.DUE_BEFORE)


def test_two_that_are_at_it_at_once_queue_everybody_once(engine: Engine) -> None:
    broadcast_id = prepare(engine)
    both = [threading.Thread(target=put_all, args=(engine, broadcast_id)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert queued(engine, broadcast_id) == [number for number in NUMBERS if number not in STOPPED]


def test_another_writer_gets_its_turn_between_two_parts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A STOP that comes during a part is stored before the next one."""
    broadcast_id = prepare(engine)
    real, stops, parts_then = put_out.deciding.decide, [], []

    def stop() -> None:
        with writing(engine) as session:
            parts_then.append(session.scalar(select(func.count()).select_from(Message)))
            ledger.opt_out(session, NUMBERS[-2], outbox.act("STOP"))

    def with_a_stop_meanwhile(*arguments: object) -> None:
        if not stops:
            stops.append(threading.Thread(target=stop))
            stops[0].start()
            if engine.dialect.name == "sqlite":
                _until_somebody_waits(engine)
            else:
                stops[0].join()
        real(*arguments)

    monkeypatch.setattr(put_out.deciding, "decide", with_a_stop_meanwhile)
    put_all(engine, broadcast_id)
    stops[0].join()
    one_part = len([number for number in NUMBERS[:9] if number not in STOPPED])
    assert parts_then[0] <= one_part
    assert NUMBERS[-2] not in queued(engine, broadcast_id)


def _until_somebody_waits(engine: Engine) -> None:
    turn = sqlite._turns[str(engine.url.database)]
    while not turn._waiting:
        threading.Event().wait(0.001)


def test_there_is_a_pause_for_other_processes_on_sqlite_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(sqlite.time, "sleep", pauses.append)
    sqlite.breathe(engine)
    assert pauses == ([sqlite.BREATH] if engine.dialect.name == "sqlite" else [])
