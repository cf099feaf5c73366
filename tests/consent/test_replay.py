"""The tables are what follows from the events: after any history, on both databases; and what differs is told."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.replay import replay
from optin.consent.verifying import Found, differences
from optin.database.session import db
from optin.enums import Channel, EventKind, HoldCause, HoldResolution, OptInSource, Role
from optin.models import (
    ConsentEvent,
    ConsentPayload,
    Hold,
    NumberLoss,
    OptIn,
    PhraseOptOut,
    ProviderBlock,
    Suppression,
)
from tests.conftest import Clock, add_user
from tests.support import outbox, world
from tests.support.history import NUMBERS, History

ACTS = 250


def told(app: Flask, found: Found | None = None) -> list[str]:
    with app.app_context():
        return list(differences(db.engine, found or Found()))


@pytest.mark.parametrize("seed", [1, 2])
def test_any_history_is_what_its_events_say(app: Flask, session: Session, clock: Clock, seed: int) -> None:
    clock.forward(days=-30)
    history = History(session, random.Random(seed), clock)
    for _ in range(ACTS):
        history.go_on()
    found = Found()
    assert told(app, found) == []
    assert (found.numbers, found.joined, found.erased) == (len(NUMBERS), 0, 0)
    assert found.events > ACTS / 2


def changed(session: Session, *statements: object) -> None:
    for each in statements:
        session.execute(each)  # type: ignore[call-overload]
    session.commit()


def test_what_differs_is_told_in_sentences(app: Flask, session: Session) -> None:
    outbox.keyword(session)
    for body in ("VOLUNTEER", "we have to stop this bill"):
        world.text(session, body)
    world.text(session, "STOP", world.TOM)
    ledger.lose_number(session, world.INES, outbox.act())
    session.commit()
    assert told(app) == []
    changed(
        session,
        update(OptIn).values(status="inactive", end_reason="by_user"),
        update(Suppression).values(ended_at=clock.now()),
        delete(Hold),
        update(NumberLoss).values(ended_at=clock.now()),
        update(ProviderBlock).values(scope="MG9"),
    )
    said = "\n".join(told(app))
    for sentence in (
        f"{world.MAYA}: OI-000001 is stored as “Ended by a user”, by the log it is “Active”.",
        f"{world.MAYA}: by the log it is on hold for review (SMS), and that is not stored.",
        f"{world.TOM}: by the log it is opted out (SMS), and that is not stored.",
        f"{world.INES}: by the log it is not in use (SMS), and that is not stored.",
        f"{world.TOM}: it is stored as blocked at Twilio (MG9), and the log does not say so.",
    ):
        assert sentence in said, said


def test_what_another_channel_began_is_told_by_its_name(app: Flask, session: Session, clock: Clock) -> None:
    """Who decides in Review does so by no channel: what stands again, or ends, does so by the one on which it began."""
    user = add_user(session, Role.AGENT).id
    by_rcs = replace(outbox.act("stop this"), channel=Channel.RCS)
    ledger.hold(session, world.MAYA, by_rcs, HoldCause.SENTENCE, "stop")
    decision = Act(source=OptInSource.USER, at=clock.now(), actor_id=user)
    ledger.opt_out(session, world.MAYA, decision, resolution=HoldResolution.OPT_OUT)
    held = session.scalars(select(Hold.id)).one()
    assert not ledger.withdraw(session, held, replace(decision, at=clock.forward(minutes=1))).refused
    said = world.text(session, "hello", world.TOM)
    leaves = replace(by_rcs, message_id=said.id, message_sid=said.sid, phrase="hello")
    ledger.opt_out(session, world.TOM, leaves)
    read = session.scalars(select(PhraseOptOut.id)).one()
    assert not ledger.correct(session, read, replace(decision, at=clock.now(), text="why")).refused
    session.commit()
    assert told(app) == []
    assert session.scalars(select(Hold.channel).where(Hold.ended_at.is_(None))).all() == [Channel.RCS]


def test_a_changed_payload_and_rows_without_events_are_told(app: Flask, session: Session) -> None:
    outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    world.text(session, "STOP", world.TOM)
    given = {"keyword_id": 1, "status": "active", "source": "sms", "requested_at": clock.now()}
    session.add(OptIn(number=world.INES, **given))
    session.add(Suppression(number=world.INES, started_at=clock.now(), asked_at=clock.now()))
    first = select(ConsentEvent.id).order_by(ConsentEvent.id).limit(1).scalar_subquery()
    changed(
        session,
        update(ConsentPayload).where(ConsentPayload.event_id == first).values(text="something else"),
        update(OptIn).where(OptIn.number == world.MAYA).values(number=world.TOM),
    )
    said = told(app)
    assert any("The personal part of event 1 has been changed" in each for each in said), said
    assert f"{world.INES}: it is stored as an opt-in, and the log has no event of this number." in said
    assert f"{world.INES}: it is stored as opted out, and the log has no event of this number." in said
    assert f"{world.TOM}: OI-000001 is stored, and the log has no event of it." in said


def test_an_erased_payload_is_counted_and_its_opt_in_compared(app: Flask, session: Session) -> None:
    outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    changed(session, delete(ConsentPayload))
    found = Found()
    assert (told(app, found), found.erased) == ([], 1)
    changed(session, update(OptIn).values(status="expired"))
    assert told(app) == ["An erased number: OI-000001 is stored as “Expired”, by the log it is “Active”."]


def test_the_loss_that_a_carrier_told_stays_when_a_user_takes_theirs_back() -> None:
    def event(kind: EventKind, minutes: int, detail: str = "") -> ConsentEvent:
        at = clock.now() + timedelta(minutes=minutes)
        return ConsentEvent(kind=kind, channel="sms", at=at, detail=detail)

    label = HoldResolution.NUMBER_LOST.label
    lost, resolved = event(EventKind.NUMBER_LOST, 0, "error 30005"), event(EventKind.HOLD_RESOLVED, 5, label)
    withdrawn = event(EventKind.DECISION_WITHDRAWN, 6, f"{label}, given back 0")
    assert set(replay([lost, resolved, withdrawn]).lost) == {"sms"}
    lost.at = resolved.at
    assert set(replay([lost, resolved, withdrawn]).lost) == set()
