"""What a new install makes by itself, and what it leaves alone at the next start."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.config import Config
from optin.enums import Role
from optin.features.auth import links, passwords
from optin.features.auth.accounts import add_user
from optin.first_start import prepare
from optin.models import Sender, SignInLink, User
from optin.policy import policy
from twilio_simulator import SIMULATOR_SERVICE_SID

ACCOUNT = {"OPTIN_MODE": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "TWILIO_AUTH_TOKEN": "f" * 32}


def test_a_simulator_gets_an_admin_without_a_password(session: Session, tmp_path: Path) -> None:
    admin = prepare(session, Config.from_environ({}, tmp_path))
    assert admin is not None
    assert (admin.email, admin.name, admin.role, admin.password_hash) == (
        "admin@example.org",
        "Ada Admin",
        Role.ADMIN,
        None,
    )
    assert [(each.address, each.kind, each.advanced_opt_out) for each in session.scalars(select(Sender))] == [
        ("+14155550100", "long_code", False),
        ("+18335550100", "toll_free", False),
        ("40404", "short_code", False),
        (SIMULATOR_SERVICE_SID, "messaging_service", True),
    ]
    assert policy.load(session).sending_hours is False


def test_a_real_install_gets_what_the_environment_says(session: Session, tmp_path: Path) -> None:
    given = {
        **ACCOUNT,
        "OPTIN_ADMIN_EMAIL": "ana@example.org",
        "OPTIN_ADMIN_PASSWORD": "correct horse",
        "OPTIN_DEFAULT_REGION": "DE",
        "TWILIO_FROM": f"+14155550101,+18885550102,12345,MG{'0' * 32}",
    }
    admin = prepare(session, Config.from_environ(given, tmp_path))
    assert admin is not None
    assert admin.email == "ana@example.org"
    assert passwords.verify(admin.password_hash, "correct horse")
    assert not passwords.verify(admin.password_hash, "wrong horse")
    assert list(session.scalars(select(Sender.kind).order_by(Sender.id))) == [
        "long_code",
        "toll_free",
        "short_code",
        "messaging_service",
    ]
    assert (policy.load(session).sending_hours, policy.load(session).default_region) == (True, "DE")


def test_the_next_start_changes_nothing(session: Session, tmp_path: Path) -> None:
    config = Config.from_environ({}, tmp_path)
    admin = prepare(session, config)
    assert admin is not None
    admin.name = "Somebody"
    policy.change(session, admin.id, sending_hours=True)
    session.commit()
    assert prepare(session, config) is None
    assert session.scalars(select(User.name)).all() == ["Somebody"]
    assert len(session.scalars(select(Sender)).all()) == len(config.twilio_from)
    assert policy.load(session).sending_hours is True


def test_a_link_signs_in_once_and_is_not_stored(session: Session) -> None:
    user = add_user(session, email="ana@example.org", name="Ana", role=Role.AGENT)
    token = links.issue(session, user, clock.now(), hours=1)
    assert token not in session.scalars(select(SignInLink.token_hash)).all()
    assert links.redeem(session, token, clock.now()) is user
    assert links.redeem(session, token, clock.now()) is None


def test_links_that_let_nobody_in(session: Session) -> None:
    user = add_user(session, email="ana@example.org", name="Ana", role=Role.AGENT)
    now = clock.now()
    late, theirs = links.issue(session, user, now, hours=1), links.issue(session, user, now, hours=1)
    assert links.redeem(session, late, now + timedelta(hours=1)) is None
    assert links.redeem(session, "no-token", now) is None
    user.disabled_at = now
    assert links.redeem(session, theirs, now) is None


def test_of_two_uses_at_once_one_wins(database: str, session: Session) -> None:
    user = add_user(session, email="ana@example.org", name="Ana", role=Role.AGENT)
    token = links.issue(session, user, clock.now(), hours=1)
    session.commit()
    engine = create_engine(database)

    def use(_: int) -> bool:
        with Session(engine) as own, own.begin():
            return links.redeem(own, token, clock.now()) is not None

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [False] * 5 + [True]
    engine.dispose()


def test_a_user_without_a_password_cannot_use_one() -> None:
    assert not passwords.verify(None, "")
    assert not passwords.verify(None, "nobody has this password")
