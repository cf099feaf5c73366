"""Phone numbers: what people type, what is stored, what is shown."""

import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin import ROOT, phone
from optin.refused import Refused

SPELLINGS = [
    # typed, region, stored
    ("(415) 555-2671", "US", "+14155552671"),
    ("415.555.2671", "US", "+14155552671"),
    ("415 555 2671", "US", "+14155552671"),
    ("1-415-555-2671", "US", "+14155552671"),
    ("+1 415 555 2671", "US", "+14155552671"),
    ("  +14155552671\n", "GB", "+14155552671"),
    ("415‑555‑2671", "US", "+14155552671"),  # non-breaking hyphens
    ("\u202a+14155552671\u202c", "US", "+14155552671"),  # as pasted from a contacts app
    ("４１５５５５２６７１", "US", "+14155552671"),  # full-width digits
    ("٤١٥٥٥٥٢٦٧١", "US", "+14155552671"),  # Arabic digits
    ("+44 (0)20 7946 0958", "US", "+442079460958"),
    ("020 7946 0958", "GB", "+442079460958"),
    ("00 44 20 7946 0958", "FR", "+442079460958"),
    ("011 44 20 7946 0958", "US", "+442079460958"),
    ("030/901820", "DE", "+4930901820"),
    ("06 12 34 56 78", "FR", "+33612345678"),
    ("4915112345678", "DE", "+4915112345678"),  # the + lost
    ("49 151 12345678", "DE", "+4915112345678"),
    ("447911 123456", "GB", "+447911123456"),
    ("919876543210", "IN", "+919876543210"),
    ("9198765432", "IN", "+919198765432"),  # all ten digits of a national number
    ("+52 55 1234 5678", "US", "+525512345678"),
]

REFUSED = [
    # typed, region, a piece of the sentence
    ("", "US", "Enter a phone number"),
    ("   ", "US", "Enter a phone number"),
    ("\u200b", "US", "Enter a phone number"),
    ("415 555 2671 x12", "US", "extension"),
    ("415 555 2671x12", "US", "extension"),
    ("415 555 2671 ext. 12", "US", "extension"),
    ("(415) 555-2671 extension 4", "US", "extension"),
    ("415-555-2671,,12", "US", "extension"),
    ("415-555-2671;ext=12", "US", "extension"),
    ("415-555-2671 #12", "US", "extension"),
    ("whatsapp:+14155552671", "US", "“whatsapp:”"),
    ("tel:+14155552671", "US", "“tel:”"),
    ("SMS: 415 555 2671", "US", "“SMS:”"),
    ("1-800-FLOWERS", "US", "no letters"),
    ("VOLUNTEER", "US", "no letters"),
    ("415 555 2671 (home)", "US", "no letters"),
    ("+14155552671 +14155552672", "US", "not a phone number"),
    ("415 555 2671, 415 555 2672", "US", "one number"),
    ("415*555*2671", "US", "Only digits"),
    ("+", "US", "not a phone number"),
    ("12", "US", "too short"),
    ("555-2671", "US", "area code"),
    ("40404", "US", "too short"),
    ("415 555 2671 2672", "US", "not a number in US"),
    ("4" * 61, "US", "too long"),
    ("4" * 1_000_000, "US", "too long"),
    ("(115) 555-2671", "US", "not a number in US"),
    ("020 7946 0958", "US", "not a number in US"),
    ("+1 115 555 2671", "US", "does not exist"),
    ("+999 123 456 789", "US", "country code"),
    ("415 555 2671", "ZZ", "country code"),
    ("\x00415 555 2671", "US", "Only digits"),
    ("\ud800", "US", "Only digits"),
]


@pytest.mark.parametrize(("typed", "region", "stored"), SPELLINGS)
def test_spellings_of_one_number_are_one_number(typed: str, region: str, stored: str) -> None:
    assert phone.normalise(typed, region) == stored


@pytest.mark.parametrize(("typed", "region", "piece"), REFUSED)
def test_refusal_says_why(typed: str, region: str, piece: str) -> None:
    refused = phone.normalise(typed, region)
    assert isinstance(refused, Refused)
    assert piece in refused.sentence
    assert refused.sentence.endswith(".")


@given(st.text(max_size=40), st.sampled_from(["US", "GB", "DE", "ZZ"]))
def test_any_text_gives_e164_or_a_refusal(text: str, region: str) -> None:
    stored = phone.normalise(text, region)
    assert isinstance(stored, Refused) or phone.is_e164(stored)


@given(st.from_regex(r"(\+|\+1)?[2-9][0-9]{9}", fullmatch=True))
def test_the_stored_form_is_stable(text: str) -> None:
    stored = phone.normalise(text, "US")
    if isinstance(stored, Refused):
        return
    assert phone.normalise(stored, "FR") == stored
    assert phone.normalise(phone.display(stored, "US"), "US") == stored


@pytest.mark.parametrize(
    ("number", "region", "shown"),
    [
        ("+14155552671", "US", "(415) 555-2671"),
        ("+14155552671", "GB", "+1 415-555-2671"),
        ("+14165551234", "US", "+1 416-555-1234"),  # Canada shares +1
        ("+442079460958", "GB", "020 7946 0958"),
        ("+442079460958", "US", "+44 20 7946 0958"),
        ("+5215512345678", "US", "+52 15512345678"),  # called invalid, yet it texted us
        ("+9991234567", "US", "+9991234567"),
        ("40404", "US", "40404"),
        ("ACME", "US", "ACME"),
        ("MG0123456789abcdef0123456789abcdef", "US", "MG0123456789abcdef0123456789abcdef"),
        ("", "US", ""),
    ],
)
def test_display(number: str, region: str, shown: str) -> None:
    assert phone.display(number, region) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+14155552671", True),
        ("+5215512345678", True),
        ("+123456789012345", True),
        ("+1234567890123456", False),
        ("+04155552671", False),
        ("+1415555٢671", False),
        ("14155552671", False),
        ("+1415 5552671", False),
        ("+14155552671\n", False),
        ("40404", False),
        ("", False),
    ],
)
def test_is_e164(text: str, expected: bool) -> None:
    assert phone.is_e164(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+14155552671", True),
        ("40404", True),
        ("123", True),
        ("12", False),
        ("123456789", False),
        ("ACME", True),
        ("Acme News 1", True),
        ("Acme & Co", True),
        ("Acme News 12", False),
        (" ACME", False),
        ("Acmé", False),
        ("MG0123456789abcdef0123456789abcdef", True),
        ("MG0123456789abcdef0123456789abcde", False),
        ("SM0123456789abcdef0123456789abcdef", False),
        ("whatsapp:+14155552671", False),
        ("", False),
    ],
)
def test_is_sender(text: str, expected: bool) -> None:
    assert phone.is_sender(text) is expected


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("+14155552671", ("America/Los_Angeles",)),
        ("+12125551234", ("America/New_York",)),
        ("+442079460958", ("Europe/London",)),
        ("+883510012345", ()),
        ("+9991234567", ()),
        ("40404", ()),
        ("ACME", ()),
        ("", ()),
    ],
)
def test_zones(number: str, names: tuple[str, ...]) -> None:
    assert phone.zones(number) == names


def test_numbers_without_a_place_have_every_zone_they_may_be_in() -> None:
    assert {"America/New_York", "Pacific/Honolulu"} <= set(phone.zones("+18005551212"))
    assert "America/Tijuana" in phone.zones("+5215512345678")
    assert all(ZoneInfo(name) for name in phone.zones("+18005551212"))


@pytest.mark.parametrize(
    ("number", "region", "group"),
    [
        ("+12065550163", "DE", "America/Los_Angeles"),
        ("+447911123456", "US", "Europe/Guernsey|Europe/Isle_of_Man|Europe/Jersey|Europe/London"),
        ("+999123456", "DE", "Europe/Berlin|Europe/Busingen"),
        ("+999123456", "ZZ", ""),
    ],
)
def test_a_number_is_stored_with_its_zones_or_those_of_the_region(number: str, region: str, group: str) -> None:
    assert phone.zone_group(number, region) == group


def test_regions_are_named_and_sorted() -> None:
    listed = phone.regions()
    assert ("US", "United States (+1)") in listed
    assert ("MX", "Mexico (+52)") in listed
    assert ("XK", "XK (+383)") in listed
    assert listed == sorted(listed, key=lambda pair: pair[1].casefold())
    assert len(dict(listed)) == len(listed) > 240


def test_the_geocoder_is_never_loaded() -> None:
    code = (
        "import sys, optin.phone as p; p.zones('+14155552671'); p.regions();"
        "sys.exit(any(name.startswith('phonenumbers.geo') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+14155550134", "US"), ("+14165550134", "CA"), ("+17875550134", "PR"), ("+18335550134", "US"),
        ("+447400123456", "GB"), ("+447781123456", "GG"), ("+4915112345678", "DE"), ("+77012345678", "KZ"),
        ("+10005550134", "US"), ("+999123456", ""), ("+88213123456", ""), ("40404", ""),
    ],
)  # fmt: skip
def test_the_country_of_a_number(number: str, code: str) -> None:
    assert phone.country(number) == code
