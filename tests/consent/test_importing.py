"""Opting in by a file: with the date of the file, never against what the number did, and back again."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock as clocks
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import ImportedOptIn, Obstacle, ObstacleKind
from optin.database.session import db
from optin.enums import BlockCause, EndReason, EventKind, HoldCause, HoldResolution, OptInSource, OptInStatus, Role
from optin.models import ConsentEvent, ConsentPayload, Hold, ImportRun, Keyword, OptIn, OptInPerson, Suppression, User
from tests.conftest import Clock, add_user
from tests.support import world
from tests.support.messageable import SCOPE, may_be_texted

ANN, OLD_MEXICO, MEXICO = "+12065550147", "+5215512345678", "+525512345678"
DAY = timedelta(days=1)
SIDS = count(10_000_000)


@pytest.fixture
def run(session: Session) -> ImportRun:
    return new_run(session)


def new_run(session: Session) -> ImportRun:
    user = session.scalars(select(User)).first() or add_user(session, Role.ADMIN)
    made = ImportRun(
        kind="opt_in", state="running", file_name="signups.csv", created_at=clocks.now(), created_by_id=user.id
    )
    session.add(made)
    session.commit()
    return made


def act_of(run: ImportRun) -> Act:
    return Act(OptInSource.IMPORT, clocks.now(), actor_id=run.created_by_id, import_run_id=run.id)


def opt_in(session: Session, run: ImportRun, keyword: Keyword, at: datetime, *numbers: str) -> dict[str, Obstacle]:
    """Import the consent of numbers."""
    rows = [
        ImportedOptIn(number, at, "On paper, collected by Ana", f"import {run.id}, row {row}", evidence={"row": row})
        for row, number in enumerate(numbers or (ANN,), start=2)
    ]
    against = ledger.import_opt_ins(session, keyword.id, rows, act_of(run))
    session.commit()
    return against


def opt_out(session: Session, run: ImportRun, number: str = ANN) -> None:
    """Import an opt-out."""
    ledger.opt_out_phone(session, number, act_of(run), resolution=HoldResolution.OPT_OUT)
    session.commit()


def by_phone(text: str = "", **fields: object) -> Act:
    return Act(OptInSource.SMS, clocks.now(), text=text, message_sid=f"SM{next(SIDS):032x}", **fields)  # type: ignore[arg-type]


def test_an_opt_in_has_the_date_and_the_proof_of_the_file(session: Session, run: ImportRun) -> None:
    keyword, person = world.keyword(session, double_opt_in=True), world.person(session, "Ann Gray", ANN)
    at = clocks.now() - 30 * DAY
    assert opt_in(session, run, keyword, at) == {}
    made = session.scalars(select(OptIn)).one()
    assert (made.status, made.source, made.activated_at, made.requested_at) == ("active", "import", at, at)
    assert (made.import_run_id, made.evidence, made.created_by_id) == (run.id, {"row": 2}, run.created_by_id)
    event, payload = session.execute(select(ConsentEvent, ConsentPayload).join(ConsentPayload)).one()
    assert (event.kind, event.provider_at, event.detail) == (EventKind.IMPORTED, at, f"import {run.id}, row 2")
    assert event.at > at
    assert (payload.number, payload.text) == (ANN, "On paper, collected by Ana")
    assert session.scalars(select(OptInPerson.person_id)).all() == [person.id]


def test_twice_changes_nothing_and_of_one_number_the_first_counts(session: Session, run: ImportRun) -> None:
    keyword, at = world.keyword(session), clocks.now() - DAY
    opt_in(session, run, keyword, at, ANN, ANN)
    assert session.scalars(select(OptIn.evidence)).all() == [{"row": 2}]
    again = opt_in(session, new_run(session), keyword, at - DAY)
    assert again == {ANN: Obstacle(ObstacleKind.ACTIVE)}
    assert session.scalars(select(OptIn.activated_at)).all() == [at]
    assert len(session.scalars(select(ConsentEvent)).all()) == 1


def leave(session: Session, what: str, keyword: Keyword, number: str = ANN) -> None:
    """Let something happen to a number."""
    match what:
        case "own":
            ledger.opt_in(session, number, keyword, by_phone("volunteer"))
        case "stop":
            ledger.opt_out_phone(session, number, by_phone("STOP"))
        case "start":
            ledger.start(session, number, by_phone("START"))
        case "stop keyword":
            ledger.opt_out_keyword(session, number, keyword.id, by_phone("STOP VOLUNTEER"))
        case "hold":
            ledger.hold(session, number, by_phone("stop?"), HoldCause.SENTENCE, "stop")
        case "keep":
            ledger.keep(session, number, Act(OptInSource.USER, clocks.now()))
        case "block":
            ledger.block(session, SCOPE, number, BlockCause.ERROR_21610, by_phone())
        case "lost":
            ledger.lose_number(session, number, by_phone())
        case "found":
            ledger.find_number(session, number, by_phone(), asks=False)
        case "by hand":
            ledger.opt_in(session, number, keyword, Act(OptInSource.USER, clocks.now(), text="paper"))
        case "ended":
            live = select(OptIn.id).where(OptIn.number == number, OptIn.status == OptInStatus.ACTIVE)
            for opt_in_id in session.scalars(live).all():
                ledger.end_opt_in(session, opt_in_id, Act(OptInSource.USER, clocks.now(), text="asked"))
        case _:
            raise AssertionError(what)
    session.commit()


@pytest.mark.parametrize(
    ("happened", "earlier", "later"),
    [
        ("own stop", "opted_out", "opted_out"), ("stop", "opted_out", "opted_out"),
        ("stop start", "opted_out", "opted_out"), ("own stop start", "opted_out", "opted_out"),
        ("stop own", "active", "active"), ("stop own ended", "opted_out", None),
        ("stop keyword", "left_keyword", "left_keyword"), ("own stop keyword", "left_keyword", "left_keyword"),
        ("stop keyword own ended", "ended", None), ("own ended", "ended", None),
        ("hold", "on_hold", "on_hold"), ("hold keep", None, None), ("block", "blocked", "blocked"),
        ("lost", "lost", "lost"), ("lost found", "lost", None), ("own lost", "lost", "lost"),
        ("by hand", "active", "active"), ("", None, None),
    ],
)  # fmt: skip
def test_what_the_number_did_wins(
    session: Session, clock: Clock, run: ImportRun, happened: str, earlier: str | None, later: str | None
) -> None:
    """Whether the file is dated before it all or after it."""
    keyword = world.keyword(session)
    before = clock.now()
    words = happened.replace("stop keyword", "stop_keyword").replace("by hand", "by_hand").split()
    for what in words:
        clock.forward(days=1)
        leave(session, what.replace("_", " "), keyword)
    after = clock.forward(days=1)
    for at, expected in ((before, earlier), (after, later)):
        found = ledger.obstacles(session, keyword.id, {ANN: at}).get(ANN)
        assert (found.kind if found else None) == expected, at
    against = opt_in(session, run, keyword, before)
    assert (against[ANN].kind if against else None) == earlier


def test_a_spelling_of_the_number_that_left_is_the_number(session: Session, run: ImportRun) -> None:
    keyword = world.keyword(session)
    session.add(Suppression(number=OLD_MEXICO, started_at=clocks.now(), asked_at=clocks.now()))
    session.commit()
    assert opt_in(session, run, keyword, clocks.now(), MEXICO)[MEXICO].kind == ObstacleKind.OPTED_OUT


def test_a_stop_that_is_found_late_ends_what_a_file_said_since(session: Session, clock: Clock, run: ImportRun) -> None:
    """Of two words of the person the later counts; a file is none of them."""
    keyword, left_at = world.keyword(session), clock.now()
    opt_in(session, run, keyword, clock.forward(days=1))
    clock.forward(days=1)
    late = ledger.opt_out(session, ANN, by_phone("STOP", provider_at=left_at))
    assert (late.late, len(late.ended)) == (False, 1)
    assert session.scalars(select(Suppression.number)).all() == [ANN]


def test_undo_ends_what_the_import_made_but_not_what_the_person_said_since(
    session: Session, clock: Clock, run: ImportRun
) -> None:
    keyword, numbers = world.keyword(session), (ANN, "+12065550148", "+12065550149", "+12065550150")
    opt_in(session, run, keyword, clock.now() - DAY, *numbers)
    leave(session, "own", keyword, numbers[1])
    leave(session, "stop", keyword, numbers[2])
    undone = ledger.withdraw_imported(session, act_of(run), 0, 3)
    session.commit()
    assert (undone.count, [number for number, _ in undone.kept]) == (1, [numbers[1]])
    rest = ledger.withdraw_imported(session, act_of(run), undone.last_id or 0, 3)
    assert (rest.count, rest.last_id is None) == (1, False)
    assert ledger.withdraw_imported(session, act_of(run), rest.last_id or 0, 3).last_id is None
    session.commit()
    session.expire_all()
    ends = dict(session.execute(select(OptIn.number, OptIn.end_reason)).all())
    withdrawn = EndReason.IMPORT_WITHDRAWN
    assert ends == dict(zip(numbers, (withdrawn, None, EndReason.OPTED_OUT, withdrawn), strict=True))
    written = select(ConsentEvent.kind).where(ConsentEvent.kind == EventKind.IMPORT_WITHDRAWN)
    assert len(session.scalars(written).all()) == 2
    assert opt_in(session, new_run(session), keyword, clock.now() - DAY) == {}, "the file may be imported again"


def test_opt_outs_of_an_import_are_taken_back_as_they_were(session: Session, clock: Clock, run: ImportRun) -> None:
    keyword, other = world.keyword(session), "+12065550148"
    for number in (ANN, other):
        leave(session, "own", keyword, number)
    clock.forward(minutes=1)
    leave(session, "hold", keyword)
    clock.forward(minutes=1)
    for number in (ANN, other):
        opt_out(session, run, number)
    clock.forward(minutes=1)
    leave(session, "stop", keyword, other)
    undone = ledger.take_back_opt_outs(session, act_of(run), 0, 10)
    session.commit()
    session.expire_all()
    assert (undone.count, [number for number, _ in undone.kept]) == (1, [other])
    status = dict(session.execute(select(OptIn.number, OptIn.status)).all())
    assert status == {ANN: OptInStatus.ACTIVE, other: OptInStatus.INACTIVE}
    assert session.scalars(select(Hold.number).where(Hold.ended_at.is_(None))).all() == [ANN]
    assert session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None))).all() == [other]


def test_an_opt_out_that_two_imports_say_stays(session: Session, run: ImportRun) -> None:
    opt_out(session, run)
    ledger.share_opt_outs(session, [ANN], run.id)
    assert session.scalars(select(Suppression.import_run_id)).all() == [run.id]
    ledger.share_opt_outs(session, [ANN], new_run(session).id)
    assert ledger.take_back_opt_outs(session, act_of(run), 0, 10).count == 0


ACTS = ("own", "stop", "start", "stop keyword", "hold", "block", "lost", "found", "by hand", "ended")
LEFT = ("stop", "stop keyword", "block", "lost")
PLACES = count()


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.sampled_from(ACTS), st.booleans()), max_size=6),
    days=st.integers(0, 8),
    says_out=st.booleans(),
)
@example(steps=[("hold", False), ("start", False)], days=0, says_out=False)
@example(steps=[("hold", False), ("stop keyword", False)], days=0, says_out=False)
def test_nobody_who_left_may_be_texted_after_an_import_or_its_undo(
    session: Session, clock: Clock, steps: list[tuple[str, bool]], days: int, says_out: bool
) -> None:
    """Of two keywords, under two spellings of one phone."""
    place = 51_000_000 + next(PLACES)
    number, spelling = f"+5255{place}", f"+52155{place}"
    keywords = list(session.scalars(select(Keyword).order_by(Keyword.id)))
    keywords = keywords or [world.keyword(session), world.keyword(session, "donate")]
    left: set[str] = set()
    held = False
    for what, first in steps:
        clock.forward(days=1)
        keyword = keywords[not first]
        leave(session, what, keyword, number)
        held = what == "hold" or (held and what not in ("own", "start"))  # these two say that it was no goodbye
        if what == "own":
            left -= {"", keyword.word}
        elif what in LEFT:
            left.add(keyword.word if what == "stop keyword" else "")
    before = may_be_texted(session, [number, spelling], keywords)
    run = new_run(session)
    at = clock.now() - days * DAY
    for keyword in keywords:
        opt_in(session, run, keyword, at, number)
    if says_out:
        opt_out(session, run, number)
    after = may_be_texted(session, [number, spelling], keywords)
    assert ("" not in left and not held) or after <= before
    assert not {purpose for purpose, _ in after - before} & {f"campaign {word}" for word in left}
    assert not says_out or not after
    clock.forward(minutes=1)
    if says_out:
        ledger.take_back_opt_outs(session, act_of(run), 0, 10)
    ledger.withdraw_imported(session, act_of(run), 0, 10)
    session.commit()
    session.expire_all()
    assert may_be_texted(session, [number, spelling], keywords) <= before


@pytest.mark.slow
def test_stops_that_arrive_while_an_import_runs_all_count(app: Flask, session: Session, run: ImportRun) -> None:
    """Each at its own moment, before its number's part, in it or after it."""
    keyword_id = world.keyword(session).id
    numbers = [f"+1206555{index:04d}" for index in range(1000, 1120)]
    with app.app_context():
        engine = db.engine
    act, begin = act_of(run), threading.Barrier(3)

    def import_all() -> None:
        begin.wait()
        for start in range(0, len(numbers), 20):
            some = [ImportedOptIn(number, act.at - DAY, "paper") for number in numbers[start : start + 20]]
            with Session(engine) as own:
                ledger.import_opt_ins(own, keyword_id, some, act)
                own.commit()

    def stop(mine: list[str]) -> None:
        begin.wait()
        for number in mine:
            with Session(engine) as own:
                ledger.opt_out_phone(own, number, by_phone("STOP"))
                own.commit()

    shuffled = random.Random(5).sample(numbers, len(numbers))
    with ThreadPoolExecutor(3) as threads:
        work = [threads.submit(import_all), *(threads.submit(stop, shuffled[start::2]) for start in (0, 1))]
        for each in work:
            each.result(60)
    session.expire_all()
    assert session.scalar(select(func.count()).where(OptIn.status == OptInStatus.ACTIVE)) == 0
    out = select(func.count()).select_from(Suppression).where(Suppression.ended_at.is_(None))
    assert session.scalar(out) == len(numbers)
