"""The inbound webhook: only Twilio gets in, each MessageSid once, and no input makes a 500."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from optin.clock import now
from optin.models import Keyword, KeywordWord, Message, OptIn, Sender
from tests.support.servers import LiveServer
from tests.support.twilio_requests import new_sid, post, post_to, signature, text_form

SMS = "/webhooks/twilio/sms"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@pytest.fixture
def keyword(session: Session) -> Keyword:
    return add_keyword(session)


def add_keyword(session: Session) -> Keyword:
    keyword = Keyword(word="volunteer", confirmation="You're in.", question="", created_at=now())
    keyword.words = [KeywordWord(word="volunteer", normal="volunteer", is_main=True)]
    session.add(keyword)
    session.commit()
    return keyword


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_signed_keyword_opts_in(client: FlaskClient, session: Session, keyword: Keyword) -> None:
    response = post(client, SMS, text_form(client.application, "Volunteer!"))
    assert (response.status_code, response.text, response.mimetype) == (200, EMPTY, "text/xml")
    assert session.scalars(select(OptIn.status)).one() == "active"


def test_the_same_sid_again_gets_the_same_answer(client: FlaskClient, session: Session, keyword: Keyword) -> None:
    form = text_form(client.application, "volunteer")
    assert {post(client, SMS, form).text for _ in range(3)} == {EMPTY}
    assert count(session, OptIn) == 1
    assert session.scalars(select(Message.meaning).where(Message.direction == "inbound")).one() == "keyword"


def test_the_same_sid_a_hundred_times_at_once(live_server: LiveServer) -> None:
    with live_server.session() as session:
        add_keyword(session)
    form = text_form(live_server.app, "volunteer")
    with urllib3.PoolManager(maxsize=20, timeout=60) as pool, ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: post_to(pool, live_server.app, SMS, form), range(100)))
    assert {(answer.status, answer.data.decode()) for answer in answers} == {(200, EMPTY)}
    with live_server.session() as session:
        inbound = session.scalars(select(Message.sid).where(Message.direction == "inbound"))
        assert list(inbound) == [form["MessageSid"]]
        assert count(session, OptIn) == 1


def test_a_hundred_people_at_once(live_server: LiveServer) -> None:
    with live_server.session() as session:
        add_keyword(session)
        senders = count(session, Sender)
    forms = [text_form(live_server.app, "volunteer", number=f"+1415556{n:04d}") for n in range(100)]
    with urllib3.PoolManager(maxsize=20, timeout=60) as pool, ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda form: post_to(pool, live_server.app, SMS, form), forms))
    assert {answer.status for answer in answers} == {200}
    with live_server.session() as session:
        assert (count(session, OptIn), count(session, Sender)) == (100, senders)


FORGED = [
    # what is wrong with the request
    ("no signature", {}, {"X-Twilio-Signature": ""}),
    ("a signature of something else", {}, {"X-Twilio-Signature": "bm90IGl0"}),
    ("another account, rightly signed", {"AccountSid": "AC" + "0" * 32}, {}),
    ("no account, rightly signed", {"AccountSid": ""}, {}),
]


@pytest.mark.parametrize(("_what", "fields", "headers"), FORGED)
def test_forged_requests_are_refused_and_store_nothing(
    client: FlaskClient, session: Session, _what: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    form = text_form(client.application, "volunteer", **fields)
    signed = {"X-Twilio-Signature": signature(client.application, SMS, form)}
    assert client.post(SMS, data=form, headers={**signed, **headers}).status_code == 403
    assert (count(session, Message), count(session, Sender)) == (0, 0)


def test_a_signature_for_another_address_or_body_is_refused(client: FlaskClient) -> None:
    app = client.application
    form = text_form(app, "volunteer")
    elsewhere = {"X-Twilio-Signature": signature(app, "/webhooks/twilio/status", form)}
    assert client.post(SMS, data=form, headers=elsewhere).status_code == 403
    changed = {"X-Twilio-Signature": signature(app, SMS, form)}
    assert client.post(SMS, data={**form, "Body": "stop"}, headers=changed).status_code == 403
    assert client.post(f"{SMS}?a=b", data=form, headers=changed).status_code == 403


def test_a_proxy_that_adds_a_slash_loses_no_text(client: FlaskClient, session: Session, keyword: Keyword) -> None:
    """Twilio signs the address that it knows; routes are found however many slashes the path begins with."""
    form = text_form(client.application, "volunteer")
    signed = {"X-Twilio-Signature": signature(client.application, SMS, form)}
    for slashes in ("/", "//"):
        path = {"PATH_INFO": f"{slashes}{SMS}"}
        assert client.post("/", data=form, headers=signed, environ_overrides=path).status_code == 200
    assert count(session, OptIn) == 1


def test_refusals_are_counted(client: FlaskClient) -> None:
    client.post(SMS, data=text_form(client.application, "volunteer"))
    metrics = client.get("/metrics").text
    assert 'optin_webhooks_total{result="signature",webhook="sms"}' in metrics


ODD = [
    # what is odd about a rightly signed text                      answered
    ({"Body": ""}, 200),
    ({"Body": "", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/png"}, 200),
    ({"Body": "a\0b"}, 200),
    ({"Body": "\U0001f600 \U0001f469\u200d\U0001f467 \u202e"}, 200),
    ({"Body": "x" * 100_000}, 200),
    ({"Body": "x" * 1_000_000}, 413),
    ({"From": "x" * 1_000_000}, 413),
    ({"NumMedia": "many"}, 200),
    ({"NumMedia": "9" * 5000}, 200),
    ({"From": "22395"}, 200),
    ({"From": "+5215512345678"}, 200),
    ({"From": ""}, 400),
    ({"From": "+1415\0"}, 400),
    ({"From": "whatsapp:+14155550134"}, 200),
    ({"From": "rcs:+14155550134", "To": "rcs:brand_x_agent", "MessagingServiceSid": "MG" + "7" * 32}, 200),
    ({"From": "messenger:10158431276", "To": "messenger:5550100"}, 200),
    ({"From": "carrierpigeon:+14155550134"}, 200),
    ({"From": f"whatsapp:US.{'1' * 120}", "To": f"rcs:{'a' * 120}"}, 200),
    ({"From": "rcs:"}, 200),
    ({"From": ":+14155550134"}, 200),
    ({"From": "SUPPORT"}, 200),
    ({"From": "Acme & Co-1"}, 200),
    ({"From": "Café 24"}, 200),
    ({"From": "Привет"}, 200),
    ({"From": "+0"}, 200),
    ({"From": "+1415abc"}, 200),
    ({"From": "' OR 1=1 --"}, 200),
    ({"From": "x" * 40}, 200),
    ({"From": " "}, 400),
    ({"From": "\u3000"}, 400),
    ({"From": "\u200b"}, 400),
    ({"From": "rcs:\0"}, 400),
    ({"From": "x" * 51}, 400),
    ({"From": "whatsapp:" + "1" * 300}, 400),
    ({"From": "line\nbreak"}, 200),
    ({"From": "\u0645\u06cc\u200c\u062e"}, 200),
    ({"To": ""}, 400),
    ({"To": "+" + "1" * 60}, 400),
    ({"MessageSid": ""}, 400),
    ({"MessageSid": "SM' OR 1=1 --"}, 400),
    ({"MessageSid": "SM" + "é" * 32}, 400),
    ({"OptOutType": "x" * 2000}, 200),
    ({"MessagingServiceSid": "MG" + "x" * 5000}, 200),
    ({"New field \u2603": "\u2603"}, 200),
]


@pytest.mark.parametrize(("fields", "status"), ODD)
def test_odd_texts_are_handled_or_refused(client: FlaskClient, fields: dict[str, str], status: int) -> None:
    assert post(client, SMS, text_form(client.application, "hello", **fields)).status_code == status


@pytest.mark.parametrize("scheme", ["rcs", "whatsapp", "carrierpigeon"])
def test_a_stop_by_another_channel_ends_the_opt_in_by_sms(
    client: FlaskClient, session: Session, keyword: Keyword, scheme: str
) -> None:
    app = client.application
    assert post(client, SMS, text_form(app, "volunteer")).status_code == 200
    stop = text_form(app, "STOP", number=f"{scheme}:+14155550134", to=f"{scheme}:agent")
    assert post(client, SMS, stop).status_code == 200
    assert session.scalars(select(OptIn.status)).one() == "inactive"
    assert post(client, SMS, stop).status_code == 200
    assert count(session, Message) == 3  # two texts and one confirmation


def test_a_name_is_stored_and_joins_nothing(client: FlaskClient, session: Session, keyword: Keyword) -> None:
    for name in ("SUPPORT", "Acme & Co", "40404"):
        assert post(client, SMS, text_form(client.application, "volunteer", number=name)).status_code == 200
    assert (count(session, Message), count(session, OptIn)) == (3, 0)


def test_repeated_fields_are_signed_and_the_first_counts(client: FlaskClient, session: Session) -> None:
    form = {**text_form(client.application, "hello"), "Body": ["first", "second"]}
    assert post(client, SMS, form).status_code == 200
    assert session.scalars(select(Message.body)).one() == "first"


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff\xfe%%%=%zz&&&==", "application/x-www-form-urlencoded"),
        (b'{"MessageSid": 1}', "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"Body=hi", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"a=b&" * 20_000, "application/x-www-form-urlencoded"),
    ],
)
def test_noise_never_makes_a_500(client: FlaskClient, data: bytes, content_type: str) -> None:
    assert client.post(SMS, data=data, content_type=content_type).status_code in (400, 403, 413)
    assert client.get(SMS).status_code == 405


def test_what_could_not_be_stored_is_no_200(client: FlaskClient, session: Session, keyword: Keyword) -> None:
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    session.execute(text("ALTER TABLE opt_in RENAME TO gone"))
    session.commit()
    response = post(client, SMS, text_form(client.application, "volunteer"))
    assert response.status_code >= 500
    session.execute(text("ALTER TABLE gone RENAME TO opt_in"))
    session.commit()
    assert count(session, Message) == 0


@pytest.mark.slow
def test_a_locked_database_is_a_503_and_nothing_is_half_written(
    client: FlaskClient, session: Session, keyword: Keyword
) -> None:
    form = text_form(client.application, "stop", MessageSid=new_sid())
    postgres = session.get_bind().dialect.name == "postgresql"
    engine = session.get_bind()
    with engine.connect() as other:  # type: ignore[union-attr]
        if postgres:
            other.execute(text("LOCK TABLE message IN ACCESS EXCLUSIVE MODE"))
        else:
            other.exec_driver_sql("SELECT 1")
        response = post(client, SMS, form)
    assert response.status_code == 503
    assert count(session, Message) == 0
    assert post(client, SMS, form).status_code == 200
