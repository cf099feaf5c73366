"""Each reason of the rule has its own sentences or says its label, never those of another reason."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from optin.consent import rules
from optin.consent.refusal_sentences import refusal
from optin.consent.refusal_wording import Recipient, Teller
from optin.consent.rules import Decision
from optin.enums import Purpose, Reason
from optin.policy.policy import Policy

MAYA = "+14155550134"


@pytest.fixture
def teller(session: Session) -> Teller:
    return Teller(session, Recipient(MAYA, None, None), Policy(), ZoneInfo("UTC"))


def test_each_reason_against_a_one_to_one_message_is_told(teller: Teller) -> None:
    for reason in rules.reasons_of(Purpose.ONE_TO_ONE):
        told = refusal(teller, Decision(False, reason))
        assert told is not None
        assert told.reason is reason
        assert told.title.startswith("You can’t text")


def test_a_reason_without_sentences_says_its_label(teller: Teller) -> None:
    told = refusal(teller, Decision(False, Reason.DUPLICATE))
    assert told is not None
    assert (told.title, told.text) == ("You can’t text (415) 555-0134.", "Duplicate number.")


def test_what_is_allowed_is_not_refused(teller: Teller) -> None:
    assert refusal(teller, Decision(True, notice=Reason.ON_HOLD)) is None
