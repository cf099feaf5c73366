"""The state of an address: how it is written, and where its clocks are."""

import pytest

from optin import phone
from optin.phone import us_states
from optin.phone.area_code_states import NAMES

CALIFORNIA, TOLL_FREE, LONDON = "+14155550134", "+18005550134", "+447700900123"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("TX", "TX"), ("tx", "TX"), (" Texas ", "TX"), ("TEXAS", "TX"), ("US-TX", "TX"), ("Tx.", "TX"),
        ("new york", "NY"), ("North  Carolina", "NC"), ("D.C.", "DC"), ("Washington, D.C.", "DC"), ("Washington", "WA"),
        ("", ""), ("Bavaria", ""), ("ON", ""), ("PR", ""), ("Texas Street", ""), ("1", ""),
    ],
)  # fmt: skip
def test_states_are_read_as_people_write_them(written: str, code: str) -> None:
    assert us_states.code_in(written) == code


def test_each_state_is_read_by_its_code_and_name_and_lies_somewhere() -> None:
    for code, name in NAMES.items():
        assert us_states.code_in(code) == us_states.code_in(name) == code
        assert us_states._zones(code), name


@pytest.mark.parametrize(
    ("number", "us_state", "zones"),
    [
        (CALIFORNIA, "", "America/Los_Angeles"),
        (CALIFORNIA, "CA", "America/Los_Angeles"),
        (CALIFORNIA, "NJ", "America/Los_Angeles|America/New_York"),
        (CALIFORNIA, "TX", "America/Chicago|America/Denver|America/Los_Angeles"),
        (LONDON, "NJ", "Europe/London"),
        (CALIFORNIA, "XX", "America/Los_Angeles"),
    ],
)
def test_the_clock_is_looked_at_where_number_and_address_are(number: str, us_state: str, zones: str) -> None:
    assert set(us_states.zone_group(number, "US", us_state).split("|")) >= set(zones.split("|"))
    assert us_states.zone_group(number, "US", us_state).split("|") == sorted(
        us_states.zone_group(number, "US", us_state).split("|")
    )
    if us_state in ("", "XX") or number == LONDON:
        assert us_states.zone_group(number, "US", us_state) == phone.zone_group(number, "US")


def test_an_address_counts_beside_numbers_of_north_america_alone() -> None:
    assert [us_states.is_beside(each) for each in (CALIFORNIA, TOLL_FREE, LONDON, "", "SUPPORT")] == [
        True, True, False, False, False,
    ]  # fmt: skip
