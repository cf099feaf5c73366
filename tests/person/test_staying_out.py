"""A STOP is not washed off by a new mobile number: whoever left by an earlier one stays out, unless they came back."""

from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as clocks
from optin.consent import consent_status, ledger
from optin.consent.consent_status import StatusKind
from optin.consent.events import Act
from optin.enums import EventKind, MessageStatus, OptInSource
from optin.models import ConsentEvent, ConsentPayload, Keyword, Person
from optin.person import records
from optin.refused import done
from tests.conftest import Clock
from tests.support import outbox, world

OLD, NEW, THIRD = "+12065550147", "+12065550163", "+12065550170"


@pytest.fixture
def noor(session: Session) -> Person:
    return world.person(session, "Noor Haddad", OLD)


def change(session: Session, person: Person, number: str, agreed: str = "") -> None:
    done(records.change(session, person, {"mobile": number}, None, None, agreed))


def is_out(session: Session, number: str) -> bool:
    return consent_status.of_number(session, number).kind is StatusKind.OPTED_OUT


def words(session: Session, number: str) -> list[tuple[str, str]]:
    """What the ledger says of a number: kinds of events with their texts, oldest first."""
    rows = select(ConsentEvent.kind, ConsentPayload.text).join(ConsentPayload).where(ConsentPayload.number == number)
    return [tuple(row) for row in session.execute(rows.order_by(ConsentEvent.id))]


def test_a_stop_goes_with_the_person_to_the_new_number(session: Session, noor: Person) -> None:
    world.text(session, "STOP", OLD)
    change(session, noor, NEW)
    assert is_out(session, NEW)
    assert words(session, NEW) == [(EventKind.OPTED_OUT, f"Opted out with an earlier number, {OLD}")]


@pytest.mark.parametrize("steps", [[""], ["", "", NEW], [THIRD, ""], ["", THIRD, ""]])
def test_no_detour_washes_it_off(session: Session, noor: Person, steps: list[str]) -> None:
    world.text(session, "STOP", OLD)
    for number in [*steps, NEW]:
        change(session, noor, number)
    assert is_out(session, NEW)


def test_how_they_agreed_is_kept_and_lets_them_be_texted(session: Session, noor: Person) -> None:
    world.text(session, "STOP", OLD)
    change(session, noor, NEW, "asked at the desk, 3 May")
    assert not is_out(session, NEW)
    assert words(session, NEW) == [(EventKind.AGREED, "asked at the desk, 3 May")]
    change(session, noor, THIRD)
    assert not is_out(session, THIRD), "what was agreed at the second number is not asked for again at the third"


def test_who_never_left_is_not_opted_out_and_nothing_is_written(session: Session, noor: Person) -> None:
    change(session, noor, NEW, "was never asked")
    assert not is_out(session, NEW)
    assert words(session, NEW) == []


@pytest.mark.parametrize("texts", [["volunteer"], ["STOP", "START"], []])
def test_what_happened_at_the_new_number_before_the_stop_does_not_count(
    session: Session, noor: Person, clock: Clock, texts: list[str]
) -> None:
    world.keyword(session)
    for body in texts:
        world.text(session, body, NEW)
        clock.forward(minutes=1)
    world.text(session, "STOP", OLD)
    change(session, noor, NEW)
    assert is_out(session, NEW)


@pytest.mark.parametrize(("texts", "out"), [(["volunteer"], False), (["STOP", "START"], False), (["hello"], True)])
def test_what_they_did_at_the_new_number_since_then_does(
    session: Session, noor: Person, clock: Clock, texts: list[str], out: bool
) -> None:
    world.keyword(session)
    world.text(session, "STOP", OLD)
    for body in texts:
        clock.forward(minutes=1)
        world.text(session, body, NEW)
    change(session, noor, NEW)
    assert is_out(session, NEW) is out


def test_an_opt_in_that_ended_with_the_number_is_no_word_of_theirs_any_more(
    session: Session, noor: Person, clock: Clock
) -> None:
    world.keyword(session)
    world.text(session, "STOP", NEW)
    clock.forward(minutes=1)
    world.text(session, "volunteer", OLD)
    change(session, noor, NEW)
    change(session, noor, OLD)
    assert is_out(session, OLD)


def test_a_users_own_record_is_no_word_of_theirs(session: Session, noor: Person, clock: Clock) -> None:
    keyword = world.keyword(session)
    world.text(session, "STOP", OLD)
    clock.forward(minutes=1)
    ledger.opt_in(session, NEW, keyword, Act(source=OptInSource.USER, at=clocks.now(), text="paper"))
    change(session, noor, NEW)
    assert is_out(session, NEW)


def test_what_waits_for_the_new_number_is_cancelled(session: Session, noor: Person) -> None:
    waiting = outbox.one_to_one(session, NEW)
    world.text(session, "STOP", OLD)
    change(session, noor, NEW)
    session.refresh(waiting)
    assert waiting.status == MessageStatus.CANCELLED


def test_another_field_changes_nothing(session: Session, noor: Person) -> None:
    world.text(session, "STOP", OLD)
    done(records.change(session, noor, {"company": "Harbor Friends"}, None))
    assert [kind for kind, _ in words(session, OLD)] == [EventKind.OPTED_OUT, EventKind.BLOCKED]


class Told:
    """What the rule says of one person, kept by hand: since when they are out, and what each number did."""

    def __init__(self, number: str) -> None:
        """Begin with a person who has done nothing yet."""
        self.now = self.number = number
        self.out_since: int | None = None
        self.left: dict[str, int] = {}
        self.came_back: dict[str, int] = {}
        self.opted_in: dict[str, int] = {}

    def text(self, body: str, number: str, at: int) -> None:
        """Note a text from a number, whoever has it."""
        if body == "STOP":
            self.left[number] = at
            self.opted_in.pop(number, None)
        elif body == "volunteer":
            self.opted_in[number] = at
        if body in ("volunteer", "START") and self.left.pop(number, None):
            self.came_back[number] = at
        if number == self.number:
            self.out_since = self.left.get(number)

    def edit(self, number: str, agreed: bool, at: int) -> None:
        """Note what a user put into the field, "" for nothing. The opt-ins of the number that was there end."""
        if number != self.now:
            self.opted_in.pop(self.now, None)
        self.now = number
        if not number or number == self.number:
            return
        last_word = max(self.came_back.get(number, 0), self.opted_in.get(number, 0))
        came_back = self.out_since is not None and last_word > self.out_since
        if self.out_since is not None and number not in self.left and not came_back and not agreed:
            self.left[number] = at
        self.number, self.out_since = number, self.left.get(number)


PLACES = st.integers(0, 2)
TEXTS = st.tuples(st.sampled_from(["STOP", "START", "volunteer", "hello"]), PLACES)
EDITS = st.tuples(st.one_of(st.none(), PLACES), st.booleans())
BLOCKS = count()


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(TEXTS, EDITS), min_size=2, max_size=12))
@example(steps=[("STOP", 2), ("volunteer", 0), (2, False), (0, False)])
def test_no_edit_lets_anybody_be_texted_who_left(
    session: Session, clock: Clock, steps: list[tuple[str | int | None, int | bool]]
) -> None:
    block = 2_000_000 + 3 * next(BLOCKS)
    numbers = [f"+1206{block + place}" for place in range(3)]
    if not session.scalars(select(Keyword).limit(1)).first():
        world.keyword(session)
    person, told = world.person(session, "Noor Haddad", numbers[0]), Told(numbers[0])
    for at, (what, more) in enumerate(steps, start=1):
        clock.forward(minutes=1)
        if isinstance(what, str):
            world.text(session, what, numbers[more])
            told.text(what, numbers[more], at)
        else:
            number = "" if what is None else numbers[what]
            change(session, person, number, "asked at the desk" if more else "")
            told.edit(number, bool(more), at)
        assert {number: is_out(session, number) for number in numbers} == {
            number: number in told.left for number in numbers
        }
