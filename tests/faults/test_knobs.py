"""For each fault of the simulator: the app, with its jobs running, comes out right. Its network is the real one."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import Direction, MessageStatus, OptInStatus
from optin.jobs import engine
from optin.models import Message, OptIn
from optin.receiving import reconcile
from optin.refused import done
from tests.support import outbox, world
from tests.support.databases import sqlite_copy
from tests.support.servers import LiveServer, serve
from tests.support.world import OURS
from twilio_simulator.faults import Fault
from twilio_simulator.phone_pages import control

PEOPLE = itertools.count(1000)


@pytest.fixture(scope="module")
def server(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One app for all these tests: each has a person of its own, and faults strike that person alone."""
    folder = tmp_path_factory.mktemp("knobs")
    with sqlite_copy(shared_folder, folder) as database, serve(database, folder / "instance") as server:
        with server.session() as session:
            world.keyword(session, "volunteer", confirmation="You’re in!")
        yield server


class Scene:
    """A person, and faults that strike them."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.config = server.app.config["OPTIN"]
        self.phone = f"+1415556{next(PEOPLE)}"

    def faults(self, *names: str, **plan: str) -> None:
        """Let these faults strike every text of the person."""
        given = {**dict.fromkeys(names, "100"), "seconds": "1", "only": self.phone, **plan}
        done(control.set_faults(self.config, given))

    def struck(self) -> dict[str, int]:
        return control.faults(self.config).struck

    def send(self) -> int:
        """Let the app text the person 1:1; return the message's id."""
        with self.server.session() as session:
            message_id = outbox.one_to_one(session, self.phone, "See you at nine").id
            session.commit()
        with self.server.app.app_context():
            engine.nudge()
        return message_id

    def message(self, message_id: int) -> Message:
        with self.server.session() as session:
            return session.get_one(Message, message_id)

    def until(self, message_id: int, *statuses: MessageStatus) -> Message:
        """Wait until the message has one of these states."""
        return wait_for(lambda: (m := self.message(message_id)).status in statuses and m, f"{statuses}")

    def arrived(self) -> list[str]:
        """Return the texts that the phone got of the app."""
        thread = control.thread(self.config, self.phone)
        return [entry.body for entry in thread if entry.kind == "arrived" and not entry.answered_by]

    def text(self, body: str) -> None:
        done(control.send(self.config, self.phone, OURS, body))

    def counts(self, session: Session) -> tuple[int, int, int]:
        """Return how many inbound texts, active opt-ins and answers there are of the person."""
        mine = select(func.count()).select_from(Message).where(Message.number == self.phone)
        opt_ins = select(func.count()).where(OptIn.number == self.phone, OptIn.status == OptInStatus.ACTIVE)
        return (
            session.scalar(mine.where(Message.direction == Direction.INBOUND)) or 0,
            session.scalar(opt_ins) or 0,
            session.scalar(mine.where(Message.direction == Direction.OUTBOUND)) or 0,
        )


def wait_for(found: Callable[[], object], what: str, seconds: float = 20) -> object:
    ends = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < ends, f"it did not come to {what}"
        time.sleep(0.05)
    return value


@pytest.fixture
def scene(server: LiveServer) -> Iterator[Scene]:
    scene = Scene(server)
    yield scene
    done(control.set_faults(scene.config, {}))


def test_a_refusal_with_429_is_tried_again_and_sent_once(scene: Scene) -> None:
    scene.faults("refused")
    message_id = scene.send()
    wait_for(lambda: scene.struck().get("refused"), "a refusal")
    waits = scene.until(message_id, MessageStatus.QUEUED)
    assert waits.error_code == 20429
    done(control.set_faults(scene.config, {}))
    scene.until(message_id, MessageStatus.DELIVERED)
    assert scene.arrived() == ["See you at nine"]


@pytest.mark.parametrize("fault", ["failed_after", "dropped"])
def test_what_was_accepted_without_our_knowing_is_settled_by_the_callback_and_never_sent_again(
    scene: Scene, fault: str
) -> None:
    scene.faults(fault, "callback_late")
    message_id = scene.send()
    assert scene.until(message_id, MessageStatus.UNKNOWN).sid is None
    settled = scene.until(message_id, MessageStatus.DELIVERED)
    assert settled.sid
    assert scene.arrived() == ["See you at nine"]
    assert scene.struck()[fault] == 1


def test_what_may_have_been_accepted_stays_unknown_and_is_not_sent_again(scene: Scene) -> None:
    scene.faults("failed_before")
    message_id = scene.send()
    scene.until(message_id, MessageStatus.UNKNOWN)
    done(control.set_faults(scene.config, {}))
    with scene.server.app.app_context():
        engine.nudge()
    time.sleep(1)
    assert scene.message(message_id).status == MessageStatus.UNKNOWN
    assert scene.arrived() == []


def test_a_slow_answer_comes_after_the_callbacks_and_changes_nothing(scene: Scene) -> None:
    scene.faults("slow", seconds="2")
    message_id = scene.send()
    scene.until(message_id, MessageStatus.DELIVERED)
    time.sleep(1.5)
    message = scene.message(message_id)
    assert (message.status, bool(message.sid), message.lease_until) == (MessageStatus.DELIVERED, True, None)
    assert scene.arrived() == ["See you at nine"]


@pytest.mark.parametrize(
    ("code", "end", "meaning"),
    [
        ("30003", MessageStatus.UNDELIVERED, "switched off or out of reach"),
        ("30007", MessageStatus.UNDELIVERED, "filtered the text as spam"),
        ("30001", MessageStatus.FAILED, ""),
    ],
)
def test_a_carriers_error_ends_the_message_with_its_meaning(
    scene: Scene, code: str, end: MessageStatus, meaning: str
) -> None:
    scene.faults("carrier", code=code)
    message = scene.until(scene.send(), end)
    assert message.error_code == int(code)
    assert meaning in message.error_text
    assert scene.arrived() == []


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("no_receipt", MessageStatus.SENT),
        ("callback_lost", MessageStatus.SENT),
        ("callback_late", MessageStatus.DELIVERED),
        ("callback_twice", MessageStatus.DELIVERED),
        ("callback_shuffled", MessageStatus.DELIVERED),
    ],
)
def test_news_that_is_missing_late_doubled_or_shuffled_ends_in_the_right_state(
    scene: Scene, fault: str, end: MessageStatus
) -> None:
    scene.faults(fault)
    message_id = scene.send()
    wait_for(lambda: scene.arrived() and scene.struck().get(fault), fault)
    scene.until(message_id, end)
    time.sleep(1.5)  # all that is late or comes again has come
    message = scene.message(message_id)
    assert (message.status, message.error_code) == (end, None)
    assert scene.arrived() == ["See you at nine"]


def test_a_text_that_is_told_twice_is_one_message_one_opt_in_and_one_answer(scene: Scene) -> None:
    scene.faults("webhook_twice")
    scene.text("volunteer")
    wait_for(lambda: scene.arrived(), "an answer")
    time.sleep(1)
    with scene.server.session() as session:
        assert scene.counts(session) == (1, 1, 1)
    assert scene.arrived() == ["You’re in!"]


def test_a_stop_that_is_told_late_counts_when_it_comes_and_the_next_text_is_refused(scene: Scene) -> None:
    scene.text("volunteer")
    scene.faults("webhook_late")
    scene.text("STOP")
    with scene.server.session() as session:
        assert scene.counts(session)[:2] == (1, 1)
    wait_for(lambda: not _active(scene), "no active opt-in")
    with scene.server.session() as session, pytest.raises(AssertionError, match="Refused"):
        outbox.one_to_one(session, scene.phone, "Hello?")


def test_a_stop_that_was_lost_is_learned_when_twilio_refuses(scene: Scene) -> None:
    scene.text("volunteer")
    wait_for(lambda: scene.arrived(), "an answer")
    scene.faults("webhook_lost")
    scene.text("STOP")
    message = scene.until(scene.send(), MessageStatus.FAILED)
    assert message.error_code == 21610
    with scene.server.session() as session, pytest.raises(AssertionError, match="Refused"):
        outbox.one_to_one(session, scene.phone, "Hello?")
    assert scene.arrived() == ["You’re in!"]


def test_a_stop_that_was_lost_is_found_in_twilios_list(scene: Scene) -> None:
    scene.text("volunteer")
    time.sleep(1.1)  # Twilio's dates have whole seconds: within one, the two would be for a person to decide
    scene.faults("webhook_lost")
    scene.text("STOP")
    app = scene.server.app
    with app.app_context():
        report = reconcile.check_inbound(db.engine, app.extensions["gateway"])
    assert report is not None
    assert report.texts >= 1
    with scene.server.session() as session:
        assert scene.counts(session)[:2] == (2, 0)


def test_a_broadcast_over_a_bad_network_reaches_each_once_or_is_unknown(scene: Scene) -> None:
    numbers = [f"+1415557{n:04}" for n in range(20)]
    mixed = dict.fromkeys(("refused", "failed_after", "dropped", "callback_twice", "callback_shuffled"), "20")
    scene.faults(only="", seed="5", **mixed)
    with scene.server.session() as session:
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        broadcast = outbox.broadcast(session, body="Hello")
        outbox.add_people(session, broadcast, numbers)
        session.commit()
    with scene.server.app.app_context():
        engine.nudge()

    def ended() -> bool:
        with scene.server.session() as session:
            rows = session.scalars(select(Message.status).where(Message.broadcast_id == broadcast.id)).all()
        return set(rows) == {MessageStatus.DELIVERED}

    wait_for(ended, "all delivered", 60)
    for number in numbers:
        assert [entry.kind for entry in control.thread(scene.config, number)].count("arrived") == 1
    assert set(scene.struck()) == set(mixed)


def test_every_fault_was_tried() -> None:
    tests = Path(__file__).read_text()
    assert [fault for fault in Fault if f'"{fault}"' not in tests] == []


def _active(scene: Scene) -> bool:
    with scene.server.session() as session:
        return scene.counts(session)[1] > 0
