"""A broadcast that tests two texts: what is chosen beforehand, who is in the test, and which text wins. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from optin.enums import Variant, WinsBy

LEAST = 50
"""A test goes to no fewer people for each text: less would tell nothing."""
MOST = 10_000
"""A test goes to no more people for each text: more would tell hardly more, and they get the worse one."""
FIELDS = ("other_body", "test_percent", "wins_by", "test_hours", "test_then")
PERCENTS = (10, 20, 30, 40, 50)
HOURS = (1, 2, 3, 4, 6, 8, 12, 18, 24)
SAME = "Both texts are the same. Change one of them, or leave the second one empty."
TWO_FIRSTS = (
    "A test of two texts goes to some of the people first anyway. Choose “Everybody at once” under “Who first”, "
    "or leave the second text empty."
)


NOT_AGAIN = "A broadcast that goes out again has one text. Choose “Once only”, or leave the second text empty."
CLICK = "click"
"""What a form says in `test_then` where a user decides."""


@dataclass(frozen=True)
class TextTest:
    """The second text, and what is chosen beforehand: on how many percent it is tested, what tells the better text,
    how many hours answers are waited for, and whether the others get it by itself then."""

    other_body: str
    percent: int = 20
    wins_by: WinsBy = WinsBy.ANSWERS
    hours: int = 4
    goes_on: bool = True

    @property
    def hidden(self) -> dict[str, str]:
        """Return the fields that a form carries on."""
        chosen = (self.other_body, self.percent, self.wins_by, self.hours, "self" if self.goes_on else CLICK)
        return dict(zip(FIELDS, map(str, chosen), strict=True))

    @property
    def words(self) -> str:
        """Say what is chosen beforehand: "20 % of the people get one text or the other. After 4 hours …"."""
        how = "most answers" if self.wins_by is WinsBy.ANSWERS else "fewest opt-outs"
        after, then = hours_words(self.hours), f"the one with the {how} goes to the others by itself"
        if not self.goes_on:
            then = f"a user sees which has the {how}, and decides which one the others get"
        return f"{self.percent} % of the people get one text or the other. After {after} {then}."

    @property
    def lasts(self) -> timedelta:
        """Return how long answers are waited for."""
        return timedelta(hours=self.hours)


@dataclass(frozen=True)
class VariantFigures:
    """How many messages with one of the texts were started, how many of these people answered, and opted out."""

    variant: Variant
    started: int = 0
    answers: int = 0
    opt_outs: int = 0

    def hits(self, by: WinsBy) -> int:
        """Return the count by which the texts are compared."""
        return self.answers if by is WinsBy.ANSWERS else self.opt_outs


def texts(body: str, test: TextTest | None) -> list[str]:
    """List the texts of a broadcast, the first one first."""
    return [body, test.other_body] if test else [body]


def of_each(sentences: Sequence[Sequence[str]]) -> list[str]:
    """Join the sentences about each text of a broadcast; where there are two, each says of which it is."""
    if len(sentences) == 1:
        return list(sentences[0])
    return [f"{variant.label}: {each}" for variant, of in zip(Variant, sentences, strict=True) for each in of]


def faults(
    test: TextTest | None, body: str, starts: datetime, not_after: datetime | None, *, canary: bool, recurs: bool
) -> list[str]:
    """Return a sentence for each thing that forbids the test, whoever is in it; none without a test."""
    if test is None:
        return []
    found = [SAME] if test.other_body == body else []
    if canary:
        found.append(TWO_FIRSTS)
    if recurs:
        found.append(NOT_AGAIN)
    if not_after is not None and not_after <= starts + test.lasts:
        found.append(
            f"The test waits {hours_words(test.hours)} for answers, and “Send until” comes before its end, so that the "
            "others would get nothing. Choose a later time, or fewer hours."
        )
    return found


def too_few(people: int) -> str:
    """Say that so many people are too few for a test, "" where they are enough."""
    if test_size(people, PERCENTS[0]):
        return ""
    return (
        f"{people:,} people can receive it, and a test needs more than {2 * LEAST}: {LEAST} for each text, and others "
        "who get the better one. Leave the second text empty, and everybody gets the first."
    )


def test_size(people: int, percent: int) -> int:
    """Return how many of so many people are in the test, half of them for each text; 0 where they are too few."""
    size = min(max(people * percent // 200, LEAST), MOST) * 2
    return size if size < people else 0


def places(people: int, size: int, seed: str) -> dict[int, Variant]:
    """Draw who is in the test: places in the order of their numbers, and the text of each.

    The numbers are cut into as many blocks as each text has people, and two are drawn from each block: so both texts
    are spread alike over area codes, time zones and carriers. The same seed draws the same.
    """
    draw, half = Random(seed).random, size // 2
    drawn: dict[int, Variant] = {}
    for block in range(half):
        begin, end = block * people // half, (block + 1) * people // half
        first = int(draw() * (end - begin))
        second = (first + 1 + int(draw() * (end - begin - 1))) % (end - begin)
        drawn[begin + first], drawn[begin + second] = Variant.A, Variant.B
    return drawn


def winner(by: WinsBy, figures: Sequence[VariantFigures]) -> Variant:
    """Return the text with the larger share of answers, or the smaller of opt-outs; the first where they are equal."""
    first, second = figures
    mine, others = first.hits(by) * second.started, second.hits(by) * first.started
    better = others > mine if by is WinsBy.ANSWERS else others < mine
    return Variant.B if better and first.started and second.started else Variant.A


def hours_words(hours: int) -> str:
    """Say so many hours: "1 hour", "4 hours"."""
    return "1 hour" if hours == 1 else f"{hours} hours"
