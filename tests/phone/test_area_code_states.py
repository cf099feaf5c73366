"""The states that a number may be of: by its area code, all of them where it tells none."""

import phonenumbers
import pytest

from optin.phone import area_code_states
from optin.phone.area_code_states import AREA_CODES, ELSEWHERE, NAMES, states

EVERY = tuple(NAMES)


def test_every_state_has_area_codes_and_no_area_code_is_elsewhere_too() -> None:
    assert list(AREA_CODES) == list(NAMES)
    assert len(NAMES) == 51
    codes = [code for listed in AREA_CODES.values() for code in listed.split()]
    assert len(codes) == len(set(codes))
    assert not set(codes) & set(ELSEWHERE.split())


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+15125550134", ("TX",)),
        ("+18505550134", ("FL",)),
        ("+12705550134", ("KY",)),
        ("+13645550134", ("KY",)),
        ("+12195550134", ("IN",)),
        ("+13085550134", ("NE",)),
        ("+12025550134", ("DC",)),
        ("+18005550134", EVERY),
        ("+15005550006", EVERY),
        ("+19995550134", EVERY),
        ("+17875550134", ()),
        ("+14165550134", ()),
        ("+18765550134", ()),
        ("+447700900123", ()),
        ("+1100", ()),
        ("12345", ()),
        ("", ()),
    ],
)
def test_states_of_a_number(number: str, expected: tuple[str, ...]) -> None:
    assert states(number) == expected


def test_an_area_code_that_stands_with_several_states_is_of_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AREA_CODES, "NY", "212 201")
    area_code_states._by_area_code.cache_clear()
    try:
        assert states("+12015550134") == ("NJ", "NY")
        assert area_code_states.prefixes_by_states()["NJ", "NY"] == {"+1201"}
    finally:
        monkeypatch.undo()
        area_code_states._by_area_code.cache_clear()


def test_the_beginnings_of_numbers_say_the_same() -> None:
    found = {prefix: of for of, prefixes in area_code_states.prefixes_by_states().items() for prefix in prefixes}
    for code in range(200, 1000):
        assert found.get(f"+1{code}", ()) == states(f"+1{code}5550134")


def test_it_agrees_with_the_library_about_the_country() -> None:
    for code in range(200, 1000):
        number = phonenumbers.parse(f"+1{code}2345678")
        region = phonenumbers.region_code_for_number(number)
        if region is not None and region != "US":
            assert states(f"+1{code}2345678") == (), code
