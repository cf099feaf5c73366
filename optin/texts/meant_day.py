"""Until when a text that speaks of a day or an hour is of use: "tonight" that is read tomorrow is wrong. Pure.

It finds plain words (English, and "today" in Spanish and French), and rather says nothing than too much.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_FIELD = re.compile(r"\{\{[^{}]*\}\}")
_SAME_DAY = re.compile(
    r"\b(?:today|tonight|2nite|tomorrow|this (?:morning|afternoon|evening)|hoy|esta (?:mañana|tarde|noche)"
    r"|aujourd['’]hui|ce (?:matin|soir)|cet après-midi)\b",
    re.IGNORECASE,
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = re.compile(rf"\b(?P<before>every|each|next|most|on|this)? ?\b(?P<day>{'|'.join(_DAYS)})\b", re.IGNORECASE)
_NOT_THE_COMING = {"every", "each", "next", "most"}
_DATE = re.compile(
    r"\b\d{1,2}(?:/|\.)\d{1,2}\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.? \d{1,2}\b"
    r"|\b\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\b|\b\d{1,2}(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"\b(?:daily|weekly|every|each|always|weekdays?|weekends?|(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b", re.I
)
_HOUR = re.compile(
    r"\b(?:at|by|until|till|before) (?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d))?(?: ?(?P<half>[ap])\.?m\b\.?)?"
    r"(?= *(?:[.,!?;)]|$|\n|and\b|in\b|for\b|sharp\b|o['’]clock\b))",
    re.IGNORECASE,
)
EVENING_UNTIL = 7
"""An hour without am or pm up to this one is meant in the afternoon."""


@dataclass(frozen=True)
class MeantDay:
    """What the text says (`words`), and the moment from which it is too late, in the zone of the start."""

    words: str
    until: datetime


def meant_day(template: str, start: datetime) -> MeantDay | None:
    """Return until when a text is of use that starts at a local time, None where it says nothing of that.

    "Today" and "tomorrow" hold for the day of the start, a weekday until the next such day is over, an hour by itself
    until that hour of the day of the start. What comes again ("every Saturday") or has a date is none.
    """
    text = _FIELD.sub("", template)
    if found := _SAME_DAY.search(text):
        return MeantDay(found[0], _midnight(start, 1))
    if _AGAIN.search(text) or _DATE.search(text):
        return None
    for found in _WEEKDAY.finditer(text):
        if (found["before"] or "").lower() in _NOT_THE_COMING:
            return None
        ahead = (_DAYS.index(found["day"].lower()) - start.weekday()) % 7
        return MeantDay(found["day"], _midnight(start, ahead + 1))
    return _by_hour(text, start)


def _by_hour(text: str, start: datetime) -> MeantDay | None:
    found = _HOUR.search(text)
    if found is None or not 0 < int(found["hour"]) < 24:
        return None
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if hour > 12 and half:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif hour <= EVENING_UNTIL:
        hour += 12
    until = datetime.combine(start.date(), time(hour, int(found["minute"] or 0)), start.tzinfo)
    return MeantDay(found[0].strip(), until) if until > start else None


def _midnight(start: datetime, days: int) -> datetime:
    return datetime.combine(start.date() + timedelta(days=days), time(), start.tzinfo)
