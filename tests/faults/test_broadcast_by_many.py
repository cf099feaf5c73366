"""Many processes send a broadcast while people text STOP, processes are killed and PostgreSQL is started anew."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from random import Random
from subprocess import Popen

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.enums import BroadcastState, MessageStatus, Reason
from optin.models import Broadcast
from tests.support import outbox
from tests.support.apps import end_app, new_app
from tests.support.faults.outages import postgresql_that_is_killed
from tests.support.faults.processes import WORKER, arrange_broadcast, kill, messages, running, state, until
from tests.support.faults.stops import AnsweredStops, see_that_stops_were_obeyed, stop_near
from tests.support.faults.twilio import AT_ONCE, web
from tests.support.provider import Provider, serve_provider

PEOPLE, STOPS, WORKERS, KILLS, RATE = 10_000, 1_000, 4, 10, 100.0


class Workers:
    """Worker processes, each of which can be killed and followed by another."""

    def __init__(self, database: str, folder: Path, provider: Provider, stack: ExitStack) -> None:
        self._given, self._folder, self._stack = (database, provider), folder, stack
        self.running = [self._start(f"worker {number}") for number in range(WORKERS)]
        self.killed = 0

    def _start(self, name: str) -> Popen[bytes]:
        database, provider = self._given
        return self._stack.enter_context(running(WORKER, database, self._folder / name, provider))

    def kill_one(self) -> None:
        kill(self.running.pop(0))
        self.killed += 1
        self.running.append(self._start(f"worker {WORKERS + self.killed}"))


@pytest.mark.soak
def test_nothing_is_late_twice_or_lost_and_the_pace_is_kept(shared_folder: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        place = stack.enter_context(postgresql_that_is_killed(shared_folder, tmp_path))
        app = new_app(place.url, shared_folder, tmp_path / "instance")
        stack.callback(end_app, app)
        engine = create_engine(place.url, poolclass=NullPool)
        broadcast_id = arrange_broadcast(engine, PEOPLE)
        with Session(engine) as session:
            session.get_one(Broadcast, broadcast_id).sender.segments_per_second = RATE
            session.commit()
        provider = stack.enter_context(serve_provider())
        twilio = AnsweredStops(app, *stack.enter_context(web(app, tmp_path, provider)).urls)
        workers = Workers(place.url, tmp_path, provider, stack)
        numbers = outbox.numbers(PEOPLE)
        who = sorted(Random(1).sample(range(100, PEOPLE - 50), STOPS))
        with ThreadPoolExecutor(AT_ONCE + 1) as threads:
            stopping = [threads.submit(stop_near, index, numbers, twilio, provider) for index in who]
            for part in range(KILLS):
                until(lambda part=part: len(provider.accepted) > (part + 1) * PEOPLE * 0.85 / (KILLS + 1), 600)
                workers.kill_one()
                if part == KILLS // 2:
                    with place.fails(0):
                        pass
            for each in stopping:
                each.result(600)
        until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 600)
        rows = {row.number: row for row in messages(engine) if row.broadcast_id == broadcast_id}
    assert len(rows) == PEOPLE
    see_that_stops_were_obeyed(rows, twilio.stopped, provider)
    reached = Counter(number for number, _ in provider.texts)
    assert set(reached.values()) == {1}
    ends = Counter(row.status for row in rows.values())
    sent = {number for number, row in rows.items() if row.status == MessageStatus.SENT}
    unknown = {number for number, row in rows.items() if row.status in (MessageStatus.UNKNOWN, MessageStatus.NOT_FOUND)}
    assert sent <= reached.keys() <= sent | unknown
    counts = list(_each_ten_seconds(provider.accepted_at))
    print(f"\n{dict(ends)}, in each 10 s: {counts}")
    left = {number for number, row in rows.items() if row.reason == Reason.OPTED_OUT}
    assert left <= twilio.stopped.keys()
    assert sent | unknown | left == rows.keys()
    assert max(counts) <= RATE * 10 * 1.05


def _each_ten_seconds(times: list[datetime]) -> Iterator[int]:
    """Count the requests of each ten seconds, beginning with each second."""
    seconds = sorted(at.timestamp() for at in times)
    begin = seconds[0]
    while begin + 10 <= seconds[-1]:
        yield sum(begin <= at < begin + 10 for at in seconds)
        begin += 1
