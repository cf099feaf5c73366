"""Messaging Services: a sender chosen from the pool, scheduled messages, where inbound texts of a service go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from optin import clock
from tests.twilio_simulator.conftest import LONG_CODE, ONE, PLAIN, TWO
from twilio_simulator import run_due
from twilio_simulator.sender_numbers import SIMULATOR_NUMBERS, SIMULATOR_SERVICE_SID, NumberKind, account_numbers

MAYA, INES = "+14155550134", "+14155550199"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def code_of(create, **parameters) -> int:
    with pytest.raises(TwilioRestException) as caught:
        create(**parameters)
    return caught.value.code


def told(application) -> list[tuple[str, str | None]]:
    return [(request.form["MessageStatus"], request.form.get("ErrorCode")) for request in application.received]


@pytest.mark.parametrize("by", [{"messaging_service_sid": PLAIN.sid}, {"from_": PLAIN.sid}])
def test_a_service_accepts_first_and_chooses_its_sender_a_moment_later(simulator, application, by):
    with clock.at(NOON):
        made = simulator.client.messages.create(
            to=MAYA, body="a" * 161, status_callback=application.url + "/mine", **by
        )
        assert (made.status, made.from_, made.num_segments) == ("accepted", None, "0")
        assert made.messaging_service_sid == PLAIN.sid
        assert simulator.client.messages.list(date_sent=NOON) == []
        run_due(simulator.app, until=NOON + timedelta(minutes=1))
    sent = simulator.client.messages(made.sid).fetch()
    assert (sent.status, sent.from_, sent.num_segments) == ("delivered", ONE, "2")
    assert [status for status, _ in told(application)] == ["queued", "sent", "delivered"]
    assert {request.form["MessagingServiceSid"] for request in application.received} == {PLAIN.sid}
    assert {request.form["From"] for request in application.received} == {ONE}


def test_a_person_is_texted_by_the_same_sender_again(simulator):
    for to in (MAYA, INES, "+14155550177", MAYA, INES):
        simulator.client.messages.create(to=to, messaging_service_sid=PLAIN.sid, body="Hi")
        run_due(simulator.app, until=LATER)
    senders = [(m.to, m.from_) for m in reversed(simulator.client.messages.list())]
    assert senders == [(MAYA, ONE), (INES, TWO), ("+14155550177", ONE), (MAYA, ONE), (INES, TWO)]


def test_with_both_the_sender_is_fixed_and_must_be_of_the_pool(simulator):
    create = simulator.client.messages.create
    made = create(to=MAYA, from_=TWO, messaging_service_sid=PLAIN.sid, body="Hi")
    assert (made.status, made.from_) == ("accepted", TWO)
    assert code_of(create, to=MAYA, from_=LONG_CODE, messaging_service_sid=PLAIN.sid, body="Hi") == 21606


def test_the_services_callback_counts_unless_the_message_names_one(run_simulator, application):
    service = replace(PLAIN, status_callback=application.url + "/service")
    with run_simulator(application.url + "/sms", services=[service]) as simulator:
        simulator.client.messages.create(to=MAYA, messaging_service_sid=PLAIN.sid, body="Hi")
        run_due(simulator.app, until=LATER)
        assert {request.url for request in application.received} == {application.url + "/service"}
        application.received.clear()
        mine = application.url + "/mine"
        simulator.client.messages.create(to=MAYA, messaging_service_sid=PLAIN.sid, body="Hi", status_callback=mine)
        run_due(simulator.app, until=LATER)
        assert {request.url for request in application.received} == {mine}


@pytest.mark.parametrize(
    ("service", "reached"),
    [
        (PLAIN, "/sms"),
        (replace(PLAIN, inbound_url="/service"), "/sms"),
        (replace(PLAIN, inbound_url="/service", use_number_webhook=False), "/service"),
        (replace(PLAIN, use_number_webhook=False), None),
    ],
)
def test_where_an_inbound_text_goes(run_simulator, application, service, reached):
    service = replace(service, inbound_url=service.inbound_url and application.url + service.inbound_url)
    with run_simulator(application.url + "/sms", services=[service]) as simulator:
        simulator.text(MAYA, "Hi", to=ONE)
    assert [request.url for request in application.received] == ([application.url + reached] if reached else [])
    assert [request.form.get("MessagingServiceSid") for request in application.received] == (
        [PLAIN.sid] if reached else []
    )


def test_a_scheduled_message_goes_at_its_time(simulator, application):
    with clock.at(NOON):
        made = simulator.client.messages.create(
            to=MAYA,
            messaging_service_sid=PLAIN.sid,
            body="Hi",
            schedule_type="fixed",
            send_at=NOON + timedelta(hours=1),
            status_callback=application.url + "/status",
        )
        assert (made.status, made.date_sent) == ("scheduled", None)
        assert run_due(simulator.app, until=NOON + timedelta(minutes=59)) == 0
        run_due(simulator.app, until=NOON + timedelta(minutes=61))
    sent = simulator.client.messages(made.sid).fetch()
    assert sent.status == "delivered"
    assert NOON + timedelta(hours=1) <= sent.date_sent < NOON + timedelta(minutes=61)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"from_": LONG_CODE}, 35118),
        ({"messaging_service_sid": PLAIN.sid, "send_at": ""}, 35111),
        ({"messaging_service_sid": PLAIN.sid, "send_at": "soon"}, 35114),
        ({"messaging_service_sid": PLAIN.sid, "send_at": NOON + timedelta(seconds=290)}, 35114),
        ({"messaging_service_sid": PLAIN.sid, "send_at": NOON + timedelta(days=36)}, 35114),
    ],
)
def test_schedules_that_are_refused(simulator, parameters, code):
    given = {"to": MAYA, "body": "Hi", "schedule_type": "fixed", "send_at": NOON + timedelta(hours=1), **parameters}
    with clock.at(NOON):
        assert code_of(simulator.client.messages.create, **given) == code


def test_a_scheduled_message_is_cancelled_and_nothing_else_is(simulator, application):
    with clock.at(NOON):
        later = simulator.client.messages.create(
            to=MAYA,
            messaging_service_sid=PLAIN.sid,
            body="Hi",
            schedule_type="fixed",
            send_at=NOON + timedelta(hours=1),
            status_callback=application.url + "/status",
        )
        assert simulator.client.messages(later.sid).update(status="canceled").status == "canceled"
        run_due(simulator.app, until=NOON + timedelta(hours=2))
        now = simulator.client.messages.create(to=MAYA, from_=LONG_CODE, body="Hi")
    assert told(application) == [("canceled", None)]
    for sid in (later.sid, now.sid):
        with pytest.raises(TwilioRestException) as caught:
            simulator.client.messages(sid).update(status="canceled")
        assert (caught.value.status, caught.value.code) == (409, 30409)


def test_a_message_is_redacted_and_deleted(simulator):
    messages = simulator.client.messages
    sid = messages.create(to=MAYA, from_=LONG_CODE, body="secret").sid
    assert messages(sid).update(body="").body == ""
    assert messages(sid).fetch().body == ""
    for wrong in ({"body": "new"}, {"body": "", "status": "canceled"}, {}):
        assert code_of(messages(sid).update, **wrong) == 30400
    assert messages(sid).delete() is True
    assert code_of(messages(sid).fetch) == 20404
    assert code_of(messages(sid).delete) == 20404
    assert code_of(messages(sid).update, body="") == 20404
    assert run_due(simulator.app, until=LATER) == 0


def test_the_demos_line_up_has_one_of_each_kind_and_a_pool_that_is_nobody_elses():
    given = dict.fromkeys((*SIMULATOR_NUMBERS, "+14155550101"), NumberKind.LONG_CODE)
    numbers, (service,) = account_numbers({**given, SIMULATOR_SERVICE_SID: NumberKind.SERVICE})
    assert service.sid == SIMULATOR_SERVICE_SID
    assert service.pool == ("+14155550102", "+14155550103")
    assert list(numbers) == [*given, *service.pool]
