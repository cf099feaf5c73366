"""What a test of two texts shows, in sentences that are honest about chance. Pure."""

from collections.abc import Sequence

from optin.enums import Variant, WinsBy
from optin.sending import chance
from optin.texts.text_test import VariantFigures, winner

_WHAT = {WinsBy.ANSWERS: "answers", WinsBy.OPT_OUTS: "opt-outs"}


def compared(by: WinsBy, figures: Sequence[VariantFigures]) -> str:
    """Say what each text got, the better one first, and how often such a difference comes by chance."""
    first, second = figures
    if not first.started or not second.started:
        return "One of the texts went to nobody, so there is nothing to compare."
    better = winner(by, figures)
    good, other = (first, second) if better is Variant.A else (second, first)
    counts = f"{_got(by, good)}, {_got(by, other)}"
    if good.hits(by) * other.started == other.hits(by) * good.started:
        return f"{counts}: no difference."
    p = probability(by, figures)
    return (
        f"{counts}: of two texts that are equally good, a difference like this or a larger one comes by chance in "
        f"{chance.words(p)}."
    )


def because(by: WinsBy, figures: Sequence[VariantFigures]) -> str:
    """Say why a text goes to the others: by more than chance, or as it was chosen beforehand."""
    first, second = figures
    label = winner(by, figures).label
    if not first.started or not second.started:
        return f"{compared(by, figures)} {label} goes to the others."
    if first.hits(by) * second.started == second.hits(by) * first.started:
        return f"{compared(by, figures)} Then the first text goes to the others, as was said beforehand."
    if probability(by, figures) < chance.MORE_THAN_CHANCE:
        return f"{compared(by, figures)} {label} is better by more than chance, and goes to the others."
    return (
        f"{compared(by, figures)} That is within chance. {label} goes to the others for {_most(by)}, as was said "
        "beforehand."
    )


def because_picked(by: WinsBy, figures: Sequence[VariantFigures], picked: Variant) -> str:
    """Say why a text goes to the others that a user picked."""
    equal = figures[0].hits(by) * figures[1].started == figures[1].hits(by) * figures[0].started
    better = winner(by, figures)
    against = "" if equal or picked is better else f", although {better.label} got {_most(by)}"
    return f"{compared(by, figures)} A user decided that {picked.label} goes to the others{against}."


def probability(by: WinsBy, figures: Sequence[VariantFigures]) -> float:
    """Return how often two equal texts would differ so."""
    first, second = figures
    return chance.fisher(
        min(first.hits(by), first.started), first.started, min(second.hits(by), second.started), second.started
    )


def can_tell(each: int) -> str:
    """Say what a test with so many people for each text can tell, by an example: one in twenty answers."""
    usual = each // 20
    needed = chance.least_told_apart(usual, each)
    few = " These are few: only a large difference will show." if needed is None or needed > 2 * usual else ""
    if needed is None:
        return f"{each:,} people get each text.{few}"
    return (
        f"{each:,} people get each text. If {usual:,} of them answer the one, {needed:,} have to answer the other "
        f"before that is more than chance.{few}"
    )


def _most(by: WinsBy) -> str:
    return "the most answers" if by is WinsBy.ANSWERS else "the fewest opt-outs"


def _got(by: WinsBy, figures: VariantFigures) -> str:
    return f"{figures.variant.label} got {figures.hits(by):,} {_WHAT[by]} of {figures.started:,}"
