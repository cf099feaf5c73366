"""Signing in with email and password, and out again."""

import re
from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.auth import passwords
from optin.features.auth.accounts import add_user
from optin.models import User
from tests.support.clients import Browser

PASSWORD = "river otters at dawn"


@pytest.fixture
def ana(session: Session) -> User:
    """A user with a password."""
    user = add_user(session, email="ana@example.org", name="Ana Ruiz", role=Role.AGENT, password=PASSWORD)
    session.commit()
    return user


def is_signed_in(client: Browser) -> bool:
    return client.get("/account").status_code == 200


def test_the_page_asks_for_email_and_password(client: Browser) -> None:
    page = client.get("/sign-in")
    assert page.status_code == 200
    for part in (">Email</label>", ">Password</label>", ">Sign in</button>"):
        assert part in page.text


@pytest.mark.parametrize("email", ["ana@example.org", "Ana@Example.org", "  ana@example.org "])
def test_the_right_password_signs_in(client: Browser, ana: User, email: str) -> None:
    response = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert (response.status_code, response.location) == (303, "/")
    assert is_signed_in(client)
    assert ana.last_sign_in_at is not None


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@example.org", "river otters at dusk"),
        ("ana@example.org", PASSWORD.upper()),
        ("nobody@example.org", PASSWORD),
        ("no-password@example.org", ""),
        ("no-password@example.org", PASSWORD),
        ("disabled@example.org", PASSWORD),
        ("", PASSWORD),
        ("ana@example.org", ""),
        ("ana@example.org\0", PASSWORD + "\0"),
        ("%", PASSWORD),
    ],
)
def test_everything_else_does_not(client: Browser, session: Session, ana: User, email: str, password: str) -> None:
    add_user(session, email="no-password@example.org", name="New", role=Role.ADMIN)
    gone = add_user(session, email="disabled@example.org", name="Gone", role=Role.ADMIN, password=PASSWORD)
    gone.disabled_at = clock.now()
    response = client.post("/sign-in", data={"email": email, "password": password})
    assert response.status_code == 422
    assert not is_signed_in(client)
    assert not password or f'value="{password}' not in response.text


def test_the_answer_does_not_tell_who_has_an_account(client: Browser, ana: User) -> None:
    def answer(email: str) -> str:
        page = client.post("/sign-in", data={"email": email, "password": "x" * 12}).text
        assert f'value="{email}"' in page, "the form keeps what was typed"
        return re.sub(r'name="csrf_token" value="[^"]+"', "", page.replace(email, ""))

    assert answer("ana@example.org") == answer("bob@example.org")


@pytest.mark.usefixtures("strong_hashes")
def test_passwords_are_hashed_as_rfc_9106_says() -> None:
    assert passwords.hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.slow
@pytest.mark.usefixtures("strong_hashes")
def test_the_time_of_the_answer_does_not_tell_either(client: Browser, session: Session, ana: User) -> None:
    ana.password_hash = passwords.hash_password(PASSWORD)
    session.commit()

    def seconds(email: str) -> float:
        began = perf_counter()
        client.post("/sign-in", data={"email": email, "password": "a wrong one here"}, lint=False)
        return perf_counter() - began

    seconds("warm-up@example.org")
    known = median(seconds("ana@example.org") for _ in range(5))
    unknown = median(seconds(f"nobody-{number}@example.org") for number in range(5))
    assert 0.4 < unknown / known < 2.5


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ("/contacts?q=ana&page=2", "/contacts?q=ana&page=2"),
        ("/keywords/7", "/keywords/7"),
        ("", "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        ("//[evil", "/"),
        ("/\0x", "/"),
    ],
)
def test_signing_in_leads_to_this_site_only(client: Browser, ana: User, asked: str, reached: str) -> None:
    response = client.post("/sign-in", query_string={"next": asked}, data={"email": ana.email, "password": PASSWORD})
    assert (response.status_code, response.location) == (303, reached)
    again = client.get("/sign-in", query_string={"next": asked})
    assert (again.status_code, again.location) == (303, reached), "who is signed in already goes on"


def test_the_form_remembers_where_to_go(client: Browser) -> None:
    assert 'action="/sign-in?next=/keywords/7"' in client.get("/sign-in?next=/keywords/7").text
    assert 'action="/sign-in"' in client.get("/sign-in?next=//evil.example").text


def test_signing_out(browse_as: Callable[[Role | None], Browser], app: Flask) -> None:
    for role in Role:
        browser = browse_as(role)
        assert is_signed_in(browser)
        response = browser.post("/sign-out")
        assert (response.status_code, response.location) == (303, "/sign-in")
        assert not is_signed_in(browser)
        assert "You are signed out." in browser.get("/sign-in").text


def test_a_get_does_not_sign_out(agent: Browser) -> None:
    assert agent.get("/sign-out").status_code == 405
    assert is_signed_in(agent)
