"""The Messages resource, asked by the official SDK."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from optin import clock
from optin.hosts import asked_on_this_machine
from twilio_simulator import SIMULATOR_ACCOUNT_SID, create_simulator, run_due

OURS, MAYA, INES = "+14155550100", "+14155550134", "+14155550199"
MESSAGES = f"/2010-04-01/Accounts/{SIMULATOR_ACCOUNT_SID}/Messages"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIELDS = {
    "account_sid",
    "api_version",
    "body",
    "date_created",
    "date_sent",
    "date_updated",
    "direction",
    "error_code",
    "error_message",
    "from",
    "num_media",
    "num_segments",
    "messaging_service_sid",
    "price",
    "price_unit",
    "sid",
    "status",
    "subresource_uris",
    "to",
    "uri",
}


def refused(client, **parameters) -> tuple[int, int]:
    """Return (HTTP status, code) of a create that Twilio refuses."""
    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(**parameters)
    return caught.value.status, caught.value.code


def test_a_created_message_is_queued_and_can_be_fetched(simulator):
    with clock.at(NOON):
        created = simulator.client.messages.create(to=MAYA, from_=OURS, body="You’re in!")
    fetched = simulator.client.messages(created.sid).fetch()

    assert re.fullmatch(r"SM[0-9a-f]{32}", created.sid)
    for message in (created, fetched):
        assert (message.status, message.direction, message.to, message.from_) == ("queued", "outbound-api", MAYA, OURS)
        assert (message.body, message.num_segments, message.num_media) == ("You’re in!", "1", "0")
        assert (message.date_sent, message.price) == (None, None)
        assert NOON <= message.date_created < NOON + timedelta(seconds=9)


def test_json_has_the_twenty_fields_and_the_headers_of_twilio(simulator):
    form = {"To": MAYA, "From": OURS, "Body": "Hello"}
    with clock.at(NOON):
        answer = requests.post(simulator.url + MESSAGES + ".json", data=form, auth=simulator.client.auth, timeout=10)

    assert answer.status_code == 201
    message = answer.json()
    assert set(message) == FIELDS
    assert re.fullmatch(r"Fri, 20 Nov 2026 12:00:0\d \+0000", message["date_created"])
    assert message["uri"] == f"{MESSAGES}/{message['sid']}.json"
    assert message["subresource_uris"]["media"] == f"{MESSAGES}/{message['sid']}/Media.json"
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"


def test_a_sent_message_has_a_date_and_a_price(simulator):
    with clock.at(NOON):
        created = simulator.client.messages.create(to=MAYA, from_=OURS, body="a" * 161)
        run_due(simulator.app, until=NOON + timedelta(minutes=1))
    fetched = simulator.client.messages(created.sid).fetch()

    assert (fetched.status, fetched.num_segments) == ("delivered", "2")
    assert NOON + timedelta(seconds=10) <= fetched.date_sent < NOON + timedelta(seconds=19)
    assert float(fetched.price) < 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": ""}, 21602),
        ({"from_": ""}, 21603),
        ({"to": ""}, 21604),
        ({"body": "a" * 1601}, 21617),
        ({"from_": "+14155559999"}, 21606),
        ({"from_": "Acme"}, 21606),
        ({"to": "4155550134"}, 21211),
        ({"to": "+1415555013"}, 21211),
        ({"to": "whatsapp:+14155550134"}, 21211),
        ({"to": OURS}, 21211),
        ({"status_callback": "not an address"}, 21609),
        ({"status_callback": "http://under_score.example/x"}, 21609),
        ({"status_callback": "http://host:99999/x"}, 21609),
        ({"status_callback": "ftp://host/x"}, 21609),
        ({"validity_period": 36001}, 21624),
        ({"from_": "", "messaging_service_sid": "MG" + "0" * 32}, 21701),
        # test credentials: From
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
        # test credentials: To
        ({"to": "+15005550001", "from_": "+15005550006"}, 21211),
        ({"to": "+15005550002", "from_": "+15005550006"}, 21612),
        ({"to": "+15005550003", "from_": "+15005550006"}, 21408),
        ({"to": "+15005550004", "from_": "+15005550006"}, 21610),
        ({"to": "+15005550009", "from_": "+15005550006"}, 21614),
    ],
)
def test_refusals(simulator, changes, code):
    assert refused(simulator.client, **{"to": MAYA, "from_": OURS, "body": "Hi", **changes}) == (400, code)
    assert simulator.client.messages.list() == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"body": "a" * 1600},
        {"status_callback": "http://127.0.0.1:5000/webhooks/twilio/status?m=1#rc=2"},
        {"status_callback": "https://[::1]:5000/x"},
        {"validity_period": 1},
        {"to": "+447700900123"},
        {"to": "+5215512345678"},
        {"from_": "40404"},
        {"from_": "+15005550006"},
    ],
)
def test_accepted(simulator, parameters):
    message = simulator.client.messages.create(**{"to": MAYA, "from_": OURS, "body": "Hi", **parameters})
    assert message.status == "queued"


def test_what_the_test_sender_sends_goes_nowhere(simulator):
    simulator.client.messages.create(to=MAYA, from_="+15005550006", body="Hi")
    assert run_due(simulator.app, until=datetime(2100, 1, 1, tzinfo=UTC)) == 0
    assert simulator.thread(MAYA) == []


def test_an_error_is_written_as_twilio_writes_it(simulator):
    answer = requests.get(simulator.url + MESSAGES + "/SM0.json", auth=simulator.client.auth, timeout=10)
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 20404,
        "message": f"The requested resource {MESSAGES}/SM0.json was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, 20404),
        ("GET", "/2010-04-01/Accounts/AC0/Messages.json", 404, 20404),
        ("POST", "/2010-04-01/Accounts/AC0/Messages.json", 404, 20404),
        ("PUT", MESSAGES + ".json", 405, 20004),
    ],
)
def test_what_is_not_there(simulator, method, path, status, code):
    answer = requests.request(method, simulator.url + path, auth=simulator.client.auth, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", [MESSAGES + ".json", "/phones", "/blocks", "/phones/version", "/nowhere"])
@pytest.mark.parametrize("auth", [None, (SIMULATOR_ACCOUNT_SID, "wrong"), ("AC0", "5150" * 8)])
def test_nothing_without_credentials(simulator, path, auth):
    answer = requests.get(simulator.url + path, auth=auth, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_only_forms_are_read(simulator):
    message = {"To": MAYA, "From": OURS, "Body": "Hi"}
    answer = requests.post(simulator.url + MESSAGES + ".json", json=message, auth=simulator.client.auth, timeout=10)
    assert answer.json()["code"] == 21604


def test_list_pages_from_the_newest_to_the_oldest(simulator):
    for number in range(7):
        simulator.client.messages.create(to=MAYA, from_=OURS, body=str(number))

    assert [m.body for m in simulator.client.messages.list(page_size=3)] == list("6543210")
    assert [m.body for m in simulator.client.messages.list(limit=4, page_size=2)] == list("6543")

    first = simulator.client.messages.page(page_size=3)
    second = first.next_page()
    third = second.next_page()
    assert [m.body for m in third] == ["0"]
    assert third.next_page() is None
    assert first.previous_page() is None
    back = third.previous_page()
    assert [m.body for m in back] == list("321")
    assert [m.body for m in back.next_page()] == ["0"]


def test_pages_stay_whole_while_messages_arrive(simulator):
    for number in range(4):
        simulator.client.messages.create(to=MAYA, from_=OURS, body=str(number))
    first = simulator.client.messages.page(page_size=2)
    simulator.client.messages.create(to=MAYA, from_=OURS, body="late")
    assert [m.body for m in first] + [m.body for m in first.next_page()] == list("3210")


def test_the_shape_of_a_page(simulator):
    for number in range(3):
        simulator.client.messages.create(to=MAYA, from_=OURS, body=str(number))
    url = f"{simulator.url}{MESSAGES}.json"
    page = requests.get(url, {"PageSize": 2, "To": MAYA}, auth=simulator.client.auth, timeout=10).json()
    asked = f"{MESSAGES}.json?To=%2B14155550134&PageSize=2"

    messages = page.pop("messages")
    assert page == {
        "first_page_uri": f"{asked}&Page=0",
        "next_page_uri": f"{asked}&Page=1&PageToken=PA{messages[-1]['sid']}",
        "previous_page_uri": None,
        "page": 0,
        "page_size": 2,
        "start": 0,
        "end": 1,
        "uri": f"{asked}&Page=0",
    }


@pytest.mark.parametrize(
    ("filters", "bodies"),
    [
        ({}, ["waits", "to Ines", "evening", "noon"]),
        ({"to": MAYA}, ["waits", "evening", "noon"]),
        ({"to": INES}, ["to Ines"]),
        ({"from_": "40404"}, ["to Ines"]),
        ({"from_": OURS, "to": INES}, []),
        ({"date_sent_after": NOON + timedelta(hours=1)}, ["to Ines", "evening"]),
        ({"date_sent_before": NOON + timedelta(hours=1)}, ["noon"]),
        ({"date_sent": NOON}, ["evening", "noon"]),
        ({"date_sent": NOON + timedelta(days=1)}, ["to Ines"]),
        ({"to": MAYA, "date_sent_after": NOON + timedelta(minutes=1)}, ["evening"]),
    ],
)
def test_filters_are_on_the_date_of_sending(simulator, filters, bodies):
    create = simulator.client.messages.create
    for hours, body, parameters in [
        (0, "noon", {}),
        (8, "evening", {}),
        (24, "to Ines", {"to": INES, "from_": "40404"}),
    ]:
        with clock.at(NOON + timedelta(hours=hours)):
            create(**{"to": MAYA, "from_": OURS, "body": body, **parameters})
            run_due(simulator.app, until=clock.now() + timedelta(minutes=1))
    with clock.at(NOON + timedelta(hours=30)):
        create(to=MAYA, from_=OURS, body="waits")

    assert [m.body for m in simulator.client.messages.list(**filters)] == bodies


def test_both_ends_of_a_range_belong_to_it(simulator):
    simulator.client.messages.create(to=MAYA, from_=OURS, body="Hi")
    run_due(simulator.app, until=clock.now() + timedelta(minutes=1))
    (message,) = simulator.client.messages.list()
    moment, second = message.date_sent, timedelta(seconds=1)

    def found(after: datetime, before: datetime) -> int:
        return len(simulator.client.messages.list(date_sent_after=after, date_sent_before=before))

    assert found(moment, moment) == 1
    assert found(moment + second, moment + 2 * second) == 0
    assert found(moment - 2 * second, moment - second) == 0


@pytest.mark.parametrize("name", ["DateSent", "DateSent<", "DateSent>"])
@pytest.mark.parametrize(("value", "status"), [("2026-11-20", 200), ("2026-11-20T12:00:00Z", 200), ("soon", 400)])
def test_dates_in_filters(simulator, name, value, status):
    url = f"{simulator.url}{MESSAGES}.json"
    assert requests.get(url, {name: value}, auth=simulator.client.auth, timeout=10).status_code == status


@pytest.mark.slow
def test_sixteen_threads_create_at_once_and_nothing_is_lost(simulator):
    def create(number: int) -> str:
        return simulator.client.messages.create(to=f"+1415666{number:04}", from_=OURS, body=str(number)).sid

    with ThreadPoolExecutor(16) as threads:
        sids = list(threads.map(create, range(400)))

    listed = simulator.client.messages.list(page_size=150)
    assert {m.sid for m in listed} == set(sids)
    assert sorted(int(m.body) for m in listed) == list(range(400))


def test_real_credentials_are_refused(tmp_path):
    with pytest.raises(ValueError, match="only serves account SIDs"):
        create_simulator(
            store_path=str(tmp_path / "s.db"),
            account_sid="AC" + "1" * 32,
            auth_token="t",
            numbers={},
            webhook_url="",
            asked_here=asked_on_this_machine,
        )


def test_an_unknown_kind_of_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="fax"):
        create_simulator(
            store_path=str(tmp_path / "s.db"),
            account_sid=SIMULATOR_ACCOUNT_SID,
            auth_token="t",
            numbers={OURS: "fax"},
            webhook_url="",
            asked_here=asked_on_this_machine,
        )


def test_messages_survive_a_restart(run_simulator, application):
    with run_simulator(application.url + "/sms") as first:
        sid = first.client.messages.create(to=MAYA, from_=OURS, body="kept").sid
    with run_simulator(application.url + "/sms") as second:
        assert isinstance(second.client, Client)
        assert second.client.messages(sid).fetch().body == "kept"
