"""Answers that Twilio should not give: each spoils the outcome of its own message and of no other."""

import json
import pickle
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import MessageStatus
from optin.models import Message
from optin.provider import twilio
from optin.provider.connections import Answer
from optin.provider.gateway import Failure, GatewayError, ListedMessage, SentMessage
from optin.sending import delivery
from tests.support import outbox
from tests.support.provider import Provider, Raw, gateway_to, serve_provider

S = MessageStatus
CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"
HTML = (("Content-Type", "text/html"),)
MADE = {"sid": "{sid}", "status": "queued", "num_segments": "1"}


def made(**changes: object) -> Raw:
    """An answer that the message was made, with some fields as they should not be."""
    return Raw(201, json.dumps({**MADE, **changes}))


NOT_KNOWN = {
    "without SID": Raw(201, json.dumps({"status": "queued"})),
    "SID null": made(sid=None),
    "SID empty": made(sid=""),
    "SID the word None": made(sid="None"),
    "SID of another kind": made(sid="CA" + "0" * 32),
    "SID too long": made(sid="SM" + "0" * 33),
    "SID very long": made(sid="SM" + "0" * 5000),
    "SID a number": made(sid=7),
    "SID a list": made(sid=["{sid}"]),
    "SID with a line break": made(sid="{sid}\n"),
    "of another account": made(account_sid="AC" + "9" * 32),
    "empty body": Raw(201, ""),
    "HTML with 200": Raw(200, "<html>Welcome to this network. Please sign in.</html>", HTML),
    "half of a JSON": Raw(201, '{"sid": "{sid}", "stat'),
    "a JSON list": Raw(201, "[]"),
    "a JSON text": Raw(201, '"{sid}"'),
    "JSON null": Raw(201, "null"),
    "204": Raw(204, ""),
    "redirect": Raw(302, "", (("Location", "http://127.0.0.1:9/elsewhere"),)),
    "not modified": Raw(304, ""),
    "5xx in HTML": Raw(502, "<html>Bad gateway</html>", HTML),
    "request timeout": Raw(408, ""),
}

TAKEN = {
    "a new word as status": made(status="teleported"),
    "no status": made(status=None),
    "a number as status": made(status=5),
    "segments as a word": made(num_segments="many"),
    "segments huge": made(num_segments="99999999999999999999"),
    "segments negative": made(num_segments="-3"),
    "segments broken": made(num_segments="1.5"),
    "segments a list": made(num_segments=[1]),
    "negative price": made(price="-0.00750", price_unit="USD", error_code="x" * 500),
    "MMS": made(sid="MM" + "5" * 32),
    "dates that are none": made(date_created="yesterday", date_sent="0000", date_updated=None),
    "our account": made(account_sid="{account}"),
}

REFUSED = {
    "code as text": Raw(400, json.dumps({"code": "21211", "message": "Invalid", "status": 400})),
    "code as a word": Raw(400, json.dumps({"code": "many", "message": "Invalid", "status": 400})),
    "code huge": Raw(400, json.dumps({"code": 10**30, "message": "Invalid", "status": 400})),
    "code negative": Raw(400, json.dumps({"code": -5, "message": "Invalid", "status": 400})),
    "code a list": Raw(400, json.dumps({"code": [1], "message": "Invalid", "status": 400})),
    "very long words": Raw(400, json.dumps({"code": 21211, "message": "x" * 100_000, "status": 400})),
    "no character": Raw(400, json.dumps({"code": 21211, "message": "a\0b", "status": 400})),
    "half a character": Raw(400, '{"code": 21211, "message": "a\\ud83d", "status": 400}'),
    "words as a list": Raw(400, json.dumps({"code": 21211, "message": ["no"], "status": 400})),
    "no words": Raw(400, json.dumps({"code": 21211, "status": 400})),
    "a problem document": Raw(
        400, json.dumps({"type": "t", "title": "Invalid", "status": 400, "code": 21211, "detail": "d"})
    ),
    "HTML": Raw(400, "<html>Bad request</html>", HTML),
    "no body": Raw(400, ""),
}


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


def outcomes(engine: Engine, provider: Provider, answers: list[Raw | tuple[int, int]]) -> list[delivery.SendResult]:
    """Start a 1:1 message for each answer and make the requests."""
    with Session(engine) as session:
        for number in outbox.numbers(len(answers)):
            outbox.one_to_one(session, number)
        session.commit()
    started, _ = delivery.start(engine, delivery.claim(engine, limit=len(answers)))
    provider.answers = list(answers)
    return [(post, delivery.attempt(gateway_to(provider.url), post, CALLBACK)) for post in started]


def states(engine: Engine) -> list[MessageStatus]:
    with Session(engine) as session:
        return [S(status) for status in session.scalars(select(Message.status).order_by(Message.id))]


@pytest.mark.parametrize("case", NOT_KNOWN)
def test_without_a_sid_the_outcome_of_that_message_is_unknown(engine: Engine, provider: Provider, case: str) -> None:
    answers = [(201, 0), NOT_KNOWN[case], (201, 0), NOT_KNOWN[case], (201, 0)]
    delivery.record(engine, outcomes(engine, provider, answers))
    assert states(engine) == [S.SENT, S.UNKNOWN, S.SENT, S.UNKNOWN, S.SENT]
    with Session(engine) as session:
        sids = session.scalars(select(Message.sid).order_by(Message.id)).all()
        assert [sid is None for sid in sids] == [False, True, False, True, False]
        texts = session.scalars(select(Message.error_text).where(Message.status == S.UNKNOWN)).all()
        assert all(texts), "the page says why"


@pytest.mark.parametrize("case", TAKEN)
def test_with_a_sid_the_message_is_sent_whatever_else_the_answer_says(
    engine: Engine, provider: Provider, case: str
) -> None:
    delivery.record(engine, outcomes(engine, provider, [TAKEN[case], (201, 0)]))
    assert states(engine) == [S.SENT, S.SENT]
    with Session(engine) as session:
        assert all(0 < count < 100 for count in session.scalars(select(Message.segments)))


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_in_strange_words_is_still_one(engine: Engine, provider: Provider, case: str) -> None:
    delivery.record(engine, outcomes(engine, provider, [REFUSED[case], (201, 0)]))
    assert states(engine) == [S.FAILED, S.SENT]


def test_the_sid_of_another_message_leaves_only_its_own_outcome_open(engine: Engine, provider: Provider) -> None:
    again = made(sid="SM" + "a" * 32)
    delivery.record(engine, outcomes(engine, provider, [again, (201, 0), again, (201, 0), (400, 21211)]))
    assert sorted(states(engine)) == sorted([S.SENT, S.SENT, S.UNKNOWN, S.SENT, S.FAILED])


def test_what_the_database_refuses_is_recorded_row_by_row(engine: Engine, provider: Provider) -> None:
    found = outcomes(engine, provider, [(201, 0)] * 20)
    spoilt: list[SentMessage | GatewayError] = [
        SentMessage("SM" + "7" * 400, S.SENT, 1),
        SentMessage("SM\0", S.SENT, 1),
        GatewayError("no\0thing", Failure.REFUSED, code=10**30),
        GatewayError("broken", Failure.REFUSED, code=21211),
    ]
    mixed = [(post, spoilt[index] if index < len(spoilt) else answer) for index, (post, answer) in enumerate(found)]
    said = delivery.record(engine, mixed)
    kept = states(engine)
    assert kept[4:] == [S.SENT] * 16
    assert kept[3] == S.FAILED
    assert S.SENDING not in kept
    assert [said[post.message_id] for post, _ in found] == kept


def test_a_list_with_spoilt_lines_gives_the_others() -> None:
    good = {"direction": "outbound-api", "to": "+14155550134", "from": "+14155550100", "body": "Hi", "status": "sent"}
    date = "Thu, 24 Aug 2023 05:01:45 +0000"
    sid = "SM" + "1" * 32
    lines = [
        {**good, "sid": sid, "date_created": date, "error_code": "many", "num_media": "x"},
        {**good, "sid": None, "date_created": date},
        {**good, "sid": "None", "date_created": date},
        {**good, "sid": "SM" + "2" * 32, "date_created": None},
    ]
    body = json.dumps({"messages": lines, "next_page_uri": None, "page_size": 50})
    found = list(_listed(body))
    assert [(each.sid, each.error_code, each.media_count) for each in found] == [(sid, None, 0)]


def _listed(body: str) -> Iterator[ListedMessage]:
    class Client(twilio.HttpClient):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(None, is_async=False)

        def request(self, *_: object, **__: object) -> Answer:
            return Answer(200, body, {})

    return twilio.TwilioGateway("AC" + "0" * 32, "token", http_client=Client()).listed()


@pytest.mark.parametrize("failure", list(Failure))
def test_an_error_stays_whole_where_the_job_engine_stores_it(failure: Failure) -> None:
    error = GatewayError("busy", failure, code=20429, http_status=429)
    stored = pickle.loads(pickle.dumps(error))
    assert str(stored) == "busy"
    assert (stored.failure, stored.code, stored.http_status) == (failure, 20429, 429)
