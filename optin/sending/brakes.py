"""When a broadcast stops by itself, and how large its canary is. Pure rules, on counts and limits.

A share is never more certain than the number of messages that it is of: the interval says how far it may be off.
"""

from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Standard deviations on either side that hold 95 %."""
AT_LEAST = 50
"""A broadcast is not judged by fewer messages; a canary is judged by all of it."""
UNUSUAL_FROM = 0.005
"""A share of opt-outs below this is nothing unusual, however few there were before."""


@dataclass(frozen=True)
class Limits:
    """The shares above which a broadcast stops, in percent, and how many times the usual share of opt-outs."""

    failed: int = 5
    filtered: int = 1
    opt_outs: int = 2


@dataclass(frozen=True)
class Figures:
    """What became of messages that were started: failed in all, filtered by a carrier (30007), numbers that left."""

    started: int
    failed: int = 0
    filtered: int = 0
    opt_outs: int = 0


@dataclass(frozen=True)
class Interval:
    """Between which shares (0 to 1) the true one lies, in 95 of 100 cases."""

    low: float
    high: float

    def __str__(self) -> str:
        """Write it as percent: "0.4 to 7.1 %"."""
        return f"{self.low * 100:.1f} to {self.high * 100:.1f} %"


def wilson(count: int, of: int) -> Interval:
    """Return Wilson's interval of a share; that of nothing says nothing. `count` is no more than `of`."""
    if of == 0:
        return Interval(0.0, 1.0)
    share, square = count / of, Z * Z / of
    middle = (share + square / 2) / (1 + square)
    half = Z * sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == of else min(1.0, middle + half)
    return Interval(low, high)


def canary_size(people: int, least: int, percent: int) -> int:
    """Return how many of so many people get a broadcast first; 0 where that would be everybody."""
    size = max(least, -(-people * percent // 100))
    return size if 0 < size < people else 0


def above(figures: Figures, limits: Limits, usual: float | None) -> str:
    """Say which limits the figures are above, "" for none; `usual` is the share of opt-outs before, None for unknown.

    Opt-outs are few: they count once even the low end of their interval is above the limit.
    """
    if not figures.started:
        return ""
    said = []
    for count, most, what in (
        (figures.failed, limits.failed, "failed"),
        (figures.filtered, limits.filtered, "were filtered by a carrier (30007)"),
    ):
        if count * 100 > most * figures.started:
            said.append(f"{count} of {figures.started} messages {what}, above the limit of {most} %")
    if usual is not None and figures.opt_outs:
        most_left = limits.opt_outs * max(usual, UNUSUAL_FROM)
        if wilson(min(figures.opt_outs, figures.started), figures.started).low > most_left:
            said.append(
                f"{figures.opt_outs} of {figures.started} people opted out, "
                f"more than {limits.opt_outs} times the usual {usual * 100:.1f} %"
            )
    return "; ".join(said)
