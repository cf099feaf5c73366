"""What an admin says of the consent in a file, and what becomes of it with what a row says itself. Pure.

What a row says comes first; what was said once for the file counts where a row says nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from optin.enums import ConsentWay
from optin.features.imports.fields import CONSENT_BY, CONSENT_DATE, CONSENT_TOLD, CONSENT_WAY
from optin.features.imports.rows import SAID, ImportedRow
from optin.features.imports.terms import Outcome
from optin.spreadsheets.dates import date_in

OF_THE_DAY, PASTED = "day", "text"
"""What they were told: what the keyword said on the day, or a text of the admin's; else a disclosure's id."""
FIRST_TEXTS = 1993
"""Nobody agreed to texts before there were any."""
LONGEST_TOLD, LONGEST_BY = 2000, 200
_WORD = re.compile(r"\w+")
_WAYS = {
    ConsentWay.PAPER: "paper form card sheet flyer poster letter papier formular papel formulario formulaire",
    ConsentWay.WEB: "web website online internet webform page site webseite landing",
    ConsentWay.TEXT: "text sms texted keyword message mms nachricht mensaje texto",
    ConsentWay.SPOKEN: (
        "spoken verbal verbally oral orally phone telephone call person talk mündlich telefonisch persönlich verbale "
        "oralement téléphone teléfono persona"
    ),
}
_WAY = {word: way for way, words in _WAYS.items() for word in words.split()}


class Told(NamedTuple):
    """A version of what the keyword tells people, and since when."""

    id: int
    version: int
    since: datetime


class Agreed(NamedTuple):
    """The consent of a row: since when, how, who collected it, and what they were told: a version, or a text."""

    at: datetime
    way: ConsentWay
    by: str
    told: str
    disclosure_id: int | None


class NotAgreed(NamedTuple):
    """Why a row's consent does not count."""

    outcome: Outcome
    sentence: str


@dataclass(frozen=True)
class ConsentChoice:
    """What was said once for the file.

    `evidence` names the scan or photo that shows it, if there is one, and `evidence_digest` is its SHA-256.
    `versions` are those of the keyword's disclosure, newest first; `zone` of its dates.
    """

    keyword_id: int
    word: str
    date: str = ""
    way: str = ""
    told: str = OF_THE_DAY
    text: str = ""
    by: str = ""
    evidence: str = ""
    evidence_digest: str = ""
    zone: str = "UTC"
    day_first: bool = False
    versions: Sequence[Told] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any], versions: Sequence[Told]) -> "ConsentChoice":
        """Return what is stored with a run."""
        return cls(**stored, versions=tuple(versions))

    @property
    def tz(self) -> ZoneInfo:
        """Return the zone in which the dates of the file are days."""
        return ZoneInfo(self.zone)

    def day(self, moment: datetime) -> str:
        """Return the day of a moment as it is said: 3 May 2026."""
        local = moment.astimezone(self.tz)
        return f"{local.day} {local:%b %Y}"


def read(row: ImportedRow, choice: ConsentChoice, now: datetime) -> Agreed | NotAgreed:
    """Return the consent that a row gives, or why it gives none."""
    if not row.number:
        return NotAgreed(Outcome.NO_CONSENT, "It has no mobile phone.")
    if row.opted_out:
        return NotAgreed(Outcome.NO_CONSENT, "The file says that they opted out.")
    written = row.said.get(CONSENT_DATE) or choice.date
    if not written:
        return NotAgreed(Outcome.TO_CONFIRM, "There is no date on which they agreed.")
    span = _span(written, choice)
    if span is None:
        return _left_out(f"“{written[:SAID]}” is not a date.")
    begin, end = span
    if begin > now:
        return _left_out(f"They can’t have agreed on {choice.day(begin)}: that day has not come.")
    way = way_in(row.said[CONSENT_WAY]) if CONSENT_WAY in row.said else _way(choice.way)
    if way is None and CONSENT_WAY in row.said:
        return _left_out(f"“{row.said[CONSENT_WAY][:SAID]}” is no way to agree: paper, web, text or spoken.")
    if way is None:
        return _left_out("It does not say how they agreed.")
    by = " ".join(row.said.get(CONSENT_BY, choice.by).split())[:LONGEST_BY]
    told = row.said.get(CONSENT_TOLD) or (choice.text if choice.told == PASTED else "")
    if len(told) > LONGEST_TOLD:
        return _left_out(f"What they were told has more than {LONGEST_TOLD:,} characters.")
    if told:
        return Agreed(begin, way, by, told, None)
    version = _version(choice, end)
    if isinstance(version, NotAgreed):
        return version
    return Agreed(begin, way, by, "", version.id)


def way_in(cell: str) -> ConsentWay | None:
    """Return the way that a cell says, in the words of files; None for no such word, or for several ways."""
    found = {_WAY[word] for word in _WORD.findall(cell.casefold()) if word in _WAY}
    return found.pop() if len(found) == 1 else None


def _way(name: str) -> ConsentWay | None:
    return ConsentWay(name) if name else None


def _left_out(sentence: str) -> NotAgreed:
    return NotAgreed(Outcome.NO_CONSENT, sentence)


def _span(written: str, choice: ConsentChoice) -> tuple[datetime, datetime] | None:
    """Return the first and the last moment that a date may mean: of a day without a time its begin and its end."""
    found = date_in(written, day_first=choice.day_first)
    if found is None or not FIRST_TEXTS <= found.year < 9999:
        return None
    if isinstance(found, datetime):
        moment = found if found.tzinfo else found.replace(tzinfo=choice.tz)
        return moment, moment
    begin = datetime.combine(found, time(), choice.tz)
    return begin, datetime.combine(found + timedelta(days=1), time(), choice.tz) - timedelta(seconds=1)


def _version(choice: ConsentChoice, by: datetime) -> Told | NotAgreed:
    """Return the version of what they were told: the one that was chosen, or that of the day."""
    if not choice.versions:
        return _left_out(f"“{choice.word}” does not say what people are told.")
    if choice.told != OF_THE_DAY:
        chosen = next((each for each in choice.versions if str(each.id) == choice.told), None)
        if chosen is None or chosen.since > by:
            return _left_out("It is older than what they are said to have been told.")
        return chosen
    of_day = next((each for each in choice.versions if each.since <= by), None)
    if of_day is None:
        first = choice.day(choice.versions[-1].since)
        return _left_out(f"What “{choice.word}” tells people is known from {first} on, and this is older.")
    return of_day
