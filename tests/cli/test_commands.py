"""The commands of `flask --app app …`, as typed."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.config import SIMULATOR_SENDERS
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import links, passwords
from optin.features.auth.accounts import add_user
from optin.models import User
from optin.provider import senders
from tests.support import consent_log


def run(app: Flask, *words: str) -> tuple[int, str]:
    """Run a command and return its exit code and what it printed."""
    result = app.test_cli_runner().invoke(args=words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("command", ["start", "user", "user add", "sign-in-link", "simulator", "doctor", "db upgrade"])
def test_every_command_explains_itself(app: Flask, command: str) -> None:
    code, output = run(app, *command.split(), "--help")
    assert code == 0
    assert f"Usage: optin {command}" in output


def test_add_a_user(app: Flask, session: Session) -> None:
    code, output = run(app, "user", "add", "ana@example.org", "--role", "admin", "--password", "correct horse staple")
    assert (code, output) == (0, "ana@example.org was added as admin.\n")
    user = session.scalars(select(User)).one()
    assert (user.email, user.name, user.role) == ("ana@example.org", "ana", Role.ADMIN)
    assert passwords.verify(user.password_hash, "correct horse staple")


def test_a_user_without_a_password_needs_a_link(app: Flask, session: Session) -> None:
    assert "sign-in-link ana@example.org" in run(app, "user", "add", "ana@example.org", "--name", "Ana Ruiz")[1]
    assert session.scalars(select(User.password_hash)).one() is None
    session.commit()
    code, output = run(app, "sign-in-link", "ANA@example.org")
    assert code == 0
    token = re.fullmatch(r"http://127\.0\.0\.1:5000/sign-in/(\S+)\n", output)
    assert token is not None
    assert links.redeem(session, token[1], clock.now()) is not None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "add", "ana"), "ana is not an email address."),
        (("user", "add", "Ana@Example.org"), "There is already a user with the email Ana@Example.org."),
        (("sign-in-link", "bob@example.org"), "There is no user with the email bob@example.org."),
        (("sign-in-link", "gone@example.org"), "Gone is disabled and cannot sign in."),
    ],
)
def test_what_cannot_be_done_is_said(app: Flask, session: Session, words: tuple[str, ...], sentence: str) -> None:
    add_user(session, email="ana@example.org", name="Ana", role=Role.AGENT)
    add_user(session, email="gone@example.org", name="Gone", role=Role.AGENT).disabled_at = clock.now()
    session.commit()
    assert run(app, *words) == (1, f"Error: {sentence}\n")


def test_the_doctor_finds_nothing(app: Flask, session: Session) -> None:
    add_user(session, email="ana@example.org", name="Ana", role=Role.ADMIN)
    senders.ensure(session, SIMULATOR_SENDERS[0])
    session.commit()
    code, output = run(app, "doctor")
    assert code == 0, output
    assert "No problems found." in output


def test_the_doctor_says_what_is_wrong(make_app: Callable[..., Flask]) -> None:
    app = make_app(OPTIN_MODE="twilio", TWILIO_ACCOUNT_SID="AC" + "0a" * 16, TWILIO_AUTH_TOKEN="f" * 32)
    app.config["OPTIN"].instance_path.joinpath("secret_key").chmod(0o644)
    code, output = run(app, "doctor")
    assert code == 1
    for problem in (
        "chmod 600",
        "Twilio cannot reach http://127.0.0.1:5000",
        "no number to send from",
        "there is no admin",
    ):
        assert problem in output


def test_the_doctor_looks_at_the_consent_log(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    app = make_app(OPTIN_CHECKPOINT_FILE=str(tmp_path / "nowhere" / "checkpoint"), OPTIN_WORKERS="embedded")
    config = app.config["OPTIN"]
    with app.app_context():
        engine = db.engine
    with Session(engine) as session:
        add_user(session, email="ana@example.org", name="Ana", role=Role.ADMIN)
        senders.ensure(session, SIMULATOR_SENDERS[0])
        consent_log.write(session)
        session.commit()
    consent_log.seal(engine, Keeper.of(config))
    assert run(app, "doctor")[0] == 0
    with clock.at(clock.now() + timedelta(minutes=6)), Session(engine) as session:
        consent_log.write(session)
        session.commit()
    (config.instance_path / "log_key").unlink()
    (config.instance_path / "consent_log_checkpoint").unlink()
    with clock.at(clock.now() + timedelta(minutes=12)):
        code, output = run(app, "doctor")
    assert code == 1
    for problem in ("log_key. Put it back", "the consent log stands still"):
        assert problem in output
    assert output.count("Can that file be written?") == 2


def test_the_doctor_sees_a_database_that_is_away(make_app: Callable[..., Flask]) -> None:
    app = make_app(OPTIN_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:9/optin?connect_timeout=2")
    code, output = run(app, "doctor")
    assert (code, "the database does not answer" in output) == (1, True)


def test_the_simulator_never_runs_with_real_credentials(make_app: Callable[..., Flask]) -> None:
    app = make_app(OPTIN_MODE="twilio", TWILIO_ACCOUNT_SID="AC" + "0a" * 16, TWILIO_AUTH_TOKEN="f" * 32)
    assert run(app, "simulator")[0] == 1
