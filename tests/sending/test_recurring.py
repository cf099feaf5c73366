"""Recurring broadcasts: each date is one broadcast, at its time, once; what is missed or paused is kept as not sent."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, Every, RecurrenceState
from optin.features.broadcasts import changing, recurring_acts, sending
from optin.features.broadcasts.recurring_acts import NewText
from optin.features.broadcasts.sending import BroadcastOrder
from optin.models import AuditEntry, Broadcast, Campaign, Message, RecurringBroadcast, SendingGate
from optin.refused import Refused, done
from optin.sending import recurring, scheduled
from optin.texts.choices import BroadcastChoices
from optin.texts.recurrence import Recurrence
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.clockwork import looking

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 3, 10, 8, 0, tzinfo=UTC)
FIRST = datetime.fromisoformat("2027-03-16T10:00")  # a Tuesday; the clocks go forward on the 28th
WEEKLY = Recurrence(Every.WEEK, FIRST, BERLIN)
CANCELLED, SCHEDULED = BroadcastState.CANCELLED, BroadcastState.SCHEDULED
RUNS = 6


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def campaign(session: Session, agent: Browser, clock: Clock) -> Campaign:
    clock.set(NOW)
    return scene.with_opted_in(session, {"Maya Chen": world.MAYA, "Tom Reyes": world.TOM})


@pytest.fixture
def look(app: Flask, session: Session, campaign: Campaign) -> Callable[[], None]:
    """Do what the schedule does, as often as it takes until nothing changes."""
    chores = looking(app, session)

    def do() -> None:
        chores()
        chores()
        session.expire_all()

    return do


def plan(session: Session, campaign: Campaign, agent: Browser, rule: Recurrence = WEEKLY, **more: object) -> int:
    """Schedule a recurring broadcast; return its id."""
    first = rule.first.replace(tzinfo=rule.zone).astimezone(UTC)
    order = BroadcastOrder("Hi {{ first_name }}", None, str(uuid4()), agent.user.id, first, again=rule, **more)
    broadcast_id = done(sending.start(session, campaign.id, order)).broadcast_id
    session.commit()
    found = session.get_one(Broadcast, broadcast_id).recurring_id
    assert found is not None
    return found


def dates(session: Session, recurring_id: int) -> list[Broadcast]:
    session.rollback()
    found = select(Broadcast).where(Broadcast.recurring_id == recurring_id)
    return list(session.scalars(found.order_by(Broadcast.occurrence).execution_options(populate_existing=True)))


def shown(session: Session, recurring_id: int) -> list[tuple[int | None, str, str]]:
    """Return number, local time and state of each date."""
    return [
        (each.occurrence, f"{each.starts_at.astimezone(BERLIN):%m-%d %H:%M}" if each.starts_at else "", each.state)
        for each in dates(session, recurring_id)
    ]


def bring_to(session: Session, recurring_id: int, state: RecurrenceState, agent: Browser) -> None:
    done(recurring_acts.bring_to(session, recurring_id, state, agent.user.id) or True)
    session.commit()


def test_each_date_is_a_broadcast_of_its_own_and_the_next_one_waits(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(
        session,
        campaign,
        agent,
        not_after=datetime(2027, 3, 16, 11, 30, tzinfo=UTC),
        choices=BroadcastChoices(canary=True),
    )
    look()
    assert shown(session, recurring_id) == [(1, "03-16 10:00", SCHEDULED)]
    clock.set(datetime(2027, 3, 16, 9, 0, 1, tzinfo=UTC))
    look()
    assert shown(session, recurring_id) == [(1, "03-16 10:00", "sending"), (2, "03-23 10:00", SCHEDULED)]
    first, second = dates(session, recurring_id)
    for same in ("body", "sender_id", "campaign_id", "keyword_id", "channel", "canary", "created_by_id", "spread_over"):
        assert getattr(first, same) == getattr(second, same), same
    clock.set(datetime(2027, 3, 23, 9, 0, 1, tzinfo=UTC))
    look()
    clock.set(datetime(2027, 3, 30, 8, 0, 1, tzinfo=UTC))
    look()
    assert shown(session, recurring_id)[2:] == [(3, "03-30 10:00", "sending"), (4, "04-06 10:00", SCHEDULED)]
    ends = [each.not_after.astimezone(BERLIN) for each in dates(session, recurring_id) if each.not_after]
    assert [f"{each:%H:%M}" for each in ends] == ["12:30"] * 4, "an hour and a half later, before and after the change"
    messages = session.scalars(select(Message.broadcast_id).where(Message.broadcast_id.is_not(None))).all()
    assert len(messages) == 6, "each has its own snapshot of the two"


def test_what_was_down_for_weeks_keeps_what_it_missed_and_sends_none_of_it_late(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(session, campaign, agent)
    clock.set(datetime(2027, 4, 6, 14, 0, 1, tzinfo=UTC))  # six hours after the fourth
    look()
    assert [each[2] for each in shown(session, recurring_id)] == [CANCELLED] * 4 + [SCHEDULED]
    why = {each.ended_because for each in dates(session, recurring_id)[:4]}
    assert why == {"It was not sent: its time was missed by more than 6 hours."}
    assert session.scalars(select(Message)).all() == []


def test_what_comes_less_late_is_sent(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(session, campaign, agent)
    clock.set(datetime(2027, 3, 16, 14, 59, tzinfo=UTC))
    look()
    assert [each[2] for each in shown(session, recurring_id)] == ["sending", SCHEDULED]


def test_what_was_not_made_before_its_time_is_not_sent(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    """As after a restore from a backup of the week before: the database that was lost may have sent it."""
    recurring_id = plan(session, campaign, agent)
    clock.set(datetime(2027, 3, 23, 9, 30, tzinfo=UTC))
    look()
    assert [each[2] for each in shown(session, recurring_id)] == [CANCELLED, CANCELLED, SCHEDULED]
    said = "It was not sent: its time was missed: it came before Optin had prepared it."
    assert dates(session, recurring_id)[1].ended_because == said


def test_any_other_broadcast_is_still_sent_however_late(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    order = BroadcastOrder("Hi", None, "once", agent.user.id, NOW + timedelta(hours=1))
    done(sending.start(session, campaign.id, order))
    clock.forward(days=3)
    look()
    assert session.scalars(select(Broadcast.state)).all() == ["sending"]


def test_while_the_gate_is_closed_it_waits_and_is_missed_after_six_hours(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(session, campaign, agent)
    gate = session.get(SendingGate, 1) or SendingGate(id=1)
    session.add(gate)
    clock.set(datetime(2027, 3, 16, 9, 1, tzinfo=UTC))
    gate.closed_at, gate.unsure_since, gate.closure = clock.now(), clock.now(), "away"
    look()
    assert [each[2] for each in shown(session, recurring_id)] == [SCHEDULED]
    clock.forward(hours=7)
    session.get_one(SendingGate, 1).closed_at = None
    look()
    assert [each[2] for each in shown(session, recurring_id)] == [CANCELLED, SCHEDULED]


def test_it_ends_with_its_last_date(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    rule = Recurrence(Every.DAYS, FIRST, BERLIN, 2, times=2)
    recurring_id = plan(session, campaign, agent, rule)
    for day in (16, 18, 20):
        clock.set(datetime(2027, 3, day, 9, 0, 1, tzinfo=UTC))
        look()
    assert [each[1] for each in shown(session, recurring_id)] == ["03-16 10:00", "03-18 10:00"]
    assert session.get_one(RecurringBroadcast, recurring_id).state == RecurrenceState.ENDED
    entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == recurring.SUBJECT))
    assert [(each.action, each.after) for each in entries] == [
        ("created", "Every 2 days at 10:00 (Europe/Berlin), 2 times"),
        ("ended", "Its last date is over."),
    ]


def test_paused_its_dates_pass_unsent_and_it_goes_on_with_the_next(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(session, campaign, agent)
    bring_to(session, recurring_id, RecurrenceState.PAUSED, agent)
    assert isinstance(recurring_acts.bring_to(session, recurring_id, RecurrenceState.PAUSED, 1), Refused)
    clock.set(datetime(2027, 3, 16, 9, 0, 1, tzinfo=UTC))
    look()
    assert [each[2] for each in shown(session, recurring_id)] == [CANCELLED, SCHEDULED]
    assert dates(session, recurring_id)[0].ended_because == "It was not sent: the recurring broadcast was paused."
    clock.set(datetime(2027, 3, 23, 9, 0, 1, tzinfo=UTC))
    bring_to(session, recurring_id, RecurrenceState.ACTIVE, agent)
    look()
    assert [each[2] for each in shown(session, recurring_id)] == [CANCELLED, CANCELLED, SCHEDULED], (
        "its time came while it was paused, though nobody had looked yet"
    )
    clock.set(datetime(2027, 3, 30, 8, 0, 1, tzinfo=UTC))
    look()
    assert shown(session, recurring_id)[2][2] == "sending"


def test_while_it_is_paused_a_user_may_send_the_date_that_waits(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None]
) -> None:
    recurring_id = plan(session, campaign, agent)
    bring_to(session, recurring_id, RecurrenceState.PAUSED, agent)
    done(sending.send_now(session, dates(session, recurring_id)[0].id, agent.user.id))
    look()
    assert shown(session, recurring_id) == [(1, "03-16 10:00", "sending"), (2, "03-23 10:00", SCHEDULED)]


def test_its_end_cancels_the_date_that_waits_and_nothing_follows(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(session, campaign, agent)
    bring_to(session, recurring_id, RecurrenceState.ENDED, agent)
    for state in RecurrenceState:
        assert isinstance(recurring_acts.bring_to(session, recurring_id, state, agent.user.id), Refused)
    clock.forward(days=30)
    look()
    assert [each[2] for each in shown(session, recurring_id)] == [CANCELLED]
    assert dates(session, recurring_id)[0].ended_because == "It was not sent: the recurring broadcast was ended."
    assert isinstance(recurring_acts.change(session, recurring_id, NewText("New", None, 1, agent.user.id)), Refused)


def test_one_date_cancelled_or_moved_leaves_the_others(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(session, campaign, agent)
    first = dates(session, recurring_id)[0]
    assert sending.bring_to(session, first.id, CANCELLED, agent.user.id) is None
    look()
    second = dates(session, recurring_id)[1]
    moved = BroadcastOrder("Just this one", None, "", agent.user.id, datetime(2027, 4, 1, 9, 0, tzinfo=UTC))
    done(changing.change(session, second.id, 1, moved))
    look()
    clock.set(datetime(2027, 4, 1, 9, 0, 1, tzinfo=UTC))
    look()
    # moved beyond the third, it takes its place
    assert shown(session, recurring_id) == [
        (1, "03-16 10:00", CANCELLED),
        (2, "04-01 11:00", "sending"),
        (4, "04-06 10:00", SCHEDULED),
    ]
    assert [each.body for each in dates(session, recurring_id)[1:]] == ["Just this one", "Hi {{ first_name }}"]


def test_another_text_is_that_of_the_next_date_and_of_all_that_follow(
    session: Session, campaign: Campaign, agent: Browser, look: Callable[[], None], clock: Clock
) -> None:
    recurring_id = plan(session, campaign, agent)
    clock.set(datetime(2027, 3, 16, 9, 0, 1, tzinfo=UTC))
    look()
    new = NewText("Hello {{ first_name }}", None, 1, agent.user.id)
    assert done(recurring_acts.change(session, recurring_id, new)).version == 2
    assert done(recurring_acts.change(session, recurring_id, new)).version == 2, "a double click"
    late = recurring_acts.change(session, recurring_id, NewText("Hey", None, 1, agent.user.id))
    assert isinstance(late, Refused)
    assert "Somebody else" in late.sentence
    assert isinstance(recurring_acts.change(session, recurring_id, NewText("{{ nobody }}", None, 2, 1)), Refused)
    session.commit()
    clock.set(datetime(2027, 3, 23, 9, 0, 1, tzinfo=UTC))
    look()
    assert [each.body for each in dates(session, recurring_id)] == ["Hi {{ first_name }}"] + [new.body] * 2
    assert [each.version for each in dates(session, recurring_id)] == [1, 2, 1]
    found = session.scalars(recurring_acts.changes(recurring_id)).all()
    assert [(each.field, each.before, each.after) for each in found[:1]] == [
        ("Message", "Hi {{ first_name }}", new.body)
    ], "what it said before is kept"


def test_a_scheduled_broadcast_may_become_a_recurring_one(session: Session, campaign: Campaign, agent: Browser) -> None:
    first = datetime(2027, 3, 16, 9, 0, tzinfo=UTC)
    order = BroadcastOrder("Hi", None, "once", agent.user.id, first)
    broadcast_id = done(sending.start(session, campaign.id, order)).broadcast_id
    again = BroadcastOrder("Hi", None, "", agent.user.id, first, again=WEEKLY)
    for _ in range(2):
        done(changing.change(session, broadcast_id, 1, again))
        session.commit()
    assert [each.made for each in session.scalars(select(RecurringBroadcast))] == [1]


def test_the_database_has_each_date_once(session: Session, campaign: Campaign, agent: Browser) -> None:
    recurring_id = plan(session, campaign, agent)
    found = session.get_one(RecurringBroadcast, recurring_id)
    occurrence = recurring.recurrence_of(found).occurrence(1)
    assert occurrence is not None
    with pytest.raises(IntegrityError):
        recurring._make(session, found, occurrence)


def test_of_many_that_look_at_once_each_date_is_made_and_started_once(
    session: Session, engine: Engine, campaign: Campaign, agent: Browser, clock: Clock
) -> None:
    ids = [plan(session, campaign, agent, Recurrence(Every.DAYS, FIRST, BERLIN, days)) for days in (1, 2, 3)]
    errors: list[BaseException] = []
    for day in (16, 18):  # each time five hours after the hour
        clock.set(datetime(2027, 3, day, 14, 0, tzinfo=UTC))
        session.commit()
        threads = [threading.Thread(target=_work, args=(engine, errors)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert [[each[2] for each in shown(session, one)] for one in ids] == [
        ["sending", CANCELLED, CANCELLED, SCHEDULED],
        ["sending", "sending", SCHEDULED],
        ["sending", SCHEDULED],
    ]
    assert [[each[0] for each in shown(session, one)] for one in ids] == [[1, 2, 3, 4], [1, 2, 3], [1, 2]]
    assert len(session.scalars(select(Message.id)).all()) == 4 * 2


def _work(engine: Engine, errors: list[BaseException]) -> None:
    try:
        for _ in range(4):
            for broadcast_id in scheduled.due(engine):
                scheduled.start_or_end(engine, broadcast_id)
            for recurring_id in recurring.behind(engine):
                recurring.make_next(engine, recurring_id)
    except BaseException as error:
        errors.append(error)


@pytest.mark.parametrize("seed", range(RUNS))
def test_over_thirty_days_what_happens_is_what_the_rules_say(
    seed: int, session: Session, engine: Engine, campaign: Campaign, agent: Browser, clock: Clock
) -> None:
    """A model that knows days and hours alone: pauses, cuts of power, edits, ends and cancels, hour by hour."""
    rng = random.Random(seed)
    every = rng.choice((1, 2, 3, 7))
    rule = Recurrence(Every.DAYS, FIRST, BERLIN, every, times=rng.choice((None, 4, 9)))
    recurring_id = plan(session, campaign, agent, rule)
    model = Model(every, rule.times)
    for hour in range(24 * 30):
        local = FIRST - timedelta(hours=3, seconds=-30) + timedelta(hours=hour)
        clock.set(local.replace(tzinfo=BERLIN).astimezone(UTC))
        if model.state != "ended" and (act := rng.choices(ACTS, WEIGHTS)[0]):
            _act(act, session, recurring_id, agent, model, local)
        model.is_down = rng.random() > 0.07 if model.is_down else rng.random() < 0.01
        session.commit()
        if not model.is_down:
            for _ in range(3):
                for broadcast_id in scheduled.due(engine):
                    scheduled.start_or_end(engine, broadcast_id)
                for behind in recurring.behind(engine):
                    recurring.make_next(engine, behind)
            model.look(local)
    made = [(each.occurrence, _outcome(each), each.body) for each in dates(session, recurring_id)]
    assert made == model.made
    assert session.get_one(RecurringBroadcast, recurring_id).state == model.state


ACTS = ("", "pause", "resume", "cancel", "edit", "send", "end")
WEIGHTS = (300, 3, 5, 2, 4, 2, 0.2)


def _outcome(broadcast: Broadcast) -> str:
    if broadcast.state != CANCELLED:
        return "waits" if broadcast.state == SCHEDULED else "sent"
    for word in ("missed", "paused", "ended"):
        if word in (broadcast.ended_because or ""):
            return word
    return "cancelled"


class Model:
    """What the page about rules says, in days and hours of a wall clock; each date is (number, outcome, text)."""

    def __init__(self, every: int, times: int | None) -> None:
        self.every, self.times = every, times
        self.state, self.text, self.is_down = "active", "Hi {{ first_name }}", False
        self.made: list[tuple[int, str, str]] = [(1, "waits", self.text)]

    def date(self, number: int) -> datetime:
        return FIRST + timedelta(days=self.every * (number - 1))

    @property
    def waits(self) -> bool:
        return self.made[-1][1] == "waits"

    def settle(self, outcome: str) -> None:
        number, _, text = self.made[-1]
        self.made[-1] = (number, outcome, text)

    def look(self, now: datetime) -> None:
        while self.state != "ended":
            number = self.made[-1][0]
            if self.waits:
                if now < self.date(number):
                    return
                late = now - self.date(number) >= timedelta(hours=6)
                self.settle("paused" if self.state == "paused" else "missed" if late else "sent")
            elif self.times == number:
                self.state = "ended"
            else:
                self.made.append((number + 1, "waits", self.text))
                if now >= self.date(number + 1):
                    self.settle("paused" if self.state == "paused" else "missed")


def _act(act: str, session: Session, recurring_id: int, agent: Browser, model: Model, now: datetime) -> None:
    user_id, newest = agent.user.id, dates(session, recurring_id)[-1]
    if act == "pause" and model.state == "active":
        bring_to(session, recurring_id, RecurrenceState.PAUSED, agent)
        model.state = "paused"
    elif act == "resume" and model.state == "paused":
        bring_to(session, recurring_id, RecurrenceState.ACTIVE, agent)
        model.state = "active"
        if model.waits and now >= model.date(model.made[-1][0]):
            model.settle("paused")
    elif act == "cancel" and model.waits:
        assert sending.bring_to(session, newest.id, CANCELLED, user_id) is None
        model.settle("cancelled")
    elif act == "send" and model.waits:
        done(sending.send_now(session, newest.id, user_id))
        model.settle("sent")
    elif act == "edit":
        found = session.get_one(RecurringBroadcast, recurring_id)
        model.text = f"Text {found.version + 1}"
        done(recurring_acts.change(session, recurring_id, NewText(model.text, None, found.version, user_id)))
        if model.waits:
            number, outcome, _ = model.made[-1]
            model.made[-1] = (number, outcome, model.text)
    elif act == "end":
        bring_to(session, recurring_id, RecurrenceState.ENDED, agent)
        model.state = "ended"
        if model.waits:
            model.settle("ended")
    session.commit()
