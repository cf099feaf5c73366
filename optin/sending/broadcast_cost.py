"""What a text costs in all: its segments, filled in for each of those who would get it, and counted in the database.

Of most names only the length matters, and whether their letters need UCS-2: they are counted by these two. What else
stands in a field (marks, spaces side by side, emoji) is counted by its value.
"""

import string
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, literal, not_, select
from sqlalchemy.orm import Session

from optin import channels
from optin.consent import audience, audience_counts
from optin.consent.audience import AudienceQuestion
from optin.models import CampaignMember, Person
from optin.sending import broadcast_text
from optin.texts import merge_fields, segments

LARGE = 200_000
"""More people than these are not looked at one by one: it would take longer than somebody waits for a page."""
MOST = 20_000
"""So many different fillings are counted; where there are more, everybody gets what the longest one needs."""

# Characters that fill in like any other: no merge field closes up because of them, and each is one unit.
_GSM = "".join(sorted(set(string.ascii_letters + string.digits) | {c for c in segments.GSM if c.isalpha()})) + " '"
_WIDE = "À-ɏͰ-ᙿ぀-鿿가-힣"
_STANDS_FOR = {"g": "x", "w": "Ā"}


@dataclass(frozen=True)
class SegmentSpread:
    """How many people get how many segments; unless `exact`, nobody gets more than is said."""

    people: dict[int, int] = field(default_factory=dict)
    exact: bool = True

    @property
    def total(self) -> int:
        """Return how many segments the broadcast has in all."""
        return sum(size * count for size, count in self.people.items())


def segment_spread(session: Session, question: AudienceQuestion, body: str, people: int, worst: int) -> SegmentSpread:
    """Count the segments of a text for all whom the question lets into a broadcast.

    These are `people`, and nobody needs more than `worst` segments: both were counted just now.
    """
    brand, measure = question.policy.brand, channels.rules_of(question.channel).measure
    used = broadcast_text.personal_fields(session, body)
    if not used.names:
        return SegmentSpread({measure(merge_fields.render(body, {"brand": brand})).segments: people})
    if people > LARGE:
        return SegmentSpread({worst: people}, exact=False)
    keys = [_key(session, column) for column in used.columns]
    members = audience_counts.members(session, question)
    rows = select(*keys, func.count()).select_from(members.rows).join(Person, Person.id == CampaignMember.person_id)
    rows = used.join(rows).where(question.members, members.why.in_(audience.taken_in(question)))
    found: list[Any] = list(session.execute(rows.group_by(*keys).limit(MOST + 1)))
    if len(found) > MOST:
        return SegmentSpread({worst: people}, exact=False)
    counts: dict[int, int] = {}
    for *filled, count in found:
        values = {name: _filling(key) for name, key in zip(used.names, filled, strict=True)}
        size = measure(merge_fields.render(body, {**values, "brand": brand})).segments
        counts[size] = counts.get(size, 0) + count
    return SegmentSpread(dict(sorted(counts.items())))


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
