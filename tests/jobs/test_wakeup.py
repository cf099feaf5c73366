"""Many calls are few acts; an act that fails is not the end."""

import threading
import time
from collections.abc import Callable

from optin.jobs.wakeup import PAUSE, Wakeup


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.005)


def test_many_calls_are_few_acts() -> None:
    acts: list[float] = []
    wakeup = Wakeup(lambda: not acts.append(time.monotonic()))
    began = time.monotonic()
    while time.monotonic() < began + 0.5:
        wakeup.wake()
    took = time.monotonic() - began
    wakeup.stop()
    assert 1 <= len(acts) <= took / PAUSE + 2


def test_each_call_after_an_act_is_another_act() -> None:
    acts: list[int] = []
    wakeup = Wakeup(lambda: not acts.append(1))
    for number in range(1, 4):
        wakeup.wake()
        until(lambda number=number: len(acts) == number)
    wakeup.stop()


def test_what_cannot_be_done_now_is_tried_again() -> None:
    answers = [False, False, True]
    tries: list[bool] = []

    def act() -> bool:
        tries.append(answers[len(tries)])
        return tries[-1]

    wakeup = Wakeup(act)
    wakeup.wake()
    until(lambda: len(tries) == 3)
    time.sleep(4 * PAUSE)
    wakeup.stop()
    assert tries == answers


def test_a_failure_does_not_end_it() -> None:
    done = threading.Event()
    failed = threading.Event()

    def act() -> bool:
        if not failed.is_set():
            failed.set()
            raise OSError("the queue is away")
        done.set()
        return True

    wakeup = Wakeup(act)
    wakeup.wake()
    assert failed.wait(20)
    wakeup.wake()
    assert done.wait(20)
    wakeup.stop()
