"""The way back after an opt-out: START, UNSTOP, the exact YES to a long code, and a keyword. Nothing else, ever."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import facts
from optin.enums import Meaning
from optin.features.one_to_one import thread
from optin.models import ConsentEvent, Conversation, Hold, Message, ProviderBlock, Suppression
from optin.policy import policy
from optin.reading import words
from optin.reading.words import Reading
from optin.receiving import inbound
from tests.support.texting import OURS, Phone, add_keyword

TOLL_FREE, SHORT_CODE = "+18005550100", "40404"
ALLOWED = "texts allowed again; a keyword is needed for each campaign"
LEAVING = ["STOP", "take me off your list", "please remove me from this list"]
NO_WAY_BACK = [
    "Y", "y", "Y!", "Yes please", "Yep", "yess", "sí", "oui", "👍", "ok", "sure", "YES\nSent from my iPhone",
    "yes, start", "No", "I confirm", "sign me up", "yeah", "Y\nMaya",
]  # fmt: skip
WAY_BACK = ["START", "start.", "Unstop", "YES", "yes!", "“Yes”", "volunteer"]


@pytest.fixture
def phone(session: Session) -> Phone:
    add_keyword(session, "volunteer")
    add_keyword(session, "donate", double=True)
    session.commit()
    return Phone(session)


@pytest.fixture(params=[False, True], ids=["stays ended", "START restores"])
def restores(request: pytest.FixtureRequest, session: Session) -> bool:
    policy.change(session, None, start_restores_opt_ins=request.param)
    session.commit()
    return bool(request.param)


@pytest.mark.parametrize("left_by", LEAVING)
@pytest.mark.parametrize("body", NO_WAY_BACK)
def test_no_other_word_ends_an_opt_out(phone: Phone, restores: bool, left_by: str, body: str) -> None:
    phone.text("volunteer")
    phone.text(left_by)
    blocked = phone.open(ProviderBlock)
    phone.text(body)
    assert phone.states() == ["volunteer inactive opted_out"]
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (1, blocked)
    assert "started" not in phone.events()


@pytest.mark.parametrize("left_by", LEAVING)
@pytest.mark.parametrize("body", WAY_BACK)
def test_these_words_end_it(phone: Phone, restores: bool, left_by: str, body: str) -> None:
    phone.text("volunteer")
    phone.text(left_by)
    phone.text(body)
    assert phone.open(Suppression) == 0
    assert ("volunteer active" in phone.states()) == (restores or body == "volunteer")


@pytest.mark.parametrize("to", [TOLL_FREE, SHORT_CODE])
def test_yes_is_start_on_long_codes_only(phone: Phone, to: str) -> None:
    phone.text("volunteer", to=to)
    phone.text("take me off your list", to=to)
    assert phone.text("YES", to=to) == ""
    assert phone.open(Suppression) == 1
    phone.text("START", to=to)
    assert phone.open(Suppression) == 0


@pytest.mark.parametrize("body", ["y", "ok", "comenzar", "no", ""])
def test_what_twilio_calls_start_is_start(phone: Phone, body: str) -> None:
    phone.text("take me off your list")
    assert phone.text(body, opt_out_type="START") == ALLOWED
    assert phone.open(Suppression) == 0


def test_y_confirms_what_was_asked_after_the_opt_out_and_that_ends_it(phone: Phone) -> None:
    phone.text("take me off your list")
    phone.text("donate")
    phone.text("Y")
    assert (phone.states(), phone.open(Suppression)) == (["donate pending"], 1)
    phone.question()
    phone.text("Y")
    assert (phone.states(), phone.open(Suppression)) == (["donate active"], 0)


PIECES = [
    "yes", "y", "Y", "start", "unstop", "volunteer", "donate", "stop", "no", "please", "Sent from my iPhone", "👍",
    "YES", "ye", "yess", "sí", "ok", "again", "me", "up", "resume", "opt in", "subscribe", "OPTIN", "continue",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=20),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).flatmap(
        lambda pieces: st.sampled_from([" ", "\n", ". ", ", ", "! ", "\u200b", ""]).map(lambda glue: glue.join(pieces))
    ),
)
NUMBERS = count(1)


def is_way_back(body: str, to: str) -> bool:
    """Tell whether the text is one of those that let texts go again."""
    keywords = {"volunteer", "donate"}
    if words.read(body, keywords=keywords).meaning in (Meaning.START, Meaning.KEYWORD):
        return True
    return to == OURS and words.normalise(body) == "yes"


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=TEXTS, to=st.sampled_from([OURS, TOLL_FREE, SHORT_CODE]), left_by=st.sampled_from(LEAVING))
def test_no_text_turns_a_suppressed_number_messageable_but_those(
    phone: Phone, restores: bool, body: str, to: str, left_by: str
) -> None:
    person = Phone(phone.session, f"+1415557{next(NUMBERS):04d}")
    person.text("volunteer")
    person.text(left_by)
    person.text(body.replace("\x00", ""), to=to)
    known = facts.of_number(phone.session, person.number, scope=None)
    assert known.suppressed or is_way_back(body, to)
    assert known.suppressed or not joined_unasked(restores, known.any_opt_in, body)


def joined_unasked(restores: bool, opted_in: bool, body: str) -> bool:
    """Tell whether an opt-in is active that nobody asked for: only a keyword joins, unless START restores."""
    return opted_in and not restores and words.read(body, keywords={"volunteer"}).meaning != Meaning.KEYWORD


@pytest.mark.parametrize("body", ["Yes", "YES!", "y", "Yes please"])
def test_a_yes_without_a_question_is_their_text_and_not_start(phone: Phone, body: str) -> None:
    phone.text("volunteer")
    assert phone.text(body) == ""
    message = phone.session.scalars(select(Message).where(Message.body == body)).one()
    assert message.meaning == Meaning.ORDINARY
    [row] = thread.rows_of(message)
    assert (row.kind, row.text, row.mark) == ("in", body, "")
    conversation = phone.session.scalars(select(Conversation)).one()
    assert (conversation.preview, conversation.unread) == (body, 2)
    assert phone.events() == ["activated"]


def test_a_yes_that_lifts_the_opt_out_is_still_their_text(phone: Phone) -> None:
    phone.text("STOP")
    assert phone.text("Yes") == ALLOWED
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (0, 0)
    message = phone.session.scalars(select(Message).where(Message.body == "Yes")).one()
    [row] = thread.rows_of(message)
    assert (row.kind, row.text, row.mark) == ("in", "Yes", ALLOWED)
    assert phone.session.scalars(select(Conversation.preview)).one() == "Yes"
    event = phone.session.scalars(select(ConsentEvent).order_by(ConsentEvent.id.desc())).first()
    assert event is not None
    assert (event.kind, event.detail) == ("suppression_ended", "by YES")


def test_a_yes_lifts_a_block_that_stood_alone(phone: Phone) -> None:
    phone.text("STOP")
    phone.text("volunteer")
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (0, 1)
    assert phone.text("yes") == ALLOWED
    assert phone.open(ProviderBlock) == 0


def test_a_yes_decides_no_hold(phone: Phone) -> None:
    phone.text("volunteer")
    phone.text("we have to stop this bill")
    phone.text("Yes")  # "Shall we take you off the list?"
    assert phone.open(Hold) == 1
    phone.text("START")
    assert phone.open(Hold) == 0


def test_start_with_a_word_around_it_does_not_lift_what_twilio_blocks(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.text("STOP")
    monkeypatch.setattr(inbound, "read_text", lambda *_: Reading(Meaning.START))
    assert phone.text("Start please") == f"{ALLOWED}; Twilio blocks them until they text START on its own"
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (0, 1)
