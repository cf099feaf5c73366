"""Taking what was done where nothing should be refused."""

import pytest

from optin.refused import Refused, done


def test_what_was_done_is_given_back() -> None:
    assert done("+14155550134") == "+14155550134"
    assert done(None) is None


def test_a_refusal_that_should_not_be_is_an_error_with_its_sentence() -> None:
    with pytest.raises(RuntimeError, match=r"Enter a phone number\."):
        done(Refused("Enter a phone number."))
