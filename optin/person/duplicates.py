"""Whether two records may be of one person, why, and how sure that is. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from optin.enums import Likeness

MOST_SHOWN = 10
"""So many records of a group are compared; after some are merged the others come."""
COMMON = 5
"""A name that more people have says nothing by itself."""


@dataclass(frozen=True)
class Record:
    """What of a person is compared: name (as in lists, "" for nobody's), email and company in small letters."""

    id: int
    kind: str
    name: str
    mobile: str
    email: str
    company: str


@dataclass(frozen=True)
class Alike:
    """Why two records may be of one person, the strongest rule first, and how sure that is."""

    likeness: Likeness
    rule: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Records that may be of one person, the best pair first. `rule` found `people` of them by `key`."""

    likeness: Likeness
    rule: str
    key: str
    people: int
    ids: Sequence[int]

    @property
    def place(self) -> str:
        """Return what orders groups, the surest first, and tells each from all others."""
        return f"{self.likeness.value}:{self.rule}:{self.key}"


def record(
    id_: int, kind: str, first_name: str, last_name: str, sort_name: str, mobile: str | None, email: str, company: str
) -> Record:
    """Return a person as they are compared; who has no name is called by a number in lists, which is no name."""
    name = sort_name if first_name or last_name else ""
    return Record(id_, kind, name, mobile or "", email.casefold(), company.casefold())


def alike(one: Record, other: Record) -> Alike | None:
    """Return why two records may be of one person; None where nothing speaks for it."""
    names = bool(one.name) and one.name == other.name
    unlike = bool(one.name and other.name) and not names
    mobile = bool(one.mobile) and one.mobile == other.mobile
    email = bool(one.email) and one.email == other.email
    company = bool(one.company) and one.company == other.company
    if not (mobile or email or names):
        return None
    said = [
        *(["same mobile phone"] if mobile else []),
        *(["same email"] if email else []),
        *(["same name"] if names else ["different names"] if unlike else ["one has no name"]),
        *(["same company"] if company else []),
        *(["different numbers"] if one.mobile and other.mobile and not mobile else []),
    ]
    rule = "mobile" if mobile else "email" if email else "company" if company else "name"
    return Alike(_likeness(mobile, email, unlike, company), rule, tuple(said))


def _likeness(mobile: bool, email: bool, unlike: bool, company: bool) -> Likeness:
    if unlike:
        return Likeness.PERHAPS if mobile and email else Likeness.OTHERS
    if mobile:
        return Likeness.SURE
    return Likeness.LIKELY if email or company else Likeness.PERHAPS


def group(
    rule: str, key: str, records: Sequence[Record], people: int, is_dismissed: Callable[[int, int], bool]
) -> Group | None:
    """Make a group of records that a rule found, unless each pair of them is dismissed or a stronger rule's."""
    some = sorted(records, key=lambda each: (each.kind, each.id))[:MOST_SHOWN]
    pairs = {
        (one.id, other.id): found
        for one, other in combinations(some, 2)
        if (found := alike(one, other)) and not is_dismissed(one.id, other.id)
    }
    mine = {ids: found for ids, found in pairs.items() if found.rule == rule}
    if not mine:
        return None
    best = min(mine, key=lambda ids: (mine[ids].likeness.value, ids[0], ids[1]))
    ids = in_order(best[0], [each.id for each in some], pairs)
    return Group(mine[best].likeness, rule, key, people, ids)


def in_order(lead: int, ids: Collection[int], pairs: Mapping[tuple[int, int], Alike]) -> list[int]:
    """Return the lead and behind it who is alike to it, the surest first."""
    near = {other: found for other in ids if other != lead and (found := pair_of(pairs, lead, other))}
    return [lead, *sorted(near, key=lambda other: (near[other].likeness.value, other))]


def pair_of(pairs: Mapping[tuple[int, int], Alike], one: int, other: int) -> Alike | None:
    """Return what was found of a pair, whichever of the two stands first."""
    return pairs.get((one, other)) or pairs.get((other, one))
