"""What a broadcast will cost: in money, by country, and who makes it dear. Pure, from the spread of its segments."""

from collections.abc import Mapping
from dataclasses import dataclass

from optin.sending import prices
from optin.sending.broadcast_cost import Filling, SegmentSpread
from optin.sending.prices import Cost, Price

UCS_2 = "UCS-2"
EXAMPLES = 3


@dataclass(frozen=True)
class CountryCost:
    """So many people of a country get so many segments, which cost `cost`."""

    country: str
    people: int
    segments: int
    cost: Cost


@dataclass(frozen=True)
class Dear:
    """So many people need more segments than `most` people do, `usual`, and `extra` segments more in all.

    Of these, `letters` are people with a letter that makes the whole text UCS-2 where it is not for the others; the
    rest has long values filled in. `examples` are members, those with the most segments first.
    """

    people: int
    letters: int
    usual: int
    most: int
    extra: int
    examples: tuple[int, ...]


@dataclass(frozen=True)
class CostOutlook:
    """What a broadcast will cost in all and by country, the largest first; `dear` is None where all need the same."""

    cost: Cost
    countries: tuple[CountryCost, ...]
    dear: Dear | None


def outlook(spread: SegmentSpread, of_day: Mapping[str, Price]) -> CostOutlook:
    """Look at a spread with the prices of the day on which it goes."""
    people: dict[str, int] = {}
    segments: dict[str, int] = {}
    for each in spread.fillings:
        people[each.country] = people.get(each.country, 0) + each.people
        segments[each.country] = segments.get(each.country, 0) + each.people * each.size.segments
    lines = [
        CountryCost(code, count, segments[code], prices.cost({code: segments[code]}, of_day))
        for code, count in people.items()
    ]
    lines.sort(key=lambda line: (-line.people, line.country))
    return CostOutlook(prices.cost(segments, of_day), tuple(lines), _dear(spread) if spread.exact else None)


def _dear(spread: SegmentSpread) -> Dear | None:
    if len(spread.people) < 2:
        return None
    usual = max(spread.people, key=lambda size: (spread.people[size], -size))
    more = [each for each in spread.fillings if each.size.segments > usual]
    if not more:
        return None
    is_usual_wide = _are_mostly_wide([each for each in spread.fillings if each.size.segments == usual])
    wide = [each for each in more if each.size.encoding == UCS_2 and not is_usual_wide]
    more.sort(key=lambda each: (-each.size.segments, -each.size.units, each.example))
    return Dear(
        people=sum(each.people for each in more),
        letters=sum(each.people for each in wide),
        usual=usual,
        most=spread.people[usual],
        extra=sum(each.people * (each.size.segments - usual) for each in more),
        examples=tuple(each.example for each in more[:EXAMPLES]),
    )


def _are_mostly_wide(fillings: list[Filling]) -> bool:
    wide = sum(each.people for each in fillings if each.size.encoding == UCS_2)
    return 2 * wide > sum(each.people for each in fillings)
