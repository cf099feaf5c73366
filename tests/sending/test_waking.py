"""What waits for a cap or for sending hours goes as soon as these allow it, not when it was last told to ask again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, Direction, MessageStatus, Purpose, Reason
from optin.models import Broadcast, Message
from optin.policy import policy
from optin.provider.gateway import Failure, GatewayError, SentMessage
from optin.sending import delivery, status_callbacks
from tests.conftest import Clock
from tests.support import clockwork, outbox
from tests.support.clients import Browser
from tests.support.clockwork import start
from tests.support.outbox import MAYA

NOON = datetime(2026, 6, 3, 19, tzinfo=UTC)
NIGHT = datetime(2026, 6, 4, 5, tzinfo=UTC)
MORNING = datetime(2026, 6, 4, 15, tzinfo=UTC)
S = MessageStatus
HOUR = timedelta(hours=1)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def second(session: Session, clock: Clock) -> Broadcast:
    """A broadcast that Maya, who opted in, waits in; no sending hours."""
    clock.set(NOON - timedelta(days=30))
    word = outbox.keyword(session)
    outbox.opted_in(session, MAYA, word)
    outbox.without_sending_hours(session)
    clock.set(NOON)
    made = outbox.broadcast(session, to=word)
    outbox.add_people(session, made, [MAYA])
    session.commit()
    return made


@pytest.fixture
def look(app: Flask, session: Session) -> Callable[[], None]:
    return clockwork.looking(app, session)


def got(session: Session, *hours_ago: float, status: MessageStatus = S.DELIVERED) -> Message:
    """Let Maya have got broadcast messages so many hours before now; return the last."""
    for each in hours_ago:
        at = NOON - timedelta(hours=each)
        fields = {"created_at": at, "updated_at": at, "started_at": at, "sid": f"SM{int(each * 100):032x}"}
        made = Message(
            direction=Direction.OUTBOUND, purpose=Purpose.CAMPAIGN, number=MAYA, status=status,
            sender_id=outbox.sender(session).id, **fields,
        )  # fmt: skip
        session.add(made)
    session.commit()
    return made


def waiting(session: Session, broadcast: Broadcast) -> Message:
    session.commit()
    found = select(Message).where(Message.broadcast_id == broadcast.id)
    message = session.scalars(found.execution_options(populate_existing=True)).one()
    session.commit()
    return message


@pytest.mark.parametrize(
    ("a_day", "a_week", "hours_ago", "free_in"),
    [
        (1, 0, [3], 21),
        (1, 0, [23.5], 0.5),
        (2, 0, [1, 5], 19),
        (2, 0, [1, 5, 7], 19),  # the cap was lowered: two of three have to be old
        (1, 0, [2, 3, 4], 22),
        (0, 1, [100], 68),
        (0, 2, [30, 167], 1),
        (1, 2, [3, 160], 21),
        (1, 2, [20, 100], 68),
    ],
)
def test_it_asks_again_when_the_cap_lets_it_go(
    session: Session, engine: Engine, clock: Clock, second: Broadcast, a_day: int, a_week: int, hours_ago: list[float],
    free_in: float,
) -> None:  # fmt: skip
    outbox.without_sending_hours(session, cap_per_day=a_day, cap_per_week=a_week)
    got(session, *hours_ago)
    assert start(session, engine, second) == []
    message, free = waiting(session, second), NOON + free_in * HOUR
    assert (message.status, message.reason, message.not_before) == (S.QUEUED, Reason.CAP_REACHED, free)
    clock.set(free - timedelta(seconds=1))
    assert delivery.claim(engine, broadcast_id=second.id) == []
    clock.set(free)
    assert len(start(session, engine, second)) == 1


def test_a_cap_that_is_lifted_lets_them_go_at_once(
    session: Session, engine: Engine, clock: Clock, second: Broadcast, admin: Browser, look
) -> None:
    outbox.without_sending_hours(session, cap_per_day=1)
    got(session, 3)
    clock.forward(minutes=1)
    assert start(session, engine, second) == []
    look()
    clock.forward(seconds=30)
    look()
    assert delivery.waiting_broadcasts(engine) == []
    form = {"cap_per_day": "0", "cap_per_week": "0", "cap_waits": "wait", "default_region": "US", "brand": "Us"}
    page = admin.get("/settings/sms").text
    assert "cap_per_day" in page
    answer = admin.post("/settings/sms", data=form)
    assert answer.status_code == 303, answer.text
    assert policy.load(session).cap_per_day == 0
    clock.forward(seconds=1)
    look()
    assert delivery.waiting_broadcasts(engine) == [second.id]
    assert len(start(session, engine, second)) == 1


@pytest.mark.parametrize(
    ("hours", "goes"),
    [({"sending_hours": False}, True), ({"sending_to": "23:00"}, True), ({"sending_to": "21:00"}, False)],
)
def test_so_do_sending_hours_that_are_changed(
    session: Session, engine: Engine, clock: Clock, second: Broadcast, look, hours: dict[str, object], goes: bool
) -> None:
    policy.change(session, None, sending_hours=True)
    clock.set(NIGHT)  # ten in the evening in Los Angeles
    assert start(session, engine, second) == []
    assert waiting(session, second).not_before == MORNING
    clock.forward(minutes=1)
    policy.change(session, None, **hours)
    clock.forward(seconds=1)
    look()
    assert (len(start(session, engine, second)) == 1) is goes
    if not goes:
        assert waiting(session, second).not_before == MORNING


def test_what_waits_in_a_paused_broadcast_goes_when_it_is_resumed(
    session: Session, engine: Engine, clock: Clock, second: Broadcast, look
) -> None:
    outbox.without_sending_hours(session, cap_per_day=1)
    got(session, 3)
    assert start(session, engine, second) == []
    second.state = BroadcastState.PAUSED
    clock.forward(minutes=1)
    policy.change(session, None, cap_per_day=2)
    for _ in range(3):
        look()
        clock.forward(seconds=20)
    second.state = BroadcastState.SENDING
    session.commit()
    assert len(start(session, engine, second)) == 1


def test_a_message_that_asked_while_the_setting_was_being_saved_is_not_forgotten(
    session: Session, engine: Engine, clock: Clock, second: Broadcast, look
) -> None:
    outbox.without_sending_hours(session, cap_per_day=1)
    got(session, 3)
    clock.forward(minutes=1)
    changed_at = clock.now()
    clock.forward(seconds=3)
    assert start(session, engine, second) == []  # it still reads the old setting: the new one is not committed
    clock.set(changed_at)
    policy.change(session, None, cap_per_day=0)
    clock.set(changed_at + timedelta(seconds=4))
    look()
    clock.set(changed_at + timedelta(seconds=12))
    look()
    assert len(start(session, engine, second)) == 1


def test_other_settings_wake_nobody_and_one_change_wakes_once(
    session: Session, engine: Engine, clock: Clock, second: Broadcast, look
) -> None:
    outbox.without_sending_hours(session, cap_per_day=1)
    got(session, 3)
    clock.forward(minutes=1)
    look()
    assert start(session, engine, second) == []
    policy.change(session, None, brand="Somebody else")
    clock.forward(minutes=1)
    look()
    assert delivery.claim(engine, broadcast_id=second.id) == []
    policy.change(session, None, cap_waits=False)
    clock.forward(minutes=1)
    look()
    assert start(session, engine, second) == []
    assert waiting(session, second).status == S.SKIPPED


@pytest.mark.parametrize("how", ["refused at once", "failed later"])
def test_a_message_that_failed_counts_no_more_and_the_next_one_goes(
    session: Session, engine: Engine, clock: Clock, second: Broadcast, how: str
) -> None:
    outbox.without_sending_hours(session, cap_per_day=1)
    first = outbox.broadcast(session, to=second.keyword)
    session.add(
        Message(
            direction=Direction.OUTBOUND,
            purpose=Purpose.CAMPAIGN,
            number=MAYA,
            status=S.QUEUED,
            broadcast_id=first.id,
            sender_id=first.sender_id,
            created_at=NOON,
            updated_at=NOON,
        )
    )
    session.commit()
    [post] = start(session, engine, first)
    assert start(session, engine, second) == []
    if how == "refused at once":
        delivery.record(engine, [(post, GatewayError("not from this sender", Failure.REFUSED, code=21612))])
    else:
        delivery.record(engine, [(post, SentMessage(f"SM{1:032x}", S.SENT))])
        status_callbacks.receive(session, status_callbacks.StatusCallback(f"SM{1:032x}", "failed", error_code=30008))
        session.commit()
    assert len(start(session, engine, second)) == 1
