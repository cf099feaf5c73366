"""What the page of a broadcast says of its test of two texts: how far it is, what came back, who is to decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from optin.enums import TextTestState, Variant
from optin.models import Broadcast
from optin.queries import cached_counts
from optin.sending import results, variant_figures, variant_words, variants
from optin.short_links import results as link_clicks
from optin.texts import text_test
from optin.texts.text_test import TextTest, VariantFigures


@dataclass(frozen=True)
class TextTestReport:
    """How far the test is, and what was chosen for it beforehand.

    `figures` are those of each text so far, none before anything is drawn, or where many are not counted yet; then
    `compared` says what they show. `asks`: a user is to decide, and may. `clicks` are those of each text's short links,
    also of people who got it later; none where there are no such links.
    """

    state: TextTestState
    test: TextTest
    figures: tuple[VariantFigures, ...] = ()
    compared: str = ""
    asks: bool = False
    clicks: Mapping[Variant, int] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Return what changes with anything that the page shows of it."""
        counts = (f"{one.started}.{one.answers}.{one.opt_outs}" for one in self.figures)
        return "-".join([self.state, *counts, *map(str, self.clicks.values())])

    @property
    def better(self) -> Variant | None:
        """Return the text that would win now, None without figures."""
        return text_test.winner(self.test.wins_by, self.figures) if self.figures else None


def report(session: Session, broadcast: Broadcast) -> TextTestReport | None:
    """Return what the page says of the test, None for a broadcast that tests nothing."""
    test = variants.test_of(broadcast)
    if test is None or broadcast.test_state is None:
        return None
    state = TextTestState(broadcast.test_state)
    figures = () if state is TextTestState.CHOOSING else _figures(session, broadcast)
    if not any(one.started for one in figures):
        return TextTestReport(state, test)
    asks = state is TextTestState.WAITING and broadcast.state in variants.WAITS_FOR_A_CLICK
    compared, clicks = variant_words.compared(test.wins_by, figures), link_clicks.by_text(session, broadcast)
    return TextTestReport(state, test, figures, compared, asks, clicks)


def _figures(session: Session, broadcast: Broadcast) -> tuple[VariantFigures, ...]:
    if not results.is_large(session, broadcast.id):
        return variant_figures.figures(session, broadcast)
    seen = _FIGURES.seen(session, broadcast.id)
    return tuple(VariantFigures(one, *seen.value[one]) for one in Variant) if seen else ()


def _counted(session: Session, broadcast_id: int) -> dict[str, list[int]]:
    found = variant_figures.figures(session, session.get_one(Broadcast, broadcast_id))
    return {one.variant: [one.started, one.answers, one.opt_outs] for one in found}


_FIGURES = cached_counts.CountKind("text-test", _counted)
