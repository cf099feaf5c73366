"""How often somebody may try: by address and by email, whatever the request says of itself."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.auth import attempts, known_device, links
from optin.features.auth.accounts import add_user
from optin.models import AuditEntry, TryCount, User
from optin.queries import throttle
from tests.conftest import Clock
from tests.support.clients import Browser

PASSWORD = "river otters at dawn"
A_MINUTE = {"email": 6, "address": 20}
ACCOUNT = {"OPTIN_MODE": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "TWILIO_AUTH_TOKEN": "f" * 32}


def tries(client: Browser, count: int, email: str, address: str, **headers: str) -> list[int]:
    """Try `count` times; {} in email, address and headers is replaced by the number of the try."""
    return [
        client.post(
            "/sign-in",
            data={"email": email.format(number), "password": "wrong"},
            environ_base={"REMOTE_ADDR": address.format(number)},
            headers={name.replace("_", "-"): value.format(number) for name, value in headers.items()},
            lint=number in (0, count - 1),
        ).status_code
        for number in range(count)
    ]


def test_one_email_from_many_addresses(client: Browser) -> None:
    statuses = tries(client, 8, "ana@example.org", "203.0.113.{}")
    assert statuses == [422] * A_MINUTE["email"] + [429] * 2


def test_many_emails_from_one_address(client: Browser) -> None:
    statuses = tries(client, 22, "user{}@example.org", "203.0.113.9")
    assert statuses == [422] * A_MINUTE["address"] + [429] * 2
    assert tries(client, 1, "else@example.org", "203.0.113.10") == [422], "others are not kept out"


@pytest.mark.parametrize("spelt", ["ANA@example.org", " ana@example.org ", "ａna@example.org"])
def test_another_spelling_is_no_other_email(client: Browser, spelt: str) -> None:
    tries(client, A_MINUTE["email"], "ana@example.org", "203.0.113.{}")
    assert tries(client, 1, spelt, "203.0.113.99") == [429]


def test_the_refusal_says_what_to_do_and_holds_for_the_right_password(client: Browser, session: Session) -> None:
    add_user(session, email="ana@example.org", name="Ana", role=Role.AGENT, password="river otters at dawn")
    tries(client, A_MINUTE["email"], "ana@example.org", "203.0.113.{}")
    refused = client.post("/sign-in", data={"email": "ana@example.org", "password": "river otters at dawn"})
    assert refused.status_code == 429
    assert "Too many attempts" in refused.text
    assert client.get("/sign-in").status_code == 200


@pytest.mark.parametrize(
    "header", ["X_Forwarded_For", "X_Real_IP", "Forwarded", "CF_Connecting_IP", "True_Client_IP", "X_Client_IP"]
)
def test_a_header_makes_nobody_another(client: Browser, header: str) -> None:
    statuses = tries(client, 21, "user{}@example.org", "203.0.113.9", **{header: "198.51.100.{}"})
    assert statuses[-1] == 429


def test_behind_a_proxy_its_own_entry_counts(make_app: Callable[..., Flask]) -> None:
    client = make_app(**ACCOUNT).test_client()
    assert isinstance(client, Browser)
    forged = tries(client, 21, "user{}@example.org", "127.0.0.1", X_Forwarded_For="198.51.100.{}, 203.0.113.9")
    assert forged[-1] == 429
    assert tries(client, 1, "else@example.org", "127.0.0.1", X_Forwarded_For="203.0.113.10") == [422]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.9", "203.0.113.10", False),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10", False),
    ],
)
def test_one_ipv6_customer_counts_as_one(app: Flask, one: str, other: str, same: bool) -> None:
    keys = []
    for address in (one, other):
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            keys.append(attempts.address())
    assert (keys[0] == keys[1]) is same


def ana(session: Session) -> User:
    user = add_user(session, email="ana@example.org", name="Ana Ruiz", role=Role.AGENT, password=PASSWORD)
    session.commit()
    return user


def sign_in(client: Browser, address: str) -> int:
    data = {"email": "Ana@example.org", "password": PASSWORD}
    return client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": address}).status_code


def test_the_owner_comes_in_on_a_known_device_whatever_strangers_do(
    client: Browser, browse_as: Callable[[None], Browser], session: Session
) -> None:
    ana(session)
    assert sign_in(client, "198.51.100.7") == 303
    client.post("/sign-out")
    stranger = browse_as(None)
    assert tries(stranger, 25, "ana@example.org", "203.0.113.{}")[-1] == 429
    assert tries(stranger, 25, "user{}@example.org", "198.51.100.8")[-1] == 429
    assert sign_in(stranger, "203.0.113.99") == 429, "strangers are slowed down, with the right password too"
    assert sign_in(client, "198.51.100.8") == 303, "also from where a stranger is"
    client.post("/sign-out")
    assert tries(client, 11, "ana@example.org", "198.51.100.7") == [422] * 9 + [429] * 2, "it has a count of its own"


def test_the_owner_comes_in_from_a_known_address_or_with_a_link(
    client: Browser, browse_as: Callable[[None], Browser], session: Session
) -> None:
    user = ana(session)
    sign_in(client, "2001:db8:1:2::7")
    tries(browse_as(None), 25, "ana@example.org", "203.0.113.{}")
    assert sign_in(browse_as(None), "2001:db8:1:3::8") == 429
    assert sign_in(browse_as(None), "2001:db8:1:2::8") == 303
    link = f"/sign-in/{links.issue(session, user, clock.now(), 1)}"
    assert browse_as(None).post(link, environ_base={"REMOTE_ADDR": "203.0.113.1"}).status_code == 303


def test_a_device_is_known_for_its_own_users_only(
    client: Browser, browse_as: Callable[[None], Browser], session: Session
) -> None:
    ana(session)
    ben = add_user(session, email="ben@example.org", name="Ben", role=Role.AGENT, password=PASSWORD)
    data = {"email": ben.email, "password": PASSWORD}
    assert client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": "203.0.113.200"}).status_code == 303
    client.post("/sign-out")
    assert tries(client, 8, "ana@example.org", "203.0.113.{}") == [422] * 6 + [429] * 2
    forged = browse_as(None)
    forged.set_cookie(known_device.COOKIE, '["0123456789abcdef",[1,2,3]].AAAA', path="/sign-in")
    assert tries(forged, 1, "ana@example.org", "203.0.113.77") == [429]


def test_counts_hold_for_all_processes_and_at_the_same_moment(make_app: Callable[..., Flask]) -> None:
    apps = [make_app() for _ in range(2)]

    def one(number: int) -> int:
        client = apps[number % 2].test_client()
        assert isinstance(client, Browser)
        return tries(client, 1, "ana@example.org", f"203.0.113.{number}")[0]

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(one, range(24)))
    assert statuses == [422] * 6 + [429] * 18


def test_after_the_time_tries_are_allowed_again(client: Browser, clock: Clock) -> None:
    assert tries(client, 7, "ana@example.org", "203.0.113.9")[-1] == 429
    clock.forward(seconds=61)
    assert tries(client, 7, "ana@example.org", "203.0.113.9") == [422] * 6 + [429]
    for _ in range(6):
        clock.forward(seconds=61)
        last = tries(client, 6, "ana@example.org", "203.0.113.9")
    assert last[-1] == 429, "the hour counts too"


def test_owner_and_admins_are_told(
    client: Browser, admin: Browser, agent: Browser, browse_as: Callable[[None], Browser], session: Session
) -> None:
    user = ana(session)
    stranger = browse_as(None)
    tries(stranger, 9, "ana@example.org", "203.0.113.{}")
    tries(stranger, 14, "nobody@example.org", "203.0.113.{}")
    assert "failed attempts" not in admin.get("/").text
    tries(stranger, 5, " ANA@example.org", "203.0.113.{}")
    assert "14 failed attempts to sign in as Ana Ruiz since" in admin.get("/").text
    assert "failed attempts" not in agent.get("/").text
    entry = session.scalars(select(AuditEntry).where(AuditEntry.field == "failed_tries")).one()
    assert (entry.user_id, entry.subject_id, entry.after) == (None, user.id, "10")
    assert "Was asked to sign in as Ana Ruiz: failed tries" in admin.get("/settings/audit").text
    assert admin.get(f"/settings/users/{user.id}").status_code == 200
    client.post(f"/sign-in/{links.issue(session, user, clock.now(), 1)}")
    assert "14 failed attempts to sign in as you since" in client.get("/account").text
    client.post("/sign-out")
    client.post(f"/sign-in/{links.issue(session, user, clock.now(), 1)}")
    assert "failed attempts" not in client.get("/account").text


def test_what_is_typed_is_not_kept(client: Browser, session: Session) -> None:
    tries(client, 2, "my secret password", "203.0.113.9")
    rows = session.scalars(select(TryCount)).all()
    assert rows
    assert not any("secret" in str(vars(row)) for row in rows)


def test_old_counts_are_forgotten_however_many(
    client: Browser, session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "FORGOTTEN_AT_ONCE", 2)
    for index in range(5):
        tries(client, 1, f"user{index}@example.org", "203.0.113.9")
    old = len(session.scalars(select(TryCount)).all())
    now = clock.forward(days=91)
    throttle.allows(session, "new", "key", [throttle.Limit(1, timedelta(days=1))], now)
    session.commit()
    assert throttle.forget_old(session.get_bind(), now) == old > 4
    assert [row.kind for row in session.scalars(select(TryCount))] == ["new"]


def test_one_field_is_ready_to_type_in(client: Browser) -> None:
    pages = [("email", client.get("/sign-in")), ("password", client.post("/sign-in", data={"email": "a@example.org"}))]
    for field, page in pages:
        found = re.findall(r"<[^>]* autofocus[^>]*>", page.text)
        assert len(found) == 1, found
        assert f'name="{field}"' in found[0]
