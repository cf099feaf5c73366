"""Whatever is merged and undone between texts: nobody may be messaged who left and might not be before.

Kept by hand is the least that must hold: a number that left and did not come back by its own text stays out; a merge
lets no number be messaged that might not be; an undo only those that might be before the merge and did not leave since.
"""

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import consent_status, decisions
from optin.consent.verifying import Found, differences
from optin.models import Keyword, Person, Sender
from optin.models.person import MERGED
from optin.person import merging, records, undoing_merges
from optin.person.merging import Merged
from optin.policy import cache
from optin.refused import done
from tests.conftest import Clock
from tests.support import world

NUMBERS, PEOPLE = 3, 3
TEXT = st.tuples(st.sampled_from(["STOP", "START", "volunteer", "we have to stop this"]), st.integers(0, NUMBERS - 1))
CHANGE = st.tuples(st.just("change"), st.integers(0, PEOPLE - 1), st.integers(-1, NUMBERS - 1))
MERGE = st.tuples(st.just("merge"), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), st.booleans())
UNDO = st.tuples(st.just("undo"), st.integers(0, 3))
BLOCKS = count()


@dataclass
class World:
    """Three people, three numbers, and which merges were made, each with who might be messaged before."""

    session: Session
    numbers: list[str]
    people: list[Person]
    merges: list[tuple[Merged, set[str]]] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)

    def may_be_messaged(self) -> set[str]:
        """Ask the rule for a broadcast by the keyword, to each of the numbers."""
        keyword = self.session.scalars(select(Keyword)).first()
        sender = self.session.scalars(select(Sender)).first()
        scope, channel = (sender.scope, sender.channel) if sender else ("", "sms")
        policy = cache.policy(self.session)
        asked = {
            number: decisions.of_campaign(
                self.session, number, policy, keyword_id=keyword and keyword.id, scope=scope, channel=channel
            )
            for number in self.numbers
        }
        return {number for number, decision in asked.items() if decision.reason is None or decision.waits}

    def text(self, body: str, number: str, at: int) -> None:
        """Let a phone text, and note who left."""
        world.text(self.session, body, number)
        if body == "STOP":
            self.left[number] = at

    def change(self, place: int, number: int) -> None:
        """Give a person another number, or none."""
        person = self.people[place]
        if person.kind != MERGED:
            new = self.numbers[number] if number >= 0 else ""
            done(records.change(self.session, person, {"mobile": new}, None))
            self.session.commit()

    def merge(self, one: int, other: int, swapped: bool) -> None:
        """Merge two, with the number of one of them."""
        before, kept, goes = self.may_be_messaged(), self.people[one], self.people[other]
        values = {name: getattr(kept, name) or getattr(goes, name) for name in records.FIELDS}
        values["mobile"] = (goes.mobile or kept.mobile) if swapped else values["mobile"]
        made = merging.merge(self.session, kept, goes, values, None)
        if isinstance(made, Merged):
            self.session.commit()
            self.merges.append((made, before))
            assert self.may_be_messaged() <= before, "a merge lets nobody be messaged who might not be"
        else:
            self.session.rollback()

    def undo(self, place: int) -> None:
        """Undo a merge; only who might be messaged before it, or may be now, may be after."""
        if place >= len(self.merges):
            return
        made, before_merge = self.merges[place]
        before = self.may_be_messaged()
        undone = undoing_merges.undo(self.session, made.merge_id, None)
        if isinstance(undone, undoing_merges.Undone):
            self.session.commit()
            assert self.may_be_messaged() <= before | before_merge
        else:
            self.session.rollback()


STEPS = st.lists(st.one_of(TEXT, CHANGE, MERGE, MERGE, UNDO, UNDO), min_size=3, max_size=14)


@pytest.mark.slow
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_nobody_who_left_may_be_messaged_by_a_merge_or_its_undo(
    session: Session, clock: Clock, steps: list[tuple[object, ...]]
) -> None:
    block = 2_000_000 + NUMBERS * next(BLOCKS)
    numbers = [f"+1206{block + place}" for place in range(NUMBERS)]
    if not session.scalars(select(Keyword).limit(1)).first():
        world.keyword(session)
    people = [world.person(session, f"Noor {place}", numbers[place]) for place in range(PEOPLE)]
    scene = World(session, numbers, people)
    for at, (what, *more) in enumerate(steps, start=1):
        clock.forward(minutes=1)
        if what in ("change", "merge", "undo"):
            getattr(scene, str(what))(*more)
        else:
            scene.text(str(what), numbers[int(str(more[0]))], at)
            if what in ("START", "volunteer"):
                scene.left.pop(numbers[int(str(more[0]))], None)
        out = {number for number in numbers if consent_status.of_number(session, number).kind == "opted_out"}
        assert set(scene.left) <= out, "who left is out until their own text"
    assert list(differences(session.get_bind(), Found())) == [], "and the log says all of it"
