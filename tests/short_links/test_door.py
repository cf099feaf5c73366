"""The domain of short links leads where the stored link does, and answers nothing else; the app leads nowhere."""

import sqlite3
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import Client
from werkzeug.wrappers import Response

from optin import hosts
from optin.database.session import db
from optin.models import ShortLink
from optin.short_links import door
from optin.short_links.clicks import ClickCounter
from tests.support import short_links
from tests.support.clients import Browser
from tests.support.servers import LiveServer
from tests.support.short_links import CODE, HOST, PHONE, TARGET

TWILIO = {
    "OPTIN_MODE": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "f" * 32,
    "OPTIN_PUBLIC_URL": "https://optin.example.org",
}
NOTHING_THERE = (
    "/", "/sign-in", "/healthz", "/readyz", "/metrics", "/static/app.css", "/robots.txt", "/favicon.ico",
    "/webhooks/twilio/sms", "/simulator/phones", "/settings/short-links", f"/{CODE}/", f"//{CODE}", f"/x/{CODE}",
    f"/{CODE}x", f"/{CODE[:-1]}", f"/{CODE.lower()}", f"/{CODE}\r\nX", f"/{CODE}%00", "/ZZZZZZ", "/0OIl11",
    "/" + "x" * 9000, "/../metrics", f"/{TARGET}",
    "/.well-known/optin-short-links/", "/.well-known/optin-short-links/x",
)  # fmt: skip
HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@pytest.fixture
def counter(app: Flask) -> Iterator[ClickCounter]:
    counter: ClickCounter = app.extensions["short_link_clicks"]
    yield counter
    counter.write()


@pytest.fixture
def visit(client: Browser, session: Session, counter: ClickCounter) -> Callable[..., Any]:
    """Ask as a phone does, by default for the code under its domain."""
    short_links.switch_on(session)
    short_links.kept(session)

    def ask(path: str = f"/{CODE}", host: str = HOST, method: str = "GET", **more: str) -> Any:
        headers = {"Host": host, "User-Agent": PHONE, **more}
        answer = client.open("/", method=method, headers=headers, environ_overrides={"PATH_INFO": path}, csrf=False)
        counter.write()
        return answer

    return ask


def test_a_code_leads_to_its_link(visit: Callable[..., Any], session: Session) -> None:
    answer = visit()
    assert (answer.status_code, answer.headers["Location"], answer.data) == (302, TARGET, b"")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "Set-Cookie" not in answer.headers
    assert short_links.clicks(session) == [(CODE, 1)]


def test_what_is_asked_besides_changes_nothing(visit: Callable[..., Any]) -> None:
    for more in (
        {"Cookie": "optin_session=x"},
        {"Referer": "https://evil.example"},
        {"X-Forwarded-Host": "evil.example"},
    ):
        assert visit(**more).headers["Location"] == TARGET
    assert visit(host=f"{HOST}:443").headers["Location"] == TARGET
    assert visit(host=f"{HOST.upper()}.").headers["Location"] == TARGET


def test_machines_are_led_and_not_counted(visit: Callable[..., Any], session: Session) -> None:
    head = visit(method="HEAD")
    assert (head.status_code, head.headers["Location"]) == (302, TARGET)
    assert visit(**{"User-Agent": "WhatsApp/2.23.20.0"}).headers["Location"] == TARGET
    assert short_links.clicks(session) == []


@pytest.mark.parametrize("path", NOTHING_THERE, ids=lambda path: path[:30])
def test_nothing_else_answers_there(visit: Callable[..., Any], session: Session, path: str) -> None:
    answer = visit(path)
    assert (answer.status_code, answer.text, answer.mimetype) == (404, door.NOWHERE, "text/plain")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "Set-Cookie" not in answer.headers
    assert short_links.clicks(session) == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])
def test_nor_to_another_method(visit: Callable[..., Any], session: Session, method: str) -> None:
    for path in (f"/{CODE}", "/webhooks/twilio/sms", "/sign-in"):
        answer = visit(path, method=method)
        assert (answer.status_code, "Location" in answer.headers) == (404, False)
    assert short_links.clicks(session) == []


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "//evil.example",
        "https://user:secret@evil.example/",
        "https://evil.example\\@river.example",
        "https://evil.example/\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_what_must_not_be_led_to_is_not_even_from_the_database(
    visit: Callable[..., Any], session: Session, link: str
) -> None:
    short_links.kept(session, "Zz9Zz9", link)
    answer = visit("/Zz9Zz9")
    assert (answer.status_code, "Location" in answer.headers, "Set-Cookie" in answer.headers) == (404, False, False)


def test_under_the_names_of_the_app_there_are_no_short_links(visit: Callable[..., Any], session: Session) -> None:
    for host in ("localhost", "127.0.0.1:5000", "[::1]"):
        answer = visit(host=host)
        assert (answer.status_code, "Location" in answer.headers) == (404, False)
        assert visit("/sign-in", host=host).status_code == 200
    assert short_links.clicks(session) == []


def test_other_names_are_refused_as_before(visit: Callable[..., Any]) -> None:
    for host in ("evil.example", f"x.{HOST}", f"{HOST}.evil.example", "", f"user@{HOST}"):
        answer = visit(host=host)
        assert (answer.status_code, answer.text) == (400, hosts.REFUSAL)


def test_without_the_setting_the_name_is_one_like_any(client: Browser, session: Session) -> None:
    short_links.kept(session)
    assert client.get(f"/{CODE}", headers={"Host": HOST}).status_code == 400


def test_a_link_is_under_its_own_domain_and_outlives_the_setting(visit: Callable[..., Any], session: Session) -> None:
    short_links.switch_on(session, "new.example.org", HOST)
    assert visit().headers["Location"] == TARGET
    assert visit(host="new.example.org").status_code == 404
    short_links.switch_on(session, "", HOST)
    assert visit().headers["Location"] == TARGET
    assert visit("/sign-in").status_code == 404


@pytest.mark.parametrize(
    ("host", "forwarded", "status"),
    [
        (HOST, None, 302),
        ("127.0.0.1:5000", HOST, 302),
        ("127.0.0.1:5000", f"evil.example, {HOST}", 302),
        ("optin.example.org", None, 404),
        ("127.0.0.1:5000", "optin.example.org", 404),
        (HOST, "optin.example.org", 400),
        ("evil.example", None, 400),
        ("127.0.0.1:5000", f"{HOST}, evil.example", 400),
    ],
)
def test_behind_a_proxy_its_word_counts(
    make_app: Callable[..., Flask], session: Session, host: str, forwarded: str | None, status: int
) -> None:
    short_links.switch_on(session)
    short_links.kept(session)
    client = make_app(**TWILIO).test_client()
    headers = {"Host": host, **({"X-Forwarded-Host": forwarded} if forwarded else {})}
    assert client.head(f"/{CODE}", headers=headers).status_code == status


def test_a_name_of_the_app_stays_the_apps(make_app: Callable[..., Flask], session: Session) -> None:
    short_links.switch_on(session, "optin.example.org")
    client = make_app(**TWILIO).test_client()
    assert client.get("/sign-in", headers={"Host": "optin.example.org"}).status_code == 200


def test_twilios_webhooks_do_not_answer_there(make_app: Callable[..., Flask], session: Session) -> None:
    short_links.switch_on(session)
    client = make_app(**TWILIO).test_client()
    for path in ("/webhooks/twilio/sms", "//webhooks/twilio/sms", "/webhooks/twilio/status"):
        answer = client.post("/", headers={"Host": HOST}, environ_overrides={"PATH_INFO": path})
        assert (answer.status_code, answer.text) == (404, door.NOWHERE)


def test_no_click_costs_a_write_before_it_leads_on(visit: Callable[..., Any], app: Flask) -> None:
    """It is one look at one index, after the one that tells whether the settings changed."""
    statements: list[str] = []
    with app.app_context():
        engine = db.engine
    visit()
    app.extensions["short_link_clicks"]._write_after = lambda _: None
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    client = app.test_client()
    assert client.get(f"/{CODE}", headers={"Host": HOST, "User-Agent": PHONE}).status_code == 302
    del app.extensions["short_link_clicks"]._write_after
    kinds = [statement.split()[0] for statement in statements]
    assert kinds == ["SELECT", "SELECT"] or kinds == ["BEGIN", "SELECT", "SELECT"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_while_the_database_is_locked_it_leads_on_and_counts_later(
    visit: Callable[..., Any], client: Browser, session: Session, counter: ClickCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    file = str(session.get_bind().engine.url.database)
    monkeypatch.setattr(ClickCounter, "_write_after", lambda *_: None)
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.get(f"/{CODE}", headers={"Host": HOST, "User-Agent": PHONE})
        assert (answer.status_code, answer.headers["Location"]) == (302, TARGET)
        other.execute("ROLLBACK")
    other.close()
    counter.write()
    assert short_links.clicks(session) == [(CODE, 1)]


def test_what_can_not_be_counted_leads_on_all_the_same(
    visit: Callable[..., Any], session: Session, counter: ClickCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the database may only be read: the count waits, and is written when it can be."""

    def refused(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("read only"))

    with monkeypatch.context() as patch:
        patch.setattr("optin.short_links.clicks.writing", refused)
        assert visit().headers["Location"] == TARGET
        assert visit().headers["Location"] == TARGET
    assert short_links.clicks(session) == []
    counter.write()
    assert short_links.clicks(session) == [(CODE, 2)]


def test_without_a_database_it_says_so(visit: Callable[..., Any], app: Flask) -> None:
    assert visit().status_code == 302
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    counter = app.extensions["short_link_clicks"]
    below = Response("the app", 200)
    leads = door.ShortLinkDoor(below, lambda: away, counter, secret="x", ours=("optin.example.org",))
    client = Client(leads)
    headers = {"Host": HOST, "User-Agent": PHONE}
    answer = client.get(f"/{CODE}", headers=headers)
    assert (answer.status_code, answer.text, "Location" in answer.headers) == (503, door.LATER, False)
    assert client.get("/healthz", headers=headers).text == "the app"
    assert client.get(f"/{CODE}", headers={"Host": "optin.example.org"}).text == "the app"


def test_only_this_installation_answers_the_check(visit: Callable[..., Any], app: Flask) -> None:
    question = "0123456789abcdef" * 2
    answer = visit(f"{door.CHECK}{question}")
    secret = app.config["OPTIN"].secret_key
    assert (answer.status_code, answer.text) == (200, door.proof(secret, HOST, question))
    assert (
        len(
            {door.proof(secret, HOST, question), door.proof(secret, "b.org", question), door.proof("x", HOST, question)}
        )
        == 3
    )


def ask_over_http(server: LiveServer, path: str, host: str, method: str = "GET") -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=30)
    connection.putrequest(method, path, skip_host=True)
    for name, value in (("Host", host), ("User-Agent", PHONE)):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_over_http(live_server: LiveServer) -> None:
    with live_server.session() as session:
        short_links.switch_on(session)
        short_links.kept(session)
    answer = ask_over_http(live_server, f"/{CODE}?utm=1", HOST)
    assert (answer.status, answer.getheader("Location"), answer.getheader("Set-Cookie")) == (302, TARGET, None)
    for path in (
        "/",
        "/sign-in",
        "/healthz",
        "/metrics",
        "/static/app.css",
        "/webhooks/twilio/sms",
        "/simulator/phones",
    ):
        assert ask_over_http(live_server, path, HOST).status == 404, path
    assert ask_over_http(live_server, f"/{CODE}", "localhost").status == 404
    assert ask_over_http(live_server, "/sign-in", "localhost").status == 200
    threads = [Thread(target=ask_over_http, args=(live_server, f"/{CODE}", HOST)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    live_server.app.extensions["short_link_clicks"].write()
    with live_server.session() as session:
        assert sum(count for _, count in short_links.clicks(session)) == 21
        assert session.scalars(select(ShortLink.link)).all() == [TARGET]
