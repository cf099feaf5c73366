"""The panel of the consent log: what others need to check it, and what happened to it."""

import re

from flask import Flask
from sqlalchemy.orm import Session

from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Checkpoint, Verifier
from optin.database.session import db
from tests.support import consent_log
from tests.support.clients import Browser

PANEL = "/settings/consent-log"
A_STRANGE_ONE = f"optin.example.org/consent-log/1234abcd\n99\n{'A' * 43}=\n"


def seal(app: Flask, session: Session, keeper: Keeper, count: int) -> None:
    """Have so many events more, sealed and signed."""
    consent_log.write(session, count)
    session.commit()
    with app.app_context():
        consent_log.seal(db.engine, keeper)


def test_before_anything_is_sealed(viewer: Browser) -> None:
    assert "Nothing has been sealed yet" in viewer.get(PANEL).text
    assert viewer.get(f"{PANEL}/checkpoint").status_code == 404


def test_what_others_need_is_shown_and_downloaded(
    app: Flask, viewer: Browser, session: Session, keeper: Keeper
) -> None:
    seal(app, session, keeper, 3)
    consent_log.write(session, 2)
    session.commit()
    page = viewer.get(PANEL).text
    (key,) = set(re.findall(r"optin\.example\.org/consent-log/[0-9a-f]{8}\+[0-9a-f]{8}\+[\w+/=]{44}", page))
    file = viewer.get(f"{PANEL}/checkpoint")
    said = Checkpoint.read(Verifier.read(key).open(file.text))
    assert (said.size, said.origin in page) == (3, True)
    assert file.headers["Content-Disposition"] == 'attachment; filename="consent-log-3.txt"'
    assert "The first checkpoint had 3 events." in page
    assert "goes on under a new name" not in page


def test_a_new_name_is_told_with_its_reason(app: Flask, viewer: Browser, session: Session, keeper: Keeper) -> None:
    seal(app, session, keeper, 3)
    head = Checkpoint.read(keeper.head())
    keeper.keep_head(keeper.signer(head.origin).sign(Checkpoint(head.origin, 99, head.root).text()))
    seal(app, session, keeper, 1)
    page = viewer.get(PANEL).text
    assert "The log goes on under a new name. The database is older than the newest checkpoint" in page
    assert "Earlier names" in page
    assert "Give the new verifier key to your witnesses" in page


def test_an_admin_notes_the_new_name_as_seen(
    app: Flask, admin: Browser, viewer: Browser, session: Session, keeper: Keeper
) -> None:
    seal(app, session, keeper, 3)
    keeper.head_file.write_text(A_STRANGE_ONE)
    seal(app, session, keeper, 1)
    assert "I have seen the new name" not in viewer.get(PANEL).text
    assert "I have seen the new name" in admin.get(PANEL).text
    for _ in range(2):
        assert admin.post(f"{PANEL}/name/seen").status_code == 303
    assert "goes on under a new name" not in admin.get(PANEL).text
    assert "Earlier names" in admin.get(PANEL).text
    assert admin.get("/settings/audit").text.count("new name of the consent log") == 1
    keeper.head_file.write_text(A_STRANGE_ONE)
    seal(app, session, keeper, 1)
    assert "goes on under a new name" in admin.get(PANEL).text, "it was seen of another name"
