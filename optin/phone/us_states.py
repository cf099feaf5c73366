"""The US state of somebody's address: as people and files write it, and where its clocks are. Pure.

It counts beside a number of North America, which may have been given out elsewhere; beside any other it does not.
"""

import re
from functools import lru_cache

from optin import phone
from optin.phone.area_code_states import AREA_CODES, NAMES

_WORDS = re.compile(r"[a-z]+")
_OTHER_WORDS = {"washington dc": "DC", "dc": "DC", "d c": "DC", "washington d c": "DC"}
_FIRST = frozenset(f"+1{digit}" for digit in range(2, 10))


def is_beside(number: str) -> bool:
    """Tell whether a number (E.164) is one beside which a state of an address counts."""
    return number[:3] in _FIRST


def beginnings() -> list[str]:
    """Return how such numbers begin."""
    return sorted(_FIRST)


def code_in(written: str) -> str:
    """Return the postal code of a state as people write it ("tx", "Texas", "US-TX"), "" for what is none."""
    words = " ".join(_WORDS.findall(written.casefold().removeprefix("us-")))
    return _by_words().get(words, "")


def zone_group(number: str, region: str, us_state: str = "") -> str:
    """Return all time zones of a number and of an address's state, "" for none, as they are stored with a person."""
    of_number = phone.zone_group(number, region)
    if us_state not in NAMES or not is_beside(number):
        return of_number
    return "|".join(sorted({*of_number.split("|"), *_zones(us_state)} - {""}))


@lru_cache(maxsize=64)
def _zones(us_state: str) -> frozenset[str]:
    """Return the time zones that a state lies in: those of its area codes."""
    return frozenset(zone for code in AREA_CODES[us_state].split() for zone in phone.zones_of_area(code))


@lru_cache(maxsize=1)
def _by_words() -> dict[str, str]:
    names = {name.casefold(): code for code, name in NAMES.items()}
    return {**names, **{code.casefold(): code for code in NAMES}, **_OTHER_WORDS}
