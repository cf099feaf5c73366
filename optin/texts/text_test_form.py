"""What a form says of the test of two texts. Pure."""

from collections.abc import Callable, Mapping

from optin.enums import WinsBy
from optin.texts.text_test import CLICK, FIELDS, HOURS, PERCENTS, TextTest

STANDARD = TextTest("")
"""What a form suggests."""


def of_form(form: Mapping[str, str], clean: Callable[[str], str]) -> TextTest | None:
    """Read the fields; None without a second text. What cannot be chosen is as suggested; `clean` is for the text."""
    other_body, percent, wins_by, hours, then = (form.get(name, "") for name in FIELDS)
    if not (text := clean(other_body)):
        return None
    return TextTest(
        text,
        _one_of(PERCENTS, percent, STANDARD.percent),
        WinsBy(wins_by) if wins_by in list(WinsBy) else STANDARD.wins_by,
        _one_of(HOURS, hours, STANDARD.hours),
        then != CLICK,
    )


def _one_of(choices: tuple[int, ...], typed: str, standard: int) -> int:
    return next((each for each in choices if str(each) == typed), standard)
