"""The simulator's answers against what Twilio publishes, asked by the official SDK over real HTTP.

Fields and types: OpenAPI description of api_v2010 Message and its list, and the SDK's own reading of them. What stands
here of creating and refusing holds for Twilio with test credentials as well.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio import __version__
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from optin import clock
from optin.provider.twilio import TwilioGateway
from tests.twilio_simulator.conftest import CREDENTIALS, LONG_CODE, PLAIN
from twilio_simulator import SIMULATOR_ACCOUNT_SID, run_due

MAYA, TEST = "+14155550134", "+15005550006"
LATER = datetime(2100, 1, 1, tzinfo=UTC)
RFC_2822 = (
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000"
)
ACCOUNT = f"/2010-04-01/Accounts/{SIMULATOR_ACCOUNT_SID}/"


def text(pattern: str, *, null: bool = False) -> Callable[[Any], bool]:
    """A string of this form, or null where Twilio says that it may be."""
    return lambda value: (
        (null and value is None) or (isinstance(value, str) and bool(re.fullmatch(pattern, value, re.S)))
    )


MESSAGE = {
    "sid": text(r"(SM|MM)[0-9a-f]{32}"),
    "account_sid": text(r"AC[0-9a-f]{32}"),
    "api_version": text("2010-04-01"),
    "body": text(".*"),
    "num_segments": text(r"\d+"),
    "num_media": text(r"\d+"),
    "direction": text("|".join(value for name, value in vars(MessageInstance.Direction).items() if name.isupper())),
    "from": text(r"\+[1-9]\d{6,14}|\d{3,8}", null=True),
    "to": text(r"\+[1-9]\d{6,14}"),
    "messaging_service_sid": text(r"MG[0-9a-f]{32}", null=True),
    "status": text("|".join(value for name, value in vars(MessageInstance.Status).items() if name.isupper())),
    "error_code": lambda value: value is None or type(value) is int,
    "error_message": text(".+", null=True),
    "price": text(r"-\d+\.\d+", null=True),
    "price_unit": text("USD"),
    "date_created": text(RFC_2822),
    "date_updated": text(RFC_2822),
    "date_sent": text(RFC_2822, null=True),
    "uri": text(ACCOUNT + r"Messages/(SM|MM)[0-9a-f]{32}\.json"),
    "subresource_uris": lambda value: (
        set(value) == {"media", "feedback"} and all(type(v) is str for v in value.values())
    ),
}
PAGE = {
    "messages": lambda value: isinstance(value, list),
    "page": lambda value: type(value) is int,
    "page_size": lambda value: type(value) is int,
    "start": lambda value: type(value) is int,
    "end": lambda value: type(value) is int,
    "uri": text(ACCOUNT + r"Messages\.json.*"),
    "first_page_uri": text(ACCOUNT + r"Messages\.json.*"),
    "next_page_uri": text(ACCOUNT + r"Messages\.json.*", null=True),
    "previous_page_uri": text(ACCOUNT + r"Messages\.json.*", null=True),
}
ERROR = {
    "code": lambda value: type(value) is int,
    "message": text(".+"),
    "more_info": text(r"https://www\.twilio\.com/docs/errors/\d{5}"),
    "status": lambda value: type(value) is int,
}


def check(found: dict[str, Any], published: dict[str, Callable[[Any], bool]]) -> None:
    """See that an answer has the published fields, no others, and each of its type."""
    assert set(found) == set(published)
    assert {name: found[name] for name, fits in published.items() if not fits(found[name])} == {}


class Recorder(TwilioHttpClient):
    """The SDK's own transport, which keeps the last answer as it came."""

    last: Response

    def request(self, *args: Any, **kwargs: Any) -> Response:
        self.last = super().request(*args, **kwargs)
        return self.last


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(timeout=10)


@pytest.fixture
def client(simulator, recorder) -> Client:
    client = Client(*CREDENTIALS, http_client=recorder)
    client.api.base_url = simulator.url
    return client


def answered(recorder: Recorder) -> tuple[int, dict[str, Any]]:
    return recorder.last.status_code, json.loads(recorder.last.text)


def test_the_sdk_is_the_one_that_was_read():
    assert __version__ == "9.13.0"


@pytest.mark.parametrize(
    ("sender", "status"),
    [({"from_": LONG_CODE}, "queued"), ({"from_": TEST}, "queued"), ({"messaging_service_sid": PLAIN.sid}, "accepted")],
)
def test_a_message_at_every_stage(simulator, client, recorder, sender, status):
    made = client.messages.create(to=MAYA, body="Hello €", **sender)
    code, found = answered(recorder)
    assert (code, found["status"], found["direction"]) == (201, status, "outbound-api")
    assert (found["error_code"], found["date_sent"], found["price"]) == (None, None, None)
    check(found, MESSAGE)
    run_due(simulator.app, until=LATER)
    fetched = client.messages(made.sid).fetch()
    check(answered(recorder)[1], MESSAGE)
    assert type(fetched.date_created) is datetime
    assert fetched.date_created.tzinfo is not None
    check(client.messages(made.sid).update(body="") and answered(recorder)[1], MESSAGE)
    assert client.messages(made.sid).delete()
    assert (recorder.last.status_code, recorder.last.text) == (204, "")


def test_scheduled_canceled_failed_and_inbound_messages(simulator, client, recorder):
    made = client.messages.create(
        to=MAYA,
        messaging_service_sid=PLAIN.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=clock.now() + timedelta(days=1),
    )
    check(answered(recorder)[1], MESSAGE)
    client.messages(made.sid).update(status="canceled")
    assert answered(recorder)[1]["status"] == "canceled"
    check(answered(recorder)[1], MESSAGE)
    simulator.faults(carrier=100, code=30003)
    failed = client.messages.create(to=MAYA, from_=LONG_CODE, body="Hi")
    run_due(simulator.app, until=LATER)
    client.messages(failed.sid).fetch()
    check(answered(recorder)[1], MESSAGE)
    assert answered(recorder)[1]["error_code"] == 30003
    client.messages(simulator.text(MAYA, "volunteer")["sid"]).fetch()
    check(answered(recorder)[1], MESSAGE)


def test_pages_of_a_list(simulator, client, recorder):
    for number in range(5):
        client.messages.create(to=MAYA, from_=LONG_CODE, body=str(number))
    run_due(simulator.app, until=clock.now() + timedelta(minutes=1))
    page, spans = client.messages.page(page_size=2), []
    while page is not None:
        _, found = answered(recorder)
        check(found, PAGE)
        for message in found["messages"]:
            check(message, MESSAGE)
        spans.append((found["page"], found["start"], found["end"], len(found["messages"])))
        page = page.next_page()
    assert spans == [(0, 0, 1, 2), (1, 2, 3, 2), (2, 4, 4, 1)]
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    assert len(client.messages.list(to=MAYA, date_sent_after=now - hour, date_sent_before=now + hour)) == 5
    assert client.messages.list(from_=LONG_CODE, date_sent_after=now + hour) == []
    assert client.messages.list(date_sent=now - timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"from_": "+15005550001"}, 400, 21212),
        ({"from_": "+15005550007"}, 400, 21606),
        ({"from_": "+15005550008"}, 400, 21611),
        ({"to": "+15005550001"}, 400, 21211),
        ({"to": "+15005550002"}, 400, 21612),
        ({"to": "+15005550003"}, 400, 21408),
        ({"to": "+15005550004"}, 400, 21610),
        ({"to": "+15005550009"}, 400, 21614),
        ({"body": "a" * 1601}, 400, 21617),
        ({"from_": ""}, 400, 21603),
        ({"status_callback": "http://under_score.example/"}, 400, 21609),
    ],
)
def test_refusals_are_written_as_twilio_writes_them(client, recorder, changes, status, code):
    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(**{"to": MAYA, "from_": TEST, "body": "Hi", **changes})
    assert (caught.value.status, caught.value.code) == (status, code)
    answer, found = answered(recorder)
    check(found, ERROR)
    assert (answer, found["status"], found["code"]) == (status, status, code)
    assert found["more_info"].endswith(str(code))
    assert recorder.last.headers["Twilio-Request-Id"].startswith("RQ")


def test_the_apps_own_door_reads_the_list_too(simulator):
    """The app's transport is not the SDK's: once each list that it asked for failed, and no stand-in had noticed."""
    for number in range(60):
        simulator.client.messages.create(to=MAYA, from_=LONG_CODE, body=str(number))
    simulator.text(MAYA, "STOP", MediaUrl="https://example.org/a.jpg")
    run_due(simulator.app, until=clock.now() + timedelta(minutes=1))
    door, hour = TwilioGateway(*CREDENTIALS, api_url=simulator.url), timedelta(hours=1)
    sent = [listed.body for listed in door.listed(to=MAYA) if listed.body.isdigit()]
    assert sent == [str(number) for number in reversed(range(60))], "two pages"
    everything = list(door.listed(sent_after=clock.now() - hour, sent_before=clock.now() + hour))
    assert len(everything) == 62, "and what Twilio answered"
    (stop,) = (listed for listed in everything if listed.inbound)
    assert (stop.number, stop.address, stop.body, stop.media_count) == (MAYA, LONG_CODE, "STOP", 1)
    assert list(door.listed(sent_after=clock.now() + hour)) == []
