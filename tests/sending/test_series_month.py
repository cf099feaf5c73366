"""A series over thirty days, hour by hour, beside a model that knows nothing but the rules in words."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import phone
from optin.database.session import db
from optin.enums import MessageStatus, SeriesState
from optin.features.broadcasts import series_acts
from optin.features.broadcasts.series_acts import SeriesContent, Text
from optin.models import Broadcast, Message, Person, Series, SeriesStep
from optin.person import records
from optin.policy import policy
from optin.refused import done
from optin.sending import delivery, series, series_look
from optin.sending.series_turns import DAY, HOUR, Wait
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import outbox, series_scene, world

BEGINS = datetime(2027, 2, 25, 12, 0, tzinfo=UTC)  # the clocks go forward on 14 March
HOURS = 24 * 30
SEEDS = 4
WAITS = (Wait(3 * HOUR + 7), Wait(DAY + 11, 10 * HOUR), Wait(30 * HOUR + 13), Wait(HOUR + 17))
"""None is whole hours, so that nothing is due at the very moment of a look."""
LOOKS, SENDS = timedelta(seconds=30), timedelta(seconds=40)
ZONES = {"415": "America/Los_Angeles", "646": "America/New_York", "312": "America/Chicago"}
ACTS = ("", "join", "stop", "change", "pause", "resume", "edit")
WEIGHTS = (200, 14, 5, 2, 1, 4, 2)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@dataclass
class Number:
    """A number in the model: since when it is in, which text is next, and what became of the others."""

    zone: ZoneInfo
    joined: datetime | None = None
    next: int = 0
    before: list[datetime] = field(default_factory=list)
    waits: int | None = None
    got: list[tuple[str, datetime]] = field(default_factory=list)
    late: int = 0

    def due(self) -> datetime | None:
        if self.joined is None or self.waits is not None or self.next == len(WAITS):
            return None
        wait = WAITS[self.next]
        moment = max([self.joined, *self.before]) + timedelta(minutes=wait.minutes)
        if wait.at is not None:
            moment = (moment + timedelta(seconds=59)).replace(second=0, microsecond=0)
            while moment.astimezone(self.zone).hour * 60 + moment.astimezone(self.zone).minute != wait.at:
                moment += timedelta(minutes=1)
        return moment

    def look(self, now: datetime) -> None:
        due = self.due()
        if due is None or due > now:
            return
        self.before.append(now)
        if now - due >= timedelta(hours=24):
            self.late += 1
        else:
            self.waits = self.next
        self.next += 1

    def send(self, now: datetime, texts: list[str]) -> None:
        if self.waits is not None and 8 <= now.astimezone(self.zone).hour < 20:
            self.got.append((texts[self.waits], now))
            self.before.append(now)
            self.waits = None

    def leave(self) -> None:
        self.joined = self.waits = None


class Month:
    """The real thing and the model, to which the same is done."""

    def __init__(self, session: Session, engine: Engine, user_id: int, seed: int) -> None:
        self.session, self.engine, self.user_id, self.rng = session, engine, user_id, random.Random(seed)
        campaign = scene.campaign(session, world.keyword(session))
        self.people = [world.person(session, f"P {area}{index}", None) for area in ZONES for index in range(2)]
        self.model: dict[str, Number] = {}
        for index, person in enumerate(self.people):
            self.give(person, f"+1{list(ZONES)[index // 2]}700{index:04}")
        self.series = series_scene.make(session, campaign, *WAITS)
        self.texts = [f"Text {number}" for number in range(1, len(WAITS) + 1)]
        self.paused = self.down = False

    def give(self, person: Person, number: str) -> None:
        done(records.change(self.session, person, {"mobile": number}, None))
        self.session.commit()
        assert person.zones == phone.zone_group(number, "US") == ZONES[number[2:5]]
        self.model[number] = Number(ZoneInfo(ZONES[number[2:5]]))

    def act(self, act: str, now: datetime) -> None:
        person = self.rng.choice(self.people)
        number = person.mobile or ""
        mine = self.model[number]
        if act == "join":
            world.text(self.session, "START", number)  # Twilio blocks who has texted STOP until then
            world.text(self.session, "volunteer", number)
            mine.joined = mine.joined or now
        elif act == "stop":
            world.text(self.session, "STOP", number)
            mine.leave()
        elif act == "change" and mine.joined:
            self.give(person, f"+1{number[2:5]}701{len(self.model):04}")
            mine.leave()
        elif act in ("pause", "resume") and self.paused == (act == "resume"):
            self.paused = not self.paused
            state = SeriesState.PAUSED if self.paused else SeriesState.ACTIVE
            assert series_acts.bring_to(self.session, self.series.id, state, self.user_id) is None
        elif act == "edit":
            self.edit()
        self.session.commit()

    def edit(self) -> None:
        found = self.session.get_one(Series, self.series.id, populate_existing=True)
        self.texts[self.rng.randrange(len(WAITS))] = f"New in version {found.version}"
        texts = [Text(body, wait) for body, wait in zip(self.texts, WAITS, strict=True)]
        content = SeriesContent("Welcome", texts, None, False, self.user_id)
        done(series_acts.change(self.session, found.id, found.version, content, policy.load(self.session)))

    def look(self, now: datetime) -> None:
        for series_id in series.active(self.engine):
            series_look.look(self.engine, series_id)
        if not self.paused:
            for number in self.model.values():
                number.look(now)

    def send(self, now: datetime) -> None:
        for broadcast in self.session.scalars(select(Broadcast)).all():
            self.session.commit()
            started, held = delivery.start(self.engine, delivery.claim(self.engine, broadcast_id=broadcast.id))
            assert not held
            for claimed in started:
                message = self.session.get_one(Message, claimed.message_id, populate_existing=True)
                message.status, message.sent_at = MessageStatus.DELIVERED, now
            self.session.commit()
            delivery.finish(self.engine, broadcast.id)
        if not self.paused:
            for number in self.model.values():
                number.send(now, self.texts)

    def hour(self, clock: Clock, now: datetime) -> None:
        clock.set(now)
        if act := self.rng.choices(ACTS, WEIGHTS)[0]:
            self.act(act, now)
        self.down = self.rng.random() > 0.04 if self.down else self.rng.random() < 0.006
        self.session.commit()
        if not self.down:
            self.look(clock.set(now + LOOKS))
            self.session.expire_all()
            self.send(clock.set(now + SENDS))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_over_thirty_days_each_number_gets_what_the_rules_say(
    seed: int, session: Session, engine: Engine, clock: Clock
) -> None:
    clock.set(BEGINS - timedelta(hours=1))
    policy.change(session, None, sending_hours=True)
    month = Month(session, engine, outbox.author(session), seed)
    for hour in range(HOURS):
        month.hour(clock, BEGINS + timedelta(hours=hour))
    steps = select(SeriesStep.broadcast_id).where(SeriesStep.series_id == month.series.id)
    found = session.scalars(select(Message).where(Message.broadcast_id.in_(steps)).order_by(Message.started_at)).all()
    assert len({(each.broadcast_id, each.number) for each in found}) == len(found)
    sent = [(each.number, each.body, to_the_minute(each.started_at)) for each in found if each.started_at]
    got = {number: [(body, at) for to, body, at in sent if to == number] for number in month.model}
    assert got == {number: [(body, to_the_minute(at)) for body, at in one.got] for number, one in month.model.items()}
    skipped = [each.number for each in found if each.status == MessageStatus.SKIPPED]
    assert {number: skipped.count(number) for number in month.model} == {
        number: one.late for number, one in month.model.items()
    }
    assert sum(map(len, got.values())) > 10, "something happened"


def to_the_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
