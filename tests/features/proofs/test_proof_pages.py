"""The page of a proof and its files: what they say, who gets them, and what the trail tells of it."""

import io
import re
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.models import AuditEntry, ConsentEvent, LogLeaf, Message, OptIn
from optin.proof import collecting
from optin.web import downloads
from tests.conftest import Clock
from tests.support import consent_log, outbox, proofs, world
from tests.support.clients import Browser
from tests.support.proofs import Zip, verified
from tests.support.world import INES, MAYA, TOM


@pytest.fixture
def opt_in(session: Session) -> int:
    """Somebody who opted in and was texted since."""
    world.keyword(session, "riverteam")
    world.text(session, "Riverteam")
    outbox.reached(session, MAYA, body="Clean-up on Sunday")
    session.commit()
    return session.scalars(select(OptIn.id)).one()


def seal(app: Flask, session: Session) -> None:
    session.commit()
    with app.app_context():
        consent_log.seal(db.engine, Keeper.of(app.config["OPTIN"]))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_the_page_begins_with_the_verdict(app: Flask, session: Session, viewer: Browser, opt_in: int) -> None:
    seal(app, session)
    said = words(viewer.get(f"/opt-ins/{opt_in}/proof").text)
    assert re.search(
        r"On \d+ \w+ \d{4} [\d:]{8} UTC \(415\) 555-0134 texted “Riverteam” to \(415\) 555-0100 and so", said
    )
    assert "and so opted in with “riverteam”; the consent stands." in said
    assert "Nothing was recorded for the keyword at that time." in said
    assert "Clean-up on Sunday" in said
    assert "not sealed yet" not in said
    assert "The log knows the number, and not who held the phone." in said


def test_a_goodbye_ends_it_and_each_message_says_how_near_it_was(
    app: Flask, agent: Browser, session: Session, opt_in: int, clock: Clock
) -> None:
    clock.forward(minutes=3)
    world.text(session, "STOP")
    said = words(agent.get(f"/opt-ins/{opt_in}/proof").text)
    assert re.search(r"the consent ended on .{24} by the text “STOP”\.", said)
    assert re.search(r"Started 3 min \d s before the goodbye of", said)


def test_a_message_that_should_not_have_gone_says_so(
    app: Flask, agent: Browser, session: Session, opt_in: int, clock: Clock
) -> None:
    world.text(session, "STOP")
    clock.forward(minutes=2)
    late = outbox.reached(session, MAYA, body="One more thing")
    said = words(agent.get(f"/numbers/{MAYA}/proof").text)
    assert late.id
    assert re.search(
        r"Started 2 min \d s after the goodbye of .{24} Should not have gone: Opted out since .{24}:", said
    )


def test_pages_lead_to_it(agent: Browser, session: Session, opt_in: int) -> None:
    person = world.person(session, "Maya Cole", MAYA)
    in_threads = (Message.number == MAYA, Message.conversation_id.is_not(None))
    conversation = session.scalars(select(Message.conversation_id).where(*in_threads)).first()
    assert f'href="/opt-ins/{opt_in}/proof"' in agent.get(f"/opt-ins/{opt_in}").text
    number = f'href="/numbers/{MAYA}/proof"'
    assert number in agent.get(f"/contacts/{person.id}").text
    assert number in agent.get(f"/inbox/{conversation}").text
    page = agent.get(f"/opt-ins/{opt_in}/proof").text
    assert number in page
    assert "Maya Cole" in page


def test_of_a_number_that_nobody_knows_it_says_that_there_is_nothing(agent: Browser, session: Session) -> None:
    said = words(agent.get("/numbers/+12125550199/proof").text)
    assert "The log has no event of (212) 555-0199: there is no consent, and none is known to have been given." in said
    assert "The consent log has not been signed yet" in said
    assert agent.get("/numbers/nobody/proof").status_code == 404
    assert agent.get("/opt-ins/99/proof").status_code == 404


def test_the_page_writes_nothing_and_says_what_is_not_sealed(
    app: Flask, agent: Browser, session: Session, opt_in: int
) -> None:
    said = words(agent.get(f"/opt-ins/{opt_in}/proof").text)
    assert "One event is not sealed yet, so nobody else can check it." in said
    assert session.scalar(select(func.count()).select_from(LogLeaf)) == 0


def test_the_zip_seals_what_is_new_and_holds(
    app: Flask, agent: Browser, session: Session, opt_in: int, tmp_path: Path
) -> None:
    seal(app, session)
    world.text(session, "Riverteam")
    answer = agent.get(f"/opt-ins/{opt_in}/proof/file")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="proof-OI-000001-')
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert answer.headers["Cache-Control"] == "no-store"
    made = Zip.of(answer.data)
    code, said = verified(made.write(tmp_path / "proof.zip"))
    assert code == 0, said
    assert len(made.proof["events"]) == session.scalar(select(func.count()).select_from(ConsentEvent)) == 2


def test_the_zip_leads_on_from_an_older_checkpoint(app: Flask, agent: Browser, session: Session, opt_in: int) -> None:
    seal(app, session)
    world.text(session, "Riverteam", TOM)
    made = Zip.of(agent.get(f"/numbers/{MAYA}/proof/file?since=1").data)
    assert made.proof["consistency"]["from"] == 1
    assert "consistency" not in Zip.of(agent.get(f"/numbers/{MAYA}/proof/file?since=99").data).proof


def test_another_machine_does_not_begin_a_new_log_for_a_download(
    app: Flask, agent: Browser, session: Session, opt_in: int, tmp_path: Path, clock: Clock
) -> None:
    session.commit()
    with app.app_context():
        consent_log.seal(db.engine, proofs.keeper(tmp_path))
    world.text(session, "Riverteam")
    clock.forward(minutes=30)
    made = Zip.of(agent.get(f"/opt-ins/{opt_in}/proof/file").data)
    assert "contents.txt" not in made.files
    assert [event["index"] for event in made.proof["events"]] == [0, None]
    assert session.scalar(text("SELECT count(*) FROM log_origin")) == 1


def test_the_pdf_says_the_same(app: Flask, agent: Browser, session: Session, opt_in: int) -> None:
    seal(app, session)
    world.text(session, "See you 👍 你好\nat nine")
    answer = agent.get(f"/opt-ins/{opt_in}/proof/pdf")
    assert answer.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(io.BytesIO(answer.data))
    said = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    for sentence in (
        "Proof of consent: OI-000001",
        "texted “Riverteam” to (415) 555-0100 and so opted in with “riverteam”; the consent stands.",
        "See you [thumbs up sign] [U+4F60][U+597D] at nine",
        "Clean-up on Sunday",
        "What is not known",
        f"1 of {len(document)}",
    ):
        assert sentence in said.replace("\u00a0", " "), said


def test_files_are_downloads(viewer: Browser, agent: Browser, session: Session, opt_in: int) -> None:
    agent.user.may_download = False
    session.add(agent.user)
    session.commit()
    for browser in (viewer, agent):
        page = browser.get(f"/opt-ins/{opt_in}/proof").text
        assert "the consent stands" in page
        assert "Download" not in page
        assert browser.get(f"/opt-ins/{opt_in}/proof/file").status_code == 403


def test_each_file_is_in_the_trail(agent: Browser, session: Session, opt_in: int) -> None:
    assert agent.get(f"/opt-ins/{opt_in}/proof/file").data
    assert agent.get(f"/numbers/{MAYA}/proof/pdf").data
    session.commit()
    told = select(AuditEntry.field, AuditEntry.before, AuditEntry.after).order_by(AuditEntry.id)
    assert [tuple(row) for row in session.execute(told.where(AuditEntry.subject_kind == downloads.SUBJECT))] == [
        ("proof", f"of: OI-{opt_in:06d}, as: ZIP", "4 rows"),
        ("proof", f"of: {MAYA}, as: PDF", "4 rows"),
    ]


def test_a_page_is_short_and_the_zip_has_all(
    app: Flask, agent: Browser, session: Session, opt_in: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "NEWEST", 3)
    for _ in range(4):
        world.text(session, "riverteam")
    seal(app, session)
    said = words(agent.get(f"/numbers/{MAYA}/proof").text)
    assert said.count("The newest 3; the ZIP has all.") == 2
    made = Zip.of(agent.get(f"/numbers/{MAYA}/proof/file").data)
    assert len(made.proof["events"]) == 5
    assert len(made.proof["messages"]) == session.scalar(select(func.count()).select_from(Message))


@pytest.mark.slow
def test_the_proofs_of_a_list_are_one_zip_and_each_of_them_holds(
    app: Flask, agent: Browser, session: Session, opt_in: int, tmp_path: Path
) -> None:
    world.text(session, "Riverteam", TOM)
    world.text(session, "STOP", TOM)
    seal(app, session)
    world.text(session, "Riverteam", INES)
    assert "/keywords/1/opt-ins/proofs?status=active" in agent.get("/keywords/1?tab=related&status=active").text
    answer = agent.get("/keywords/1/opt-ins/proofs?status=active", buffered=False)
    pieces = list(answer.response)
    assert len(pieces) > 3, "it is written while it is sent"
    answer.close()
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
        proofs_in_it = [name for name in archive.namelist() if name.endswith(".zip")]
    assert proofs_in_it == ["OI-000001.zip", "OI-000003.zip"]
    code, said = verified(tmp_path / "out")
    assert (code, said[:2], said[-1]) == (
        0,
        [f"{name}: It holds: each event is in the signed log, as it was written." for name in proofs_in_it],
        "All 2 hold.",
    )
    session.commit()
    told = select(AuditEntry.field, AuditEntry.before, AuditEntry.after).where(AuditEntry.subject_kind == "download")
    assert [tuple(row) for row in session.execute(told)] == [("proofs-1", "keyword_id: 1, status: active", "2 rows")]

    changed = Zip.of((tmp_path / "out" / "OI-000003.zip").read_bytes())
    changed.files["proof.pdf"] = b""
    changed.write(tmp_path / "out" / "OI-000003.zip")
    code, said = verified(tmp_path / "out")
    assert (code, said[1], said[-1]) == (
        1,
        "OI-000003.zip: IT DOES NOT HOLD. proof.pdf has been changed since the proof was made.",
        "1 of 2 proofs do not hold.",
    )


def test_who_breaks_off_has_taken_only_some_proofs(app: Flask, agent: Browser, session: Session, opt_in: int) -> None:
    for number in outbox.numbers(3):
        world.text(session, "Riverteam", number)
    seal(app, session)
    answer = agent.get("/keywords/1/opt-ins/proofs", buffered=False)
    taken = iter(answer.response)
    for _ in range(3):
        next(taken)
    answer.close()
    session.commit()
    told = select(AuditEntry.after).where(AuditEntry.subject_kind == "download")
    assert session.scalars(told).one() == "2 rows, broken off"
