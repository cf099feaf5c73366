"""Signing in with a link that works once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.auth import links
from optin.features.auth.accounts import add_user
from optin.models import SignInLink, User
from tests.support.clients import Browser

ACCOUNT = {"OPTIN_MODE": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "TWILIO_AUTH_TOKEN": "f" * 32}


@pytest.fixture
def ada(session: Session) -> User:
    """An admin without a password."""
    user = add_user(session, email="ada@example.org", name="Ada Admin", role=Role.ADMIN)
    session.commit()
    return user


@pytest.fixture
def path(session: Session, ada: User) -> str:
    """The path of a fresh link for Ada."""
    token = links.issue(session, ada, clock.now(), hours=1)
    session.commit()
    return f"/sign-in/{token}"


def test_looking_at_the_link_does_not_use_it_up(client: Browser, browse_as: Callable[..., Browser], path: str) -> None:
    for _ in range(3):
        assert ">Sign in as Ada Admin</button>" in browse_as(None).get(path).text
        assert client.head(path).status_code == 200
    assert client.get("/account").status_code == 303
    response = client.post(path)
    assert (response.status_code, response.location) == (303, "/")
    assert client.get("/account").status_code == 200


def test_it_works_once(client: Browser, browse_as: Callable[..., Browser], path: str) -> None:
    assert client.post(path).status_code == 303
    other = browse_as(None)
    for response in (other.get(path), other.post(path)):
        assert response.status_code == 404
        assert "This link no longer works" in response.text
    assert other.get("/account").status_code == 303


def test_a_link_that_no_longer_works_says_where_the_next_comes_from(
    client: Browser, make_app: Callable[..., Flask]
) -> None:
    assert "each start with <code>make run</code> prints one" in client.get("/sign-in/never-issued").text
    assert "make run" not in make_app(**ACCOUNT).test_client().get("/sign-in/never-issued").text


def test_the_invited_set_a_password_in_the_simulator_too(client: Browser, session: Session, ada: User) -> None:
    for number, role in enumerate((Role.AGENT, Role.ADMIN)):
        ben = add_user(session, email=f"ben{number}@example.org", name="Ben", role=role)
        response = client.post(f"/sign-in/{links.issue(session, ben, clock.now(), 1)}")
        assert response.location == "/account"
        assert "Set a password now" in client.get("/account").text


def test_it_needs_the_button_of_our_page(client: Browser, path: str) -> None:
    assert client.post(path, csrf=False).status_code == 400
    assert client.post(path).status_code == 303


def test_links_that_let_nobody_in(client: Browser, session: Session, ada: User, path: str) -> None:
    assert client.post("/sign-in/never-issued").status_code == 404
    session.query(SignInLink).update({"expires_at": clock.now() - timedelta(seconds=1)})
    assert client.post(path).status_code == 404
    session.query(SignInLink).update({"expires_at": clock.now() + timedelta(hours=1)})
    ada.disabled_at = clock.now()
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_it_replaces_whoever_was_signed_in(agent: Browser, path: str) -> None:
    agent.post(path)
    assert "ada@example.org" in agent.get("/account").text


def test_cancelled_links(session: Session, client: Browser, ada: User, path: str) -> None:
    links.cancel(session, ada, clock.now())
    assert client.get(path).status_code == 404


def test_with_real_people_a_password_is_asked_for_first(make_app: Callable[..., Flask], session: Session) -> None:
    client = make_app(**ACCOUNT).test_client()
    assert isinstance(client, Browser)
    client.test_session = session
    ben = add_user(session, email="ben@example.org", name="Ben", role=Role.AGENT)
    response = client.post(f"/sign-in/{links.issue(session, ben, clock.now(), 1)}")
    assert response.location == "/account"
    page = client.get("/account").text
    assert "Set a password now" in page
    assert "Current password" not in page
    saved = client.post("/account/password", data={"new": "three herons by nine", "again": "three herons by nine"})
    assert saved.status_code == 303
    assert client.post(f"/sign-in/{links.issue(session, ben, clock.now(), 1)}").location == "/"
