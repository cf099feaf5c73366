"""What ends a message that waits, and with which reason: one rule, one order, whichever way it ends."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience, ledger
from optin.consent.events import Act
from optin.database.session import db
from optin.enums import BroadcastState, Channel, HoldCause, HoldResolution, MessageStatus, OptInSource, Reason
from optin.features.broadcasts import queries, recipient_list
from optin.features.broadcasts import sending as broadcasts
from optin.features.campaigns import members
from optin.models import Broadcast, Campaign, CampaignMember, Hold, Keyword, Message, OptIn, Person, Suppression
from optin.policy import policy
from optin.sending import deciding, delivery
from tests.support import outbox
from tests.support.outbox import MAYA, OURS, act

S = MessageStatus
OTHER = "+14155550199"
STOPPED = (S.CANCELLED, Reason.OPTED_OUT)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def queued(session: Session, word: Keyword | None, numbers: list[str]) -> Broadcast:
    """Have a broadcast to people who opted in, put into the outbox as the app does it."""
    outbox.without_sending_hours(session)
    for number in numbers:
        outbox.opted_in(session, number, word or outbox.keyword(session))
    broadcast = outbox.broadcast(session, to=word)
    outbox.add_people(session, broadcast, numbers)
    session.query(Message).delete()
    campaign = session.get_one(Campaign, broadcast.campaign_id)
    asked = audience.ask(session, campaign, OURS, Channel.SMS, policy.load(session))
    assert deciding.queue_broadcast(session, broadcast, asked) == len(numbers)
    session.commit()
    return broadcast


def ended(session: Session) -> tuple[str, str | None]:
    """Return status and reason of the only message."""
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    return message.status, message.reason


def opt_in_of(session: Session) -> OptIn:
    return session.scalars(select(OptIn).where(OptIn.number == MAYA).order_by(OptIn.id)).first()  # type: ignore[return-value]


def _person(session: Session) -> int:
    return session.scalars(select(Person.id).where(Person.mobile == MAYA)).one()


def _stop(session: Session, word: Keyword) -> None:
    ledger.opt_out(session, MAYA, act("STOP"))


def _decided(session: Session, word: Keyword) -> None:
    decision = Act(source=OptInSource.USER, at=clock.now(), actor_id=outbox.author(session))
    ledger.opt_out(session, MAYA, decision, resolution=HoldResolution.OPT_OUT)


def _stop_on_hold(session: Session, word: Keyword) -> None:
    session.add(Hold(number=MAYA, started_at=clock.now(), cause=HoldCause.SENTENCE))  # the message has slipped in
    session.flush()
    ledger.opt_out(session, MAYA, act("STOP"))


def _late_stop(session: Session, word: Keyword) -> None:
    earlier = Act(source=OptInSource.SMS, at=clock.now(), provider_at=clock.now() - timedelta(hours=1), text="STOP")
    opt_in_of(session).requested_at -= timedelta(hours=2)
    ledger.opt_in(session, MAYA, outbox.keyword(session, "DONATE"), act("DONATE"))
    ledger.opt_out(session, MAYA, earlier)


def _leave(session: Session, word: Keyword) -> None:
    ledger.opt_out_keyword(session, MAYA, word.id, act("STOP VOLUNTEER"))


def _leave_on_hold(session: Session, word: Keyword) -> None:
    session.add(Hold(number=MAYA, started_at=clock.now() + timedelta(hours=1), cause=HoldCause.SENTENCE))
    session.flush()
    _leave(session, word)


def _leave_suppressed(session: Session, word: Keyword) -> None:
    session.add(Suppression(number=MAYA, started_at=clock.now(), asked_at=clock.now()))
    session.flush()
    _leave(session, word)


def _ended_by_user(session: Session, word: Keyword) -> None:
    ledger.end_opt_in(session, opt_in_of(session).id, act("asked by phone"))


def _lost(session: Session, word: Keyword) -> None:
    ledger.lose_number(session, MAYA, act())


def _changed(session: Session, word: Keyword) -> None:
    ledger.change_number(session, _person(session), MAYA, OTHER, act())


def _hold(session: Session, word: Keyword) -> None:
    ledger.hold(session, MAYA, act("please stop it"), HoldCause.SENTENCE, "stop")


def _hold_suppressed(session: Session, word: Keyword) -> None:
    session.add(Suppression(number=MAYA, started_at=clock.now(), asked_at=clock.now()))
    session.flush()
    _hold(session, word)


ENDS: dict[str, tuple[Callable[[Session, Keyword], None], tuple[MessageStatus, Reason]]] = {
    "STOP": (_stop, STOPPED),
    "a review decision": (_decided, STOPPED),
    "STOP while on hold": (_stop_on_hold, STOPPED),
    "a STOP found late": (_late_stop, (S.SKIPPED, Reason.ON_HOLD)),
    "STOP of one keyword": (_leave, (S.SKIPPED, Reason.NOT_OPTED_IN)),
    "STOP of one keyword while on hold": (_leave_on_hold, (S.SKIPPED, Reason.ON_HOLD)),
    "STOP of one keyword while opted out": (_leave_suppressed, STOPPED),
    "a user ends it": (_ended_by_user, (S.SKIPPED, Reason.NOT_OPTED_IN)),
    "number lost": (_lost, (S.SKIPPED, Reason.NUMBER_LOST)),
    "number changed": (_changed, (S.CANCELLED, Reason.NUMBER_CHANGED)),
    "hold": (_hold, (S.SKIPPED, Reason.ON_HOLD)),
    "hold while opted out": (_hold_suppressed, STOPPED),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_waits_ends_with_the_reason_of_the_rule(session: Session, case: str) -> None:
    event, expected = ENDS[case]
    word = outbox.keyword(session)
    queued(session, word, [MAYA])
    event(session, word)
    session.commit()
    assert ended(session) == expected


@pytest.mark.parametrize("case", ENDS)
def test_the_start_says_the_same_of_what_nobody_took_back(session: Session, engine: Engine, case: str) -> None:
    event, expected = ENDS[case]
    if case == "number changed":
        expected = (S.SKIPPED, Reason.NOT_OPTED_IN)  # the message itself knows only its number
    word = outbox.keyword(session)
    broadcast = queued(session, word, [MAYA])
    event(session, word)
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    message.status, message.reason = S.QUEUED, None  # it came into the outbox beside the event
    session.commit()
    assert delivery.start(engine, delivery.claim(engine, broadcast_id=broadcast.id)) == ([], [])
    assert ended(session) == expected


def test_without_keyword_another_opt_in_keeps_it_waiting(session: Session) -> None:
    word, other = outbox.keyword(session), outbox.keyword(session, "DONATE")
    outbox.opted_in(session, MAYA, other)
    queued(session, None, [MAYA])
    ledger.opt_out_keyword(session, MAYA, other.id, act("STOP DONATE"))
    assert ended(session) == (S.QUEUED, None)
    ledger.opt_out_keyword(session, MAYA, word.id, act("STOP VOLUNTEER"))
    assert ended(session) == (S.SKIPPED, Reason.NO_OPT_IN)


@pytest.mark.parametrize("how", ["cancelled", "removed"])
def test_what_a_user_takes_back_does_not_say_why_it_had_waited(session: Session, how: str) -> None:
    broadcast = queued(session, outbox.keyword(session), [MAYA])
    message = session.scalars(select(Message)).one()
    message.reason, message.not_before = Reason.OUTSIDE_HOURS, clock.now() + timedelta(hours=9)
    session.commit()
    user = outbox.author(session)
    if how == "cancelled":
        assert broadcasts.bring_to(session, broadcast.id, BroadcastState.CANCELLED, user) is None
        session.commit()
        assert broadcasts.settle(session.get_bind(), broadcast.id, BroadcastState.CANCELLED) == 1
    else:
        assert members.remove(session, session.scalars(select(CampaignMember)).one(), user, "US") == 1
    assert ended(session) == (S.CANCELLED, None)


def test_while_a_broadcast_starts_who_stops_is_counted_as_opted_out(session: Session, engine: Engine) -> None:
    numbers = outbox.numbers(120)
    broadcast = queued(session, outbox.keyword(session), numbers)
    leaving = random.sample(numbers, 90)
    started: set[str] = set()
    guard, left = threading.Lock(), threading.Event()

    def start() -> None:
        while posts := delivery.claim(engine, broadcast_id=broadcast_id, limit=3):
            while posts:
                begun, posts = delivery.start(engine, posts)
                with guard:
                    started.update(post.number for post in begun)
            left.wait(0.01)

    def leave(mine: list[str]) -> None:
        for number in mine:
            with Session(engine) as own:
                ledger.opt_out(own, number, act("STOP"))
                own.commit()

    broadcast_id = broadcast.id
    with ThreadPoolExecutor(5) as threads:
        jobs = [threads.submit(start) for _ in range(2)]
        jobs += [threads.submit(leave, leaving[hand::3]) for hand in range(3)]
        for job in jobs:
            job.result(120)
    rows = session.execute(select(Message.number, Message.status, Message.reason)).all()
    stopped = {row.number: (row.status, row.reason) for row in rows if row.number not in started}
    assert stopped  # else there was no race
    assert set(stopped) <= set(leaving)
    assert set(stopped.values()) == {STOPPED}
    session.commit()
    causes = queries.progress(session, session.get_one(Broadcast, broadcast_id)).causes
    assert [(cause.status, cause.reason, cause.count) for cause in causes] == [(*STOPPED, len(stopped))]
    message = session.scalars(select(Message).where(Message.status == S.CANCELLED).limit(1)).one()
    assert recipient_list.why(message) == "Opted out"
