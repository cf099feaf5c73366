"""Series after a keyword: who is in, when each text goes, what ends or passes it over; never twice to one number."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.database import settled
from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import BroadcastState, CampaignStatus, HoldCause, MessageStatus, OptInSource, PersonKind, Reason
from optin.models import (
    Broadcast,
    Campaign,
    CampaignMember,
    LeftOut,
    Message,
    OptIn,
    Person,
    PhraseOptOut,
    SendingGate,
    Series,
    SeriesNumber,
    SeriesStep,
)
from optin.person import records
from optin.policy import policy
from optin.refused import done
from optin.sending import delivery, gate, put_out, series, series_intake, series_look, series_put_out
from optin.sending.series_turns import DAY, HOUR, Wait
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import series_scene, world
from tests.support.clockwork import looking
from tests.support.clockwork import start as start_messages

NOON = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)  # 13:00 in New York, 10:00 in San Francisco
ONE_AND_TWO_DAYS = (Wait(HOUR), Wait(2 * DAY))


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def campaign(session: Session, clock: Clock) -> Campaign:
    clock.set(NOON)
    policy.change(session, None, sending_hours=False)
    scene.sender(session)
    return scene.campaign(session, world.keyword(session))


@pytest.fixture
def go_on(app: Flask, session: Session, engine: Engine, clock: Clock) -> Callable[[float], None]:
    """Let hours pass, and do at their end what the schedule and a worker do."""
    chores = looking(app, session)

    def do(hours: float) -> None:
        clock.forward(hours=hours, seconds=1)
        chores()
        send(session, engine)

    return do


def send(session: Session, engine: Engine) -> None:
    """Send all that may go now, and finish what has nothing left."""
    session.expire_all()
    for broadcast in session.scalars(select(Broadcast)).all():
        for claimed in start_messages(session, engine, broadcast):
            message = session.get_one(Message, claimed.message_id, populate_existing=True)
            message.status, message.sent_at = MessageStatus.DELIVERED, the_clock.now()
        session.commit()
        delivery.finish(engine, broadcast.id)
    session.expire_all()


def said(session: Session, made: Series, number: str = world.MAYA) -> list[tuple[str, float]]:
    """Return the texts that a number got, each with the hours since noon."""
    sent = [each for each in series_scene.messages(session, made, number) if each.started_at]
    return [(each.body, round((each.started_at - NOON).total_seconds() / 3600, 1)) for each in sent if each.started_at]


def statuses(session: Session, made: Series, number: str = world.MAYA) -> list[tuple[str, str | None]]:
    return [(each.status, each.reason) for each in series_scene.messages(session, made, number)]


def left_out(session: Session) -> list[tuple[str | None, str]]:
    return [(row.number, row.reason) for row in session.execute(select(LeftOut.number, LeftOut.reason))]


def act() -> Act:
    return Act(source=OptInSource.SMS, at=the_clock.now())


def join_again(session: Session) -> None:
    """Let a phone come back that texted STOP: Twilio blocks it until it has texted START."""
    world.text(session, "START")
    world.text(session, "volunteer")


def test_each_number_gets_one_text_after_the_other_from_its_opt_in_on(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, *ONE_AND_TWO_DAYS)
    world.person(session, "Maya Chen", world.MAYA, PersonKind.LEAD)
    maya = world.person(session, "Maya Chen", world.MAYA)
    world.text(session, "volunteer")
    for hours in (0.5, 0.5, 10):
        go_on(hours)
    world.text(session, "volunteer", world.TOM)
    for _ in range(60):
        go_on(1)
    assert said(session, made) == [("Text 1", 1.0), ("Text 2", 49.0)]
    assert [text for text, _ in said(session, made, world.TOM)] == ["Text 1", "Text 2"]
    members = session.execute(select(CampaignMember.number, Person.id, Person.kind).join(Person)).all()
    assert [tuple(each) for each in members[:1]] == [(world.MAYA, maya.id, "contact")], "as + Add Opt-Ins has it"
    assert [(each.number, each.kind) for each in members[1:]] == [(world.TOM, "lead")], "nobody had the number"
    steps = session.scalars(select(Broadcast).order_by(Broadcast.id)).all()
    assert [(each.state, each.keyword_id) for each in steps] == [("sent", campaign.keyword_id)] * 2
    assert series_scene.row(session, made, world.MAYA).due_at is None


def test_who_was_in_before_gets_nothing_unless_it_was_chosen(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    world.text(session, "volunteer")
    plain = series_scene.make(session, campaign, *ONE_AND_TWO_DAYS)
    for_all = series_scene.make(session, campaign, *ONE_AND_TWO_DAYS, takes_all=True)
    for hours in (1, 48, 5):
        go_on(hours)
    assert said(session, plain) == []
    assert said(session, for_all) == [("Text 1", 1.0), ("Text 2", 49.0)], "from the start of the series on"


def test_nobody_gets_anything_before_it_is_started(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), begins=False)
    world.text(session, "volunteer")
    go_on(2)
    assert series_scene.messages(session, made) == []


def test_whoever_confirms_is_in_from_the_confirmation_on(
    session: Session, clock: Clock, go_on: Callable[[float], None]
) -> None:
    clock.set(NOON)
    policy.change(session, None, sending_hours=False)
    scene.sender(session)
    campaign = scene.campaign(session, world.keyword(session, double_opt_in=True))
    world.text(session, "volunteer")
    world.question(session)
    made = series_scene.make(session, campaign, Wait(2 * HOUR))
    world.text(session, "volunteer", world.TOM)
    world.question(session, world.TOM)
    go_on(3)
    assert series_scene.messages(session, made) == []
    world.text(session, "yes")
    for _ in range(40):
        go_on(0.5)
    assert said(session, made) == [("Text 1", 5.0)], "asked before the series was started, confirmed after"
    assert said(session, made, world.TOM) == []


def test_a_stop_ends_it_and_whoever_comes_back_goes_on_with_the_next(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(2 * HOUR), Wait(2 * HOUR))
    world.text(session, "volunteer")
    go_on(1)
    world.text(session, "STOP")
    for _ in range(30):
        go_on(1)
    assert said(session, made) == [("Text 1", 1.0)]
    join_again(session)
    for _ in range(6):
        go_on(1)
    assert said(session, made) == [("Text 1", 1.0), ("Text 2", 33.0), ("Text 3", 35.0)]
    world.text(session, "STOP")
    join_again(session)
    for _ in range(9):
        go_on(1)
    assert len(said(session, made)) == 3, "nothing is left of it"


def test_a_stop_while_a_text_waits_takes_it_back_for_good(
    session: Session, campaign: Campaign, go_on: Callable[[float], None], app: Flask, clock: Clock
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(HOUR))
    world.text(session, "volunteer")
    clock.forward(hours=1, seconds=1)
    looking(app, session)()
    assert statuses(session, made) == [("queued", None)]
    world.text(session, "STOP")
    join_again(session)
    for _ in range(3):
        go_on(0.5)
    assert [status for status, _ in statuses(session, made)] == ["cancelled", "delivered"], "its turn is over"


def test_a_new_number_gets_only_what_its_own_opt_in_covers(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(2 * HOUR))
    maya = world.person(session, "Maya Chen", world.MAYA)
    world.text(session, "volunteer")
    go_on(1)
    done(records.change(session, maya, {"mobile": world.TOM}, None))
    session.commit()
    for _ in range(5):
        go_on(1)
    assert said(session, made) == [("Text 1", 1.0)]
    assert said(session, made, world.TOM) == []
    world.text(session, "volunteer", world.TOM)
    for _ in range(5):
        go_on(1)
    assert [text for text, _ in said(session, made, world.TOM)] == ["Text 1", "Text 2"]
    done(records.change(session, maya, {"mobile": world.MAYA}, None))
    world.text(session, "volunteer")
    for _ in range(5):
        go_on(1)
    assert [text for text, _ in said(session, made)] == ["Text 1", "Text 2"], "the number had the first"


def test_what_the_rule_refuses_is_passed_over_with_the_reason_and_the_next_waits_as_long(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(2 * HOUR))
    world.text(session, "volunteer")
    ledger.hold(session, world.MAYA, act(), HoldCause.SENTENCE, "stop")
    go_on(1)
    assert left_out(session) == [(world.MAYA, Reason.ON_HOLD)]
    ledger.keep(session, world.MAYA, act())
    for _ in range(3):
        go_on(1)
    assert said(session, made) == [("Text 2", 3.0)]


def test_in_closed_hours_a_text_waits_and_the_next_is_no_closer_to_it_than_its_wait(
    session: Session, campaign: Campaign, go_on: Callable[[float], None], clock: Clock
) -> None:
    policy.change(session, None, sending_hours=True)
    made = series_scene.make(session, campaign, Wait(12 * HOUR), Wait(HOUR), Wait(HOUR))
    world.text(session, "volunteer")  # at ten in the morning there
    for _ in range(40):
        go_on(0.5)
        clock.set(clock.now().replace(second=0))
    assert said(session, made) == []
    for _ in range(10):
        go_on(0.5)
        clock.set(clock.now().replace(second=0))
    texts = said(session, made)
    assert [text for text, _ in texts] == ["Text 1", "Text 2", "Text 3"]
    assert texts[0][1] == 22.0, "eight o'clock there"
    assert all(later - earlier >= 1 for (_, earlier), (_, later) in pairwise(texts))


def test_what_is_more_than_a_day_late_is_skipped_and_nobody_gets_two_at_once(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, *[Wait(DAY)] * 4)
    world.text(session, "volunteer")
    go_on(24)
    go_on(24 * 3.5)  # nothing ran meanwhile
    for _ in range(100):
        go_on(1)
    assert [text for text, _ in said(session, made)] == ["Text 1", "Text 3", "Text 4"]
    assert statuses(session, made)[1] == ("skipped", Reason.TOO_LATE)
    hours = [hour for _, hour in said(session, made)]
    assert all(later - earlier >= 24 for earlier, later in pairwise(hours))


def test_what_was_due_before_a_restore_may_have_been_sent_then_and_is_not(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, *[Wait(10 * HOUR)] * 4)
    world.text(session, "volunteer")
    go_on(10)
    row = session.get(SendingGate, 1) or SendingGate(id=1)
    session.add(row)
    session.flush()
    the_moment = NOON + timedelta(hours=31)  # the second and third were due by then
    with the_clock.at(the_moment):
        gate.close(session, row, gate.Closure.RESTORED, the_moment, the_moment)
    row.closed_at = row.closure = row.unsure_since = None
    session.commit()
    go_on(22)
    for _ in range(20):
        go_on(1)
    assert [text for text, _ in said(session, made)] == ["Text 1", "Text 4"]


def test_an_opt_out_that_is_corrected_lets_it_go_on(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(DAY), Wait(DAY))
    world.text(session, "volunteer")
    go_on(1)
    world.text(session, "take me off")
    for _ in range(3):
        go_on(24)
    opt_out_id = session.scalars(select(PhraseOptOut.id)).one()
    ledger.correct(session, opt_out_id, Act(source=OptInSource.USER, at=the_clock.now(), text="A joke"))
    session.commit()
    for _ in range(80):
        go_on(1)
    assert [text for text, _ in said(session, made)] == ["Text 1", "Text 3"], "the second is more than a day late"


def test_an_opt_out_that_came_before_the_first_look_may_be_corrected_too(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR))
    world.text(session, "volunteer")
    world.text(session, "take me off")
    go_on(0.5)
    opt_out_id = session.scalars(select(PhraseOptOut.id)).one()
    ledger.correct(session, opt_out_id, Act(source=OptInSource.USER, at=the_clock.now(), text="A joke"))
    session.commit()
    for _ in range(30):
        go_on(1)
    assert [text for text, _ in said(session, made)] == ["Text 1"]


def test_who_was_removed_by_hand_gets_nothing_more(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(HOUR))
    world.text(session, "volunteer")
    go_on(1)
    session.execute(update(CampaignMember).values(removed_at=the_clock.now()))
    for _ in range(3):
        go_on(1)
    assert said(session, made) == [("Text 1", 1.0)]
    assert series_scene.row(session, made, world.MAYA).due_at is None


def test_a_cancelled_step_is_passed_over_for_all_who_come_after(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(HOUR))
    world.text(session, "volunteer", world.TOM)
    go_on(1)
    session.execute(update(Broadcast).values(state=BroadcastState.CANCELLED))
    world.text(session, "volunteer")
    for _ in range(3):
        go_on(1)
    assert [text for text, _ in said(session, made)] == ["Text 2"]


def _archive(session: Session, campaign: Campaign) -> None:
    assert campaign.keyword is not None
    campaign.keyword.archived_at = the_clock.now()


def _abort(_session: Session, campaign: Campaign) -> None:
    campaign.status = CampaignStatus.ABORTED


def _other_keyword(session: Session, campaign: Campaign) -> None:
    campaign.keyword_id = world.keyword(session, "donate").id


def _retire(session: Session, _campaign: Campaign) -> None:
    scene.sender(session).retired_at = the_clock.now()


@pytest.mark.parametrize("hinder", [_archive, _abort, _other_keyword, _retire])
def test_while_nothing_may_go_to_the_campaign_nothing_is_put_out(
    hinder: Callable[[Session, Campaign], None],
    session: Session,
    campaign: Campaign,
    go_on: Callable[[float], None],
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(HOUR))
    world.text(session, "volunteer")
    hinder(session, campaign)
    session.commit()
    for _ in range(3):
        go_on(1)
    assert series_scene.messages(session, made) == []
    assert series.hindrance(session.get_one(Series, made.id, populate_existing=True))


def test_while_the_gate_is_closed_nothing_is_put_out(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR))
    world.text(session, "volunteer")
    row = session.get(SendingGate, 1) or SendingGate(id=1)
    session.add(row)
    row.closed_at, row.unsure_since, row.closure = the_clock.now(), the_clock.now(), "away"
    go_on(2)
    assert series_scene.messages(session, made) == []
    session.get_one(SendingGate, 1).closed_at = None
    go_on(1)
    assert [text for text, _ in said(session, made)] == ["Text 1"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_opted_in_first_and_is_stored_last_is_taken_in(
    session: Session, campaign: Campaign, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where of two transactions the one with the lower id commits last."""
    monkeypatch.setattr(settled, "PATIENCE", 0.1)
    made = series_scene.make(session, campaign, Wait(HOUR))
    series_id, now = made.id, the_clock.now()
    given = {"keyword_id": made.keyword_id, "status": "active", "source": "sms"}
    given |= {"requested_at": now, "activated_at": now}
    session.commit()
    with writing(engine) as first, writing(engine) as second:
        for other, number in ((first, world.MAYA), (second, world.TOM)):
            other.add(OptIn(number=number, **given))
            other.flush()
        second.commit()
        series_look.look(engine, series_id)
        assert session.scalars(select(SeriesNumber.number)).all() == []
        session.commit()
    series_look.look(engine, series_id)
    assert sorted(session.scalars(select(SeriesNumber.number))) == sorted([world.MAYA, world.TOM])


def test_more_than_fit_into_one_part_are_all_taken_in_and_put_out_once(
    session: Session, campaign: Campaign, engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_intake, "AT_ONCE", 3)
    monkeypatch.setattr(series_put_out, "AT_ONCE", 4)
    made = series_scene.make(session, campaign, Wait(HOUR))
    numbers = [f"+1415700000{digit}" for digit in range(10)]
    for number in numbers:
        scene.opts_in(session, number, campaign.keyword)
    for hours in (0, 0.1, 1, 0):
        clock.forward(hours=hours)
        series_look.look(engine, made.id)
    assert sorted(each.number for each in series_scene.messages(session, made)) == numbers
    assert session.get_one(Series, made.id, populate_existing=True).taken_to > 0


def test_of_many_that_look_at_once_each_text_is_put_out_once(
    session: Session, campaign: Campaign, engine: Engine, clock: Clock
) -> None:
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(HOUR))
    numbers = [f"+1415700000{digit}" for digit in range(10)]
    for number in numbers:
        scene.opts_in(session, number, campaign.keyword)
    errors: list[BaseException] = []
    series_id = made.id

    def work() -> None:
        try:
            for _ in range(3):
                series_look.look(engine, series_id)
        except BaseException as error:
            errors.append(error)

    for _ in range(3):
        clock.forward(hours=1, seconds=1)
        session.commit()
        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        send(session, engine)
    assert errors == []
    assert [each.number for each in series_scene.messages(session, made)] == numbers * 2
    assert len(session.scalars(select(CampaignMember.id)).all()) == len(numbers)


def test_a_broadcast_that_gets_more_messages_as_it_is_finished_is_sent_on(
    session: Session, campaign: Campaign, engine: Engine, go_on: Callable[[float], None]
) -> None:
    """What finishes it waits for who adds to it, and sees what was added."""
    made = series_scene.make(session, campaign, Wait(HOUR))
    world.text(session, "volunteer")
    go_on(1)
    broadcast = session.scalars(select(Broadcast)).one()
    broadcast.state = BroadcastState.SENDING
    made_id, campaign_id, broadcast_id = made.id, campaign.id, broadcast.id
    session.commit()
    reached, may_go_on = threading.Event(), threading.Event()

    def put_out_slowly() -> None:
        with writing(engine) as other:
            step = other.scalars(select(SeriesStep)).one()
            other.scalars(Campaign.locked(campaign_id)).one()
            found = series_put_out._broadcast_of(other, other.get_one(Series, made_id), step)
            other.add(_waiting(found.id))
            other.flush()
            reached.set()
            may_go_on.wait(10)

    adds = threading.Thread(target=put_out_slowly)
    adds.start()
    reached.wait(10)
    finishes = threading.Thread(target=lambda: delivery.finish(engine, broadcast_id))
    finishes.start()
    threading.Timer(0.3, may_go_on.set).start()
    adds.join()
    finishes.join()
    session.expire_all()
    assert session.scalars(select(Broadcast.state)).one() == BroadcastState.SENDING


def _waiting(broadcast_id: int) -> Message:
    now = the_clock.now()
    return Message(
        direction="outbound",
        number=world.TOM,
        sender_id=1,
        status=MessageStatus.QUEUED,
        purpose="campaign",
        broadcast_id=broadcast_id,
        created_at=now,
        updated_at=now,
    )


def test_a_planned_campaign_is_in_progress_with_the_first_text(
    session: Session, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    campaign.status = CampaignStatus.PLANNED
    series_scene.make(session, campaign, Wait(HOUR))
    world.text(session, "volunteer")
    go_on(1)
    session.expire_all()
    assert campaign.status == CampaignStatus.IN_PROGRESS
    assert put_out.NOBODY
