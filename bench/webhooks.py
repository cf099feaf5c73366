"""The webhook cases: many different texts, one text many times, STOPs, status callbacks; from 16 connections."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import flask_migrate
from flask import Flask
from sqlalchemy import event, insert, text
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator

from bench import data
from bench.load import ROUNDS, Request, Row, measure, p99_ms
from bench.server import free_port, make_queue, serve
from optin import create_app
from optin.clock import now
from optin.config import Config
from optin.database.session import db
from optin.enums import OptInSource, OptInStatus
from optin.environment import sqlite_url
from optin.models import Keyword, KeywordWord, OptIn

REQUESTS = 1500
KEYWORDS_OF_A_STOP = 10
CASES: dict[str, Callable[[Flask, int], list[Request]]] = {
    "webhook: keyword": lambda app, turn: keyword_texts(app, turn, REQUESTS),
    "webhook: ordinary text": lambda app, turn: _texts(app, turn, "see you at nine"),
    "webhook: the same MessageSid": lambda app, turn: _texts(app, turn, "hi", same=True),
    "webhook: STOP with 10 opt-ins": lambda app, turn: _stops(app, turn),
    "status callback": lambda app, turn: _callbacks(app, turn),
}
LATENCY = "webhook: keyword"
WARM, COUNTED, HALF_LOAD = ROUNDS + 1, ROUNDS + 2, ROUNDS + 3
"""Rounds of their own, after those that are measured."""


def report(database: str, _rows: int, only: str) -> str:
    """Return the table of one database ("sqlite" or "postgresql"); `only` leaves out cases without it in their name."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if database == "sqlite":
            return _table(run(sqlite_url(home / "bench.db"), home, only))
        data.FOLDER.mkdir(parents=True, exist_ok=True)
        with data.fresh_postgresql() as url:
            return _table(run(url, home, only))


def run(database_url: str, folder: Path, only: str = "") -> list[Row]:
    """Measure the baselines and the cases on a fresh database."""
    port = free_port()
    environ = {"OPTIN_DATABASE_URL": database_url, "OPTIN_WORKERS": "external", "PORT": str(port)}
    app = create_app(Config.from_environ(environ, folder))
    with app.app_context():
        flask_migrate.upgrade()
        _arrange()
        db.engine.dispose()
    make_queue(app.config["OPTIN"].queue_url)
    with serve("bench.baseline:app", environ, free_port()) as server:
        rows = [
            measure("hello, bare Flask", server, lambda _: [("/hello", b"", {})] * REQUESTS),
            measure("one bare INSERT and commit", server, lambda _: [("/insert", b"", {})] * REQUESTS),
        ]
    environ |= {"OPTIN_SECRET_KEY": str(app.secret_key)}
    with serve("optin.wsgi:app", environ, port) as server:
        for case, requests in CASES.items():
            if only not in case:
                continue
            count = _statements(app, requests)
            row = measure(case, server, lambda turn, make=requests: make(app, turn), statements=count)
            if case == LATENCY:
                row = replace(row, p99_ms=p99_ms(server, requests(app, HALF_LOAD), row.rate / 2))
            rows.append(row)
    return rows


def _table(rows: Sequence[Row]) -> str:
    lines = [
        "| case | a second | of bare Flask | of bare INSERT | CPU ms | PostgreSQL ms | statements | p99 at half load |",
        "|---|---|---|---|---|---|---|---|",
    ]
    hello, insert = rows[0].rate, rows[1].rate
    for row in rows:
        rate = f"{row.rate:,.0f} ({row.least:,.0f} to {row.most:,.0f})"
        ratios = f"{row.rate / hello:.2f} × | {row.rate / insert:.2f} ×"
        p99 = f"{row.p99_ms:.0f} ms" if row.p99_ms else ""
        cost = f"{row.cpu_ms:.2f} | {row.postgresql_ms:.2f} | {row.statements or ''} | {p99}"
        lines.append(f"| {row.case} | {rate} | {ratios} | {cost} |")
    return "\n".join(lines) + "\n"


def _statements(app: Flask, requests: Callable[[Flask, int], list[Request]]) -> int:
    """Count the statements of one request, in this process, after some that fill the cache."""
    seen: list[str] = []
    texts = [*requests(app, WARM)[:2], *requests(app, COUNTED)[:2]]
    with app.app_context():
        engine = db.engine
    client = app.test_client()
    for path, body, headers in texts:
        seen.clear()
        event.listen(engine, "before_cursor_execute", note := lambda *given: seen.append(given[2]))
        client.post(path, data=body, headers=headers)
        event.remove(engine, "before_cursor_execute", note)
    engine.dispose()
    return len([one for one in seen if not one.startswith("BEGIN")])


def _arrange() -> None:
    """Make the keywords, and the opt-ins that the STOPs will end."""
    session = db.session()
    make_keywords(session, KEYWORDS_OF_A_STOP)
    common = {"channel": "sms", "status": OptInStatus.ACTIVE, "source": OptInSource.SMS, "requested_at": now()}
    session.execute(
        insert(OptIn),
        [
            {**common, "number": _number(9, turn, index), "keyword_id": keyword_id + 1, "activated_at": now()}
            for turn in range(HALF_LOAD + 1)
            for index in range(REQUESTS)
            for keyword_id in range(KEYWORDS_OF_A_STOP)
        ],
    )
    key = "SERIAL" if session.get_bind().dialect.name == "postgresql" else "INTEGER"
    session.execute(text(f"CREATE TABLE bench_row (id {key} PRIMARY KEY, body TEXT)"))
    session.commit()


def make_keywords(session: Session, count: int) -> None:
    """Add so many keywords, the first of which is that of `keyword_texts`, and commit."""
    for index in range(count):
        word = f"volunteer{index}" if index else "volunteer"
        session.add(Keyword(word=word, created_at=now(), words=[KeywordWord(word=word, normal=word, is_main=True)]))
    session.commit()


def keyword_texts(app: Flask, turn: int, count: int) -> list[Request]:
    """Make the requests of texts with a keyword, each of a number of its own; `turn` is one digit."""
    return _texts(app, turn, "volunteer", count)


def _texts(app: Flask, turn: int, body: str, count: int = REQUESTS, *, same: bool = False) -> list[Request]:
    kind = len(body)
    sids = [f"SM{kind:08x}{turn:08x}{0 if same else index:016x}" for index in range(count)]
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
