"""What is looked at before a broadcast is sent that tests two texts: each text like any, and the test itself."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from optin.consent.audience import AudienceQuestion
from optin.features.campaigns import compose
from optin.features.campaigns.compose import Draft, TextPreview
from optin.sending import broadcast_cost, variant_words
from optin.sending.broadcast_cost import SegmentSpread
from optin.texts import text_test
from optin.texts.segments import Segments


@dataclass(frozen=True)
class LookedAt:
    """A draft's first text, and the `other` one of a test."""

    first: TextPreview
    other: TextPreview | None

    @property
    def each(self) -> list[TextPreview]:
        """List what there is of both."""
        return [self.first, self.other] if self.other else [self.first]

    @property
    def worst(self) -> Segments:
        """Return the larger one, for whom it is longest."""
        return max((each.worst for each in self.each), key=lambda size: (size.segments, size.units))

    def dearer(self, session: Session, asked: AudienceQuestion, people: int) -> tuple[str, SegmentSpread]:
        """Return the text that needs more segments for all, and how many: of two nobody knows which one wins."""
        found = [
            (each.body, broadcast_cost.segment_spread(session, asked, each.body, people, each.worst))
            for each in self.each
        ]
        body, most = max(found, key=lambda each: each[1].total)
        return body, most if all(spread == most for _, spread in found) else replace(most, exact=False)


def look_at(session: Session, asked: AudienceQuestion, draft: Draft) -> LookedAt:
    """Look at the texts of a draft for the whole campaign."""
    found = compose.previews(session, asked, replace(draft, after=0))
    first = found["look"]
    assert first is not None
    return LookedAt(first, found["other"])


def faults(draft: Draft, people: int) -> list[str]:
    """Return a sentence for each thing that forbids the test of a draft; what starts later may have people by then."""
    few = text_test.too_few(people) if draft.test and people and not draft.plan.later else ""
    return [*compose.test_faults(draft), *filter(None, [few])]


def words(draft: Draft, people: int) -> list[str]:
    """Say what the test of a draft does, and what it can tell with so many people; nothing without a test."""
    if draft.test is None:
        return []
    size = text_test.test_size(people, draft.test.percent)
    told = variant_words.can_tell(size // 2) if size else f"{text_test.too_few(people)} It is decided when it starts."
    return [draft.test.words, told]
