"""What a row of the file says: the fields cleaned, and what is wrong with it in a sentence. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from optin.features.imports.fields import CONSENT_FIELDS, EMAIL, MOBILE, NAME, OPTED_OUT, US_STATE
from optin.features.imports.terms import ImportKind
from optin.phone import us_states
from optin.refused import Refused
from optin.spreadsheets import answers, numbers
from optin.spreadsheets.dates import date_in

SAID = 60
"""So much of a cell is said of it."""
LONGEST = {"first_name": 80, "last_name": 80, EMAIL: 254, "company": 120, US_STATE: 2, "notes": 20_000}
LABELS = {"first_name": "first name", "last_name": "last name", EMAIL: "email", "company": "company", "notes": "notes"}
_WORD = re.compile(r"\w+")
_LEFT = frozenset({
    "opted out", "opt out", "optout", "out", "unsubscribed", "unsubscribe", "stop", "stopped", "inactive", "removed",
    "do not text", "do not contact", "do not call", "dnc", "dnt", "revoked", "blocked", "refused", "suppressed",
})  # fmt: skip
_STAYED = frozenset({"opted in", "opt in", "optin", "in", "subscribed", "active"})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class ImportedRow(NamedTuple):
    """A row: its line, its cells as they were read, and what they say.

    `number` is E.164, "" for none; `others` are further ones of the same cell. `values` are the texts of a person,
    without empty ones, `said` those about their consent. `fault` says why the row can't be read, "" if it can; the
    numbers and the mark `opted_out` count even then.
    """

    line: int
    cells: Sequence[str]
    number: str = ""
    others: tuple[str, ...] = ()
    values: Mapping[str, str] = {}
    opted_out: bool | None = None
    fault: str = ""
    said: Mapping[str, str] = {}

    @property
    def key(self) -> str:
        """Return by what the person is known, "" where there is nothing."""
        return self.number or self.values.get(EMAIL, "").casefold()


def read(line: int, cells: Sequence[str], columns: Mapping[str, int], region: str, kind: ImportKind) -> ImportedRow:
    """Return what a row says; `columns` has the index of each field, `region` is where national numbers are of.

    Rows of a list of opted-out numbers are opted out unless a column says otherwise.
    """
    people = kind.person_kind is not None
    said: dict[str, str] = {}
    values: dict[str, str] = {}
    faults: list[str] = []
    number, opted_out = "", OPTED_OUT not in columns if kind is ImportKind.OPTED_OUT else None
    others: tuple[str, ...] = ()
    note = ""
    for name, index in columns.items():
        cell = cells[index] if index < len(cells) else ""
        if not cell:
            continue
        if name == MOBILE:
            found = numbers.number_in(cell, region)
            if isinstance(found, Refused):
                faults.append(f"“{cell[:SAID]}”: {found.sentence}")
            else:
                number, others, note = found.number, found.others, found.note
        elif name == OPTED_OUT:
            opted_out = has_left(cell)
            if opted_out is None:
                faults.append(f"“{cell[:SAID]}” in Opted out is neither yes nor no.")
        elif name in CONSENT_FIELDS:
            said[name] = cell
        elif people:
            _take(values, name, cell)
    if people:
        if note:
            values["notes"] = f"{values['notes']}\n{note}" if "notes" in values else note
        _find_faults(values, faults)
    if not faults and not number and EMAIL not in values:
        faults.append("It has neither a mobile phone nor an email address." if people else "It has no number.")
    return ImportedRow(line, cells, number, others, values, opted_out, " ".join(faults), said)


def has_left(cell: str) -> bool | None:
    """Tell what a cell in a column of opt-outs says: yes or no, a word for it, or the day on which they left; None for
    what may mean either."""
    if date_in(cell, day_first=True) or date_in(cell, day_first=False):
        return True
    words = " ".join(_WORD.findall(cell.casefold()))
    if words in _LEFT or words in _STAYED:
        return words in _LEFT
    return answers.yes_no(cell)


def _take(values: dict[str, str], name: str, cell: str) -> None:
    """Keep the text of a cell, a name as its two parts."""
    if name == "notes":
        values[name] = cell
    elif name == US_STATE:  # what is none, as of another country, is left out
        values |= {name: code} if (code := us_states.code_in(cell)) else {}
    elif name != NAME:
        values[name] = " ".join(cell.split())
    else:
        first, last = split_name(cell)
        values |= {part: text for part, text in (("first_name", first), ("last_name", last)) if text}


def split_name(written: str) -> tuple[str, str]:
    """Return first and last name of a whole name: "Maya Ortiz" or "Ortiz, Maya"; one word is a first name."""
    name = _line(written)
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return (first, last) if first else (last, "")


def _find_faults(values: Mapping[str, str], faults: list[str]) -> None:
    """Add what is wrong with the texts."""
    for name, text in values.items():
        if len(text) > LONGEST[name]:
            faults.append(f"Its {LABELS[name]} has more than {LONGEST[name]:,} characters.")
    if EMAIL in values and not _EMAIL.fullmatch(values[EMAIL]):
        faults.append(f"“{values[EMAIL][:SAID]}” is not an email address.")


def _line(text: str) -> str:
    return " ".join(text.split())
