"""What a broadcast will cost, and who makes it dear: from the spread of its segments."""

from optin.sending.broadcast_cost import Filling, SegmentSpread
from optin.sending.cost_outlook import CountryCost, Dear, outlook
from optin.sending.prices import Cost, Price
from optin.texts import segments

US, CA = Price(8_100, "USD"), Price(10_000, "USD")
SHORT, LONG, LONGER = "a" * 100, "a" * 161, "a" * 400
WIDE, WIDE_LONG = "Ł" + "a" * 60, "Ł" + "a" * 100


def spread(*fillings: tuple[str, str, int]) -> SegmentSpread:
    made = tuple(
        Filling(segments.count(text), country, people, example)
        for example, (text, country, people) in enumerate(fillings, start=1)
    )
    people: dict[int, int] = {}
    for each in made:
        people[each.size.segments] = people.get(each.size.segments, 0) + each.people
    return SegmentSpread(dict(sorted(people.items())), fillings=made)


def test_the_sum_is_that_of_all_segments() -> None:
    found = outlook(spread((SHORT, "US", 1890), (LONG, "US", 249), (LONGER, "US", 1)), {"US": US})
    assert found.cost == Cost({"USD": (1890 + 2 * 249 + 3) * 8_100})
    assert found.cost.said == "$19.37"


def test_countries_stand_by_themselves_the_largest_first() -> None:
    found = outlook(spread((SHORT, "CA", 2), (LONG, "CA", 1), (SHORT, "US", 5), (SHORT, "MX", 3)), {"US": US, "CA": CA})
    assert found.countries == (
        CountryCost("US", 5, 5, Cost({"USD": 40_500})),
        CountryCost("CA", 3, 4, Cost({"USD": 40_000})),
        CountryCost("MX", 3, 3, Cost({}, ("MX",))),
    )
    assert found.cost == Cost({"USD": 80_500}, ("MX",))


def test_who_needs_more_than_most_and_why() -> None:
    found = outlook(spread((SHORT, "US", 90), (LONG, "US", 7), (WIDE_LONG, "US", 2), (LONGER, "US", 1)), {})
    assert found.dear == Dear(people=10, letters=2, usual=1, most=90, extra=11, examples=(4, 2, 3))


def test_where_most_need_ucs_2_a_letter_is_no_reason() -> None:
    found = outlook(spread((WIDE, "US", 90), (WIDE_LONG, "US", 2)), {})
    assert found.dear == Dear(people=2, letters=0, usual=1, most=90, extra=2, examples=(2,))


def test_nobody_is_dear_where_all_need_the_same_or_others_need_less() -> None:
    assert outlook(spread((SHORT, "US", 90), (WIDE, "US", 3)), {}).dear is None
    assert outlook(spread((SHORT, "US", 3), (LONG, "US", 90)), {}).dear is None
    assert outlook(SegmentSpread({2: 9}, exact=False), {}).dear is None


def test_of_as_many_the_fewer_segments_are_usual() -> None:
    found = outlook(spread((SHORT, "US", 5), (LONG, "US", 5)), {}).dear
    assert found is not None
    assert (found.usual, found.people) == (1, 5)
