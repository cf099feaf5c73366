"""Nothing starts outside the hours of the states that a number may be of, and no more than they allow in a day."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import MessageStatus, Reason
from optin.models import Broadcast, CampaignMember, Message
from optin.policy import policy
from optin.sending.wait_ends import SettingsWatch
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clockwork import start

S = MessageStatus
CHICAGO = ZoneInfo("America/Chicago")
TEXAS, CALIFORNIA, FLORIDA, TOLL_FREE = "+15125550134", "+14155550134", "+18505550134", "+18005550134"
SATURDAY = datetime(2026, 11, 28, 19, tzinfo=CHICAGO)
ZONES = {
    TEXAS: "America/Chicago",
    CALIFORNIA: "America/Los_Angeles",
    FLORIDA: "America/Chicago|America/New_York",
    TOLL_FREE: "America/Chicago",
}
ALLOWED = {  # weekday hours, Saturday, Sunday, as they are to be read in the table
    TEXAS: ((9, 21), (9, 21), (12, 21)),
    CALIFORNIA: ((9, 21), (9, 21), (9, 21)),
    FLORIDA: ((8, 20), (8, 20), (8, 20)),
    TOLL_FREE: ((10, 17), None, None),
}


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def _broadcast(session: Session, numbers: dict[str, str]) -> Broadcast:
    made = outbox.broadcast(session, to=outbox.keyword(session))
    for number, zones in numbers.items():
        outbox.add_people(session, made, [number], zones)
    session.commit()
    return made


def _is_allowed(number: str, at: datetime) -> bool:
    for zone in ZONES[number].split("|"):
        local = at.astimezone(ZoneInfo(zone))
        window = ALLOWED[number][max(0, local.weekday() - 4)]
        if window is None or not time(window[0]) <= local.time() < time(window[1] % 24):
            return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("night", ["2026-11-28", "2026-03-07", "2026-10-31"])
def test_a_broadcast_through_saturday_night_keeps_to_each_state(
    session: Session, engine: Engine, clock: Clock, night: str
) -> None:
    begins = datetime.fromisoformat(f"{night} 20:50").replace(tzinfo=CHICAGO).astimezone(UTC)
    clock.set(begins - timedelta(days=30))
    for number in ZONES:
        outbox.opted_in(session, number)
    policy.change(session, None, state_rules=True, sending_hours=False)
    clock.set(begins)
    made = [_broadcast(session, ZONES) for _ in range(4)]
    started: Counter[str] = Counter()
    at = begins
    while at < begins + timedelta(hours=44):
        clock.set(at)
        for broadcast in made:
            for message in start(session, engine, broadcast):
                assert _is_allowed(message.number, at), (message.number, at)
                started[message.number] += 1
        session.execute(update(Message).where(Message.status == S.SENDING).values(status=S.SENT))
        at += timedelta(minutes=20)
    assert started == {TEXAS: 4, CALIFORNIA: 4, FLORIDA: 4, TOLL_FREE: 3}
    first = session.scalars(
        select(Message.started_at).where(Message.number == TEXAS).order_by(Message.started_at)
    ).all()
    assert [each.astimezone(CHICAGO).strftime("%a %H:%M") for each in first if each][:4] == ["Sat 20:50"] * 4
    waits = session.scalars(select(Message).where(Message.number == TOLL_FREE, Message.status == S.QUEUED)).one()
    assert (waits.reason, waits.not_before and waits.not_before > at) == (Reason.CAP_REACHED, True)


def test_texas_waits_for_sunday_noon_and_says_until_when(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(SATURDAY)
    outbox.opted_in(session, TEXAS)
    policy.change(session, None, state_rules=True, sending_to="23:00")
    made = _broadcast(session, {TEXAS: ZONES[TEXAS]})
    clock.set(SATURDAY.replace(hour=21))
    assert start(session, engine, made) == []
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    noon = datetime(2026, 11, 29, 12, tzinfo=CHICAGO)
    assert (message.status, message.reason, message.not_before) == (S.QUEUED, Reason.OUTSIDE_HOURS, noon)
    clock.set(noon)
    assert [each.number for each in start(session, engine, made)] == [TEXAS]


def test_what_comes_too_late_by_the_hours_of_a_state_is_not_sent(
    session: Session, engine: Engine, clock: Clock
) -> None:
    clock.set(SATURDAY)
    outbox.opted_in(session, TEXAS)
    policy.change(session, None, state_rules=True)
    made = _broadcast(session, {TEXAS: ZONES[TEXAS]})
    made.not_after = datetime(2026, 11, 29, 11, tzinfo=CHICAGO)
    clock.set(SATURDAY.replace(hour=22))
    assert start(session, engine, made) == []
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    assert (message.status, message.reason) == (S.SKIPPED, Reason.TOO_LATE)


def test_florida_gets_three_in_a_day_and_others_more(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(SATURDAY.replace(hour=12))
    for number in (TEXAS, FLORIDA):
        outbox.opted_in(session, number)
    policy.change(session, None, state_rules=True)
    made = [_broadcast(session, {number: ZONES[number] for number in (TEXAS, FLORIDA)}) for _ in range(4)]
    started = []
    for broadcast in made:
        started += [each.number for each in start(session, engine, broadcast)]
        clock.forward(minutes=10)
    assert Counter(started) == {TEXAS: 4, FLORIDA: 3}
    waits = session.scalars(select(Message).where(Message.status == S.QUEUED)).one()
    assert (waits.reason, waits.not_before and waits.not_before.astimezone(CHICAGO).strftime("%a %H:%M")) == (
        Reason.CAP_REACHED,
        "Sun 12:00",
    )


def test_what_waits_is_asked_again_when_states_are_switched_off(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(datetime(2026, 11, 29, 10, tzinfo=CHICAGO))
    outbox.opted_in(session, TEXAS)
    policy.change(session, None, state_rules=True)
    made = _broadcast(session, {TEXAS: ZONES[TEXAS]})
    watch = SettingsWatch(engine)
    watch.ring()
    assert start(session, engine, made) == []
    clock.forward(minutes=1)
    policy.change(session, None, state_rules=False)
    session.commit()
    assert watch.ring() == 1
    assert [each.number for each in start(session, engine, made)] == [TEXAS]


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(("number", "us_state"), [(CALIFORNIA, "TX"), (TEXAS, "CA"), (TOLL_FREE, "TX"), (TEXAS, "TX")])
def test_the_state_of_the_address_keeps_it_back_too(
    session: Session, engine: Engine, clock: Clock, number: str, us_state: str, alone: bool
) -> None:
    """On Sunday at 11 in Texas; what is only the number's counts no more where the address alone does."""
    clock.set(SATURDAY.replace(hour=12))
    outbox.opted_in(session, number)
    policy.change(session, None, state_rules=True, state_by_address=alone, sending_hours=False)
    made = _broadcast(session, {number: "America/Chicago"})
    session.execute(update(CampaignMember).values(us_state=us_state))
    session.commit()
    clock.set(datetime(2026, 11, 29, 11, tzinfo=CHICAGO))
    binds = us_state == "TX" or not alone
    assert [each.number for each in start(session, engine, made)] == ([] if binds else [number])
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    assert message.us_state == us_state
    if binds:
        assert (message.status, message.reason) == (S.QUEUED, Reason.OUTSIDE_HOURS)
    clock.set(datetime(2026, 11, 29, 12, tzinfo=CHICAGO))
    by_number = number == TOLL_FREE and not alone
    assert [each.number for each in start(session, engine, made)] == ([number] if binds and not by_number else [])


def test_florida_by_the_address_gets_three_in_a_day(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(SATURDAY.replace(hour=12))
    outbox.opted_in(session, TEXAS)
    policy.change(session, None, state_rules=True)
    made = [_broadcast(session, {TEXAS: ZONES[TEXAS]}) for _ in range(4)]
    session.execute(update(CampaignMember).values(us_state="FL"))
    session.commit()
    started = []
    for broadcast in made:
        started += start(session, engine, broadcast)
        clock.forward(minutes=10)
    assert len(started) == 3
    waits = session.scalars(select(Message).where(Message.status == S.QUEUED)).one()
    assert (waits.reason, waits.us_state) == (Reason.CAP_REACHED, "FL")
    policy.change(session, None, state_by_address=True)
    session.commit()
    assert start(session, engine, made[-1]) == []
