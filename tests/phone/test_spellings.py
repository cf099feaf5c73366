"""One phone is one number, however it is written; who leaves under an old numbering plan leaves under the new one."""

import pytest

from optin import phone
from optin.phone import spellings

ONE_NUMBER = [
    # the form that is stored, and the other ways to write it
    ("+525512345678", {"+5215512345678"}),
    ("+526641234567", {"+5216641234567"}),
    ("+5511987654321", {"+551187654321"}),
    ("+5521965432100", {"+552165432100"}),
    ("+5491123456789", {"+541123456789", "+54111523456789"}),
    ("+5493515123456", {"+543515123456", "+54351155123456"}),
    ("+5492966412345", {"+542966412345", "+54296615412345"}),
]
TWO_PLANS = [
    # a number in an older plan, and the same phone's in today's
    ("+22997123456", "+2290197123456"),
    ("+22507123456", "+2250707123456"),
    ("+22544123456", "+2250544123456"),
    ("+22501123456", "+2250101123456"),
    ("+841201234567", "+84701234567"),
    ("+841691234567", "+84391234567"),
    ("+841991234567", "+84591234567"),
    ("+551171234567", "+5511971234567"),  # a trunking radio of Brazil, or a mobile phone before its 9
]


@pytest.mark.parametrize(("stored", "others"), ONE_NUMBER)
def test_one_number_has_one_stored_form(stored: str, others: set[str]) -> None:
    assert {spellings.canonical(number) for number in (stored, *others)} == {stored}
    for number in (stored, *others):
        assert set(spellings.others(number)) == {stored, *others} - {number}
        assert set(spellings.same(number)) == {stored, *others} - {number}


@pytest.mark.parametrize(("old", "new"), TWO_PLANS)
def test_numbers_of_two_plans_leave_together_and_stay_two(old: str, new: str) -> None:
    assert (spellings.canonical(old), spellings.canonical(new)) == (old, new)
    assert (spellings.others(old), spellings.others(new)) == ((new,), (old,))
    assert spellings.same(old) == spellings.same(new) == ()


@pytest.mark.parametrize(
    "number",
    [
        "+14155550134",
        "+5511333334444",  # a landline of Brazil with a digit too many
        "+551133334444",
        "+5255123456",
        "+54111512345",
        "+229012345",
        "+22521123456",  # a landline
        "+2252721123456",
        "+84912345678",
        "+8428812345678",
        "+447911123456",
        "40404",
        "SUPPORT",
        "rcs:+5215512345678",
        "",
    ],
)
def test_all_else_has_one_spelling(number: str) -> None:
    assert spellings.canonical(number) == number
    assert spellings.others(number) == spellings.same(number) == ()


@pytest.mark.parametrize(
    ("typed", "region", "stored"),
    [
        ("+52 1 55 1234 5678", "US", "+525512345678"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("+55 11 8765-4321", "US", "+5511987654321"),
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("+54 11 2345-6789", "US", "+5491123456789"),
        ("+54 11 15 2345-6789", "US", "+5491123456789"),
        ("+54 9 11 15 2345-6789", "US", "+5491123456789"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("0351 15 512-3456", "AR", "+5493515123456"),
    ],
)
def test_what_people_type_is_stored_in_the_one_form(typed: str, region: str, stored: str) -> None:
    assert phone.normalise(typed, region) == stored
