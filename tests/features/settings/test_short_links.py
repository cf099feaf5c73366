"""The domain of short links: admins name it, everybody reads it, and a check says where it leads."""

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import hosts
from optin.features.settings import short_link_routes
from optin.models import AuditEntry
from optin.policy import policy
from optin.refused import Refused
from optin.short_links import check, door
from optin.witnesses.transport import Answer, NoAnswer
from tests.support import short_links
from tests.support.clients import Browser
from tests.support.short_links import HOST

ADDRESS = "/settings/short-links"
SECRET = "s" * 32


def said(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def save(admin: Browser, typed: str) -> str:
    answer = admin.post(ADDRESS, data={"short_domain": typed})
    if answer.status_code == 303:
        return said(admin.get(answer.location).text)
    assert answer.status_code == 422
    return said(answer.text)


def test_it_is_off_until_an_admin_names_a_domain(admin: Browser, session: Session) -> None:
    assert "Off: links are sent as they are written." in said(admin.get(ADDRESS).text)
    page = save(admin, "https://Go.example.org/")
    assert "Saved: Domain of short links." in page
    assert f"Does {HOST} lead here?" in page
    assert policy.load(session).short_domain == HOST
    told = session.scalars(select(AuditEntry).where(AuditEntry.field == "short_domain")).one()
    assert (told.before, told.after, told.user_id) == ('""', f'"{HOST}"', admin.user.id)
    trail = said(admin.get("/settings/audit?about=short_links").text)
    assert f"Domain of short links none {HOST}" in trail


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("go.example.org/x", "without a path"),
        ("http://go.example.org", "need https"),
        ("bit.ly", "public shortener"),
        ("localhost", "without a path"),
        ("192.168.0.1", "without a path"),
    ],
)
def test_what_is_no_domain_of_ones_own_is_refused(admin: Browser, session: Session, typed: str, why: str) -> None:
    assert why in save(admin, typed)
    assert policy.load(session).short_domain == ""


def test_the_name_of_the_app_is_refused(make_app: Callable[..., Flask], admin: Browser, app: Flask) -> None:
    assert "itself answers" in short_link_routes.domain.read("optin.example.org", {"optin.example.org"}).sentence  # type: ignore[union-attr]
    app.config["OPTIN"] = make_app(OPTIN_ALLOWED_HOSTS="optin.example.org").config["OPTIN"]
    assert "itself answers" in save(admin, "optin.example.org")


def test_another_domain_leaves_the_one_before_leading_on(admin: Browser, session: Session) -> None:
    save(admin, HOST)
    page = save(admin, "new.example.org")
    assert f"Links that were sent under {HOST} still lead where they led" in page
    save(admin, "")
    given = policy.load(session)
    assert (given.short_domain, given.former_short_domains) == ("", (HOST, "new.example.org"))


def test_others_read_it(agent: Browser, viewer: Browser, session: Session) -> None:
    short_links.switch_on(session)
    for browser in (agent, viewer):
        page = browser.get(ADDRESS).text
        assert "Only an admin can change this." in page
        assert f"{ADDRESS}/check" not in page
        assert browser.post(f"{ADDRESS}/check").status_code == 403


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(200, "text/plain", "something"), "Something else answers at https://go.example.org (status 200)."),
        (Answer(301, "text/html", ""), "Something else answers at https://go.example.org (status 301)."),
        (Answer(400, "text/plain", hosts.REFUSAL), "the proxy in between does not pass its name on."),
        (NoAnswer("Its certificate can’t be trusted."), "does not lead here. Its certificate can’t be trusted."),
    ],
)
def test_the_check_says_what_is_wrong(answer: Answer | NoAnswer, why: str) -> None:
    def get(_: str) -> Answer:
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    refused = check.check(HOST, SECRET, get)
    assert isinstance(refused, Refused)
    assert why in refused.sentence


def test_the_check_knows_this_installation(client: Browser, app: Flask, session: Session) -> None:
    """What is asked for goes to the app as a browser would ask it."""
    short_links.switch_on(session)

    def get(url: str) -> Answer:
        path = url.removeprefix(f"https://{HOST}")
        assert path.startswith(door.CHECK)
        found = client.get(path, headers={"Host": HOST})
        return Answer(found.status_code, found.mimetype, found.text)

    assert check.check(HOST, app.config["OPTIN"].secret_key, get) is None
    assert check.check(HOST, SECRET, get) is not None, "another installation"


def test_an_admin_is_told_what_the_check_found(
    admin: Browser, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_links.switch_on(session)
    for found, told in ((None, "leads here, and its certificate is fine."), (Refused("Not so."), "Not so.")):
        monkeypatch.setattr(short_link_routes.check, "check", lambda *_, found=found: found)
        answer = admin.post(f"{ADDRESS}/check")
        assert told in said(admin.get(answer.location).text)
