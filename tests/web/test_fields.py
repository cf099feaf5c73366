"""The fields of forms: what is typed is cleaned, and what is no address or number is refused with a sentence."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import DataRequired

from optin import phone
from optin.web.fields import NOT_AN_EMAIL, Email, Line, MessageText, PhoneNumber, Text


class Sample(Form):  # type: ignore[misc]
    """One field of each kind."""

    text = Text()
    message = MessageText()
    line = Line()
    email = Email()
    at_home = Email(is_local=True)
    mobile = PhoneNumber(read=lambda typed: phone.normalise(typed, "US") if typed else None)
    needed = PhoneNumber("", [DataRequired("Enter a number.")], read=lambda typed: phone.normalise(typed, "US"))


def filled(**typed: str) -> Any:
    """Return the form as it was sent, after it was looked at."""
    form = Sample(MultiDict({"needed": "+14155550134", **typed}))
    form.validate()
    return form


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [
        ("text", " two \r\n lines\0 ", "two \r\n lines"),
        ("text", " \u200b\ufeff ", ""),
        ("message", " two\r\nlines\rmore ", "two\nlines\nmore"),
        ("line", "  Ana \t Maria\n Ruiz\0 ", "Ana Maria Ruiz"),
        ("line", "\u200b", ""),
        ("email", " ana@example.org ", "ana@example.org"),
        ("mobile", " (415)  555-0134", "(415) 555-0134"),
    ],
)
def test_what_is_typed_is_cleaned(name: str, typed: str, stored: str) -> None:
    form = filled(**{name: typed})
    assert form.errors == {}
    assert form[name].data == stored


@pytest.mark.parametrize(
    ("name", "typed", "errors"),
    [
        ("email", "", []),
        ("email", "ana@intranet", [NOT_AN_EMAIL]),
        ("email", "ana ruiz@example.org", [NOT_AN_EMAIL]),
        ("email", "ana@example.", [NOT_AN_EMAIL]),
        ("at_home", "ana@intranet", []),
        ("at_home", "ana", [NOT_AN_EMAIL]),
        ("mobile", "", []),
        ("needed", "", ["Enter a number."]),
    ],
)
def test_what_is_no_address_is_refused(name: str, typed: str, errors: list[str]) -> None:
    assert list(filled(**{name: typed})[name].errors) == errors


def test_a_phone_number_is_read_as_it_is_stored() -> None:
    form = filled(mobile="415 555 0134")
    assert (form.mobile.e164, form.mobile.data) == ("+14155550134", "415 555 0134")
    assert filled(mobile="").mobile.e164 == ""
    wrong = filled(mobile="0000")
    assert wrong.mobile.e164 == ""
    assert len(wrong.mobile.errors) == 1
