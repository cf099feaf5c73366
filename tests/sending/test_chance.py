"""How often a difference comes by chance: Fisher's exact test against known values, and by counting all tables."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.sending import chance


@pytest.mark.parametrize(
    ("hits", "of", "other_hits", "other_of", "p"),
    [
        # Fisher's tea: 3 of 4 cups right. R: fisher.test(matrix(c(3, 1, 1, 3), 2))$p.value
        (3, 4, 1, 4, 0.4857142857),
        # Convicted twins (Fisher 1935; the example of R's manual): two-sided 0.0005367.
        (2, 17, 10, 13, 0.0005367241),
        # SciPy's manual: [[6, 2], [1, 4]] and [[8, 2], [1, 5]].
        (6, 8, 1, 5, 0.1025641026),
        (8, 10, 1, 6, 0.0349650350),
        (0, 10, 0, 10, 1.0),
        (10, 10, 0, 10, 1.0825088e-05),
    ],
)
def test_known_values(hits: int, of: int, other_hits: int, other_of: int, p: float) -> None:
    assert chance.fisher(hits, of, other_hits, other_of) == pytest.approx(p, rel=1e-6)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_it_is_the_share_of_all_tables_counted_exactly(hits: int, misses: int, other: int, other_misses: int) -> None:
    of, other_of, both = hits + misses, other + other_misses, hits + other
    ways = [comb(of, k) * comb(other_of, both - k) for k in range(max(0, both - other_of), min(both, of) + 1)]
    found = comb(of, hits) * comb(other_of, other)
    exact = Fraction(sum(each for each in ways if each <= found), sum(ways))
    assert chance.fisher(hits, of, other, other_of) == pytest.approx(float(exact), rel=1e-6)
    assert chance.fisher(other, other_of, hits, of) == pytest.approx(float(exact), rel=1e-6)


def test_of_ten_thousand_each_it_is_right_and_never_more_than_one() -> None:
    assert chance.fisher(500, 10_000, 500, 10_000) == 1.0
    assert 0.02 < chance.fisher(500, 10_000, 570, 10_000) < 0.04


def test_how_many_are_needed_to_tell_texts_apart() -> None:
    needed = chance.least_told_apart(5, 100)
    assert needed is not None
    assert chance.fisher(5, 100, needed, 100) < 0.05 <= chance.fisher(5, 100, needed - 1, 100)
    assert chance.least_told_apart(1, 3) is None


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1.0, "nearly every test"),
        (0.684, "about 7 of 10 tests"),
        (0.5, "about half of all tests"),
        (0.1, "about 1 of 10 tests"),
        (0.049, "about 5 of 100 tests"),
        (0.0094, "about 9 of 1,000 tests"),
        (0.0005, "fewer than 1 of 1,000 tests"),
    ],
)
def test_words(p: float, said: str) -> None:
    assert chance.words(p) == said
