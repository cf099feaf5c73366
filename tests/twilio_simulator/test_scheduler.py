"""Changes of status and their callbacks, run at once or by themselves."""

import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import requests
from twilio.request_validator import RequestValidator

from optin import ROOT, clock
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN, run_due

OURS, TOLL_FREE, MAYA = "+14155550100", "+18335550100", "+14155550134"
CREDENTIALS = (SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 10 seconds"
        time.sleep(0.02)


def statuses(application) -> dict[str, list[str]]:
    """Return the statuses that the application was told, per message."""
    told = defaultdict(list)
    for request in list(application.received):
        told[request.form["MessageSid"]].append(request.form["MessageStatus"])
    return told


def test_callbacks_are_signed_ordered_and_have_the_parameters_of_twilio(simulator, application):
    callback = application.url + "/status?m=42&x=%20"
    with clock.at(NOON):
        sid = simulator.client.messages.create(to=MAYA, from_=OURS, body="Hi", status_callback=callback + "#rc=2").sid
        assert application.received == []  # none for the first status
        assert run_due(simulator.app, until=NOON + timedelta(minutes=1)) == 4

    common = {
        "AccountSid": SIMULATOR_ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "MessageSid": sid,
        "SmsSid": sid,
        "From": OURS,
        "To": MAYA,
    }
    assert [request.form.to_dict() for request in application.received] == [
        {**common, "MessageStatus": "sent", "SmsStatus": "sent"},
        {**common, "MessageStatus": "delivered", "SmsStatus": "delivered", "RawDlrDoneDate": "2611201200"},
    ]
    for request in application.received:
        assert request.url == callback
        signature = request.headers["X-Twilio-Signature"]
        assert RequestValidator(SIMULATOR_AUTH_TOKEN).validate(callback, request.form, signature)


def test_a_failure_is_told_with_its_code(simulator, application):
    simulator.text(MAYA, "STOP", to=TOLL_FREE)
    application.received.clear()
    simulator.client.messages.create(to=MAYA, from_=TOLL_FREE, body="Hi", status_callback=application.url + "/status")
    run_due(simulator.app, until=clock.now() + timedelta(minutes=1))
    told = [(r.form["MessageStatus"], r.form.get("ErrorCode")) for r in application.received]
    assert told == [("sent", None), ("undelivered", "30004")]


def test_only_what_is_due_runs_and_at_its_own_time(simulator):
    with clock.at(NOON):
        sid = simulator.client.messages.create(to=MAYA, from_=OURS, body="Hi").sid

        def run(seconds: float) -> tuple[int, str]:
            count = run_due(simulator.app, until=NOON + timedelta(seconds=seconds))
            return count, simulator.client.messages(sid).fetch().status

        assert run(5) == (0, "queued")
        assert run(15) == (1, "sent")
        assert run(15) == (0, "sent")
        assert run(30) == (1, "delivered")
    with clock.at(NOON + timedelta(days=2)):
        assert run_due(simulator.app) == 0
    message = simulator.client.messages(sid).fetch()
    assert message.date_sent < NOON + timedelta(seconds=15) < message.date_updated < NOON + timedelta(seconds=30)


@pytest.mark.slow
def test_a_lost_callback_is_not_told_again_and_stops_nothing(simulator, application):
    application.answers = [(500, "")]
    simulator.client.messages.create(to=MAYA, from_=OURS, body="Hi", status_callback=application.url + "/status")
    run_due(simulator.app, until=clock.now() + timedelta(minutes=1))
    assert [r.form["MessageStatus"] for r in application.received] == ["sent", "delivered"]


@pytest.mark.slow
def test_it_happens_by_itself(run_simulator, application):
    with run_simulator(application.url + "/sms", start_pump=True, status_delay=0.05) as simulator:
        sids = [
            simulator.client.messages.create(
                to=f"+1415557{number:04}", from_=OURS, body="Hi", status_callback=application.url + "/status"
            ).sid
            for number in range(40)
        ]
        wait_until(lambda: len(application.received) >= 80)
        assert statuses(application) == {sid: ["sent", "delivered"] for sid in sids}
        application.received.clear()
        simulator.text(MAYA, "Volunteer", query="?wait=0")
        wait_until(lambda: application.received)
        assert application.received[0].form["Body"] == "Volunteer"


@pytest.mark.slow
def test_what_was_due_survives_a_restart(run_simulator, application, tmp_path):
    with run_simulator(application.url + "/sms") as simulator:
        sid = simulator.client.messages.create(
            to=MAYA, from_=OURS, body="Hi", status_callback=application.url + "/status"
        ).sid
    with sqlite3.connect(tmp_path / "simulator.db") as store:  # as if the process had died in the middle of it
        assert store.execute("UPDATE events SET claimed = 1").rowcount == 2
    with run_simulator(application.url + "/sms", start_pump=True) as simulator:
        simulator.get("/phones/version")
        wait_until(lambda: statuses(application) == {sid: ["sent", "delivered"]})


@pytest.mark.slow
def test_a_pump_and_run_due_share_the_work(run_simulator, application):
    with run_simulator(application.url + "/sms", start_pump=True, status_delay=0.01) as simulator:
        sids = [
            simulator.client.messages.create(
                to=f"+1415557{number:04}", from_=OURS, body="Hi", status_callback=application.url + "/status"
            ).sid
            for number in range(30)
        ]
        run_due(simulator.app, until=clock.now() + timedelta(minutes=1))
        assert statuses(application) == {sid: ["sent", "delivered"] for sid in sids}


def test_a_history_is_written_by_travelling_the_clock(simulator):
    for day in range(3):
        with clock.at(NOON + timedelta(days=day)):
            simulator.text(MAYA, f"day {day}")
            simulator.client.messages.create(to=MAYA, from_=OURS, body=f"answer {day}")
            run_due(simulator.app, until=clock.now() + timedelta(minutes=1))

    rows = simulator.get(f"/phones/{MAYA}/messages")["messages"]
    assert [(row["body"], row["at"][:16]) for row in rows] == [
        (body, f"2026-11-{20 + day}T12:00") for day in range(3) for body in (f"day {day}", f"answer {day}")
    ]
    assert {m.date_sent.hour for m in simulator.client.messages.list()} == {12}


ALONE = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests behind ignores it for all
from optin.hosts import asked_on_this_machine
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN, create_simulator
from twilio_simulator.server import serve

app = create_simulator(
    store_path=sys.argv[1],
    account_sid=SIMULATOR_ACCOUNT_SID,
    auth_token=SIMULATOR_AUTH_TOKEN,
    numbers={"+14155550100": "long_code"},
    webhook_url=sys.argv[3] + "/sms",
    asked_here=asked_on_this_machine,
)
foreign = {"twilio", "sqlalchemy", "phonenumbers", "dbos"} & set(sys.modules)
assert not foreign, foreign
serve(app, int(sys.argv[2]))
"""


@pytest.mark.slow
def test_it_runs_alone_without_our_libraries_and_stops_when_interrupted(tmp_path, application):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [str(tmp_path / "alone.db"), str(port), application.url]
    process = subprocess.Popen([sys.executable, "-c", ALONE, *arguments], cwd=ROOT)
    try:
        phone = f"http://127.0.0.1:{port}/phones/{MAYA}/messages"

        def sent() -> bool:
            with suppress(requests.ConnectionError):
                form = {"To": OURS, "Body": "STOP"}
                return requests.post(phone, form, auth=CREDENTIALS, timeout=10).status_code == 201
            assert process.poll() is None, "it ended by itself"
            return False

        wait_until(sent)
        assert application.received[0].form["Body"] == "STOP"
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
