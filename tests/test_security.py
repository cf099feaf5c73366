"""What keeps accounts and secrets: headers, cookies, sessions, what is shown and what is logged.

Beside it: limits in features/auth/test_attempts.py, open redirects in features/auth/test_sign_in.py, ended sessions in
features/auth/test_account.py and features/auth/test_users.py, who may ask for what in web/test_routes.py.
"""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import links, passwords
from optin.first_start import add_user
from optin.models import SignInLink, User, UserSession
from optin.web import sessions
from tests.support.clients import Browser
from tests.support.signing_in import token_of

PASSWORD = "river otters at dawn"
TOKEN = "0123456789abcdef" * 2
ACCOUNT = {
    "OPTIN_MODE": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "OPTIN_PUBLIC_URL": "https://optin.example.org",
    "OPTIN_SECRET_KEY": "a secret of this installation",
}


@pytest.fixture
def ana(session: Session) -> User:
    """An admin with a password."""
    user = add_user(session, email="ana@example.org", name="Ana Ruiz", role=Role.ADMIN, password=PASSWORD)
    session.commit()
    return user


@pytest.fixture
def public(make_app: Callable[..., Flask], session: Session) -> Browser:
    """A browser before an app that real people use, behind its proxy."""
    client = make_app(**ACCOUNT).test_client()
    assert isinstance(client, Browser)
    client.test_session = session
    return client


def sign_in(client: Browser, **headers: str) -> list[str]:
    """Sign in with the form and return the cookies that are set."""
    data = {"email": "ana@example.org", "password": PASSWORD}
    response = client.post("/sign-in", data=data, headers={name.replace("_", "-"): v for name, v in headers.items()})
    assert response.status_code == 303
    return response.headers.getlist("Set-Cookie")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/x", "/", "/settings/sms", "/nowhere", "/static/app.css"])
def test_every_answer_says_what_a_page_may_load(admin: Browser, path: str) -> None:
    headers = admin.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    script = re.fullmatch(r"'self' 'sha384-[A-Za-z0-9+/]{64}'", policy["script-src"])
    assert script, "one exact script besides our own, nothing inline, no eval"
    assert policy["default-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_script_from_elsewhere_is_pinned_by_its_content(client: Browser) -> None:
    page = client.get("/sign-in").text
    allowed = client.get("/sign-in").headers["Content-Security-Policy"]
    foreign = re.findall(r"<script[^>]+src=\"(https?://[^\"]+)\"[^>]*>", page)
    assert len(foreign) == 1
    pinned = re.search(rf'src="{re.escape(foreign[0])}" integrity="(sha384-[^"]+)" crossorigin="anonymous"', page)
    assert pinned
    assert f"'{pinned[1]}'" in allowed


def test_the_cookie_on_this_machine(client: Browser, ana: User) -> None:
    (cookie,) = (each for each in sign_in(client) if each.startswith("optin_session="))
    flags = {part.strip().partition("=")[0].lower(): part.strip() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite", "path", "expires"} <= set(flags)
    assert flags["samesite"] == "SameSite=Lax"
    assert "secure" not in flags, "plain http on loopback works"
    assert "domain" not in flags


def test_the_cookie_behind_https(public: Browser, ana: User) -> None:
    cookies = sign_in(
        public, X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9", Referer="https://localhost/sign-in"
    )
    assert len(cookies) == 2, "the session's and the device's"
    for cookie in cookies:
        assert "; Secure" in cookie
        assert "; HttpOnly" in cookie
        assert "; SameSite=Lax" in cookie


def test_a_header_alone_does_not_make_the_simulator_believe_in_https(client: Browser, ana: User) -> None:
    cookies = sign_in(client, X_Forwarded_Proto="https")
    assert cookies
    assert not any("Secure" in cookie for cookie in cookies)


def test_signing_in_begins_a_new_session(client: Browser, session: Session, ana: User) -> None:
    with client.session_transaction() as planted:
        planted["csrf_token"] = "known to somebody else"
        planted["_user_id"] = "999:x"
        planted["linked_at"] = clock.now().timestamp()
        planted["anything"] = "else"
    sign_in(client)
    with client.session_transaction() as kept:
        assert sessions.find(session, kept["_user_id"], clock.now()).user_session.user == ana
        assert set(kept) <= {"_user_id", "_fresh", "_id", "_permanent"}


def test_a_token_of_another_session_is_refused(agent: Browser, client: Browser) -> None:
    stolen = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert stolen
    data = {"csrf_token": stolen[1], "name": "Somebody", "time_zone": "UTC"}
    assert agent.post("/account", data=data, csrf=False).status_code == 400


def test_a_forged_cookie_signs_nobody_in(client: Browser, ana: User, app: Flask) -> None:
    forger = Flask("forger", static_folder=None)
    forger.secret_key = "a guessed secret of the app"
    signer = forger.session_interface.get_signing_serializer(forger)  # type: ignore[attr-defined]
    client.set_cookie("optin_session", signer.dumps({"_user_id": token_of(app, ana), "_fresh": True}))
    assert client.get("/account").status_code == 303


@pytest.mark.parametrize("forged", [{"X-Forwarded-Host": "evil.example"}, {"Host": "evil.example"}])
def test_links_and_redirects_do_not_follow_a_forged_host(public: Browser, ana: User, forged: dict[str, str]) -> None:
    public.sign_in(ana)
    path = f"/settings/users/{ana.id}"
    assert public.post(f"{path}/links", headers=forged).status_code == 400
    assert "/sign-in/" not in public.get(path).text, "no link was made"
    made = public.post(f"{path}/links", headers={"X-Forwarded-Host": "optin.example.org"})
    assert made.location == path
    assert "https://optin.example.org/sign-in/" in public.get(path).text


def test_no_page_shows_a_secret(public: Browser, ana: User, session: Session) -> None:
    links.issue(session, ana, clock.now(), 1)
    public.sign_in(ana)
    public.post("/settings/twilio/senders", data={"address": "+14155550100"})
    kept = session.scalars(select(SignInLink.token_hash)).all()
    kept = [*kept, *session.scalars(select(UserSession.token_hash))]
    secrets = [TOKEN, ACCOUNT["OPTIN_SECRET_KEY"], ana.password_hash or "", *kept]
    sender = "/settings/twilio/senders/1"
    panels = [f"/settings/{panel}" for panel in ("sms", "replies", "hours", "twilio", "users", "audit")]
    for path in ("/", "/account", *panels, sender, f"/settings/users/{ana.id}", "/metrics", "/readyz", "/nowhere"):
        page = public.get(path).text
        assert [secret for secret in secrets if secret in page] == [], path


def test_no_log_line_has_a_password_or_a_token(
    public: Browser, ana: User, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    token = links.issue(session, ana, clock.now(), 1)
    for password in (PASSWORD, "another try of mine"):
        public.post("/sign-in", data={"email": ana.email, "password": password})
    public.get(f"/sign-in/{token}")
    public.post(f"/sign-in/{token}")
    public.post(f"/sign-in/{token}")
    public.post("/account/password", data={"new": "three herons by nine", "again": "three herons by eight"})
    public.post("/webhooks/twilio/sms", data={"Body": "hi"}, headers={"X-Twilio-Signature": "bad signature"})
    written = "".join(capsys.readouterr())
    assert "webhook refused" in written, "lines are caught"
    for secret in (PASSWORD, "another try of mine", token, "three herons", TOKEN, "bad signature"):
        assert secret not in written


def test_an_error_of_the_database_names_no_values(app: Flask, session: Session, ana: User) -> None:
    with app.app_context(), pytest.raises(IntegrityError) as caught:
        add_user(db.session(), email="ana@example.org", name="Ana", role=Role.AGENT, password="three herons by nine")
    message = str(caught.value)
    assert "INSERT INTO" in message
    assert "$argon2" not in message


def test_passwords_and_tokens_are_kept_as_hashes(session: Session, ana: User, database: str) -> None:
    token = links.issue(session, ana, clock.now(), 1)
    session.commit()
    engine = create_engine(database)
    with engine.connect() as connection:
        rows = [
            str(row)
            for table in ('"user"', "sign_in_link")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    engine.dispose()
    assert any("$argon2id$" in row for row in rows)
    assert not any(PASSWORD in row or token in row for row in rows)
    assert passwords.verify(ana.password_hash, PASSWORD)
