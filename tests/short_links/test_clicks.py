"""Clicks are counted by hour, each once, by however many threads and processes at once; nothing else is kept."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import Engine, event, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.models import ShortLink, ShortLinkClicks
from optin.short_links import clicks
from optin.short_links.clicks import ClickCounter
from tests.conftest import Clock
from tests.support import short_links

THREADS, EACH = 8, 200


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def make(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ClickCounter]:
    """Make the counter of one more process, which writes when it is told to."""
    monkeypatch.setattr(ClickCounter, "_write_after", lambda *_: None)
    return lambda: ClickCounter(lambda: engine, lambda _: "at exit")


def test_many_clicks_are_one_row_for_each_hour(
    make: Callable[[], ClickCounter], engine: Engine, session: Session, clock: Clock
) -> None:
    link, other = short_links.kept(session), short_links.kept(session, "Zz9Zz9")
    counter, written = make(), []
    event.listen(
        engine, "before_cursor_execute", lambda *told: written.append(told[2]) if "INSERT" in told[2] else None
    )
    clock.set(clock.now().replace(minute=30))
    for _ in range(100):
        counter.add(link.id)
    counter.add(other.id)
    clock.forward(hours=1)
    counter.add(link.id)
    counter.write()
    assert short_links.clicks(session) == [(link.code, 100), (link.code, 1), (other.code, 1)]
    assert len(written) <= 3
    counter.add(link.id)
    counter.write()
    counter.write()
    assert short_links.clicks(session) == [(link.code, 100), (link.code, 2), (other.code, 1)]


@pytest.mark.slow
def test_no_click_is_lost_or_counted_twice_by_threads_of_several_processes(
    make: Callable[[], ClickCounter], session: Session
) -> None:
    ids = [short_links.kept(session, code).id for code in ("aaaaaa", "bbbbbb", "cccccc")]
    counters = [make(), make(), make()]
    ready = Barrier(THREADS)

    def click(number: int) -> None:
        ready.wait()
        for turn in range(EACH):
            counters[number % 3].add(ids[(number + turn) % 3])
            if turn % 20 == 0:
                counters[number % 3].write()

    threads = [Thread(target=click, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for counter in counters:
        counter.write()
    assert sum(count for _, count in short_links.clicks(session)) == THREADS * EACH


def test_what_could_not_be_written_is_written_later(
    make: Callable[[], ClickCounter], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, counter = short_links.kept(session), make()

    def refused(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    counter.add(link.id)
    with monkeypatch.context() as patch:
        patch.setattr(clicks, "writing", refused)
        counter.write()
    counter.add(link.id)
    counter.write()
    assert short_links.clicks(session) == [(link.code, 2)]


def test_a_link_that_a_restore_has_taken_away_holds_up_no_other(
    make: Callable[[], ClickCounter], session: Session
) -> None:
    link, counter = short_links.kept(session), make()
    for link_id in (link.id, link.id + 1, link.id):
        counter.add(link_id)
    counter.write()
    assert short_links.clicks(session) == [(link.code, 2)]


def test_so_many_counts_wait_at_most(
    make: Callable[[], ClickCounter], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clicks, "MOST", 2)
    made, counter = [short_links.kept(session, code) for code in ("aaaaaa", "bbbbbb", "cccccc")], make()
    for link in [*made, made[0]]:
        counter.add(link.id)
    counter.write()
    assert short_links.clicks(session) == [("aaaaaa", 2), ("bbbbbb", 1)]


def test_it_writes_by_itself_a_second_later_and_when_the_process_ends(
    engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_end: list[Callable[[], None]] = []
    link, counter = short_links.kept(session), ClickCounter(lambda: engine, lambda end: at_end.append(end) or "at exit")
    monkeypatch.setattr(clicks, "PAUSE", timedelta(seconds=0.01))
    counter.add(link.id)
    assert counter._timer is not None
    counter._timer.join(20)
    assert short_links.clicks(session) == [(link.code, 1)]
    monkeypatch.setattr(clicks, "PAUSE", timedelta(hours=1))
    counter.add(link.id)
    assert len(at_end) == 1
    at_end[0]()
    assert short_links.clicks(session) == [(link.code, 2)]


def test_nothing_is_kept_of_who_clicked(engine: Engine) -> None:
    columns = {
        each: {one["name"] for one in inspect(engine).get_columns(each)} for each in ("short_link", "short_link_clicks")
    }
    assert columns == {
        "short_link": {"id", "code", "host", "link", "broadcast_id", "variant", "place", "made_at"},
        "short_link_clicks": {"short_link_id", "hour", "clicks"},
    }
    assert {ShortLink.__tablename__, ShortLinkClicks.__tablename__} == set(columns)
