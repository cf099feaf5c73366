"""Phone numbers in cells: what spreadsheets did to them is put right where it can be, and said where it can't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin import phone
from optin.refused import Refused
from optin.spreadsheets.numbers import NumberFound, number_in

FOUND = [
    # cell, country, number, note
    ("(415) 555-0100", "US", "+14155550100", ""),
    ("(415)\xa0555-0100", "US", "+14155550100", ""),
    ("4155550100", "US", "+14155550100", ""),
    ("4155550100.0", "US", "+14155550100", ""),
    ("14155550100", "US", "+14155550100", ""),
    ("'+49 151 12345678", "US", "+4915112345678", ""),
    ('="+14155550100"', "US", "+14155550100", ""),
    ("4915112345678", "US", "+4915112345678", ""),
    ("4915112345678", "DE", "+4915112345678", ""),
    ("447911123456", "US", "+447911123456", ""),
    ("0049 151 12345678", "US", "+4915112345678", ""),
    ("004915112345678", "DE", "+4915112345678", ""),
    ("15112345678", "DE", "+4915112345678", ""),
    ("612345678", "FR", "+33612345678", ""),
    ("030/901820", "DE", "+4930901820", ""),
    ("1.4155550123E+10", "US", "+14155550123", ""),
    ("1,4155550123E+10", "US", "+14155550123", ""),
    ("٤١٥٥٥٥٢٦٧١", "US", "+14155552671", ""),
    ("４１５－５５５－２６７１", "US", "+14155552671", ""),
    ("415-555-0100 / 415-555-0101", "US", "+14155550100", "415-555-0101"),
    ("415-555-0100, 415-555-0101; 415-555-0102", "US", "+14155550100", "415-555-0101 / 415-555-0102"),
    ("+1 415 555 0100\n+1 415 555 0101", "US", "+14155550100", "+1 415 555 0101"),
    ("0151 12345678 oder 0152 12345678", "DE", "+4915112345678", "0152 12345678"),
    ("415-555-0100/0101", "US", "+14155550100", "0101"),
    ("415-555-0100 x5 / 415-555-0101", "US", "+14155550101", "415-555-0100 x5"),
    ("415-555-0100 / +1 415 555 0100", "US", "+14155550100", "+1 415 555 0100"),
]
REFUSED = [
    ("", "US", "Enter a phone number"),
    ("1.41555E+10", "US", "shortened this number to 1.41555E+10, and its last digits are lost"),
    ("5E0", "US", "not a phone number"),
    ("4,91512E+12", "DE", "its last digits are lost"),
    ("415-555-0100 x5", "US", "extension"),
    ("415-555-0100 ext 5", "US", "extension"),
    ("415-555-0100;ext=12", "US", "extension"),
    ("call me", "US", "no letters"),
    ("415-555-0100 (home)", "US", "no letters"),
    ("555-0100 / 555-0101", "US", "area code"),
    ("41555526712", "US", "not a number in US"),  # one digit too many, not a landline in Switzerland
    ("/", "US", "not a phone number"),
    ("n/a", "US", "no letters"),
]


@pytest.mark.parametrize(("cell", "country", "number", "note"), FOUND)
def test_a_number_is_found(cell: str, country: str, number: str, note: str) -> None:
    found = number_in(cell, country)
    assert isinstance(found, NumberFound), found
    assert (found.number, found.note) == (number, note)


@pytest.mark.parametrize(("cell", "country", "sentence"), REFUSED)
def test_what_is_no_number_is_refused(cell: str, country: str, sentence: str) -> None:
    refused = number_in(cell, country)
    assert isinstance(refused, Refused)
    assert sentence in refused.sentence


def test_further_numbers_are_read_as_well() -> None:
    found = number_in("415-555-0100 / 415-555-0101 / 415-555-0100 / 415-555-0100 x5", "US")
    assert isinstance(found, NumberFound)
    assert found.others == ("+14155550101",)


@given(st.text("0123456789+-/;,|.xE& ()'\n\xa0éoder", max_size=30), st.sampled_from(["US", "DE", "FR", "MX"]))
def test_whatever_is_found_is_as_we_store_it(cell: str, country: str) -> None:
    found = number_in(cell, country)
    if isinstance(found, NumberFound):
        assert all(phone.normalise(number, country) == number for number in (found.number, *found.others))


@given(st.text(max_size=40))
def test_no_cell_breaks_it(cell: str) -> None:
    assert isinstance(number_in(cell, "US"), NumberFound | Refused)
