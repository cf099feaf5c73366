"""The Twilio panel: senders, who answers STOP, the addresses to copy, and nothing secret."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.first_start import prepare
from optin.models import AuditEntry, Sender
from optin.provider import senders
from tests.support.clients import Browser

TOKEN = "0123456789abcdef" * 2
SERVICE = "MG" + "0a" * 16
ACCOUNT = {
    "OPTIN_MODE": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "OPTIN_PUBLIC_URL": "https://optin.example.org",
}


def only(session: Session) -> Sender:
    return session.scalars(select(Sender)).one()


def add(admin: Browser, address: str) -> str:
    """Add a sender and return the path of its page."""
    response = admin.post("/settings/twilio/senders", data={"address": address})
    assert response.status_code == 303, response.text
    return str(response.location)


def test_a_real_account(make_app: Callable[..., Flask], session: Session) -> None:
    app = make_app(**ACCOUNT)
    admin = prepare(session, app.config["OPTIN"])
    browser = app.test_client()
    assert isinstance(browser, Browser)
    assert admin is not None
    browser.test_session = session
    browser.sign_in(admin)
    page = browser.get("/settings/twilio").text
    assert "Twilio: real people are texted" in page
    assert "https://optin.example.org/webhooks/twilio/sms#rc=3&amp;rp=5xx,ct,rt" in page
    assert "https://optin.example.org/webhooks/twilio/status" in page
    assert "AC0a…0a0a" in page
    assert TOKEN not in page


def test_the_simulator(admin: Browser, app: Flask) -> None:
    page = admin.get("/settings/twilio").text
    assert "Simulator: no text leaves this machine" in page
    assert app.config["OPTIN"].twilio_auth_token not in page


@pytest.mark.parametrize(
    ("typed", "address", "kind", "who"),
    [
        ("(415) 555-2671", "+14155552671", "long_code", "Twilio answers STOP"),
        ("+1 888 555 0102", "+18885550102", "toll_free", "The network answers STOP"),
        ("12345", "12345", "short_code", "The app answers STOP"),
        (SERVICE, SERVICE, "messaging_service", "Twilio answers STOP"),
    ],
)
def test_adding_a_sender(admin: Browser, session: Session, typed: str, address: str, kind: str, who: str) -> None:
    path = add(admin, typed)
    assert (only(session).address, only(session).kind) == (address, kind)
    assert who in admin.get(path).text
    assert who in admin.get("/settings/twilio").text
    add(admin, typed)
    assert only(session).address == address, "twice is once"


@pytest.mark.parametrize("typed", ["", "  ", "River Friends", "555-0100", "+999123", "MG123", "whatsapp:+14155552671"])
def test_what_is_no_sender(admin: Browser, session: Session, typed: str) -> None:
    response = admin.post("/settings/twilio/senders", data={"address": typed})
    assert response.status_code == 422
    assert "field-error" in response.text
    assert session.scalars(select(Sender)).all() == []


def test_who_answers_follows_what_the_admin_says(admin: Browser, session: Session) -> None:
    path = add(admin, "12345")
    form = {"kind": "short_code", "messaging_service_sid": SERVICE, "advanced_opt_out": "y"}
    assert admin.post(path, data=form).status_code == 303
    sender = only(session)
    assert (sender.messaging_service_sid, sender.advanced_opt_out, sender.scope) == (SERVICE, True, SERVICE)
    assert "texts of its Advanced Opt-Out" in admin.get("/settings/twilio").text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "short_code"}, "Not a valid choice"),
        ({"messaging_service_sid": "MG12"}, "Enter MG and 32 hexadecimal digits"),
        ({"advanced_opt_out": "y"}, "Advanced Opt-Out belongs to a Messaging Service"),
    ],
)
def test_a_description_that_cannot_be(admin: Browser, session: Session, change: dict[str, str], sentence: str) -> None:
    path = add(admin, "+14155552671")
    response = admin.post(path, data={"kind": "long_code", "messaging_service_sid": "", **change})
    assert response.status_code == 422
    assert sentence in response.text
    assert (only(session).kind, only(session).messaging_service_sid, only(session).advanced_opt_out) == (
        "long_code",
        None,
        False,
    )


def test_a_retired_sender_sends_nothing_until_it_is_used_again(admin: Browser, session: Session) -> None:
    path, other = add(admin, "+14155552671"), add(admin, "12345")
    admin.post(f"{path}/retired")
    assert [sender.address for sender in senders.in_use(session)] == ["12345"]
    assert "Texts to it are still received" in admin.get("/settings/twilio").text
    admin.post(f"{other}/retired")
    assert "No sender is left: nothing can be sent." in admin.get("/settings/twilio").text
    admin.post(f"{path}/used")
    assert [sender.address for sender in senders.in_use(session)] == ["+14155552671"]


def test_changes_of_senders_are_in_the_trail(admin: Browser, session: Session) -> None:
    path = add(admin, "12345")
    admin.post(path, data={"kind": "short_code", "messaging_service_sid": SERVICE})
    for _ in range(2):
        admin.post(f"{path}/retired")
        admin.post(f"{path}/used")
    trail = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert trail == ["added", "changed", "retired", "took back into use", "retired", "took back into use"]
    page = admin.get("/settings/audit?about=sender").text
    assert "Changed 12345: messaging service sid" in page


def test_an_unknown_sender_is_not_found(admin: Browser) -> None:
    assert admin.get("/settings/twilio/senders/999").status_code == 404
    for tail in ("", "/retired", "/used"):
        assert admin.post(f"/settings/twilio/senders/999{tail}").status_code == 404


@pytest.mark.parametrize(
    ("address", "rate"),
    [("+14155550100", 1.0), ("+18005550100", 3.0), ("12345", 100.0), (SERVICE, None)],
)
def test_a_new_sender_goes_as_fast_as_its_kind(
    admin: Browser, session: Session, address: str, rate: float | None
) -> None:
    add(admin, address)
    assert only(session).segments_per_second == rate


@pytest.mark.parametrize(
    ("typed", "rate"),
    [("4", 4.0), ("0.5", 0.5), (" 2,5 ", 2.5), ("", None), ("0.1", 0.1), ("1000", 1000.0), ("١", 1.0)],
)
def test_an_admin_says_how_fast_it_goes(admin: Browser, session: Session, typed: str, rate: float | None) -> None:
    path = add(admin, "+14155550100")
    assert admin.post(path, data={"kind": "long_code", "segments_per_second": typed}).status_code == 303
    assert only(session).segments_per_second == rate
    shown = admin.get(path).text
    assert f'value="{rate:g}"' in shown if rate else "no limit" in admin.get("/settings/twilio").text


@pytest.mark.parametrize("typed", ["0", "-1", "fast", "1e3", "0.05", "1001", "1 000", "nan"])
def test_what_is_no_pace_is_refused_and_kept_in_the_form(admin: Browser, session: Session, typed: str) -> None:
    path = add(admin, "+14155550100")
    response = admin.post(path, data={"kind": "long_code", "segments_per_second": typed})
    assert response.status_code == 422
    assert "or nothing for no limit" in response.text
    assert f'value="{typed}"' in response.text
    assert only(session).segments_per_second == 1.0


def test_a_form_without_the_pace_leaves_it(admin: Browser, session: Session) -> None:
    path = add(admin, "+14155550100")
    assert admin.post(path, data={"kind": "long_code"}).status_code == 303
    assert only(session).segments_per_second == 1.0
