"""What the export says of one number's consent, put by until all of it is known: opt-in rows and texts. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from optin.enums import HoldCause, Meaning
from optin.reading import words
from optin.reading.normal_form import normalise


class KeywordRole(StrEnum):
    """What a row of an opt-in keyword says: of the campaigns' own, of STOP, of START, or of one that nobody knows."""

    CAMPAIGN = "campaign"
    STOP = "stop"
    START = "start"
    UNKNOWN = "unknown"


_MEANT = {Meaning.OPT_OUT: KeywordRole.STOP, Meaning.START: KeywordRole.START}


@lru_cache(maxsize=1024)
def role_of(name: str, extra_opt_out: tuple[str, ...] = ()) -> KeywordRole:
    """Return what rows of a keyword with this name say; without a name nobody knows.

    Whoever texted what asks to stop by our own words, such as “Opt-Out”, has joined nothing.
    """
    if not normalise(name):
        return KeywordRole.UNKNOWN
    return _MEANT.get(words.read(name, keywords=(), extra_opt_out=extra_opt_out).meaning, KeywordRole.CAMPAIGN)


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row of the opt-ins. `word` is its keyword's name, STOP for whatever asks to stop, `active` None where the file
    does not say.

    `people` are the contact and the lead that it looks up; `linked` tells whether one of them has the number.
    """

    line: int
    key: str
    word: str
    active: bool | None
    opted_in_at: datetime | None = None
    opted_out_at: datetime | None = None
    created_at: datetime | None = None
    text: str = ""
    sid: str = ""
    people: str = ""
    linked: bool = True

    @property
    def role(self) -> KeywordRole:
        """Return what it says."""
        return role_of(self.word)

    @property
    def began_at(self) -> datetime | None:
        """Return when it began, as far as the upsert left that."""
        return self.opted_in_at or self.created_at

    @property
    def left_at(self) -> datetime | None:
        """Return until when, at the least, a row that says that the person left does so; None for nobody knows.

        An inactive row without the date of its end may have ended long after it was made.
        """
        if self.opted_out_at is None and self.active is not True:
            return None
        return max((at for at in (self.opted_in_at, self.opted_out_at) if at is not None), default=None)


class SignMeaning(StrEnum):
    """What we read in a text that Twilio for Salesforce had received."""

    OPT_OUT = "opt_out"
    ONE_KEYWORD = "one_keyword"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class TextSign:
    """A text that asks, or may ask, to stop. `keyword` is the normal form of the one that it ends."""

    line: int
    at: datetime | None
    meaning: SignMeaning
    sid: str = ""
    keyword: str = ""
    cause: str = HoldCause.SENTENCE
    trigger: str = ""
    body: str = ""


Sign = TypeVar("Sign", HeldRow, TextSign)
_MOMENTS = frozenset({"at", "opted_in_at", "opted_out_at", "created_at"})


def to_json(sign: HeldRow | TextSign) -> dict[str, Any]:
    """Return a sign as it is put by."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(sign).items()}


def from_json(kind: type[Sign], said: Mapping[str, Any]) -> Sign:
    """Return the sign that was put by."""
    known = {each.name for each in fields(kind)}
    values = {name: value for name, value in said.items() if name in known}
    moments = {name: datetime.fromisoformat(values[name]) for name in _MOMENTS & values.keys() if values[name]}
    meaning = {"meaning": SignMeaning(values["meaning"])} if "meaning" in values else {}
    return kind(**{**values, **moments, **meaning})
