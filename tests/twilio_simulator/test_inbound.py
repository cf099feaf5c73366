"""A person texts: the signed webhook, connection overrides, TwiML answers, what the phones show."""

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import requests
from twilio.request_validator import RequestValidator

from optin import clock
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN, run_due
from twilio_simulator.webhook_client import signature, split

OURS, TOLL_FREE, SHORT_CODE = "+14155550100", "+18335550100", "40404"
MAYA, INES = "+14155550134", "+14155550199"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("body", ["Volunteer", " stop ", "Grüße 👋 & more = ?", "a\nb"])
def test_the_webhook_is_signed_and_has_the_parameters_of_twilio(simulator, application, body):
    message = simulator.text(MAYA, body)

    (webhook,) = application.received
    validator = RequestValidator(SIMULATOR_AUTH_TOKEN)
    assert validator.validate(webhook.url, webhook.form, webhook.headers["X-Twilio-Signature"])
    assert not validator.validate(webhook.url + "/", webhook.form, webhook.headers["X-Twilio-Signature"])
    assert webhook.headers["I-Twilio-Idempotency-Token"]
    assert webhook.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert webhook.form.to_dict() == {
        "MessageSid": message["sid"],
        "SmsSid": message["sid"],
        "SmsMessageSid": message["sid"],
        "AccountSid": SIMULATOR_ACCOUNT_SID,
        "From": MAYA,
        "To": OURS,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        **{f"{side}{part}": "" for side in ("From", "To") for part in ("City", "State", "Zip")},
        "FromCountry": "US",
        "ToCountry": "US",
    }


def test_the_signature_of_the_documentation():
    """Test vector of docs/usage/security."""
    params = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    signed = signature("12345", "https://example.com/myapp.php?foo=1&bar=2", params)
    assert signed == "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_the_answer_is_the_message_and_how_the_webhook_went(simulator):
    message = simulator.text(MAYA, "Volunteer")
    assert message["webhook"] == {"status": 200, "attempts": 1, "error": None}
    fetched = simulator.client.messages(message["sid"]).fetch()
    assert (fetched.direction, fetched.status, fetched.from_, fetched.to) == ("inbound", "received", MAYA, OURS)
    assert [m.sid for m in simulator.client.messages.list(to=OURS)] == [message["sid"]]


def test_a_picture_has_an_mm_sid_and_media_parameters(simulator, application):
    message = simulator.text(MAYA, "", MediaUrl=["https://example.org/a.jpg", "https://example.org/b"])

    form = application.received[0].form
    assert message["sid"].startswith("MM")
    assert (form["NumMedia"], form["Body"]) == ("2", "")
    assert (form["MediaUrl0"], form["MediaContentType0"]) == ("https://example.org/a.jpg", "image/jpeg")
    assert form["MediaContentType1"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("phone", "form", "code"),
    [
        (MAYA, {"To": "+14155559999", "Body": "Hi"}, 21211),
        (OURS, {"To": OURS, "Body": "Hi"}, 21211),
        ("nobody at all here", {"To": OURS, "Body": "Hi"}, 21211),
        (MAYA, {"To": OURS}, 21602),
        (MAYA, {"To": OURS, "Body": "a" * 1601}, 21617),
    ],
)
def test_texts_that_no_network_carries(simulator, application, phone, form, code):
    answer = requests.post(
        f"{simulator.url}/phones/{phone}/messages", data=form, auth=simulator.client.auth, timeout=10
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert application.received == []


@pytest.mark.parametrize("phone", [f"rcs:{MAYA}", f"whatsapp:{MAYA}", "messenger:10158431276"])
def test_texts_come_by_other_channels_to_our_number_there(simulator, application, phone):
    simulator.text(quote(phone), "Hi")
    form = application.received[0].form
    assert (form["From"], form["To"]) == (phone, f"{phone.partition(':')[0]}:{OURS}")


@pytest.mark.parametrize("name", ["SUPPORT", "Acme & Co", "Café 24"])
def test_texts_come_from_names(simulator, application, name):
    simulator.text(quote(name), "Hi")
    assert application.received[0].form["From"] == name


@pytest.mark.parametrize(("phone", "blocked"), [(f"rcs:{MAYA}", True), (f"whatsapp:{MAYA}", False)])
def test_rcs_shares_the_list_of_opt_outs_with_sms(simulator, phone, blocked):
    simulator.text(quote(phone), "STOP")
    assert bool(simulator.get("/blocks")["blocks"]) is blocked


@pytest.mark.parametrize("phone", ["40321", "+5215512345678", "+447700900123"])
def test_texts_come_from_short_codes_and_abroad(simulator, application, phone):
    simulator.text(phone, "Hi")
    assert application.received[0].form["From"] == phone


@pytest.mark.parametrize(
    ("fragment", "statuses", "attempts", "status", "error"),
    [
        ("", [500, 200], 1, 500, 11200),
        ("#rc=3&rp=5xx,ct,rt", [500, 503, 200], 3, 200, None),
        ("#rc=1&rp=5xx", [500, 500, 200], 2, 500, 11200),
        ("#rc=2&rp=4xx", [404, 404, 200], 3, 200, None),
        ("#rc=2&rp=4xx", [500, 200], 1, 500, 11200),
        ("#rc=0&rp=all", [500, 200], 1, 500, 11200),
        ("#rc=9&rp=all", [500] * 7, 6, 500, 11200),
    ],
)
def test_connection_overrides(run_simulator, application, fragment, statuses, attempts, status, error):
    application.answers = [(answer, "<Response/>") for answer in statuses]
    with run_simulator(application.url + "/sms?a=b" + fragment) as simulator:
        webhook = simulator.text(MAYA, "Hi")["webhook"]

    assert webhook == {"status": status, "attempts": attempts, "error": error}
    assert len(application.received) == attempts
    assert {request.url for request in application.received} == {application.url + "/sms?a=b"}
    assert len({request.headers["I-Twilio-Idempotency-Token"] for request in application.received}) == 1
    first = application.received[0]
    assert RequestValidator(SIMULATOR_AUTH_TOKEN).validate(first.url, first.form, first.headers["X-Twilio-Signature"])


@pytest.mark.parametrize(("fragment", "attempts"), [("", 2), ("#rc=0", 1), ("#rp=5xx", 1)])
def test_nobody_listens(run_simulator, fragment, attempts):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/sms"
        with run_simulator(url + fragment) as simulator:
            webhook = simulator.text(MAYA, "Hi")["webhook"]
            assert webhook == {"status": None, "attempts": attempts, "error": 11205}
            assert simulator.thread(MAYA) == [("sent", "Hi", None)]


@pytest.mark.slow
@pytest.mark.parametrize(("fragment", "attempts"), [("#rt=200", 1), ("#rt=200&rp=rt&rc=2", 3)])
def test_a_silent_application(run_simulator, fragment, attempts):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with run_simulator(f"http://127.0.0.1:{port}/sms{fragment}") as simulator:
            began = time.monotonic()
            webhook = simulator.text(MAYA, "Hi")["webhook"]
            assert webhook == {"status": None, "attempts": attempts, "error": 11200}
            assert time.monotonic() - began < 2


def test_overrides_are_read_from_the_fragment_and_kept_within_bounds():
    target, overrides = split("http://user:secret@host:5000/sms?x=%20#ct=50&rt=99999&tt=3000&rc=7&rp=5XX,ct&e=dublin")
    assert target == "http://host:5000/sms?x=%20"
    assert (overrides.connect, overrides.read, overrides.total, overrides.retries) == (0.1, 15.0, 3.0, 5)
    assert overrides.retry_on == {"5xx", "ct"}


def test_another_transport_may_carry_webhooks(run_simulator):
    carried = []

    def transport(url: str, headers: dict[str, str], body: bytes, timeout: float) -> tuple[int, bytes]:
        carried.append((url, headers["X-Twilio-Signature"], b"Body=Hi" in body, timeout))
        return 200, b"<Response><Message>Hello</Message></Response>"

    with run_simulator("http://optin.example/sms", transport=transport) as simulator:
        simulator.text(MAYA, "Hi")
        run_due(simulator.app, until=LATER)
        assert simulator.thread(MAYA) == [("sent", "Hi", None), ("arrived", "Hello", None)]
    ((url, signed, has_body, timeout),) = carried
    assert (url, has_body, bool(signed), timeout) == ("http://optin.example/sms", True, True, 15.0)


TWIML = [
    ("<Response/>", [], None),
    ("<Response><Message>Hello &amp; welcome</Message></Response>", ["Hello & welcome"], None),
    ("<Response><Message><Body>One</Body></Message><Message>Two</Message></Response>", ["One", "Two"], None),
    ("<Response>" + "<Message>x</Message>" * 11 + "</Response>", ["x"] * 10, 14109),
    ("not xml", [], 12100),
    ("", [], 12100),
    ("<html/>", [], 12100),
    ('<!DOCTYPE r [<!ENTITY a "b">]><Response><Message>&a;</Message></Response>', [], 12100),
]


@pytest.mark.parametrize(("twiml", "bodies", "error"), TWIML)
def test_twiml_answers_become_messages(simulator, application, twiml, bodies, error):
    application.answers = [(200, twiml)]
    webhook = simulator.text(MAYA, "Hi")["webhook"]
    run_due(simulator.app, until=LATER)

    assert webhook["error"] == error
    replies = simulator.client.messages.list(from_=OURS)
    assert [m.body for m in reversed(replies)] == bodies
    assert {(m.direction, m.status, m.to) for m in replies} <= {("outbound-reply", "delivered", MAYA)}
    assert simulator.thread(MAYA)[1:] == [("arrived", body, None) for body in bodies]


def test_a_twiml_answer_to_stop_fails_and_the_phone_says_so(simulator, application):
    application.answers = [(200, "<Response><Message>Sorry to see you go</Message></Response>")]
    simulator.text(MAYA, "STOP")
    run_due(simulator.app, until=LATER)

    reply = next(m for m in simulator.client.messages.list(from_=OURS) if m.body == "Sorry to see you go")
    assert (reply.status, reply.error_code) == ("failed", 21610)
    assert [kind for kind, _, _ in simulator.thread(MAYA)] == ["sent", "arrived", "refused"]


def test_without_waiting_the_webhook_comes_later(simulator, application):
    message = simulator.text(MAYA, "Volunteer", query="?wait=0")
    assert message["webhook"] == {"status": None, "attempts": 0, "error": None}
    assert application.received == []
    assert run_due(simulator.app) == 1
    assert application.received[0].form["MessageSid"] == message["sid"]


def test_a_phone_shows_what_was_sent_and_what_arrived_in_the_order_of_appearance(simulator):
    noon = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    with clock.at(noon):
        answer = simulator.client.messages.create(to=MAYA, from_=OURS, body="You’re in!")
        simulator.text(MAYA, "Volunteer")
        assert simulator.thread(MAYA) == [("sent", "Volunteer", None)]
        run_due(simulator.app, until=noon + timedelta(seconds=15))

    first, second = simulator.get(f"/phones/{MAYA}/messages")["messages"]
    assert (first["kind"], first["status"], second["kind"], second["status"]) == ("sent", "received", "arrived", "sent")
    assert second["sid"] == answer.sid
    assert "2026-11-20T12:00:10" <= second["at"] < "2026-11-20T12:00:15"
    with clock.at(noon):
        run_due(simulator.app, until=noon + timedelta(seconds=30))
    assert simulator.get(f"/phones/{MAYA}/messages")["messages"][1]["status"] == "delivered"


def test_after_and_limit_of_a_thread(simulator):
    for number in range(5):
        simulator.text(MAYA, str(number))
    rows = simulator.get(f"/phones/{MAYA}/messages")["messages"]
    assert [row["body"] for row in rows] == list("01234")

    def bodies(query: str) -> list[str]:
        return [row["body"] for row in simulator.get(f"/phones/{MAYA}/messages?{query}")["messages"]]

    assert bodies("limit=2") == ["3", "4"]
    assert bodies(f"after={rows[1]['id']}&limit=2") == ["2", "3"]
    assert bodies(f"after={rows[4]['id']}") == []
    assert bodies("after=0") == list("01234")


def test_phones_are_listed_newest_first_with_their_last_entry(simulator):
    simulator.text(MAYA, "one")
    simulator.text(INES, "two")
    simulator.text(MAYA, "three")
    rows = simulator.get("/phones")["phones"]
    assert [(row["phone"], row["last"]["body"]) for row in rows] == [(MAYA, "three"), (INES, "two")]
    assert [row["phone"] for row in simulator.get("/phones?limit=1")["phones"]] == [MAYA]


def test_the_version_changes_with_what_phones_show_and_only_then(simulator):
    def version() -> int:
        return simulator.get("/phones/version")["version"]

    seen = [version()]
    simulator.text(MAYA, "Hi")
    seen.append(version())
    simulator.client.messages.create(to=MAYA, from_=OURS, body="Hello")
    assert version() == seen[-1]
    run_due(simulator.app, until=clock.now() + timedelta(seconds=15))
    seen.append(version())
    run_due(simulator.app, until=LATER)
    seen.append(version())
    assert seen == sorted(set(seen))
    assert version() == seen[-1]


def test_many_people_text_at_once(simulator, application):
    def person(number: int) -> None:
        for body in ("one", "two", "three"):
            simulator.text(f"+1415556{number:04}", body)

    people = [threading.Thread(target=person, args=[number]) for number in range(16)]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    assert len({request.form["MessageSid"] for request in application.received}) == 48
    assert [body for _, body, _ in simulator.thread("+14155560003")] == ["one", "two", "three"]
