"""What a text costs in all: its segments, filled in for each of those who would get it, and counted in the database.

Of most names only the length matters, and whether their letters need UCS-2: they are counted by these two. What else
stands in a field (marks, spaces side by side, emoji) is counted by its value.
"""

import string
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, cast, func, literal, not_, select
from sqlalchemy.orm import Session

from optin import channels
from optin.consent import audience, audience_counts
from optin.consent.audience import AudienceQuestion
from optin.models import CampaignMember, Person
from optin.queries import countries
from optin.queries.countries import CountryMap
from optin.sending import broadcast_text
from optin.texts import merge_fields, segments
from optin.texts.segments import Segments

LARGE = 200_000
"""More people than these are not looked at one by one: it would take longer than somebody waits for a page."""
MOST = 20_000
"""So many different fillings are counted; where there are more, everybody gets what the longest one needs."""

# Characters that fill in like any other: no merge field closes up because of them, and each is one unit.
_GSM = "".join(sorted(set(string.ascii_letters + string.digits) | {c for c in segments.GSM if c.isalpha()})) + " '"
_WIDE = "À-ɏͰ-ᙿ぀-鿿가-힣"
_STANDS_FOR = {"g": "x", "w": "Ā"}


@dataclass(frozen=True)
class Filling:
    """So many people of a country get the same: one filling of the text. One of them is the member with `example`."""

    size: Segments
    country: str
    people: int
    example: int = 0


@dataclass(frozen=True)
class SegmentSpread:
    """How many people get how many segments; unless `exact`, nobody gets more than is said.

    `fillings` are what it was counted from; none where there are too many people to tell their countries apart.
    """

    people: dict[int, int] = field(default_factory=dict)
    exact: bool = True
    fillings: tuple[Filling, ...] = field(default=(), compare=False, repr=False)

    @property
    def total(self) -> int:
        """Return how many segments the broadcast has in all."""
        return sum(size * count for size, count in self.people.items())


def segment_spread(
    session: Session, question: AudienceQuestion, body: str, people: int, worst: Segments
) -> SegmentSpread:
    """Count the segments of a text for all whom the question lets into a broadcast.

    These are `people`, and nobody needs more than `worst`: both were counted just now.
    """
    brand, measure = question.policy.brand, channels.rules_of(question.channel).measure
    used, where = broadcast_text.personal_fields(session, body), _countries(session, question)
    if not used.names:
        size = measure(merge_fields.render(body, {"brand": brand}))
        return SegmentSpread({size.segments: people}, fillings=_alike(session, question, where, size, people))
    at_most = SegmentSpread({worst.segments: people}, exact=False, fillings=_of_one(where, worst, people))
    if people > LARGE:
        return at_most
    keys = [_key(session, column) for column in used.columns]
    by = [*keys, *([] if where.only is not None else [where.column(CampaignMember.number)])]
    rows = _getting_it(session, question, *by, func.count(), func.min(CampaignMember.id))
    rows = used.join(rows.join(Person, Person.id == CampaignMember.person_id))
    found: list[Any] = list(session.execute(rows.group_by(*by).limit(MOST + 1)))
    if len(found) > MOST:
        return at_most
    counts: dict[int, int] = {}
    fillings = []
    for *filled, count, example in found:
        values = {name: _filling(key) for name, key in zip(used.names, filled, strict=False)}
        size = measure(merge_fields.render(body, {**values, "brand": brand}))
        counts[size.segments] = counts.get(size.segments, 0) + count
        country = filled[-1] if where.only is None else where.only
        fillings.append(Filling(size, country, count, example))
    return SegmentSpread(dict(sorted(counts.items())), fillings=tuple(fillings))


def _countries(session: Session, question: AudienceQuestion) -> CountryMap:
    """Return the countries of the numbers of all members, whether they get it or not; at least one, maybe ""."""
    of, number = countries.prefix(CampaignMember.number), CampaignMember.number
    rows = select(of, func.min(number), func.count()).where(question.members, number.is_not(None)).group_by(of)
    found = countries.read((start, str(one), count) for start, one, count in session.execute(rows))
    return found if found.prefixes else CountryMap({"": []})


def _alike(
    session: Session, question: AudienceQuestion, where: CountryMap, size: Segments, people: int
) -> tuple[Filling, ...]:
    """Return the fillings of a text that says the same to all."""
    if where.only is not None or people > LARGE:
        return _of_one(where, size, people)
    country = where.column(CampaignMember.number)
    rows = _getting_it(session, question, country, func.count()).group_by(country)
    return tuple(Filling(size, code, count) for code, count in session.execute(rows))


def _of_one(where: CountryMap, size: Segments, people: int) -> tuple[Filling, ...]:
    return (Filling(size, where.only, people),) if where.only is not None else ()


def _getting_it(session: Session, question: AudienceQuestion, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select columns of the members whom the question lets into a broadcast."""
    members = audience_counts.members(session, question)
    taken_in = members.why.in_(audience.taken_in(question))
    return select(*columns).select_from(members.rows).where(question.members, taken_in)


def _key(session: Session, value: ColumnElement[str]) -> ColumnElement[str]:
    """What tells fillings apart: "g7" or "w7" for seven letters, in GSM-7 or UCS-2, else "v" and the value."""
    tidy = (value == func.trim(value)) & not_(value.contains("  "))
    length = cast(func.length(value), String())
    return case(
        (tidy & _only(session, value, _GSM), literal("g") + length),
        (tidy & _only(session, value, _GSM + _WIDE), literal("w") + length),
        else_=literal("v") + value,
    )


def _only(session: Session, value: ColumnElement[str], characters: str) -> ColumnElement[bool]:
    """The value has none but these characters and the hyphen, which a class of characters takes at its end."""
    if session.get_bind().dialect.name == "postgresql":
        return not_(value.bool_op("~")(f"[^{characters}-]"))
    return not_(value.bool_op("GLOB")(f"*[^{characters}-]*"))


def _filling(key: str) -> str:
    """Return a value that fills in as those with this key do."""
    kind, rest = key[0], key[1:]
    return _STANDS_FOR[kind] * int(rest) if kind in _STANDS_FOR else rest
