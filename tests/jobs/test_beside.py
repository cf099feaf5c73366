"""What is done beside holds up nothing, is never done twice at once, and is done again after it failed."""

import threading

import pytest

from optin.jobs.beside import Beside
from tests.support.faults.processes import until


def test_what_hangs_holds_up_nothing_and_is_not_begun_again() -> None:
    beside, go_on, done = Beside(), threading.Event(), list[str]()

    def hang() -> None:
        done.append("begun")
        go_on.wait(10)

    for _ in range(3):
        beside.do("one", hang, "hanging")
        beside.do("another", lambda: done.append("other"), "the other")
        until(lambda: not beside._threads["another"].is_alive(), 5)
    assert sorted(done) == ["begun", "other", "other", "other"]
    beside.stop(0.01)
    go_on.set()
    beside.stop(5)
    assert not any(thread.is_alive() for thread in beside._threads.values())


def test_what_fails_is_told_and_done_again(caplog: pytest.LogCaptureFixture) -> None:
    beside, tries = Beside(), list[int]()

    def fail() -> None:
        tries.append(1)
        raise OSError(28, "No space left on device")

    for number in (1, 2):
        beside.do("it", fail, "writing the file")
        until(lambda number=number: len(tries) == number, 5)  # type: ignore[misc]
        beside.stop(5)
    assert caplog.text.count("writing the file failed and will be tried again") == 2
