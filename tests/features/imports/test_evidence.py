"""A scan or a photo as evidence of the consent in an import: kept with it, shown to whom it may be shown."""

import hashlib
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.models import AuditEntry, ConsentPayload, EvidenceFile, ImportRun, Keyword, OptIn
from optin.queries import import_files
from tests.conftest import Clock
from tests.evidence.test_documents import PDF, picture
from tests.features.imports.test_consent import keyword, run_all
from tests.support import importing
from tests.support.clients import Browser

__all__ = ["keyword"]
NUMBER = importing.table("415 555 0134", headers="Phone")
DIGEST = hashlib.sha256(PDF).hexdigest()


def given(data: bytes = PDF, name: str = "Sign-up sheets.pdf") -> dict[str, object]:
    """Return what the browser posts of the day and the file."""
    return {"date": "2026-07-01", "evidence": (BytesIO(data), name)}


def files(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(EvidenceFile.name).order_by(EvidenceFile.id)))


def test_evidence_is_with_the_run_and_with_each_opt_in(
    app: Flask, admin: Browser, agent: Browser, session: Session, keyword: Keyword
) -> None:
    run = run_all(app, session, admin, NUMBER, "opt_in", "mobile", keyword=keyword.id, **given())
    opt_in = session.scalars(select(OptIn)).one()
    said = session.scalars(select(ConsentPayload.text)).all()
    assert f"Shown by Sign-up sheets.pdf (SHA-256 {DIGEST})." in said[-1]
    address = f"/imports/{run.id}/consent/evidence"
    for page in (f"/imports/{run.id}", f"/opt-ins/{opt_in.id}"):
        shown = admin.get(page).text
        assert f'<a href="{address}">Sign-up sheets.pdf</a>' in shown
        assert DIGEST in shown
    shown = agent.get(f"/opt-ins/{opt_in.id}").text
    assert "Sign-up sheets.pdf" in shown
    assert address not in shown
    served = admin.get(address)
    assert (served.data, served.mimetype) == (PDF, "application/pdf")
    assert served.headers["Content-Disposition"] == 'attachment; filename="Sign-up sheets.pdf"'
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in served.headers["Cache-Control"]
    taken = select(AuditEntry.field, AuditEntry.after).where(AuditEntry.action == "downloaded")
    session.commit()
    assert session.execute(taken).all() == [(f"evidence of import {run.id}", "1 file")]


def test_only_admins_open_it(
    app: Flask, admin: Browser, agent: Browser, viewer: Browser, client: Browser, session: Session, keyword: Keyword
) -> None:
    run = run_all(app, session, admin, NUMBER, "opt_in", "mobile", keyword=keyword.id, **given())
    address = f"/imports/{run.id}/consent/evidence"
    assert [browser.get(address).status_code for browser in (agent, viewer)] == [403, 403]
    assert client.get(address).status_code == 303
    assert admin.get("/imports/999/consent/evidence").status_code == 404
    without = run_all(app, session, admin, NUMBER, "opt_in", "mobile", keyword=keyword.id, date="2026-07-01")
    assert admin.get(f"/imports/{without.id}/consent/evidence").status_code == 404


def test_a_picture_is_shown_as_what_it_is(app: Flask, admin: Browser, session: Session, keyword: Keyword) -> None:
    photo = picture("JPEG")
    run = run_all(app, session, admin, NUMBER, "opt_in", "mobile", keyword=keyword.id, **given(photo, "sheet.html"))
    served = admin.get(f"/imports/{run.id}/consent/evidence")
    assert (served.data, served.mimetype) == (photo, "image/jpeg")
    assert "Content-Disposition" not in served.headers


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<svg></svg>", "This file is not a PDF, or a PNG, JPEG or WebP image. Choose another file."),
        (b"", "This file is empty."),
        (PDF + b"\0" * 10 * 2**20, "The file is larger than 10 MB."),
    ],
)
def test_an_odd_file_is_refused_and_nothing_is_lost(
    admin: Browser, session: Session, keyword: Keyword, data: bytes, sentence: str
) -> None:
    run_id = importing.upload(admin, NUMBER, "opt_in")
    assert "at most 10" in admin.get(f"/imports/{run_id}/consent").text
    page = importing.vouch(admin, run_id, keyword=keyword.id, **{**given(data), "by": "The harbor crew"})
    assert sentence in page
    assert "The harbor crew" in page
    assert files(session) == []
    assert session.get_one(ImportRun, run_id).attested_name is None


def test_a_file_survives_a_form_that_is_refused_for_something_else(
    admin: Browser, session: Session, keyword: Keyword
) -> None:
    run_id = importing.upload(admin, NUMBER, "opt_in")
    page = importing.vouch(admin, run_id, keyword=keyword.id, name="Somebody Else", **given())
    kept = str(session.scalars(select(EvidenceFile.id)).one())
    assert f'name="kept_evidence" type="hidden" value="{kept}"' in page
    assert "Sign-up sheets.pdf" in page
    importing.vouch(admin, run_id, keyword=keyword.id, date="2026-07-01", kept_evidence=kept)
    session.expire_all()
    run = session.get_one(ImportRun, run_id)
    assert str(run.evidence_id) == kept
    assert run.consent is not None
    assert (run.consent["evidence"], run.consent["evidence_digest"]) == ("Sign-up sheets.pdf", DIGEST)
    for nonsense in ("999", "x", "9" * 30, "-1"):
        importing.vouch(admin, run_id, keyword=keyword.id, date="2026-07-01", kept_evidence=nonsense)
    session.expire_all()
    assert str(session.get_one(ImportRun, run_id).evidence_id) == kept


def test_it_can_be_removed_and_changes_what_was_vouched_for(admin: Browser, session: Session, keyword: Keyword) -> None:
    run_id = importing.upload(admin, NUMBER, "opt_in")
    importing.vouch(admin, run_id, keyword=keyword.id, **given())
    assert "Remove this file" in admin.get(f"/imports/{run_id}/consent").text
    page = importing.vouch(admin, run_id, keyword=keyword.id, date="2026-07-01", remove_evidence="y")
    assert "Sign-up sheets.pdf" not in page
    run = session.get_one(ImportRun, run_id, populate_existing=True)
    assert run.consent is not None
    assert (run.evidence_id, run.consent["evidence"]) == (None, "")


def test_what_no_import_took_goes(app: Flask, admin: Browser, session: Session, keyword: Keyword, clock: Clock) -> None:
    """Of a run that nobody started, and of a form that nobody sent again; what shows an opt-in stays."""
    run_all(app, session, admin, NUMBER, "opt_in", "mobile", keyword=keyword.id, **given(name="taken.pdf"))
    waiting = importing.upload(admin, NUMBER, "opt_in")
    importing.vouch(admin, waiting, keyword=keyword.id, **given(PDF[:9] + b"other\n" + PDF[9:], "waits.pdf"))
    people = importing.upload(admin, NUMBER)
    importing.vouch(admin, people, keyword=keyword.id, name="Nobody", **given(picture("PNG"), "not sent.png"))
    assert files(session) == ["taken.pdf", "waits.pdf", "not sent.png"]
    session.commit()
    clock.set(clock.now() + timedelta(hours=49))
    with app.app_context():
        import_files.forget_old(db.engine)
    assert files(session) == ["taken.pdf"]


def test_an_import_without_consent_keeps_no_evidence(
    app: Flask, admin: Browser, session: Session, keyword: Keyword
) -> None:
    data = importing.table("Maya Ortiz;4155550134", headers="Name;Mobile")
    run_id = importing.upload(admin, data)
    importing.choose(admin, run_id)
    importing.vouch(admin, run_id, keyword=keyword.id, **given())
    admin.post(f"/imports/{run_id}/consent/removal")
    importing.work(app, session)
    importing.start(admin, run_id)
    importing.work(app, session)
    run = session.get_one(ImportRun, run_id)
    assert (run.counts["new"], run.evidence_id) == (1, None)
    assert "Sign-up sheets.pdf" not in unescape(admin.get(f"/imports/{run_id}").text)
