"""Yes and no as tables have them."""

import pytest

from optin.spreadsheets.answers import yes_no


@pytest.mark.parametrize(
    "cell", ["Yes", "y", "TRUE", "1", "1.0", " x ", "X", "ja", "Oui", "Sí", "sim", "✓", "wahr", "[x]"]
)
def test_yes(cell: str) -> None:
    assert yes_no(cell) is True


@pytest.mark.parametrize("cell", ["No", "n", "FALSE", "0", "nein", "non", "Não", "falsch", "✗"])
def test_no(cell: str) -> None:
    assert yes_no(cell) is False


@pytest.mark.parametrize("cell", ["", "maybe", "2", "yesterday", "-", "n/a", "3 May 2026"])
def test_neither(cell: str) -> None:
    assert yes_no(cell) is None
