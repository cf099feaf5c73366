"""One's own account: name, time zone, password, sessions."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.auth import links, passwords
from optin.models import AuditEntry
from tests.support.clients import Browser

OLD, NEW = "river otters at dawn", "three herons by nine"


@pytest.fixture
def ana(agent: Browser, session: Session) -> Browser:
    """The agent's browser; she has a password."""
    assert agent.user is not None
    agent.user.password_hash = passwords.hash_password(OLD)
    session.commit()
    return agent


def second_browser(app: Flask, first: Browser) -> Browser:
    """Another browser in which the same user is signed in."""
    other = app.test_client()
    assert isinstance(other, Browser)
    assert first.user is not None
    other.test_session = first.test_session
    other.sign_in(first.user)
    return other


def change(browser: Browser, current: str = OLD, new: str = NEW, again: str | None = None) -> int:
    data = {"current": current, "new": new, "again": new if again is None else again}
    return browser.post("/account/password", data=data).status_code


@pytest.mark.parametrize("role", list(Role))
def test_everybody_changes_their_own_name_and_zone(
    browse_as: Callable[[Role | None], Browser], session: Session, role: Role
) -> None:
    browser = browse_as(role)
    response = browser.post("/account", data={"name": "  Ana   Ruiz ", "time_zone": "America/New_York"})
    assert (response.status_code, response.location) == (303, "/account")
    assert browser.user is not None
    assert (browser.user.name, browser.user.time_zone) == ("Ana Ruiz", "America/New_York")
    entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "user")).all()
    assert {(entry.field, entry.after) for entry in entries} == {
        ("name", "Ana Ruiz"),
        ("time_zone", "America/New_York"),
    }


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "time_zone": "UTC"},
        {"name": "   ", "time_zone": "UTC"},
        {"name": "Ana", "time_zone": "Mars/Base"},
        {"name": "Ana", "time_zone": "../etc/passwd"},
        {"name": "A" * 121, "time_zone": "UTC"},
    ],
)
def test_what_is_refused_changes_nothing(agent: Browser, data: dict[str, str]) -> None:
    assert agent.post("/account", data={**data, "role": "admin"}).status_code == 422
    assert agent.user is not None
    assert (agent.user.name, agent.user.time_zone, agent.user.role) == ("Agent Example", "UTC", "agent")


def test_times_are_shown_in_the_users_zone(agent: Browser) -> None:
    assert agent.user is not None
    agent.user.time_zone = "Asia/Tokyo"
    agent.user.last_sign_in_at = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    assert 'title="2 Mar 2026, 05:30:00 JST"' in agent.get("/account").text


def test_a_new_password_needs_the_current_one(ana: Browser) -> None:
    assert ana.user is not None
    before = ana.user.password_hash
    assert change(ana, current="not the old one") == 422
    assert change(ana, current="") == 422
    assert ana.user.password_hash == before
    assert change(ana) == 303
    assert passwords.verify(ana.user.password_hash, NEW)
    assert ana.get("/account").status_code == 200, "this browser stays signed in"


def test_a_new_password_ends_the_other_sessions_and_open_links(ana: Browser, app: Flask, session: Session) -> None:
    other = second_browser(app, ana)
    assert ana.user is not None
    token = links.issue(session, ana.user, clock.now(), 1)
    assert other.get("/account").status_code == 200
    assert change(ana) == 303
    assert other.get("/account").status_code == 303
    assert other.get(f"/sign-in/{token}").status_code == 404


def test_signing_out_everywhere_else(ana: Browser, app: Flask) -> None:
    other = second_browser(app, ana)
    assert ana.post("/account/sessions").status_code == 303
    assert (ana.get("/account").status_code, other.get("/account").status_code) == (200, 303)


def test_who_has_no_password_sets_one(agent: Browser) -> None:
    assert "Current password" not in agent.get("/account").text
    assert change(agent, current="") == 303
    assert "Current password" in agent.get("/account").text
    assert change(agent, current="", new="another long one") == 422


def test_after_a_one_time_link_the_forgotten_password_is_not_asked_for(ana: Browser, session: Session, clock) -> None:  # type: ignore[no-untyped-def]
    assert ana.user is not None
    ana.post(f"/sign-in/{links.issue(session, ana.user, clock.now(), 1)}")
    clock.forward(minutes=61)
    assert change(ana, current="") == 422, "only for an hour"
    ana.post(f"/sign-in/{links.issue(session, ana.user, clock.now(), 1)}")
    assert change(ana, current="") == 303


@pytest.mark.parametrize(
    ("password", "fine"),
    [
        ("three herons", True),
        ("correct horse battery staple", True),
        ("дванадесет-12", True),
        ("elevenchars", False),
        ("", False),
        ("passwordpassword", False),
        ("Password2026!!", False),
        ("123456789012", False),
        ("qwertyuiopas", False),
        ("aaaaaaaaaaaa", False),
        ("abababababab", False),
        ("agent@example.org", False),
        ("Agent@Example.org2026", False),
        ("x1" + "y" * 300, False),
    ],
)
def test_which_passwords_are_taken(agent: Browser, password: str, fine: bool) -> None:
    assert change(agent, new=password) == (303 if fine else 422)


def test_the_two_must_match(agent: Browser) -> None:
    assert change(agent, new=NEW, again=NEW + "x") == 422


def test_a_borrowed_browser_cannot_guess_the_password(ana: Browser) -> None:
    assert [change(ana, current=f"guess {number}") for number in range(7)] == [422] * 6 + [429]
