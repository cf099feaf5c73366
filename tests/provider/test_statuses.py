"""Status words, their order, and the meaning of error codes."""

import itertools

import pytest

from optin.enums import ErrorKind, MessageStatus
from optin.enums import MessageStatus as S
from optin.provider.statuses import FINAL, advances, from_twilio, meaning, rank

# Every word of the status enumeration in Twilio's API description, and one that does not exist.
TWILIO_WORDS = [
    ("queued", S.SENT),
    ("sending", S.SENT),
    ("sent", S.SENT),
    ("failed", S.FAILED),
    ("delivered", S.DELIVERED),
    ("undelivered", S.UNDELIVERED),
    ("receiving", S.RECEIVED),
    ("received", S.RECEIVED),
    ("accepted", S.SENT),
    ("scheduled", S.SENT),
    ("read", S.DELIVERED),
    ("partially_delivered", S.SENT),
    ("canceled", S.CANCELLED),
    ("teleported", None),
    ("", None),
]


@pytest.mark.parametrize(("word", "status"), TWILIO_WORDS)
def test_from_twilio(word, status):
    assert from_twilio(word) is status


@pytest.mark.parametrize(
    ("current", "new", "applies"),
    [
        (S.QUEUED, S.CLAIMED, True),
        (S.CLAIMED, S.SENDING, True),
        (S.SENDING, S.SENT, True),
        (S.SENDING, S.UNKNOWN, True),
        (S.SENDING, S.DELIVERED, True),  # the callback was quicker than the reply to our request
        (S.SENT, S.DELIVERED, True),
        (S.SENT, S.UNDELIVERED, True),
        (S.SENT, S.FAILED, True),
        (S.SENT, S.CANCELLED, True),
        (S.UNKNOWN, S.SENT, True),
        (S.UNKNOWN, S.DELIVERED, True),
        (S.UNKNOWN, S.FAILED, True),
        (S.UNKNOWN, S.SENDING, False),
        (S.UNKNOWN, S.QUEUED, False),
        (S.SENT, S.UNKNOWN, False),
        (S.SENT, S.SENDING, False),
        (S.SENT, S.SENT, False),
        (S.DELIVERED, S.SENT, False),
        (S.DELIVERED, S.UNDELIVERED, False),
        (S.UNDELIVERED, S.DELIVERED, False),
        (S.FAILED, S.SENT, False),
        (S.CANCELLED, S.SENT, False),
        (S.SKIPPED, S.SENDING, False),
        (S.RECEIVED, S.DELIVERED, False),
    ],
)
def test_advances(current, new, applies):
    assert advances(current, new) is applies


@pytest.mark.parametrize(
    ("current", "current_error", "new", "new_error", "applies"),
    [
        (S.FAILED, None, S.FAILED, 30008, True),
        (S.FAILED, 30008, S.FAILED, 30008, False),
        (S.FAILED, 30008, S.FAILED, None, False),
        (S.FAILED, 30008, S.FAILED, 30003, False),
        (S.DELIVERED, None, S.UNDELIVERED, 30003, False),
        (S.SENT, None, S.UNDELIVERED, 30003, True),
    ],
)
def test_an_error_code_that_comes_later_is_added(current, current_error, new, new_error, applies):
    assert advances(current, new, current_error=current_error, new_error=new_error) is applies


def test_final_states_never_change_and_every_other_state_can():
    for current, new in itertools.product(MessageStatus, MessageStatus):
        if current in FINAL:
            assert not advances(current, new)
        else:
            assert advances(current, S.DELIVERED)
            assert rank(current) < min(rank(final) for final in FINAL)


def test_any_order_of_the_same_news_ends_in_the_same_state():
    for news in itertools.permutations([S.SENDING, S.SENT, S.UNKNOWN, S.SENT, S.DELIVERED]):
        current = S.QUEUED
        for new in news:
            current = new if advances(current, new) else current
        assert current is S.DELIVERED


KINDS = {
    ErrorKind.PERMANENT: "21211 21614 21635 30005 30006 30453",
    ErrorKind.CONSENT: "21610 30004 30640",
    ErrorKind.CONFIGURATION: (
        "14107 14109 20003 20005 20006 20404 21212 21408 21602 21603 21604 21606 21608 21609 21612 21617 21619 21624 "
        "21659 21660 21661 21701 21703 21704 21705 30002 30007 30024 30032 30033 30034 30035 30037 30044 30045"
    ),
    ErrorKind.TRANSIENT: ("20429 21611 30001 30003 30008 30017 30022 30023 30027 30036 30410 30450 30454 30610 63038"),
    ErrorKind.UNCLEAR: "20500 20503 30009 30039 30046 30409",
}


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, int(code)) for kind, codes in KINDS.items() for code in codes.split()]
)
def test_meaning(kind, code):
    found = meaning(code)
    assert found.kind is kind
    assert str(code) not in found.text + found.remedy  # an entry of its own, not the default
    assert found.text.endswith(".")
    assert found.remedy.endswith(".")


def test_the_remedy_for_a_block_is_start():
    assert "text START" in meaning(21610).remedy


@pytest.mark.parametrize("code", [0, 12345, 99999])
def test_unknown_codes_point_to_twilios_page(code):
    found = meaning(code)
    assert (found.text, found.kind) == (f"Twilio reported error {code}.", ErrorKind.UNCLEAR)
    assert found.remedy.endswith(f"/{code}")
