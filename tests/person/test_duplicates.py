"""Whether two records may be of one person: the reasons, how sure, and groups of them. Pure."""

from dataclasses import replace

import pytest

from optin.enums import Likeness
from optin.person.duplicates import MOST_SHOWN, Record, alike, group

NOOR = Record(1, "contact", "haddad noor", "+12065550163", "noor@example.org", "harbor friends")
OTHER = Record(2, "lead", "duarte ines", "+12065550147", "ines@example.org", "pier 4")


@pytest.mark.parametrize(
    ("same", "likeness", "rule"),
    [
        ({"mobile", "name"}, Likeness.SURE, "mobile"),
        ({"mobile"}, Likeness.OTHERS, "mobile"),
        ({"mobile", "company"}, Likeness.OTHERS, "mobile"),
        ({"mobile", "email"}, Likeness.PERHAPS, "mobile"),
        ({"email", "name"}, Likeness.LIKELY, "email"),
        ({"email"}, Likeness.OTHERS, "email"),
        ({"name", "company"}, Likeness.LIKELY, "company"),
        ({"name"}, Likeness.PERHAPS, "name"),
        ({"company"}, None, None),
        (set(), None, None),
    ],
)
def test_what_is_the_same_says_how_sure_it_is(same: set[str], likeness: Likeness | None, rule: str | None) -> None:
    found = alike(NOOR, replace(OTHER, **{name: getattr(NOOR, name) for name in same}))
    assert (found and found.likeness, found and found.rule) == (likeness, rule)


def test_who_has_no_name_contradicts_nobody() -> None:
    found = alike(NOOR, replace(OTHER, name="", mobile=NOOR.mobile))
    assert found is not None
    assert found.likeness is Likeness.SURE
    assert found.reasons == ("same mobile phone", "one has no name")


def test_what_both_lack_is_not_the_same() -> None:
    blank = Record(3, "lead", "", "", "", "")
    assert alike(blank, replace(blank, id=4)) is None


def test_different_numbers_are_among_the_reasons() -> None:
    found = alike(NOOR, replace(OTHER, name=NOOR.name))
    assert found is not None
    assert found.reasons == ("same name", "different numbers")


def none(_one: int, _other: int) -> bool:
    return False


def test_a_group_is_the_rules_that_found_its_best_pair_first() -> None:
    bob = replace(NOOR, id=3, name="haddad bob", email="")
    twin = replace(NOOR, id=4, kind="lead", email="")
    made = group("mobile", "+12065550163", [bob, NOOR, twin], 3, none)
    assert made is not None
    assert (made.likeness, list(made.ids)) == (Likeness.SURE, [1, 4, 3])
    assert group("name", "haddad noor", [NOOR, twin], 2, none) is None, "the number says more"


def test_dismissed_pairs_leave_the_others() -> None:
    twin, third = replace(NOOR, id=2), replace(NOOR, id=3)
    dismissed = {(1, 2), (1, 3)}
    made = group("mobile", "x", [NOOR, twin, third], 3, lambda one, other: (one, other) in dismissed)
    assert made is not None
    assert list(made.ids) == [2, 3]
    assert group("mobile", "x", [NOOR, twin], 2, lambda one, other: (one, other) in dismissed) is None


def test_a_large_group_shows_its_first_and_says_how_many_there_are() -> None:
    made = group("mobile", "x", [replace(NOOR, id=each) for each in range(1, 41)], 40, none)
    assert made is not None
    assert (len(made.ids), made.people) == (MOST_SHOWN, 40)
