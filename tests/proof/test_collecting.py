"""What a proof collects of numbers to which all kinds of things really happened; and each of the ZIPs holds."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import EndedElsewhere, ImportedOptIn
from optin.database.session import db
from optin.enums import EndReason, MessageStatus, OptInSource
from optin.evidence import keeping, pictures
from optin.models import Disclosure, Keyword, Message, OptIn
from optin.proof import collecting, number_record
from optin.proof.collecting import Asked
from optin.proof.material import Proof
from optin.refused import done
from tests.conftest import Clock
from tests.support import outbox, proofs, world
from tests.support.proofs import verified
from tests.support.world import MAYA, TOM

AT = r"\d+ \w{3} \d{4} \d\d:\d\d:\d\d UTC"
TEXTED = rf"On {AT} \(415\) 555-0134 texted “Riverteam” to \(415\) 555-0100"
JOINED = rf"{TEXTED} and so opted in with “riverteam”"


@dataclass
class Scene:
    """A keyword, a user, and a clock that is moved between what happens."""

    session: Session
    keyword: Keyword
    clock: Clock
    user_id: int

    def act(self, source: OptInSource = OptInSource.USER, said: str = "") -> Act:
        return Act(source=source, at=self.clock.now(), text=said, actor_id=self.user_id)

    def text(self, body: str) -> None:
        self.clock.forward(minutes=5)
        world.text(self.session, body)

    def opt_in_id(self) -> int:
        return self.session.scalars(select(OptIn.id).order_by(OptIn.id)).first() or 0


def stop(it: Scene) -> None:
    it.text("Riverteam")
    it.text("STOP")


def phrase(it: Scene) -> None:
    it.text("Riverteam")
    it.text("Please remove me from your list")


def imported(it: Scene) -> None:
    day = it.clock.now() - timedelta(days=90)
    given = ImportedOptIn(
        MAYA, day, text="On paper", evidence={"way": "paper", "by": "", "told": "2 a month", "row": 3}
    )
    assert not ledger.import_opt_ins(it.session, it.keyword.id, [given], it.act(OptInSource.IMPORT))


def moved(it: Scene) -> None:
    now = it.clock.now()
    ended = EndedElsewhere(now - timedelta(days=9), now - timedelta(days=2), EndReason.OPTED_OUT)
    ledger.take_over_ended(it.session, MAYA, it.keyword.id, ended, it.act(OptInSource.MIGRATED))


def number_changed(it: Scene) -> None:
    it.text("Riverteam")
    person = world.person(it.session, "Maya Cole", MAYA)
    person.mobile = TOM
    it.session.flush()
    assert ledger.change_number(it.session, person.id, MAYA, TOM, it.act())


def erased(it: Scene) -> None:
    stop(it)
    it.session.execute(text("DELETE FROM consent_payload"))


def recorded(it: Scene) -> None:
    ledger.opt_in(it.session, MAYA, it.keyword, it.act(said="paper form"), comment="paper form")


def confirmed(it: Scene) -> None:
    it.keyword.double_opt_in = True
    it.session.commit()
    it.text("Riverteam")
    world.question(it.session)
    it.text("YES")


def unanswered(it: Scene) -> None:
    it.keyword.double_opt_in = True
    it.session.commit()
    it.text("Riverteam")
    it.clock.forward(hours=25)
    ledger.expire_questions(it.session, Act(source=OptInSource.SMS, at=it.clock.now()))


def nothing(_: Scene) -> None:
    pass


STANDS, NONE = "the consent stands", "so there is no consent"
MOVED = rf"as the records say that were moved from Twilio for Salesforce on {AT}"
HAPPENED: list[tuple[Callable[[Scene], None], str]] = [
    (stop, rf"{JOINED}; the consent ended on {AT} by the text “STOP”\."),
    (phrase, rf"{JOINED}; the consent ended on {AT} by the text “Please remove me from your list”\."),
    (imported, rf"On {AT} \(415\) 555-0134 agreed to “riverteam”, as A’s import of {AT} says; {STANDS}\."),
    (moved, rf"On {AT} .{{14}} opted in with “riverteam”, {MOVED}; the consent ended on {AT} {MOVED}\."),
    (number_changed, rf"{JOINED}; the consent ended on {AT} because the number was changed by A\."),
    (
        erased,
        rf"On {AT} .* a text that has been erased to .*; the consent ended on {AT} by a text that has been erased\.",
    ),
    (recorded, rf"On {AT} A recorded that .{{14}} had agreed to “riverteam” \(“paper form”\); {STANDS}\."),
    (confirmed, rf"{TEXTED} and asked to .*, and confirmed it on {AT} by texting “YES”; {STANDS}\."),
    (unanswered, rf"{TEXTED} and asked .*; the question whether they agree was not answered by {AT}, {NONE}\."),
    (nothing, r"The log has no event of .{14}: there is no consent, and none is known to have been given\."),
]


@pytest.fixture
def scene(app: Flask, session: Session, clock: Clock) -> Scene:
    keyword = world.keyword(session, "riverteam")
    outbox.sender(session)
    return Scene(session, keyword, clock, outbox.author(session))


def collected(session: Session, **asked: object) -> Proof:
    session.commit()
    found = collecting.collect(session, Asked(MAYA, **asked))  # type: ignore[arg-type]
    session.commit()
    return found


@pytest.mark.parametrize(("happened", "verdict"), HAPPENED, ids=lambda each: getattr(each, "__name__", ""))
def test_whatever_happened_is_said_and_can_be_checked(
    app: Flask, scene: Scene, tmp_path: Path, happened: Callable[[Scene], None], verdict: str
) -> None:
    happened(scene)
    proof = collected(scene.session)
    assert re.fullmatch(verdict, proof.verdict), proof.verdict
    if happened is not nothing:
        assert collected(scene.session, opt_in_id=scene.opt_in_id()).verdict == proof.verdict
    else:
        world.text(scene.session, "Riverteam", TOM)  # a log must have begun
    with app.app_context():
        made = proofs.zipped(db.engine, MAYA, proofs.keeper(tmp_path), brand="River Friends")
    code, said = verified(made.write(tmp_path / "proof.zip"))
    assert (code, f"“{proof.verdict}”" in said) == (0, True), said


def test_it_has_what_they_were_told_that_day(app: Flask, scene: Scene, tmp_path: Path) -> None:
    """The version in force then, with its picture, and not the one of today."""
    out = io.BytesIO()
    Image.new("RGB", (30, 40), "navy").save(out, "PNG")
    image = keeping.keep_image(scene.session, done(pictures.read(out.getvalue())), scene.user_id)
    told = Disclosure(
        keyword_id=scene.keyword.id, version=1, text="4 a month", image_id=image, created_at=scene.clock.now()
    )
    scene.session.add(told)
    scene.session.commit()
    scene.text("Riverteam")
    scene.clock.forward(days=1)
    later = Disclosure(keyword_id=scene.keyword.id, version=2, text="9 a month", created_at=scene.clock.now())
    scene.session.add(later)
    proof = collected(scene.session)
    found = proof.opt_ins[0].told
    assert found is not None
    assert (found.text, found.version) == ("4 a month", 1)
    with app.app_context():
        made = proofs.zipped(db.engine, MAYA, proofs.keeper(tmp_path))
    assert found.image is not None
    assert made.files[found.image.name] == out.getvalue()
    assert made.proof["opt_ins"][0]["told"]["image"] == {"file": found.image.name, "sha256": found.image.digest}
    received = proof.opt_ins[0].texts[0]
    assert (received.body, received.to, received.sid[:2]) == ("Riverteam", "(415) 555-0100", "SM")


def test_each_message_says_under_which_consent_it_started(scene: Scene) -> None:
    scene.text("Riverteam")
    scene.clock.forward(minutes=5)
    sent = outbox.reached(scene.session, MAYA, body="Clean-up")
    message = scene.session.scalars(select(Message).where(Message.broadcast_id == sent.id)).one()
    message.opt_in_id = scene.opt_in_id()
    scene.text("STOP")
    waiting = outbox.reached(scene.session, MAYA, body="Too late", status=MessageStatus.SKIPPED)
    skipped = scene.session.scalars(select(Message).where(Message.broadcast_id == waiting.id)).one()
    skipped.started_at, skipped.reason = None, "opted_out"
    proof = collected(scene.session)
    said = {each.text: each for each in proof.messages}
    assert said["Clean-up"].consent == "OI-000001 (“riverteam”)"
    assert said["Clean-up"].seconds == pytest.approx(-300, abs=10)
    assert said["Too late"].consent == "Not started: opted out"
    assert said["Too late"].seconds is None
    assert said["STOP"].consent == ""


def test_messages_are_read_some_at_a_time_and_those_that_were_moved_say_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_record, "AT_ONCE", 2)
    scene.text("Riverteam")
    for count in range(5):
        outbox.reached(scene.session, MAYA, body=f"Text {count}")
    moved = scene.session.scalars(select(Message).where(Message.body == "Text 0")).one()
    scene.session.execute(text("UPDATE message SET id = -7 WHERE id = :id"), {"id": moved.id})
    scene.session.commit()
    record = number_record.NumberRecord.read(scene.session, MAYA, "US")
    everything = list(record.all_messages(scene.session))
    assert len(everything) == record.message_count(scene.session) == 7
    assert [each.id for each in everything] == sorted(each.id for each in everything)
    assert everything[0].consent == "Sent by Twilio for Salesforce, before the move"
    assert [each.id for each in record.newest_messages(scene.session, 2)] == [each.id for each in everything[:-3:-1]]
    scene.session.commit()


def test_a_number_is_known_under_each_of_its_spellings(app: Flask, scene: Scene, tmp_path: Path) -> None:
    old, new = "+5215512345678", "+525512345678"
    world.text(scene.session, "Riverteam", new)
    world.text(scene.session, "STOP", old)
    scene.session.commit()
    first, second = (collecting.collect(scene.session, Asked(each)) for each in (old, new))
    assert first.event_count == second.event_count > 1
    assert set(first.numbers) == {old, new}
    scene.session.commit()
    with app.app_context():
        made = proofs.zipped(db.engine, new, proofs.keeper(tmp_path))
    assert verified(made.write(tmp_path / "proof.zip"))[0] == 0
