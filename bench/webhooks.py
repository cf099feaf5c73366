"""The webhook cases: many different texts, one text many times, STOPs, status callbacks; from 16 connections."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import flask_migrate
from flask import Flask
from sqlalchemy import insert, text
from twilio.request_validator import RequestValidator

from bench.server import THREADS, Server, free_port, postgresql_cpu_seconds, serve
from optin import create_app
from optin.clock import now
from optin.config import Config
from optin.extensions import db
from optin.models import Keyword, KeywordWord, OptIn
from optin.terms import OptInSource, OptInStatus

REQUESTS = 1500
ROUNDS = 3
KEYWORDS_OF_A_STOP = 10
Request = tuple[str, bytes, dict[str, str]]


@dataclass(frozen=True)
class Row:
    """One line of the table: requests a second (median, least, most), CPU ms a request of ours and of PostgreSQL."""

    case: str
    rate: float
    least: float
    most: float
    cpu_ms: float
    postgresql_ms: float


def run(database_url: str, folder: Path) -> list[Row]:
    """Measure every case on a fresh database."""
    port = free_port()
    environ = {"OPTIN_DATABASE_URL": database_url, "OPTIN_WORKERS": "external", "PORT": str(port)}
    app = create_app(Config.from_environ(environ, folder))
    rows = []
    with app.app_context():
        flask_migrate.upgrade()
        _arrange()
        db.engine.dispose()
    with serve("bench.baseline:app", environ, free_port()) as server:
        rows.append(_measure("hello, bare Flask", server, lambda _: [("/hello", b"", {})] * REQUESTS))
        rows.append(_measure("one bare INSERT and commit", server, lambda _: [("/insert", b"", {})] * REQUESTS))
    environ |= {"OPTIN_SECRET_KEY": str(app.secret_key)}
    with serve("optin.wsgi:app", environ, port) as server:
        rows.append(_measure("webhook: keyword", server, lambda turn: _texts(app, turn, "volunteer")))
        rows.append(_measure("webhook: ordinary text", server, lambda turn: _texts(app, turn, "see you at nine")))
        rows.append(_measure("webhook: the same MessageSid", server, lambda turn: _texts(app, turn, "hi", same=True)))
        rows.append(_measure("webhook: STOP with 10 opt-ins", server, lambda turn: _stops(app, turn)))
        rows.append(_measure("status callback", server, lambda turn: _callbacks(app, turn)))
    return rows


def _arrange() -> None:
    """Make the keywords, and the opt-ins that the STOPs will end."""
    session = db.session
    for index in range(KEYWORDS_OF_A_STOP):
        word = "volunteer" if not index else f"volunteer{index}"
        session.add(Keyword(word=word, created_at=now(), words=[KeywordWord(word=word, normal=word, is_main=True)]))
    session.flush()
    common = {"channel": "sms", "status": OptInStatus.ACTIVE, "source": OptInSource.SMS, "requested_at": now()}
    session.execute(
        insert(OptIn),
        [
            {**common, "number": _number(9, turn, index), "keyword_id": keyword_id + 1, "activated_at": now()}
            for turn in range(ROUNDS + 1)
            for index in range(REQUESTS)
            for keyword_id in range(KEYWORDS_OF_A_STOP)
        ],
    )
    key = "SERIAL" if session.get_bind().dialect.name == "postgresql" else "INTEGER"
    session.execute(text(f"CREATE TABLE bench_row (id {key} PRIMARY KEY, body TEXT)"))
    session.commit()


def _measure(case: str, server: Server, requests: Callable[[int], Sequence[Request]]) -> Row:
    """Send `ROUNDS` counted rounds after one to warm up."""
    rates, cpu, database = [], 0.0, 0.0
    for turn in range(ROUNDS + 1):
        prepared = requests(turn)
        before, before_database, start = server.cpu_seconds(), postgresql_cpu_seconds(), time.perf_counter()
        _send(server.url, prepared)
        seconds = time.perf_counter() - start
        if turn:
            rates.append(len(prepared) / seconds)
            cpu += server.cpu_seconds() - before
            database += postgresql_cpu_seconds() - before_database
    made = REQUESTS * ROUNDS
    return Row(case, statistics.median(rates), min(rates), max(rates), cpu / made * 1000, database / made * 1000)


def _send(url: str, requests: Sequence[Request]) -> None:
    """Send the requests from `THREADS` kept connections; anything but a 2xx ends the run."""
    place = urlsplit(url).netloc
    failures: list[int] = []

    def work(mine: Sequence[Request]) -> None:
        connection = HTTPConnection(place)
        for path, body, headers in mine:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                failures.append(answer.status)

    threads = [threading.Thread(target=work, args=(requests[index::THREADS],)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(f"{len(failures)} requests failed: {sorted(set(failures))}")


def _texts(app: Flask, turn: int, body: str, *, same: bool = False) -> list[Request]:
    kind = len(body)
    sids = [f"SM{kind:08x}{turn:08x}{0 if same else index:016x}" for index in range(REQUESTS)]
    return [_text(app, sid, _number(kind % 9, turn, index), body) for index, sid in enumerate(sids)]


def _stops(app: Flask, turn: int) -> list[Request]:
    return [_text(app, f"SM{99:08x}{turn:08x}{i:016x}", _number(9, turn, i), "STOP") for i in range(REQUESTS)]


def _text(app: Flask, sid: str, number: str, body: str) -> Request:
    fields = {
        "MessageSid": sid,
        "From": number,
        "To": "+14155550100",
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
    }
    fields |= {"SmsSid": sid, "SmsMessageSid": sid, "SmsStatus": "received", "ApiVersion": "2010-04-01"}
    return _signed(app, "/webhooks/twilio/sms", fields)


def _callbacks(app: Flask, turn: int) -> list[Request]:
    return [
        _signed(
            app,
            "/webhooks/twilio/status",
            {"MessageSid": f"SM{98:08x}{turn:08x}{i:016x}", "MessageStatus": "sent", "To": "+14155550134"},
        )
        for i in range(REQUESTS)
    ]


def _signed(app: Flask, path: str, fields: dict[str, str]) -> Request:
    config: Config = app.config["OPTIN"]
    fields = {**fields, "AccountSid": config.twilio_account_sid}
    signature = RequestValidator(config.twilio_auth_token).compute_signature(config.public_url + path, fields)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return path, urlencode(fields).encode(), headers


def _number(kind: int, turn: int, index: int) -> str:
    return f"+1{kind}{turn}5{index:07d}"
