"""Fields of forms with what is typed cleaned: texts, lines, email addresses, phone numbers."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from unicodedata import category

from wtforms import EmailField, StringField, TelField, TextAreaField, ValidationError

from optin import phone
from optin.refused import Refused
from optin.web.current import current_policy

NOT_AN_EMAIL = "Enter an email address, such as name@example.org."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LOCAL_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def clean(text: str | None) -> str:
    """Return a field's text without white space around it and without NUL, which PostgreSQL cannot keep.

    Nothing but invisible characters is no text: "".
    """
    stripped = (text or "").replace("\0", "").strip()
    return stripped if any(category(character)[0] not in "CZ" for character in stripped) else ""


def one_line(text: str | None) -> str:
    """Return the cleaned text as one line with single spaces."""
    return " ".join(clean(text).split())


def as_sent(text: str | None) -> str:
    """Return the cleaned text as a message is sent: a line break is one character."""
    return clean((text or "").replace("\r\n", "\n").replace("\r", "\n"))


class Text(TextAreaField):  # type: ignore[misc]
    """Some lines of text, without what no database takes and without spaces around."""

    def __init__(self, label: str = "", validators: Sequence[Any] = (), **given: Any) -> None:
        """Clean what is typed."""
        super().__init__(label, validators, filters=[clean], **given)


class MessageText(TextAreaField):  # type: ignore[misc]
    """The text of a message, counted and stored as it will be sent (`as_sent`)."""

    def __init__(self, label: str = "", validators: Sequence[Any] = (), **given: Any) -> None:
        """Clean what is typed."""
        super().__init__(label, validators, filters=[as_sent], **given)


class Line(StringField):  # type: ignore[misc]
    """One line of text; spaces and line breaks in it become single spaces."""

    def __init__(self, label: str = "", validators: Sequence[Any] = (), **given: Any) -> None:
        """Clean what is typed."""
        super().__init__(label, validators, filters=[one_line], **given)


class Email(EmailField):  # type: ignore[misc]
    """An email address, or nothing; with `is_local` also one without a dot, as of an intranet."""

    def __init__(
        self, label: str = "", validators: Sequence[Any] = (), *, is_local: bool = False, **given: Any
    ) -> None:
        """Clean what is typed."""
        super().__init__(label, validators, filters=[one_line], **given)
        self.pattern = _LOCAL_EMAIL if is_local else _EMAIL

    def post_validate(self, form: Any, validation_stopped: bool) -> None:  # noqa: ARG002
        """Refuse what has not the form of an address."""
        if self.data and not validation_stopped and not self.pattern.fullmatch(self.data):
            raise ValidationError(NOT_AN_EMAIL)


class PhoneNumber(TelField):  # type: ignore[misc]
    """A phone number in any spelling; `e164` is its stored form once the form is valid, "" for an empty field.

    `read` returns that or None, or refuses; by itself a field reads the default country's numbers.
    """

    e164 = ""

    def __init__(
        self,
        label: str = "",
        validators: Sequence[Any] = (),
        *,
        read: Callable[[str], str | Refused | None] | None = None,
        **given: Any,
    ) -> None:
        """Clean what is typed."""
        super().__init__(label, validators, filters=[one_line], **given)
        self.read = read or _read

    def post_validate(self, form: Any, validation_stopped: bool) -> None:  # noqa: ARG002
        """Set `e164`, or refuse what `read` refuses; nothing where something else is wrong already."""
        if validation_stopped:
            return
        number = self.read(self.data)
        if isinstance(number, Refused):
            raise ValidationError(number.sentence)
        self.e164 = number or ""


def _read(typed: str) -> str | Refused:
    return phone.normalise(typed, current_policy().default_region)
