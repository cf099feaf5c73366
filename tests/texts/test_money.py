"""Amounts of money: what is read, written and said, and that nothing is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.texts import money

TYPED = [
    ("0.0079", 7_900), ("0,0083", 8_300), ("1", 1_000_000), ("0", 0), ("0.000001", 1), ("12.5", 12_500_000),
    ("999999.999999", 999_999_999_999), ("0.0000001", None), ("", None), ("-1", None), ("1e3", None), ("1.", None),
    (".5", None), ("1,000.00", None), ("٣", None), ("$1", None), (" 1", None), ("1000000", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "amount"), TYPED)
def test_what_a_person_types(text: str, amount: int | None) -> None:
    assert money.typed(text) == amount


@given(st.integers(0, 10**12 - 1))
def test_what_is_written_can_be_typed_again(amount: int) -> None:
    assert money.typed(money.written(amount)) == amount
    assert money.rounded(money.written(amount)) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.0083", 8_300),
        ("0.00750", 7_500),
        ("0.0000005", 1),
        ("0.00000049", 0),
        ("None", None),
        ("-0.1", None),
        ("nan", None),
    ],
)
def test_what_a_provider_writes_is_rounded_to_the_millionth(text: str, amount: int | None) -> None:
    assert money.rounded(text) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "said", "exact"),
    [
        (19_365_000, "USD", "$19.37", "$19.365"),
        (19_364_999, "USD", "$19.36", "$19.364999"),
        (0, "USD", "$0.00", "$0.00"),
        (4_999, "USD", "less than $0.01", "$0.004999"),
        (5_000, "EUR", "€0.01", "€0.005"),
        (1_234_567_890_000, "GBP", "£1,234,567.89", "£1234567.89"),
        (70_000, "CHF", "CHF 0.07", "CHF 0.07"),
    ],
)
def test_what_is_said(amount: int, currency: str, said: str, exact: str) -> None:
    assert (money.said(amount, currency), money.exact(amount, currency)) == (said, exact)
