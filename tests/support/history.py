"""A history of consent at random: what phones, users, carriers and files do to a few numbers, one act after another."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import ImportedOptIn
from optin.enums import BlockCause, Channel, HoldCause, HoldResolution, OptInSource, OptInStatus, Role
from optin.models import Hold, ImportRun, Keyword, Message, OptIn, PhraseOptOut
from tests.conftest import Clock, add_user
from tests.support import outbox, world

NUMBERS = ("+14155550134", "+14155550135", "+525512345678", "+5215512345678")
"""The last two are one phone in two spellings."""
SCOPES = ("+14155550100", "MG1")


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
