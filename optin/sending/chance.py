"""How often a difference between two shares comes by chance alone, and what that is in words. Pure."""

from math import exp, fsum, lgamma

MORE_THAN_CHANCE = 0.05
"""A difference that equal texts show less often than this is called more than chance, as is the custom."""
_AS_LIKELY = 1 + 1e-7


def fisher(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """Return how often two equal shares differ as much as this or more: the two-sided p-value of Fisher's exact test.

    R. A. Fisher, "On the Interpretation of χ² from Contingency Tables, and the Calculation of P", Journal of the Royal
    Statistical Society 85 (1922). Two-sided is the sum of all tables with the same sums that are no likelier than this
    one, with the tolerance of `fisher.test` in R. Hits are no more than what they are of.
    """
    both = hits + other_hits
    least, most = max(0, both - other_of), min(both, of)
    logs = [_log_choose(of, each) + _log_choose(other_of, both - each) for each in range(least, most + 1)]
    largest = max(logs)
    weights = [exp(each - largest) for each in logs]
    found = weights[hits - least] * _AS_LIKELY
    return min(1.0, fsum(each for each in weights if each <= found) / fsum(weights))


def least_told_apart(hits: int, of: int) -> int | None:
    """Return how many of as many people must do it with the other text for it to be more than chance; None: nobody."""
    more = range(hits + 1, of + 1)
    return next((each for each in more if fisher(each, of, hits, of) < MORE_THAN_CHANCE), None)


def words(p: float) -> str:
    """Say in how many tests of two equal texts there would be such a difference: "about half of all tests"."""
    if p >= 0.95:
        return "nearly every test"
    if 0.45 <= p < 0.55:
        return "about half of all tests"
    for of, least in ((10, 0.095), (100, 0.0095), (1000, 0.001)):
        if p >= least:
            return f"about {round(p * of)} of {of:,} tests"
    return "fewer than 1 of 1,000 tests"


def _log_choose(of: int, count: int) -> float:
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
