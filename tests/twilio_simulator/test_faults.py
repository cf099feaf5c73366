"""Faults on demand: what strikes, how often, and that the same plan strikes the same texts again."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from optin import clock
from tests.twilio_simulator.conftest import CREDENTIALS, LONG_CODE, ONE, PLAIN
from twilio_simulator import SIMULATOR_ACCOUNT_SID, faults, run_due
from twilio_simulator.faults import Fault, FaultPlan

MAYA, INES = "+14155550134", "+14155550199"
MESSAGES = f"/2010-04-01/Accounts/{SIMULATOR_ACCOUNT_SID}/Messages.json"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def create(simulator, to: str = MAYA, callback: str = "", **more: str) -> str:
    """Send a text and return the SID, or the status and code of a refusal."""
    more = {"from_": LONG_CODE, "body": "Hi", **more}
    try:
        return simulator.client.messages.create(to=to, status_callback=callback or None, **more).sid
    except TwilioRestException as refusal:
        return f"{refusal.status} {refusal.code}"


def bodies(simulator) -> list[str]:
    return [message.body for message in simulator.client.messages.list()]


def told(application) -> list[str]:
    return [request.form["MessageStatus"] for request in application.received]


def events(simulator, phone: str = MAYA) -> list[str]:
    return [body for kind, body, _ in simulator.thread(phone) if kind == "fault"]


def test_a_plan_strikes_about_as_often_as_it_says_and_always_the_same():
    plan = FaultPlan(chances={Fault.CARRIER: 20}, seed=7)
    struck = {str(n) for n in range(2000) if plan.strikes(Fault.CARRIER, MAYA, str(n))}
    assert 330 < len(struck) < 470
    assert struck == {str(n) for n in range(2000) if plan.strikes(Fault.CARRIER, MAYA, str(n))}
    other = FaultPlan(chances={Fault.CARRIER: 20}, seed=8)
    assert struck != {str(n) for n in range(2000) if other.strikes(Fault.CARRIER, MAYA, str(n))}
    assert not plan.strikes(Fault.SLOW, MAYA, "1")


def test_an_untouched_network_has_no_faults(simulator):
    assert simulator.get("/faults")["struck"] == {}
    assert not any(simulator.get("/faults")[str(fault)] for fault in Fault)


def test_a_plan_is_kept_over_a_restart_and_cleared(run_simulator, application):
    with run_simulator(application.url + "/sms") as first:
        first.faults(refused=100, seed=42, only=MAYA)
        assert create(first) == "429 20429"
    with run_simulator(application.url + "/sms") as second:
        kept = second.get("/faults")
        assert (kept["refused"], kept["seed"], kept["only"], kept["struck"]) == (100, 42, MAYA, {"refused": 1})
        assert create(second, INES).startswith("SM")
        requests.delete(f"{second.url}/faults", auth=CREDENTIALS, timeout=10)
        assert create(second).startswith("SM")


@pytest.mark.parametrize(
    "wrong", [{"slow": "101"}, {"slow": "-1"}, {"slow": "many"}, {"seconds": "61"}, {"code": "99"}, {"per_second": "²"}]
)
def test_a_plan_without_sense_is_refused_by_name(simulator, wrong):
    answer = requests.post(f"{simulator.url}/faults", data=wrong, auth=CREDENTIALS, timeout=10)
    (name,) = wrong
    assert (answer.status_code, answer.json()["message"]) == (400, f"Invalid parameter: {name}")
    with pytest.raises(ValueError, match=name):
        faults.read(wrong)


@pytest.mark.parametrize(
    ("fault", "answered", "accepted"),
    [
        ("refused", "429 20429", False),
        ("failed_before", "503 20503", False),
        ("failed_after", "500 20500", True),
    ],
)
def test_answers_that_are_errors(simulator, fault, answered, accepted):
    simulator.faults(**{fault: 100})
    assert create(simulator) == answered
    assert bodies(simulator) == (["Hi"] if accepted else [])
    assert simulator.get("/faults")["struck"] == {fault: 1}


def test_an_answer_that_breaks_off_after_accepting(simulator):
    simulator.faults(dropped=100)
    form = {"To": MAYA, "From": LONG_CODE, "Body": "Hi"}
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.post(simulator.url + MESSAGES, data=form, auth=CREDENTIALS, timeout=10)
    assert bodies(simulator) == ["Hi"]


@pytest.mark.slow
def test_a_slow_answer_to_what_was_accepted_already(simulator):
    simulator.faults(slow=100, seconds=1)
    began = time.monotonic()
    assert create(simulator).startswith("SM")
    assert time.monotonic() - began >= 1


def test_half_of_all_texts_fail_and_the_same_half_every_time(simulator):
    numbers = [f"+1415557{n:04}" for n in range(40)]
    outcomes = []
    for _ in range(2):
        simulator.faults(refused=50, seed=3)
        with ThreadPoolExecutor(8) as threads:
            outcomes.append([sid[:2] for sid in threads.map(lambda to: create(simulator, to), numbers)])
    assert outcomes[0] == outcomes[1]
    assert 8 < outcomes[0].count("42") < 32


@pytest.mark.parametrize(("code", "end"), [(30003, "undelivered"), (30034, "undelivered"), (30001, "failed")])
def test_a_carrier_reports_an_error(simulator, application, code, end):
    simulator.faults(carrier=100, code=code, only=MAYA)
    sid, other = create(simulator, callback=application.url + "/s"), create(simulator, INES)
    run_due(simulator.app, until=LATER)
    message = simulator.client.messages(sid).fetch()
    assert (message.status, message.error_code, bool(message.error_message)) == (end, code, True)
    assert application.received[-1].form["ErrorCode"] == str(code)
    assert [kind for kind, _, _ in simulator.thread(MAYA)] == ["refused"]
    assert simulator.client.messages(other).fetch().status == "delivered"


def test_a_receipt_that_never_comes(simulator, application):
    simulator.faults(no_receipt=100)
    sid = create(simulator, callback=application.url + "/s")
    run_due(simulator.app, until=LATER)
    assert simulator.client.messages(sid).fetch().status == "sent"
    assert told(application) == ["sent"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("callback_lost", []),
        ("callback_twice", ["sent", "sent", "delivered", "delivered"]),
        ("callback_shuffled", ["delivered", "sent"]),
        ("callback_late", ["sent", "delivered"]),
    ],
)
def test_callbacks_are_lost_doubled_shuffled_and_late(simulator, application, fault, said):
    simulator.faults(**{fault: 100, "seconds": 60})
    with clock.at(NOON):
        create(simulator, callback=application.url + "/s")
        run_due(simulator.app, until=NOON + timedelta(seconds=59))
        assert told(application) == ([] if fault == "callback_late" else said)
        run_due(simulator.app, until=NOON + timedelta(seconds=90))
    assert told(application) == said
    assert simulator.client.messages.list()[0].status == "delivered"
    statuses = ["sent"] if fault == "callback_shuffled" else ["sent", "delivered"]
    assert events(simulator) == [f"{fault} {status}" for status in statuses]


def test_webhooks_are_lost_doubled_and_late(simulator, application):
    simulator.faults(webhook_lost=100)
    assert simulator.text(MAYA, "lost")["webhook"]["attempts"] == 0
    simulator.faults(webhook_twice=100)
    simulator.text(MAYA, "twice")
    simulator.faults(webhook_late=100, seconds=60)
    with clock.at(NOON + timedelta(days=30)):
        run_due(simulator.app)
        simulator.text(MAYA, "late")
        assert [request.form["Body"] for request in application.received] == ["twice", "twice"]
        run_due(simulator.app, until=clock.now() + timedelta(seconds=61))
    assert [request.form["Body"] for request in application.received] == ["twice", "twice", "late"]
    assert len({request.form["MessageSid"] for request in application.received}) == 2
    assert events(simulator) == ["webhook_lost", "webhook_twice", "webhook_late"]
    assert bodies(simulator) == ["late", "twice", "lost"], "Twilio has logged them all"


def test_each_sender_has_its_pace(simulator):
    simulator.faults(per_second=2)
    with clock.at(NOON):
        sids = [create(simulator, f"+1415557{n:04}") for n in range(6)]
        run_due(simulator.app, until=NOON + timedelta(minutes=1))
    sent = [simulator.client.messages(sid).fetch().date_sent for sid in sids]
    assert sent == sorted(sent)
    assert timedelta(seconds=2) <= sent[-1] - sent[0] <= timedelta(seconds=3)


def test_what_waits_longer_than_it_is_valid_fails(simulator):
    simulator.faults(per_second=1)
    with clock.at(NOON):
        create(simulator, body="a" * 1600)
        sid = create(simulator, INES, validity_period=5)
        run_due(simulator.app, until=NOON + timedelta(minutes=1))
    message = simulator.client.messages(sid).fetch()
    assert (message.status, message.error_code, message.date_sent) == ("failed", 30036, None)


def test_a_full_queue(simulator):
    simulator.faults(per_second=1)
    with clock.at(NOON), simulator.store.write() as connection:
        ends = NOON.timestamp() + 36_100
        connection.executemany("INSERT INTO queues VALUES (?, ?)", [(number, ends) for number in (LONG_CODE, ONE)])
    with clock.at(NOON):
        assert create(simulator) == "400 21611"
        made = simulator.client.messages.create(to=MAYA, messaging_service_sid=PLAIN.sid, body="Hi")
        run_due(simulator.app, until=NOON + timedelta(minutes=1))
        assert simulator.client.messages(made.sid).fetch().error_code == 30001


@pytest.mark.slow
def test_only_so_many_requests_at_once(simulator):
    simulator.faults(at_once=2, slow=100, seconds=1)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda n: create(simulator, f"+1415557{n:04}"), range(6)))
    assert answers.count("429 20429") == 4
    assert len(bodies(simulator)) == 2
