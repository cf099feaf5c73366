"""STOP, START and HELP as Twilio and the toll-free network treat them."""

import pytest
from twilio.base.exceptions import TwilioRestException

from optin import clock
from tests.twilio_simulator.conftest import ADVANCED, ADVANCED_LONG, ADVANCED_SHORT, ADVANCED_TOLL_FREE, ONE, PLAIN, TWO
from twilio_simulator import run_due
from twilio_simulator.sender_numbers import HELP_TEXT, START_TEXT, STOP_TEXT

OURS, TOLL_FREE, SHORT_CODE = "+14155550100", "+18335550100", "40404"
MAYA, INES = "+14155550134", "+14155550199"
FAR = clock.now().replace(year=2100)


def answers(simulator, phone: str) -> list[str]:
    """Return what a phone was told automatically, shortened to its first four words."""
    return [" ".join(body.split()[:4]) for kind, body, by in simulator.thread(phone) if kind == "arrived" and by]


def blocked(simulator) -> list[tuple[str, str, str]]:
    return [(row["number"], row["phone"], row["layer"]) for row in simulator.get("/blocks")["blocks"]]


def outcome(simulator, sender: str, to: str) -> str:
    """Send a text and say how it ended: its final status, or the code of the refusal."""
    try:
        sid = simulator.client.messages.create(to=to, from_=sender, body="News").sid
    except TwilioRestException as refusal:
        return str(refusal.code)
    run_due(simulator.app, until=FAR)
    message = simulator.client.messages(sid).fetch()
    return message.status + (f" {message.error_code}" if message.error_code else "")


UNSUBSCRIBED, RESUBSCRIBED, HELP = (
    "You have successfully been",
    "You have successfully been",
    "Reply STOP to unsubscribe.",
)
NETWORK_STOP, NETWORK_START = "NETWORK MSG: You replied", "NETWORK MSG: You have"

STORIES = [
    # our number, what the person texts, automatic answers, how our next text ends
    (OURS, ["STOP"], [UNSUBSCRIBED], "21610"),
    (OURS, [" stop "], [UNSUBSCRIBED], "21610"),
    (OURS, ["StopAll"], [UNSUBSCRIBED], "21610"),
    (OURS, ["unsubscribe"], [UNSUBSCRIBED], "21610"),
    (OURS, ["CANCEL"], [UNSUBSCRIBED], "21610"),
    (OURS, ["End"], [UNSUBSCRIBED], "21610"),
    (OURS, ["quit"], [UNSUBSCRIBED], "21610"),
    (OURS, ["REVOKE"], [UNSUBSCRIBED], "21610"),
    (OURS, ["OPTOUT"], [UNSUBSCRIBED], "21610"),
    (OURS, ["STOP PLEASE"], [], "delivered"),
    (OURS, ["please cancel"], [], "delivered"),
    (OURS, ["Stop."], [], "delivered"),
    (OURS, ["STOP ALL"], [], "delivered"),
    (OURS, ["STOP", "STOP"], [UNSUBSCRIBED], "21610"),
    (OURS, ["STOP", "HELP"], [UNSUBSCRIBED], "21610"),
    (OURS, ["STOP", "volunteer"], [UNSUBSCRIBED], "21610"),
    (OURS, ["STOP", "START"], [UNSUBSCRIBED, RESUBSCRIBED], "delivered"),
    (OURS, ["STOP", "unstop"], [UNSUBSCRIBED, RESUBSCRIBED], "delivered"),
    (OURS, ["STOP", "Yes"], [UNSUBSCRIBED, RESUBSCRIBED], "delivered"),
    (OURS, ["START"], [RESUBSCRIBED], "delivered"),
    (OURS, ["YES"], [], "delivered"),
    (OURS, ["HELP"], [HELP], "delivered"),
    (OURS, ["info"], [HELP], "delivered"),
    (TOLL_FREE, ["STOP"], [NETWORK_STOP], "undelivered 30004"),
    (TOLL_FREE, ["STOP", "YES"], [NETWORK_STOP], "undelivered 30004"),
    (TOLL_FREE, ["STOP", "HELP"], [NETWORK_STOP], "undelivered 30004"),
    (TOLL_FREE, ["STOP", "UNSTOP"], [NETWORK_STOP, NETWORK_START], "delivered"),
    (TOLL_FREE, ["STOP", "start"], [NETWORK_STOP, NETWORK_START], "delivered"),
    (TOLL_FREE, ["CANCEL"], [UNSUBSCRIBED], "21610"),
    (TOLL_FREE, ["CANCEL", "YES"], [UNSUBSCRIBED, RESUBSCRIBED], "delivered"),
    (TOLL_FREE, ["HELP"], [HELP], "delivered"),
    (SHORT_CODE, ["STOP"], [], "delivered"),
    (SHORT_CODE, ["START"], [], "delivered"),
    (SHORT_CODE, ["HELP"], [], "delivered"),
]


@pytest.mark.parametrize(("number", "texts", "automatic", "end"), STORIES)
def test_stories(simulator, application, number, texts, automatic, end):
    for text in texts:
        simulator.text(MAYA, text, to=number)

    assert [request.form["Body"] for request in application.received] == texts
    assert answers(simulator, MAYA) == automatic
    assert outcome(simulator, number, MAYA) == end


def test_who_answered_and_with_which_words(simulator):
    for word in ("HELP", "STOP", "START"):
        simulator.text(MAYA, word)
    assert simulator.thread(MAYA) == [
        ("sent", "HELP", None),
        ("arrived", HELP_TEXT, "Twilio"),
        ("sent", "STOP", None),
        ("arrived", STOP_TEXT, "Twilio"),
        ("sent", "START", None),
        ("arrived", START_TEXT, "Twilio"),
    ]
    assert {m.direction for m in simulator.client.messages.list(to=MAYA)} == {"outbound-reply"}


def test_the_network_answers_outside_the_account(simulator):
    simulator.text(MAYA, "Stop", to=TOLL_FREE)
    assert simulator.thread(MAYA)[-1][2] == "the network"
    assert simulator.client.messages.list(to=MAYA) == []


def test_a_block_is_between_one_number_and_one_phone(simulator):
    simulator.text(MAYA, "STOP")
    simulator.text(INES, "STOP", to=TOLL_FREE)
    assert sorted(blocked(simulator)) == [(OURS, MAYA, "twilio"), (TOLL_FREE, INES, "network")]
    assert outcome(simulator, TOLL_FREE, MAYA) == "delivered"
    assert outcome(simulator, OURS, INES) == "delivered"
    assert outcome(simulator, OURS, MAYA) == "21610"
    simulator.text(MAYA, "START", to=TOLL_FREE)
    assert outcome(simulator, OURS, MAYA) == "21610"
    simulator.text(MAYA, "START")
    assert blocked(simulator) == [(TOLL_FREE, INES, "network")]


def test_the_block_is_there_before_the_webhook_is_answered(simulator, application):
    application.answers = [(500, "")]
    assert simulator.text(MAYA, "STOP")["webhook"]["status"] == 500
    assert blocked(simulator) == [(OURS, MAYA, "twilio")]


@pytest.mark.parametrize(("number", "code"), [(OURS, 21610), (TOLL_FREE, 30004)])
def test_the_phone_says_that_an_answer_was_refused(simulator, number, code):
    simulator.text(MAYA, "STOP", to=number)
    outcome(simulator, number, MAYA)
    row = simulator.get(f"/phones/{MAYA}/messages")["messages"][-1]
    assert (row["kind"], row["code"], row["body"], row["number"]) == ("refused", code, "News", number)
    assert [kind for kind, _, _ in simulator.thread(MAYA)] == ["sent", "arrived", "refused"]


def test_refused_sends_are_no_messages_of_the_account(simulator):
    simulator.text(MAYA, "STOP")
    outcome(simulator, OURS, MAYA)
    assert [m.body for m in simulator.client.messages.list(to=MAYA)] == [STOP_TEXT]


BYE, WELCOME = "Bye.", "You have successfully been"
FAILED = "failed 21610"
WITH_OWN_LIST = [
    # our number, what the person texts, automatic answers, the OptOutType of the last, how the service's next text ends
    (ADVANCED_LONG, ["Stop"], [BYE], "STOP", FAILED),
    (ADVANCED_LONG, ["arret"], [BYE], "STOP", FAILED),
    (ADVANCED_LONG, ["STOP PLEASE"], [], None, "delivered"),
    (ADVANCED_LONG, ["STOP", "STOP"], [BYE], "STOP", FAILED),
    (ADVANCED_LONG, ["STOP", "HELP"], [BYE], "HELP", FAILED),
    (ADVANCED_LONG, ["HELP"], [HELP], "HELP", "delivered"),
    (ADVANCED_LONG, ["STOP", "START"], [BYE, WELCOME], "START", "delivered"),
    (ADVANCED_LONG, ["volunteer"], [], None, "delivered"),
    (ADVANCED_SHORT, ["STOP"], [BYE], "STOP", FAILED),
    (ADVANCED_TOLL_FREE, ["STOP"], [NETWORK_STOP], "STOP", FAILED),
    (ADVANCED_TOLL_FREE, ["ARRET"], [BYE], "STOP", FAILED),
    (ADVANCED_TOLL_FREE, ["STOP", "START"], [NETWORK_STOP, NETWORK_START, WELCOME], "START", "delivered"),
]


@pytest.mark.parametrize(("number", "texts", "automatic", "kind", "end"), WITH_OWN_LIST)
def test_advanced_opt_out(simulator, application, number, texts, automatic, kind, end):
    for text in texts:
        simulator.text(MAYA, text, to=number)

    assert [request.form["Body"] for request in application.received] == texts
    assert application.received[-1].form.get("OptOutType") == kind
    assert answers(simulator, MAYA) == automatic
    assert of_service(simulator, ADVANCED.sid) == end


def test_with_its_own_list_a_number_of_the_pool_is_refused_later_too(simulator):
    simulator.text(MAYA, "STOP", to=ADVANCED_SHORT)
    assert outcome(simulator, ADVANCED_LONG, MAYA) == FAILED
    assert outcome(simulator, OURS, MAYA) == "delivered"


def test_yes_does_not_lift_the_block_of_the_network(simulator):
    simulator.text(MAYA, "STOP", to=ADVANCED_TOLL_FREE)
    simulator.text(MAYA, "YES", to=ADVANCED_TOLL_FREE)
    assert outcome(simulator, ADVANCED_LONG, MAYA) == "delivered", "the service lets her in again"
    assert outcome(simulator, ADVANCED_TOLL_FREE, MAYA) == "undelivered 30004"


def test_a_services_block_is_for_all_its_numbers_and_refused_at_once(simulator, application):
    simulator.text(MAYA, "STOP", to=ONE)
    assert "OptOutType" not in application.received[-1].form
    assert blocked(simulator) == [(PLAIN.sid, MAYA, "twilio")]
    assert outcome(simulator, TWO, MAYA) == "21610"
    assert of_service(simulator, PLAIN.sid) == "21610"
    simulator.text(MAYA, "START", to=TWO)
    assert of_service(simulator, PLAIN.sid) == "delivered"


def of_service(simulator, sid: str) -> str:
    """Let a service text Maya and say how it ended."""
    try:
        made = simulator.client.messages.create(to=MAYA, messaging_service_sid=sid, body="News")
    except TwilioRestException as refusal:
        return str(refusal.code)
    run_due(simulator.app, until=FAR)
    message = simulator.client.messages(made.sid).fetch()
    return message.status + (f" {message.error_code}" if message.error_code else "")
