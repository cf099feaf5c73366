"""Merges at the same moment as others: two users, a STOP, a change of number, a chain of three; on both databases."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.consent.consent_status import StatusKind
from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import PersonKind
from optin.models import OptIn, Person, PersonMerge
from optin.models.person import MERGED
from optin.person import merging, records, undoing_merges
from optin.refused import Refused, done
from tests.support import world

ONE, TWO, THREE = "+12065550147", "+12065550163", "+12065550170"
ROUNDS = 6


def together(app: Flask, *acts: Callable[[Session], object]) -> list[object]:
    """Do the acts at the same moment, each in a transaction and thread of its own; return what each returned."""
    with app.app_context():
        engine = db.engine
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def do(place: int) -> None:
        with app.app_context():
            gate.wait()
            with writing(engine) as session:
                results[place] = acts[place](session)

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert None not in results, "an act failed"
    return results


def merge(kept: int, other: int) -> Callable[[Session], object]:
    def act(session: Session) -> object:
        found = merging.lock_both(session, kept, other)
        values = {name: getattr(found[kept], name) or getattr(found[other], name) for name in records.FIELDS}
        return merging.merge(session, found[kept], found[other], values, None)

    return act


def stop(number: str) -> Callable[[Session], object]:
    return lambda session: world.text(session, "STOP", number)


def people(session: Session, *numbers: str) -> list[int]:
    return [world.person(session, f"Noor {number[-4:]}", number, PersonKind.CONTACT).id for number in numbers]


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_users_who_merge_the_same_records_one_does(app: Flask, session: Session, turned: bool) -> None:
    for _ in range(ROUNDS):
        one, two = people(session, ONE, TWO)
        results = together(app, merge(one, two), merge(two, one) if turned else merge(one, two))
        assert sorted(isinstance(result, Refused) for result in results) == [False, True]
        session.expire_all()
        kinds = session.scalars(select(Person.kind).where(Person.id.in_((one, two)))).all()
        assert sorted(kinds) == ["contact", MERGED]


def test_a_chain_of_three_leaves_one_or_is_refused(app: Flask, session: Session) -> None:
    for _ in range(ROUNDS):
        one, two, three = people(session, ONE, TWO, THREE)
        results = together(app, merge(two, one), merge(three, two))
        refused = sum(isinstance(result, Refused) for result in results)
        session.expire_all()
        left = session.scalars(select(Person.id).where(Person.id.in_((one, two, three)), Person.kind != MERGED)).all()
        assert len(left) == 1 + refused
        assert set(session.scalars(select(Person.mobile).where(Person.kind == MERGED))) == {None}


@pytest.mark.parametrize("left", [ONE, TWO])
def test_a_stop_at_the_same_moment_counts_for_the_number_that_stays(app: Flask, session: Session, left: str) -> None:
    world.keyword(session)
    for round_ in range(ROUNDS):
        mine, theirs = f"+1206555{1000 + 2 * round_}", f"+1206555{1001 + 2 * round_}"
        one, two = people(session, mine, theirs)
        for number in (mine, theirs):
            world.text(session, "volunteer", number)
        sent = mine if left == ONE else theirs
        together(app, merge(one, two), stop(sent))
        session.expire_all()
        assert consent_status.of_number(session, sent).kind is StatusKind.OPTED_OUT
        live = select(OptIn.number).where(OptIn.number.in_((mine, theirs)), OptIn.status == "active")
        assert set(session.scalars(live)) <= {mine} - {sent}


def test_an_undo_and_a_stop_at_the_same_moment_leave_the_number_out(app: Flask, session: Session) -> None:
    world.keyword(session)
    for round_ in range(ROUNDS):
        mine, theirs = f"+1206555{1000 + 2 * round_}", f"+1206555{1001 + 2 * round_}"
        one, two = people(session, mine, theirs)
        for number in (mine, theirs):
            world.text(session, "volunteer", number)
        (made,) = together(app, merge(one, two))
        assert isinstance(made, merging.Merged)
        merge_id = made.merge_id

        def undo(session: Session, merge_id: int = merge_id) -> object:
            return done(undoing_merges.undo(session, merge_id, None))

        together(app, undo, stop(theirs))
        session.expire_all()
        assert consent_status.of_number(session, theirs).kind is StatusKind.OPTED_OUT


def test_two_undos_are_one(app: Flask, session: Session) -> None:
    one, two = people(session, ONE, TWO)
    (made,) = together(app, merge(one, two))
    assert isinstance(made, merging.Merged)
    merge_id = made.merge_id
    results = together(app, *[lambda session: undoing_merges.undo(session, merge_id, None)] * 2)
    assert sorted(isinstance(result, Refused) for result in results) == [False, True]
    session.expire_all()
    assert session.get_one(PersonMerge, merge_id).undone_at


def test_a_change_of_number_and_a_merge_follow_one_another(app: Flask, session: Session) -> None:
    for _ in range(ROUNDS):
        one, two = people(session, ONE, TWO)

        def change(session: Session, two: int = two) -> object:
            return records.change(session, session.get_one(Person, two), {"mobile": THREE}, None)

        together(app, merge(one, two), change)
        session.expire_all()
        assert session.get_one(Person, two).mobile in (None, THREE)
