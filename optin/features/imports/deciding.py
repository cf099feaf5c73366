"""What becomes of a row of people, by what the file says and who is here already. Pure.

A person is known by the number; who has none, or another one, by the email address, if the names do not speak against
it: families and offices share addresses.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from optin.features.imports.rows import ImportedRow
from optin.features.imports.terms import Known, Outcome
from optin.own_fields import keys
from optin.refused import Refused

TEXTS = ("first_name", "last_name", "email", "company", "us_state", "notes")
Firsts = Mapping[str, int]
"""The line on which each number, email address or known person stands first in the file."""
LABELS = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "email",
    "company": "company",
    "us_state": "state (US)",
    "notes": "notes",
    "mobile": "mobile phone",
}


class KnownPerson(NamedTuple):
    """Somebody who is here already; `mobile` is "" for none, `own` what they have in fields of one's own by name."""

    id: int
    kind: str
    first_name: str
    last_name: str
    mobile: str
    email: str
    company: str
    us_state: str
    notes: str
    own: Mapping[str, str] = {}

    def of(self, name: str) -> str:
        """Return what they have in a field, "" for nothing; fields of one's own go by their names too."""
        text: str = self.own.get(name, "") if keys.key_in(name) else getattr(self, name)
        return text

    @property
    def key(self) -> str:
        """Return by what the person is known among the keys of a file."""
        return f"#{self.id}"

    @property
    def name(self) -> str:
        """Return the whole name in small letters."""
        return _name(self.first_name, self.last_name)


class Decision(NamedTuple):
    """What becomes of a row: the outcome, why in a sentence, and for a known person the fields that change."""

    row: ImportedRow
    outcome: Outcome
    sentence: str = ""
    person: KnownPerson | None = None
    changes: Mapping[str, str] = {}

    @property
    def changes_number(self) -> bool:
        """Tell whether the person gets a number, or another one."""
        return "mobile" in self.changes

    @property
    def replaces_number(self) -> bool:
        """Tell whether the person gets another number than the one that they have."""
        return self.changes_number and self.person is not None and self.person.mobile != ""


def decide(
    row: ImportedRow,
    firsts: Firsts,
    match: KnownPerson | Refused | None,
    known: Known,
    own_labels: Mapping[str, str] | None = None,
) -> Decision:
    """Say what becomes of a row of people; `match` is who it is about (`find_match`).

    `own_labels` are what fields of one's own are called, by their names.
    """
    if row.fault:
        return Decision(row, Outcome.UNREADABLE, row.fault)
    what = "number" if row.number else "email address"
    if earlier := repeated(row, firsts, row.key, what):
        return earlier
    if isinstance(match, Refused):
        return Decision(row, Outcome.LEFT_OUT, match.sentence)
    if match is None:
        return Decision(row, Outcome.NEW)
    return repeated(row, firsts, match.key, "person") or _of_known(row, match, known, {**LABELS, **(own_labels or {})})


def decide_number(row: ImportedRow, firsts: Firsts, *, is_out: bool) -> Decision:
    """Say what becomes of a row of a list of opted-out numbers; `is_out` tells that its number is opted out already."""
    if row.fault and not (row.number and row.opted_out):
        return Decision(row, Outcome.UNREADABLE, row.fault)
    if row.opted_out is False:
        return Decision(row, Outcome.LEFT_OUT, "The file says that it is not opted out.")
    if earlier := repeated(row, firsts, row.key, "number"):
        return earlier
    return Decision(row, Outcome.SAME, "Already opted out.") if is_out else Decision(row, Outcome.NEW)


def decide_opt_in(row: ImportedRow, firsts: Firsts) -> Decision | None:
    """Say why a row of a list of opt-ins is none whatever its consent is; None where its consent decides."""
    if row.fault:
        return Decision(row, Outcome.UNREADABLE, row.fault)
    return repeated(row, firsts, row.key, "number")


def find_match(row: ImportedRow, found: Sequence[KnownPerson]) -> KnownPerson | Refused | None:
    """Return who a row is about, None for somebody new; refused where nobody can tell."""
    name = _name(row.values.get("first_name", ""), row.values.get("last_name", ""))
    having = [person for person in found if row.number and person.mobile == row.number]
    if having:
        named = [person for person in having if name and person.name == name]
        if len(having) > 1 and name and not named and all(person.name for person in having):
            return Refused("Several people have this number, and none of them has this name.")
        return (named or having)[0]
    email = row.values.get("email", "").casefold()
    by_email = [person for person in found if email and person.email.casefold() == email]
    fitting = [person for person in by_email if _fits(row, name, person)]
    return fitting[0] if len(fitting) == 1 else None


def repeated(row: ImportedRow, firsts: Firsts, key: str, what: str) -> Decision | None:
    """Leave out a row of which the key stands in an earlier one."""
    first = firsts.get(key, row.line)
    if first == row.line:
        return None
    return Decision(row, Outcome.LEFT_OUT, f"The same {what} is in row {first:,}, and the first row counts.")


def _fits(row: ImportedRow, name: str, person: KnownPerson) -> bool:
    """Tell whether a row with the person's email is about the person."""
    if row.number and person.mobile:
        return name != "" and name == person.name
    return not name or not person.name or name == person.name


def _of_known(row: ImportedRow, person: KnownPerson, known: Known, labels: Mapping[str, str]) -> Decision:
    own = [name for name in row.values if keys.key_in(name)]
    given = {name: row.values[name] for name in (*TEXTS, *own) if row.values.get(name)}
    if row.number:
        given["mobile"] = row.number
    differing = {name: value for name, value in given.items() if person.of(name) != value}
    gaps = {name: value for name, value in differing.items() if not person.of(name)}
    who = f"Already a {person.kind}{_by_another_name(row, person)}"
    if known is Known.LEAVE or not differing:
        return Decision(row, Outcome.SAME, f"{who}.", person)
    if known is Known.FILL and not gaps:
        return Decision(row, Outcome.SAME, f"{who}; {_stays(differing, labels)}.", person)
    changes = gaps if known is Known.FILL else differing
    replaced = [name for name in changes if name not in gaps]
    said = [f"gets {_listed(gaps, labels)}"] if gaps else []
    said += [f"{_listed(replaced, labels)} {'is' if len(replaced) == 1 else 'are'} replaced"] if replaced else []
    return Decision(row, Outcome.CHANGED, f"{who}: {', '.join(said)}.", person, changes)


def _by_another_name(row: ImportedRow, person: KnownPerson) -> str:
    """Say what somebody is called here whose number the file has with another name: they may be two people."""
    given = _name(row.values.get("first_name", ""), row.values.get("last_name", ""))
    said, known = set(given.split()), set(person.name.split())
    here = f"{person.first_name} {person.last_name}".strip()
    return "" if said <= known or known <= said else f" by another name, {here}"


def _stays(names: Mapping[str, str], labels: Mapping[str, str]) -> str:
    return f"{_listed(names, labels)} {'stays as it is' if len(names) == 1 else 'stay as they are'}"


def _listed(names: Mapping[str, str] | Sequence[str], labels: Mapping[str, str]) -> str:
    return " and ".join(filter(None, [", ".join([labels[name] for name in names][:-1]), labels[[*names][-1]]]))


def _name(first: str, last: str) -> str:
    return f"{first} {last}".strip().casefold()
