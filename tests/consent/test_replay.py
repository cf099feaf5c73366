"""The tables are what follows from the events: after any history, on both databases; and what differs is told."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import ImportedOptIn
from optin.consent.replay import replay
from optin.consent.verifying import Found, differences
from optin.database.session import db
from optin.enums import BlockCause, Channel, EventKind, HoldCause, HoldResolution, OptInSource, OptInStatus, Role
from optin.models import (
    ConsentEvent,
    ConsentPayload,
    Hold,
    ImportRun,
    Keyword,
    Message,
    NumberLoss,
    OptIn,
    PhraseOptOut,
    ProviderBlock,
    Suppression,
)
from tests.conftest import Clock, add_user
from tests.support import outbox, world

NUMBERS = ("+14155550134", "+14155550135", "+525512345678", "+5215512345678")
"""The last two are one phone in two spellings."""
SCOPES = ("+14155550100", "MG1")
ACTS = 250


class History:
    """Acts at random, as phones, users, carriers and files would do them."""

    def __init__(self, session: Session, draw: random.Random, clock: Clock) -> None:
        self.session, self.draw, self.clock = session, draw, clock
        self.user = add_user(session, Role.ADMIN).id
        self.person = world.person(session, "Maya Cole", NUMBERS[0]).id
        self.keywords = [outbox.keyword(session, "volunteer"), outbox.keyword(session, "garden", double_opt_in=True)]
        self.run = ImportRun(kind="contact", state="running", file_name="a.csv", created_at=clock.now())
        self.run.created_by_id = self.user
        session.add(self.run)
        session.flush()

    @property
    def number(self) -> str:
        return self.draw.choice(NUMBERS)

    @property
    def keyword(self) -> Keyword:
        return self.draw.choice(self.keywords)

    def act(self, source: OptInSource = OptInSource.SMS, **more: object) -> Act:
        late = self.draw.random() < 0.2
        at = self.clock.now()
        given = Act(
            source=source,
            at=at,
            provider_at=at - timedelta(minutes=self.draw.randrange(200)) if late else None,
            actor_id=self.user if source is OptInSource.USER else None,
            channel=self.draw.choice((Channel.SMS, Channel.SMS, Channel.RCS)),
            sender_id=outbox.sender(self.session).id,
        )
        return replace(given, **more)  # type: ignore[arg-type]

    def text(self) -> None:
        words = ("VOLUNTEER", "GARDEN", "STOP", "START", "YES", "remove me please", "please stop this", "stpo", "NO")
        world.text(self.session, self.draw.choice(words), self.number)

    def question_was_sent(self) -> None:
        waits = select(Message).where(Message.reply_kind == "question", Message.status == "queued").limit(1)
        if found := self.session.scalars(waits).first():
            found.status, found.sid, found.sent_at = "sent", f"SM9{found.id:031x}", self.clock.now()

    def opt_in(self) -> None:
        source = self.draw.choice((OptInSource.SMS, OptInSource.USER, OptInSource.FORM))
        ledger.opt_in(self.session, self.number, self.keyword, self.act(source))

    def opt_out(self) -> None:
        source = self.draw.choice((OptInSource.SMS, OptInSource.USER))
        resolution = HoldResolution.OPT_OUT if source is OptInSource.USER else HoldResolution.STOP
        leave = self.draw.choice((ledger.opt_out, ledger.opt_out_phone))
        leave(self.session, self.number, self.act(source), resolution=resolution)

    def opt_out_keyword(self) -> None:
        ledger.opt_out_keyword(self.session, self.number, self.keyword.id, self.act())

    def start(self) -> None:
        ledger.start(self.session, self.number, self.act(), restore=self.draw.random() < 0.5)

    def yes(self) -> None:
        ledger.allow_by_yes(self.session, self.number, self.act(), restore=self.draw.random() < 0.5)

    def hold(self) -> None:
        ledger.hold(self.session, self.number, self.act(), HoldCause.SENTENCE, "stop")

    def keep(self) -> None:
        ledger.keep(self.session, self.number, self.act(OptInSource.USER))

    def block(self) -> None:
        ledger.block(self.session, self.draw.choice(SCOPES), self.number, BlockCause.WORD, self.act())

    def unblock(self) -> None:
        ledger.unblock(self.session, self.draw.choice(SCOPES), self.number, self.act())

    def lose(self) -> None:
        ledger.lose_number(self.session, self.number, self.act(), error_code=30005)

    def find(self) -> None:
        ledger.find_number(self.session, self.number, self.act(), asks=self.draw.random() < 0.7)

    def lose_held(self) -> None:
        open_ones = self.session.scalars(select(Hold.number).where(Hold.ended_at.is_(None))).all()
        if open_ones:
            ledger.lose_held_number(self.session, self.draw.choice(open_ones), self.act(OptInSource.USER))

    def end(self) -> None:
        live = self.session.scalars(select(OptIn.id).where(OptIn.status == OptInStatus.ACTIVE)).all()
        if live:
            ledger.end_opt_in(self.session, self.draw.choice(live), self.act(OptInSource.USER, text="why"))

    def change_number(self) -> None:
        ledger.change_number(self.session, self.person, self.number, self.number, self.act(OptInSource.USER))

    def expire(self) -> None:
        self.clock.forward(hours=self.draw.choice((1, 25)))
        ledger.expire_questions(self.session, Act(source=OptInSource.SMS, at=self.clock.now()))

    def withdraw(self) -> None:
        decided = self.session.scalars(select(Hold.id).where(Hold.resolved_by_id.is_not(None))).all()
        if decided:
            ledger.withdraw(self.session, self.draw.choice(decided[-3:]), self.act(OptInSource.USER, provider_at=None))

    def correct(self) -> None:
        read = self.session.scalars(select(PhraseOptOut.id)).all()
        if read:
            ledger.correct(self.session, self.draw.choice(read[-2:]), self.act(OptInSource.USER, text="why"))

    def import_some(self) -> None:
        ago = timedelta(days=self.draw.randrange(3))
        given = [ImportedOptIn(number, self.clock.now() - ago, "on paper") for number in self.draw.sample(NUMBERS, 2)]
        act = self.act(OptInSource.IMPORT, import_run_id=self.run.id, channel=Channel.SMS)
        ledger.import_opt_ins(self.session, self.keyword.id, given, act)

    def undo_import(self) -> None:
        act = self.act(OptInSource.USER, import_run_id=self.run.id, channel=Channel.SMS, provider_at=None)
        ledger.withdraw_imported(self.session, act, 0, 10)
        ledger.take_back_opt_outs(self.session, act, 0, 10)

    def go_on(self) -> None:
        """Do anything."""
        acts: list[Callable[[], None]] = [
            self.text, self.text, self.text, self.question_was_sent, self.question_was_sent, self.opt_in, self.opt_in,
            self.opt_out, self.opt_out_keyword, self.start, self.yes, self.hold, self.hold, self.keep, self.block,
            self.unblock, self.lose, self.find, self.find, self.lose_held, self.end, self.change_number, self.expire,
            self.withdraw, self.withdraw, self.correct, self.import_some, self.undo_import,
        ]  # fmt: skip
        self.clock.forward(minutes=self.draw.randrange(1, 6))
        self.draw.choice(acts)()
        self.session.commit()


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
