"""How often somebody may try: by address and by email, whatever the request says of itself."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin.auth import attempts
from optin.auth.accounts import add_user
from optin.terms import Role
from tests.clients import Browser

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
    assert "Too many tries" in refused.text
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
