"""Read from words such as "up to 4 msgs/month" how many texts people are promised at most. Pure."""

import re

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PERIODS = {"day": "day", "week": "week", "wk": "week", "month": "month", "mo": "month"}
_SAID = re.compile(
    rf"\b(\d{{1,3}}|{'|'.join(_NUMBERS)})\s+(?:sms\s+|text\s+)?(?:msgs?|messages?|texts?|sms|alerts?|notifications?)"
    rf"\s*(?:/\s*|\bper\s+|\ba\s+|\beach\s+|\bevery\s+)({'|'.join(_PERIODS)})\b",
    re.IGNORECASE,
)


def read(told: str) -> tuple[int, str] | None:
    """Return how many and in what time ("day", "week", "month"), None where no number is said; the first one counts."""
    found = _SAID.search(told)
    if found is None:
        return None
    number, period = found[1].casefold(), _PERIODS[found[2].casefold()]
    many = int(number) if number.isdigit() else _NUMBERS.index(number) + 1
    return (many, period) if many else None
