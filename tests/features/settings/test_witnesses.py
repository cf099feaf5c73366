"""Witnesses on the panel of the consent log: added and removed by admins, shown with how it stands with each."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import origins
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Checkpoint
from optin.database.session import db
from optin.models import Witness
from optin.witnesses.records import WARNING
from tests.support import consent_log
from tests.support.clients import Browser
from tests.support.witnesses import Partner, ask, has_cosigned, origin, partner

PANEL = "/settings/consent-log"


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Partner]:
    with partner(tmp_path / "witness") as running:
        yield running


def seal(app: Flask, session: Session, keeper: Keeper, count: int) -> None:
    consent_log.write(session, count)
    session.commit()
    with app.app_context():
        consent_log.seal(db.engine, keeper)


def asked(app: Flask, session: Session) -> None:
    """Have the only witness asked now."""
    session.commit()
    witness_id = session.scalars(select(Witness.id)).one()
    session.commit()
    with app.app_context():
        ask(db.engine, witness_id)


def add(admin: Browser, ada: Partner) -> None:
    answer = admin.post(f"{PANEL}/witnesses", data={"address": ada.url, "verifier_key": ada.vkey})
    assert answer.status_code == 303, answer.text


def test_a_witness_from_its_addition_to_its_removal(
    app: Flask, admin: Browser, viewer: Browser, session: Session, keeper: Keeper, ada: Partner
) -> None:
    seal(app, session, keeper, 3)
    assert viewer.get(f"{PANEL}/cosigned").status_code == 404
    add(admin, ada)
    assert "Never heard" in viewer.get(PANEL).text
    asked(app, session)
    assert "does not know this log (404)" in viewer.get(PANEL).text
    ada.run("add-origin", origin(session))
    assert "Does not cosign" in viewer.get(PANEL).text
    assert admin.post(f"{PANEL}/witnesses/1/asked").status_code == 303
    asked(app, session)
    page = viewer.get(PANEL).text
    assert "Cosigns" in page
    assert "not encrypted" in page
    assert has_cosigned(viewer.get(f"{PANEL}/checkpoint").text, ada.vkey)
    seal(app, session, keeper, 2)
    assert "Download cosigned checkpoint" in viewer.get(PANEL).text
    assert not has_cosigned(viewer.get(f"{PANEL}/checkpoint").text, ada.vkey)
    cosigned = viewer.get(f"{PANEL}/cosigned")
    assert has_cosigned(cosigned.text, ada.vkey)
    assert Checkpoint.read(cosigned.text).size == 3
    assert cosigned.headers["Content-Disposition"] == 'attachment; filename="consent-log-3.txt"'
    assert admin.post(f"{PANEL}/witnesses/1/removed").status_code == 303
    assert ada.url not in viewer.get(PANEL).text
    for act in ("removed", "asked"):
        assert admin.post(f"{PANEL}/witnesses/1/{act}").status_code == 404
    trail = admin.get("/settings/audit?about=witness").text
    for told in ("Added the witness witness.example.org/1", "Removed the witness witness.example.org/1"):
        assert told in trail


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"address": ""}, "Enter the address of the witness."),
        ({"address": "http://8.8.8.8"}, "Use https."),
        ({"address": "file:///etc/passwd"}, "Enter the witness’s web address"),
        ({"verifier_key": ""}, "Enter the verifier key."),
        ({"verifier_key": "nonsense"}, "Enter the line that the witness prints"),
        ({"verifier_key": "LOG"}, "Enter the line that the witness prints"),
    ],
)
def test_what_is_refused(
    app: Flask, admin: Browser, session: Session, keeper: Keeper, ada: Partner, typed: dict[str, str], sentence: str
) -> None:
    seal(app, session, keeper, 3)
    given = {"address": "https://witness.example.org", "verifier_key": ada.vkey, **typed}
    answer = admin.post(f"{PANEL}/witnesses", data={k: origin(session) if v == "LOG" else v for k, v in given.items()})
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert session.scalars(select(Witness.id)).all() == []


def test_the_same_witness_twice(admin: Browser, ada: Partner) -> None:
    add(admin, ada)
    again = admin.post(f"{PANEL}/witnesses", data={"address": "https://other.example.org", "verifier_key": ada.vkey})
    assert (again.status_code, "is a witness already" in again.text) == (422, True)


def test_a_dispute_is_told_everywhere_and_ends_under_a_new_name(
    app: Flask, admin: Browser, viewer: Browser, session: Session, keeper: Keeper, ada: Partner
) -> None:
    seal(app, session, keeper, 3)
    add(admin, ada)
    assert admin.post(f"{PANEL}/name/left").status_code == 409, "nobody disputes it"
    ada.run("add-origin", origin(session))
    before = keeper.head()
    seal(app, session, keeper, 4)
    asked(app, session)
    consent_log.forget(session, 3, consent_log.sealed(session)[2][1])
    keeper.head_file.write_text(before)
    assert WARNING not in viewer.get("/").text
    asked(app, session)
    for path in ("/", PANEL, "/keywords"):
        assert WARNING in viewer.get(path).text, path
    assert "It has cosigned 7 events of this log, and the newest checkpoint here has 3." in viewer.get(PANEL).text
    assert "Go on under a new name" not in viewer.get(PANEL).text
    code, said = doctor(app)
    assert (code, "the witness witness.example.org/1 remembers another consent log" in said) == (1, True)
    assert "optin_log_disputed 1.0" in viewer.get("/metrics").text

    assert admin.post(f"{PANEL}/name/left").status_code == 303
    with app.app_context():
        consent_log.seal(db.engine, keeper)
    page = admin.get(PANEL).text
    assert "The log goes on under a new name. An admin left the name of before" in page
    assert WARNING not in page
    assert origin(session).split("+")[0].endswith("/2")
    asked(app, session)
    assert "does not know this log (404)" in viewer.get(PANEL).text
    ada.run("add-origin", origin(session))
    asked(app, session)
    assert has_cosigned(viewer.get(f"{PANEL}/checkpoint").text, ada.vkey)
    seal(app, session, keeper, 1)
    assert len(origins.all_origins(session)) == 2


def doctor(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["doctor"])
    return result.exit_code, result.output


def test_the_metrics(app: Flask, admin: Browser, session: Session, keeper: Keeper, ada: Partner) -> None:
    seal(app, session, keeper, 3)
    add(admin, ada)
    told = admin.get("/metrics").text
    assert 'optin_log_cosigned_age_seconds{witness="witness.example.org/1"} NaN' in told
    assert "optin_log_waiting_seconds 0.0" in told
    assert "optin_log_disputed 0.0" in told
    ada.run("add-origin", origin(session))
    asked(app, session)
    assert 'optin_log_cosigned_age_seconds{witness="witness.example.org/1"} NaN' not in admin.get("/metrics").text


def test_the_program_is_given(viewer: Browser, tmp_path: Path) -> None:
    answer = viewer.get(f"{PANEL}/witness.py")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="witness.py"'
    (tmp_path / "witness.py").write_bytes(answer.data)
    made = subprocess.run(
        [sys.executable, "-I", "witness.py", "key", "w.example.org"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.startswith("w.example.org+")


def test_what_a_stranger_says_is_not_shown(admin: Browser, session: Session, ada: Partner) -> None:
    add(admin, ada)
    session.execute(update(Witness).values(error="It answered with an error (500).", heard_at=clock.now()))
    session.commit()
    assert "Does not cosign" in admin.get(PANEL).text
