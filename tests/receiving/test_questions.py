"""What answers a double opt-in question, and when: only after it was handed over. On both databases."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.rules import REPLIES_AN_HOUR
from optin.enums import EndReason, MessageStatus, OptInSource, ReplyKind
from optin.models import Conversation, Hold, Keyword, Message, OptIn, ProviderBlock, Suppression
from optin.policy import policy
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from optin.sending import status_callbacks
from tests.conftest import Clock
from tests.support.texting import MAYA, OURS, Phone, add_keyword

S = MessageStatus
TOLL_FREE = "+18005550100"
NOT_YET = (S.QUEUED, S.CLAIMED, S.SENDING)
LOST = (S.FAILED, S.SKIPPED, S.CANCELLED, S.UNKNOWN, S.NOT_FOUND, S.UNDELIVERED)
ANSWERS = ["YES", "Y", "yes.", "Yes please", "Yep", "👍", "YES\n--\nMaya Chen", "sí", "oui"]
AGAIN = "already asked to confirm donate"


@pytest.fixture
def phone(session: Session) -> Phone:
    for word, double in (("volunteer", False), ("donate", True), ("gala", True)):
        add_keyword(session, word, double)
    session.commit()
    return Phone(session)


@pytest.mark.parametrize("status", NOT_YET)
@pytest.mark.parametrize("body", ["donate", "Donate!", *ANSWERS])
def test_nothing_confirms_before_the_question_was_handed_over(phone: Phone, body: str, status: MessageStatus) -> None:
    phone.text("donate")
    phone.question(status, sid=None)
    phone.text(body)
    assert phone.states() == ["donate pending"]
    assert phone.session.scalars(select(Message.reply_kind).where(Message.reply_kind.is_not(None))).all() == [
        "question"
    ]


@pytest.mark.parametrize("seconds", [0, 1, 5, 20])
def test_a_keyword_delivered_twice_confirms_nothing_though_the_question_went_at_once(
    phone: Phone, clock: Clock, seconds: int
) -> None:
    phone.text("donate")
    phone.question()
    clock.forward(seconds=seconds)
    assert phone.text("donate") == AGAIN
    assert phone.states() == ["donate pending"]
    assert phone.answers() == ["question"]
    assert phone.events() == ["requested"]


def test_a_double_delivery_that_twilios_list_brings_confirms_nothing(phone: Phone, clock: Clock) -> None:
    begun = the_clock.now()
    phone.text("donate")
    clock.forward(seconds=2)
    phone.question()
    clock.forward(minutes=50)
    phone.text("donate", provider_at=begun + timedelta(seconds=1))
    phone.text("Yes", provider_at=begun + timedelta(seconds=1))
    assert phone.states() == ["donate pending"]
    phone.text("Yes", provider_at=begun + timedelta(minutes=1))
    assert phone.states() == ["donate active"]


@pytest.mark.parametrize("status", [S.SENT, S.DELIVERED])
@pytest.mark.parametrize("body", [*ANSWERS, "donate", "DONATE!"])
def test_a_yes_in_many_dresses_confirms_what_was_handed_over(
    phone: Phone, clock: Clock, body: str, status: MessageStatus
) -> None:
    phone.text("donate")
    phone.question(status)
    clock.forward(minutes=2)
    assert phone.text(body) == "confirmed, opted in with donate"
    row = phone.session.scalars(select(OptIn)).one()
    assert (row.status, row.message_sid != row.confirming_message_sid) == ("active", True)
    assert phone.answers() == ["question", "confirmation"]
    assert phone.session.scalars(select(Conversation.preview)).one() == "Confirmed, opted in with donate"


def test_a_second_yes_confirms_nothing_more(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    phone.text("yes")
    assert phone.text("yes") == ""
    assert phone.answers() == ["question", "confirmation"]
    assert phone.events() == ["requested", "confirmed"]


@pytest.mark.parametrize("status", LOST)
@pytest.mark.parametrize("body", ["donate", "YES", "yep"])
def test_a_question_that_did_not_arrive_for_sure_is_asked_again(phone: Phone, body: str, status: MessageStatus) -> None:
    phone.text("donate")
    phone.question(status, sid=None if status != S.UNDELIVERED else "")
    assert phone.text(body) == "asked again to confirm donate"
    assert phone.states() == ["donate pending"]
    asked = select(Message.status).where(Message.reply_kind == ReplyKind.QUESTION)
    rows = phone.session.scalars(asked.order_by(Message.id))
    assert list(rows) == [status, S.QUEUED]
    phone.question()
    phone.text("y")
    assert phone.states() == ["donate active"]


def test_sent_without_a_sid_is_not_handed_over(phone: Phone) -> None:
    phone.text("donate")
    phone.question(sid=None)
    phone.text("yes")
    assert phone.states() == ["donate pending"]


def test_a_callback_that_comes_before_our_own_record_hands_it_over(phone: Phone) -> None:
    phone.text("donate")
    question = phone.question(S.SENDING, sid=None)
    question.sent_at = None
    phone.session.commit()
    status_callbacks.receive(
        phone.session, status_callbacks.StatusCallback("SM" + "c" * 32, "sent", message_id=question.id)
    )
    phone.session.commit()
    phone.text("YES")
    assert phone.states() == ["donate active"]


def test_of_two_questions_the_one_that_was_handed_over_is_answered(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    phone.text("gala")
    assert phone.text("yes") == "confirmed, opted in with donate"
    assert phone.states() == ["donate active", "gala pending"]


def test_of_two_handed_over_the_newer_is_answered_first(phone: Phone) -> None:
    for word in ("donate", "gala"):
        phone.text(word)
        phone.question()
    phone.text("Yes please")
    assert phone.states() == ["donate pending", "gala active"]
    phone.text("yes")
    assert phone.states() == ["donate active", "gala active"]


def test_the_question_of_another_sender_is_answered_there_only(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    for body in ("yep", "no", "yes"):
        phone.text(body, to="+12065550100")
    assert phone.states() == ["donate pending"]


def test_the_keyword_to_another_sender_asks_there_and_only_that_question_counts(phone: Phone, clock: Clock) -> None:
    phone.text("donate")
    phone.question()
    clock.forward(minutes=5)
    phone.text("donate", to="+12065550100")
    phone.text("yes", to="+12065550100")
    assert phone.states() == ["donate pending"]
    phone.question()
    phone.text("yes", to="+12065550100")
    assert phone.states() == ["donate active"]


def test_a_toll_free_number_takes_yes_for_an_answer_too(phone: Phone) -> None:
    phone.text("donate", to=TOLL_FREE)
    phone.question()
    assert phone.text("Yes", to=TOLL_FREE) == "confirmed, opted in with donate"


@pytest.mark.parametrize("body", ["YES", "yep", "donate"])
def test_an_answer_with_twilios_start_counts_after_the_question_only(phone: Phone, clock: Clock, body: str) -> None:
    phone.text("donate")
    phone.text(body, opt_out_type="START")
    assert phone.states() == ["donate pending"]
    phone.question()
    clock.forward(minutes=1)
    assert phone.text(body, opt_out_type="START").endswith("confirmed, opted in with donate")
    assert phone.states() == ["donate active"]


@pytest.mark.parametrize("body", ["yes", "Yep", "donate"])
def test_no_answer_counts_after_the_question_ran_out(phone: Phone, clock: Clock, body: str) -> None:
    phone.text("donate")
    phone.question()
    clock.forward(hours=24, minutes=1)
    phone.text(body)
    assert "donate active" not in phone.states()


@pytest.mark.parametrize("body", ["No", "NO.", "nope", "No thanks", "👎"])
def test_no_ends_the_question_and_nothing_else(phone: Phone, body: str) -> None:
    phone.text("volunteer")
    phone.text("donate")
    phone.question()
    assert phone.text(body) == "answered no, not opted in with donate"
    assert phone.states() == ["volunteer active", "donate inactive declined"]
    assert (phone.open(Suppression), phone.open(Hold)) == (0, 0)
    assert phone.answers() == ["confirmation", "question"]
    assert phone.events() == ["activated", "requested", "declined"]
    assert phone.text("yes") == ""
    assert phone.states() == ["volunteer active", "donate inactive declined"]


@pytest.mark.parametrize("status", [*NOT_YET, *LOST])
def test_no_before_the_question_answers_nothing(phone: Phone, status: MessageStatus) -> None:
    phone.text("donate")
    phone.question(status, sid=None)
    phone.text("No")
    assert phone.states() == ["donate pending"]


def test_who_answered_no_is_asked_anew_by_their_own_keyword_only(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    phone.text("no")
    keyword = phone.session.scalars(select(Keyword).where(Keyword.word == "donate")).one()
    entered = Act(source=OptInSource.IMPORT, at=the_clock.now())
    assert ledger.opt_in(phone.session, MAYA, keyword, entered).outcome == ledger.OptInOutcome.NOT_REVIVED
    phone.text("donate")
    assert phone.states() == ["donate inactive declined", "donate pending"]
    assert EndReason.DECLINED.label == "Answered no"


def test_a_keyword_from_before_the_no_that_is_found_late_asks_nothing(phone: Phone, clock: Clock) -> None:
    begun = the_clock.now()
    clock.forward(minutes=10)
    phone.text("donate")
    phone.question()
    phone.text("no")
    phone.text("donate", provider_at=begun)
    assert phone.states() == ["donate inactive declined"]


def test_a_near_answer_is_marked_and_told_once_how_to_confirm(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    assert phone.text("I think so") == "no clear answer about donate"
    assert phone.text("I think so") == "no clear answer about donate"
    assert phone.states() == ["donate pending"]
    assert phone.answers() == ["question", "how_to_confirm"]
    told = phone.session.scalars(select(Message).where(Message.reply_kind == "how_to_confirm")).one()
    assert told.body == "Our team: reply YES to confirm donate, or NO if you don't want it."
    assert phone.session.scalars(select(Conversation.preview)).one() == "I think so"
    phone.text("yes")
    assert phone.states() == ["donate active"]


def test_each_question_may_be_explained_once(phone: Phone) -> None:
    for word in ("donate", "gala"):
        phone.text(word)
        phone.question()
        phone.text("I think so")
    assert phone.answers() == ["question", "how_to_confirm"] * 2


def test_a_near_answer_without_a_question_is_an_ordinary_text(phone: Phone) -> None:
    assert phone.text("I think so") == ""
    phone.text("donate")
    assert phone.text("I think so") == ""
    assert phone.answers() == ["question"]


def test_the_explanation_counts_among_the_answers_of_an_hour(phone: Phone) -> None:
    for _ in range(REPLIES_AN_HOUR - 1):
        phone.text("help", to="40404")
    phone.text("donate")
    phone.question()
    phone.text("I think so")
    assert phone.answers()[-1] == "how_to_confirm skipped reply_cap"


def test_under_a_suppression_the_explanation_stays_away(phone: Phone, clock: Clock) -> None:
    phone.text("please remove me from this list")
    clock.forward(minutes=1)
    phone.text("donate")
    phone.question()
    phone.text("I think so")
    assert phone.answers()[-1] == "how_to_confirm skipped opted_out"
    phone.text("Yep")
    assert (phone.states(), phone.open(Suppression)) == (["donate active"], 0)


def test_the_explanation_says_what_the_settings_say(phone: Phone) -> None:
    policy.change(phone.session, None, how_to_confirm_reply="{{ keyword }}? Text YES.")
    phone.text("donate")
    phone.question()
    phone.text("I think so")
    told = phone.session.scalars(select(Message.body).where(Message.reply_kind == "how_to_confirm")).one()
    assert told == "donate? Text YES."


def test_a_block_at_twilio_keeps_the_question_open_for_later(phone: Phone, clock: Clock) -> None:
    phone.text("STOP")
    phone.text("donate")
    assert phone.answers()[-1] == "question skipped blocked"
    phone.text("donate")
    assert phone.states() == ["donate pending"]
    phone.text("START")
    assert phone.open(ProviderBlock) == 0
    phone.text("donate")
    assert phone.answers()[-1] == "question"
    assert phone.states() == ["donate pending"]


def test_a_stop_after_the_question_leaves_nothing_to_confirm(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    phone.text("stop")
    phone.text("yep")
    assert phone.states() == ["donate inactive opted_out"]
    assert phone.open(Suppression) == 1


def test_a_repeated_sid_answers_once(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    given = InboundText(sid="SM" + "a" * 32, number=MAYA, address=OURS, body="no")
    assert inbound.receive(phone.session, given) is not None
    phone.session.commit()
    assert inbound.receive(phone.session, given) is None
    assert phone.events() == ["requested", "declined"]


def test_two_deliveries_at_the_same_moment_ask_once(phone: Phone) -> None:
    engine = phone.session.get_bind()
    barrier = threading.Barrier(2)

    def deliver(sid: str) -> None:
        with Session(engine) as session:
            barrier.wait()
            inbound.receive(session, InboundText(sid=sid, number=MAYA, address=OURS, body="donate"))
            session.commit()

    phone.text("hello")
    threads = [threading.Thread(target=deliver, args=["SM" + letter * 32]) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    phone.session.expire_all()
    assert (phone.states(), phone.answers()) == (["donate pending"], ["question"])
