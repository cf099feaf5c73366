"""Sessions are records that end: by signing out, a new password, an admin, time; a copied cookie ends with them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import devices, links, passwords
from optin.features.auth.accounts import add_user
from optin.models import AuditEntry, User, UserSession
from optin.web import access, sessions
from tests.conftest import Clock
from tests.support.clients import Browser

OLD, NEW = "river otters at dawn", "three herons by nine"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"


@pytest.fixture
def ana(session: Session) -> User:
    """A user with a password."""
    user = add_user(session, email="ana@example.org", name="Ana Ruiz", role=Role.AGENT, password=OLD)
    session.commit()
    return user


@pytest.fixture
def browsers(browse_as: Callable[[None], Browser], ana: User) -> list[Browser]:
    """Three browsers in which Ana has signed in with the form."""
    made = [browse_as(None) for _ in range(3)]
    assert [sign_in(browser) for browser in made] == [303] * 3
    return made


def sign_in(browser: Browser, password: str = OLD, **headers: str) -> int:
    given = {"User-Agent": FIREFOX, **headers}
    return browser.post("/sign-in", data={"email": "ana@example.org", "password": password}, headers=given).status_code


def copy(browser: Browser) -> Browser:
    """Return a browser with a copy of the cookie."""
    other = browser.application.test_client()
    assert isinstance(other, Browser)
    other.test_session = browser.test_session
    cookie = browser.get_cookie("optin_session")
    assert cookie
    other.set_cookie("optin_session", cookie.value)
    return other


def save(browser: Browser, name: str) -> int:
    return browser.post("/account", data={"name": name, "time_zone": "UTC"}).status_code


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def test_signing_out_ends_copies_of_the_cookie_for_reading_and_writing(browsers: list[Browser], ana: User) -> None:
    first, second, _ = browsers
    thief = copy(first)
    assert is_in(thief)
    assert first.post("/sign-out").location == "/sign-in"
    for read in ("/", "/account", "/contacts", "/contacts/file"):
        assert thief.get(read).location.startswith("/sign-in")
    again = copy(thief)
    assert save(again, "Mallory") == 303
    assert ana.name == "Ana Ruiz"
    assert is_in(second), "elsewhere she stays signed in"


def test_who_comes_with_an_ended_session_is_told_so_once(browsers: list[Browser]) -> None:
    thief = copy(browsers[0])
    browsers[0].post("/sign-out")
    assert access.ENDED in thief.get("/contacts", follow_redirects=True).text
    assert access.ENDED not in thief.get("/contacts", follow_redirects=True).text


def test_cookies_of_before_the_update_are_told_so(client: Browser, ana: User) -> None:
    with client.session_transaction() as kept:
        kept["_user_id"], kept["_fresh"] = f"{ana.id}:0123456789abcdef", True
    answer = client.post("/account", data={"name": "x", "time_zone": "UTC"}, follow_redirects=True)
    assert access.UPDATED in answer.text
    assert ana.name == "Ana Ruiz"


def test_a_new_password_ends_all_others(browsers: list[Browser]) -> None:
    first, second, third = browsers
    thief = copy(first)
    data = {"current": OLD, "new": NEW, "again": NEW}
    assert first.post("/account/password", data=data).status_code == 303
    assert [is_in(each) for each in (first, second, third, thief)] == [True, False, False, False]


def test_role_and_disabling_count_at_once_everywhere(
    browsers: list[Browser], admin: Browser, ana: User, session: Session
) -> None:
    path = f"/settings/users/{ana.id}"
    admin.post(f"{path}/role", data={"role": "viewer"})
    assert [each.get("/contacts/new", lint=False).status_code for each in browsers] == [403] * 3
    admin.post(f"{path}/disabled")
    assert [is_in(each) for each in browsers] == [False] * 3
    admin.post(f"{path}/enabled")
    assert [is_in(copy(each)) for each in browsers] == [False] * 3


def test_another_process_knows_at_once(make_app: Callable[..., Flask], session: Session, ana: User) -> None:
    one, other = (make_app().test_client() for _ in range(2))
    assert isinstance(one, Browser)
    assert isinstance(other, Browser)
    sign_in(one)
    cookie = one.get_cookie("optin_session")
    assert cookie
    other.set_cookie("optin_session", cookie.value)
    assert is_in(other)
    one.post("/sign-out")
    assert not is_in(other)


@pytest.mark.parametrize(("step", "count", "held"), [(13, 1, True), (15, 1, False), (13, 6, True), (13, 7, False)])
def test_a_session_ends_when_unused_or_old(
    browsers: list[Browser], clock: Clock, step: int, count: int, held: bool
) -> None:
    for _ in range(count):
        clock.forward(days=step)
        seen = is_in(browsers[0])
    assert seen is held


def test_when_it_was_used_is_written_rarely(browsers: list[Browser], session: Session, clock: Clock) -> None:
    def seen() -> object:
        session.expire_all()
        return session.scalars(select(UserSession.seen_at).order_by(UserSession.id)).first()

    began = seen()
    clock.forward(minutes=10)
    is_in(browsers[0])
    assert seen() == began
    now = clock.forward(minutes=10)
    is_in(browsers[0])
    assert seen() >= now  # type: ignore[operator]


def test_that_it_cannot_be_written_harms_no_page(
    browsers: list[Browser], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.forward(minutes=20)
    with refusing("UPDATE user_session"):
        assert is_in(browsers[0])


@contextmanager
def refusing(beginning: str) -> Iterator[None]:
    """Let the database refuse statements that begin so."""

    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(beginning):
            raise db.engine.dialect.loaded_dbapi.OperationalError("disk full")

    event.listen(Engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", refuse)


def test_one_statement_loads_session_and_user(agent: Browser) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    agent.get("/settings/hours")
    event.listen(Engine, "before_cursor_execute", note)
    try:
        agent.get("/settings/hours")
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    about = [each for each in asked if "user_session" in each or 'FROM "user"' in each or "FROM user" in each]
    assert len(about) == 1, about


def shown(browser: Browser) -> list[str]:
    """Return the addresses of the buttons that sign out single devices."""
    return re.findall(r'action="(/account/sessions/\d+/end)"', browser.get("/account").text)


def test_devices_are_listed_and_signed_out_one_by_one(
    browsers: list[Browser], agent: Browser, session: Session
) -> None:
    first, _, third = browsers
    page = first.get("/account").text
    assert page.count("Firefox on Windows") == 3
    assert page.count("This device") == 1
    ids = session.scalars(select(UserSession.id).order_by(UserSession.id)).all()
    strange = first.post(f"/account/sessions/{shown(agent)[0].split('/')[3]}/end", follow_redirects=True)
    assert "already signed out" in strange.text
    assert is_in(agent), "another user's session is none of hers"
    assert first.post(f"/account/sessions/{ids[1]}/end").location == "/account#devices"
    assert [is_in(each) for each in browsers] == [True, False, True]
    assert len(shown(first)) == 2
    assert third.post(f"/account/sessions/{ids[2]}/end").location == "/sign-in"
    assert [is_in(each) for each in browsers] == [True, False, False]


def test_signing_out_everywhere_includes_here(browsers: list[Browser], session: Session) -> None:
    answer = browsers[0].post("/account/sessions/everywhere", follow_redirects=True)
    assert "You are signed out everywhere." in answer.text
    assert [is_in(each) for each in browsers] == [False] * 3
    assert "ended the sessions of" in session.scalars(select(AuditEntry.action)).all()


def test_an_admin_ends_the_sessions_of_a_user(
    browsers: list[Browser], admin: Browser, agent: Browser, ana: User, session: Session
) -> None:
    path = f"/settings/users/{ana.id}"
    assert admin.get(path).text.count("Firefox on Windows") == 3
    assert agent.post(f"{path}/sessions", lint=False).status_code == 403
    assert admin.post(f"{path}/sessions").location == path
    assert [is_in(each) for each in browsers] == [False] * 3
    assert "is not signed in anywhere" in admin.get(path).text
    assert sign_in(browsers[0]) == 303, "they may come back"
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "ended the sessions of")).one()
    assert (entry.user_id, entry.subject_id) == (admin.user and admin.user.id, ana.id)


def test_a_link_begins_a_session_like_any_other(client: Browser, session: Session, ana: User) -> None:
    client.post(f"/sign-in/{links.issue(session, ana, clock.now(), 1)}")
    kept = session.scalars(select(UserSession)).one()
    assert (kept.user_id, kept.linked_at is not None) == (ana.id, True)
    thief = copy(client)
    client.post("/sign-out")
    assert not is_in(thief)


def test_signing_in_anew_ends_what_the_browser_had(browsers: list[Browser], session: Session, ana: User) -> None:
    thief = copy(browsers[0])
    browsers[0].post(f"/sign-in/{links.issue(session, ana, clock.now(), 1)}")
    assert is_in(browsers[0])
    assert not is_in(thief)


def test_the_token_of_a_form_is_bound_to_its_session(client: Browser, ana: User) -> None:
    sign_in(client)
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account").text)
    client.post("/sign-out")
    sign_in(client)
    assert found
    data = {"csrf_token": found[1], "name": "Somebody", "time_zone": "UTC"}
    assert client.post("/account", data=data, csrf=False).status_code == 400


@pytest.mark.parametrize("meanwhile", ["password", "disabled"])
def test_no_session_begins_while_all_end(
    client: Browser, app: Flask, ana: User, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """The password was right when it was read; by the time its hash is checked it is not."""

    def verify(stored: str | None, password: str) -> bool:
        with Session(db.engine) as other:
            user = other.get_one(User, ana.id)
            if meanwhile == "password":
                user.password_hash = passwords.hash_password(NEW)
            else:
                user.disabled_at = clock.now()
            sessions.end_all(other, ana.id, clock.now())
            other.commit()
        return bool(stored and password)

    monkeypatch.setattr(passwords, "verify", verify)
    assert sign_in(client) == 422
    assert not is_in(client)


def test_what_ended_long_ago_is_forgotten(client: Browser, session: Session, ana: User, clock: Clock) -> None:
    for _ in range(3):
        sign_in(client)
        client.post("/sign-out")
    clock.forward(days=91)
    sign_in(client)
    assert len(session.scalars(select(UserSession.id)).all()) == 1


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) CriOS/130.0 Mobile Safari/604.1", "Chrome on iPad"),
        ("", "Unknown browser"),
        ("<script>" * 100, "Unknown browser"),
    ],
)  # fmt: skip
def test_the_words_for_a_device(user_agent: str, words: str) -> None:
    assert devices.words(user_agent) == words


def test_users_are_told_apart_whatever_their_sessions(agent: Browser, admin: Browser, session: Session) -> None:
    assert agent.user
    assert agent.user != admin.user
    assert agent.user not in [admin.user]
    assert session.get(User, agent.user.id) == agent.user
