"""The notes of events as people read them."""

import pytest

from optin.consent import event_notes


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ("ended 0", "0 opt-ins ended"),
        ("ended 1", "1 opt-in ended"),
        ("ended 12", "12 opt-ins ended"),
        ("error 30005, ended 0", "error 30005, 0 opt-ins ended"),
        ("+14155550100 (texted STOP)", "+14155550100 (texted STOP)"),
        ("row 3, ended 2 of 4", "row 3, ended 2 of 4"),
        ("", ""),
    ],
)
def test_a_note(noted: str, said: str) -> None:
    assert event_notes.in_words(noted) == said
