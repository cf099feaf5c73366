"""Phone numbers: reading what people type, showing what is stored, and the time zones behind a number.

The only module that imports `phonenumbers`, and never its geocoder: that costs 600 ms and 100 MB.
"""

import re
from functools import lru_cache
from importlib import resources
from unicodedata import category, normalize

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, timezone
from phonenumbers.tzdata import TIMEZONE_DATA

from optin.phone import area_codes, spellings
from optin.refused import Refused

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")

_AREA = re.compile(r"\+1([2-9][0-9]{2})[0-9]*")
_LONGEST = 60
_PREFIX = re.compile(r"([A-Za-z][A-Za-z.-]*)\s*:")
_EXTENSION = re.compile(r"(?:\bext(?:ension|n)?\b|(?<=\d)\s*(?:ext|x)|[#,;])[.:\s=a-z]*\d", re.IGNORECASE)
_BARE = re.compile(r"[1-9][\d \-./()]{10,}")
_ACROSS = re.compile(r"[\d\s+\-‐-―−()./~]*")

_WRONG_LENGTH = {
    NumberParseException.TOO_SHORT_AFTER_IDD: "That number is too short.",
    NumberParseException.TOO_SHORT_NSN: "That number is too short.",
    NumberParseException.TOO_LONG: "That number is too long.",
    NumberParseException.INVALID_COUNTRY_CODE: "Start the number with + and a country code.",
}


def normalise(text: str, region: str) -> str | Refused:
    """Return the E.164 form of what a person typed, of several spellings the one that we store (phone/spellings.py).

    `region` is the two-letter code of the country whose national format is understood, such as "US".
    Only valid numbers pass (not merely possible ones), and nothing is dropped in silence: an extension, a channel
    prefix such as `whatsapp:`, or letters are refused. Digits that begin with the region's country code are read as if
    the + were lost where that is a mobile number: 49 151 12345678 in Germany.
    Not for an inbound `From`: a number that texted us is a number even where the library calls it invalid.
    """
    written = _plain(text[: 4 * _LONGEST])
    if refused := _refusal_at_sight(written):
        return refused
    lost_plus = _with_lost_plus(written, region)
    try:
        number = phonenumbers.parse(lost_plus or written, region)
    except NumberParseException as error:
        return Refused(_WRONG_LENGTH.get(error.error_type, "That is not a phone number."))
    if number.extension:
        return Refused("A text can't go to an extension: enter the number without it.")
    written_out = str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    stored = spellings.canonical(written_out)
    if not phonenumbers.is_valid_number(number if stored == written_out else phonenumbers.parse(stored, None)):
        return Refused(_why_invalid(number, written, region))
    return stored


@lru_cache(maxsize=4096)
def display(number: str, region: str) -> str:
    """Show a stored address: national format in its own region, international format elsewhere.

    `number` is E.164, a short code, an alphanumeric sender or a Messaging Service SID; all but E.164 stay as they are.
    Kept for some thousand numbers: pages show the same ones again and again, and the library takes its time.
    """
    if not is_e164(number):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return number
    at_home = phonenumbers.region_code_for_number(parsed) == region
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, style))


def is_e164(text: str) -> bool:
    """Tell whether the text has the form of E.164 (ITU-T E.164: + and at most 15 digits), valid or not."""
    return _E164.fullmatch(text) is not None


def may_be_mobile(number: str) -> bool:
    """Tell whether an E.164 number is of a mobile phone, or in a country that does not tell them apart."""
    kind = phonenumbers.number_type(phonenumbers.parse(number, None))
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def is_sender(text: str) -> bool:
    """Tell whether Twilio could send from this address.

    A number in E.164, a short code (3 to 8 digits), an alphanumeric sender ID (1 to 11 characters, one letter at
    least) or a Messaging Service SID.
    """
    forms = (_E164, _SHORT_CODE, _ALPHANUMERIC, _SERVICE)
    return text == text.strip() and any(form.fullmatch(text) for form in forms)


def zones(number: str) -> tuple[str, ...]:
    """Return the names of every time zone that the owner of an E.164 number may be in; () when nothing is known.

    Several for toll-free numbers, for countries whose mobile numbers tell no place, and for North American area codes
    that lie in several zones. A number that texted us counts by its prefix even where the library calls it invalid.
    """
    if area := _area_zones(number):
        return area
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return ()
    found = _known(timezone.time_zones_for_number(parsed))
    return found or _known(timezone.time_zones_for_geographical_number(parsed))


def zone_group(number: str, region: str) -> str:
    """Return the zones of a number as they are stored with it: sorted, "|" between them.

    Where nothing is known of the number, the zones of `region` (two letters) stand for it.
    """
    area = _AREA.match(number)
    return (area and _group_of_area(area[1])) or "|".join(sorted(zones(number) or zones_of_region(region)))


def zones_of_area(area: str) -> tuple[str, ...]:
    """Return the zones of a North American area code, () for one of which nothing is known."""
    return _zones_by_area_code().get(area, ())


@lru_cache(maxsize=1024)
def _group_of_area(area: str) -> str:
    """Return the zones of a North American area code, sorted, "|" between them; "" for what is none."""
    return "|".join(sorted(zones_of_area(area)))


def _area_zones(number: str) -> tuple[str, ...]:
    """Return the zones of the number's North American area code, () for any other number."""
    area = _AREA.match(number)
    return zones_of_area(area[1]) if area else ()


@lru_cache(maxsize=1)
def _zones_by_area_code() -> dict[str, tuple[str, ...]]:
    return area_codes.zones_by_area_code(TIMEZONE_DATA)


@lru_cache(maxsize=8)
def zones_of_region(region: str) -> tuple[str, ...]:
    """Return the time zones of a region (two letters), () for one that does not exist; source: the tz database."""
    rows = (line.split("\t") for line in _table("zone.tab"))
    return tuple(sorted(row[2] for row in rows if row[0] == region))


@lru_cache(maxsize=1)
def country_code(region: str) -> int:
    """Return the country code of a region's numbers, 0 where there is none."""
    return int(phonenumbers.country_code_for_region(region))


@lru_cache(maxsize=8192)
def country(number: str) -> str:
    """Return the country of an E.164 number (ISO 3166, two letters), "" where nothing is known.

    A number that the library calls invalid counts by its country code, which some countries share.
    """
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return ""
    found = phonenumbers.region_code_for_number(parsed)
    found = found or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return str(found) if found in phonenumbers.SUPPORTED_REGIONS else ""


def country_name(code: str) -> str:
    """Return a country's name (ISO 3166), the code itself where it has none."""
    return _country_names().get(code, code)


def regions() -> list[tuple[str, str]]:
    """List the regions that numbers may be read in as (code, label), such as ("US", "United States (+1)"), by label.

    The names are those of ISO 3166 as the time zone database carries them.
    """
    names = _country_names()
    labels = [
        (code, f"{names.get(code, code)} (+{phonenumbers.country_code_for_region(code)})")
        for code in phonenumbers.SUPPORTED_REGIONS
    ]
    return sorted(labels, key=lambda pair: pair[1].casefold())


def _with_lost_plus(written: str, region: str) -> str:
    """Return "+" and the digits where they begin with the region's country code and make a mobile number, else ""."""
    if not _BARE.fullmatch(written) or not written.startswith(str(country_code(region))):
        return ""
    with_plus = f"+{written}"
    number = phonenumbers.parse(with_plus, None)
    return with_plus if phonenumbers.is_valid_number(number) and may_be_mobile(with_plus) else ""


def _plain(text: str) -> str:
    """Return the text with the usual form of each sign, and without those that only say how others are shown."""
    if text.isascii():
        return text.strip()
    return "".join(ch for ch in normalize("NFKC", text) if category(ch) != "Cf").strip()


def _refusal_at_sight(written: str) -> Refused | None:
    """Refuse what needs no library to be seen as no phone number."""
    if not written:
        return Refused("Enter a phone number.")
    if len(written) > _LONGEST:
        return Refused("That is too long to be a phone number.")
    if prefix := _PREFIX.match(written):
        return Refused(f"Enter the number alone, without “{prefix.group()}”.")
    if _EXTENSION.search(written):
        return Refused("Enter one number, without an extension: a text can't go to an extension.")
    if _ACROSS.fullmatch(written):
        return None
    if any(ch.isalpha() for ch in written):
        return Refused("A phone number has no letters: enter its digits.")
    return Refused("Only digits, spaces and + - ( ) . / belong in a phone number.")


def _why_invalid(number: phonenumbers.PhoneNumber, written: str, region: str) -> str:
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible in (phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        return "That number is too short: enter it with its area code."
    if not written.startswith("+"):
        return f"That is not a number in {region}: check its digits, or start with + and the country code."
    if possible == phonenumbers.ValidationResult.TOO_LONG:
        return "That number is too long."
    return "That number does not exist: check its digits."


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name != timezone.UNKNOWN_TIMEZONE)


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    return {line[:2]: line[3:] for line in _table("iso3166.tab")}


def _table(name: str) -> list[str]:
    text = resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
