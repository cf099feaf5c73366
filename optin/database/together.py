"""Doing what several threads ask for in one transaction, so that one commit is for all of them.

Whoever finds nobody at work begins at once, alone or with those who came at the same moment; who comes meanwhile waits
for the next turn and goes with all that wait by then. Each is answered after the commit that holds its own part.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin.database.transactions import writing

MOST = 32
TURN = 1.0
"""Seconds that somebody waits for a turn, then goes apart: whoever is at work for so long is waiting for a lock."""
LONG = 1.0
"""Seconds after which an error is that of everybody who waited for it: to begin again would take as long again."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Apart(Enum):
    """The answer to an item that has to be done in a transaction of its own."""

    APART = auto()


APART = Apart.APART


@dataclass(eq=False, slots=True)
class _Ticket(Generic[Item, Result]):
    """An item that waits for its turn, and what came of it. Its owner sleeps on `turn`."""

    item: Item
    turn: Lock = field(default_factory=Lock)
    leads: bool = False
    result: Result | Apart | BaseException = APART


class Together(Generic[Item, Result]):
    """Does items of one kind for the threads of this process, up to `MOST` in a transaction, first come, first served.

    `each` does one item, `several` those of a transaction in an order of its choice; neither commits. `several` returns
    a result for each, in the order given, or APART for what could not be done beside the others. Where it raises,
    all are undone and each is done apart by its own thread: one bad item fails alone, one that must wait waits alone.
    After more than `LONG` the error goes to all of them instead. `after` is called once after each commit.
    """

    def __init__(
        self,
        engine: Engine,
        each: Callable[[Session, Item], Result],
        several: Callable[[Session, Sequence[Item]], Sequence[Result | Apart]],
        after: Callable[[], object] = lambda: None,
    ) -> None:
        self._engine, self._each, self._several, self._after = engine, each, several, after
        self._guard = Lock()
        self._at_work = False
        self._waiting: deque[_Ticket[Item, Result]] = deque()

    def do(self, item: Item) -> Result:
        """Do an item and return its result once that is committed; raises what kept it from being done."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        ticket.turn.acquire()
        with self._guard:
            ticket.leads, self._at_work = not self._at_work, True
            self._waiting.append(ticket)
        if not ticket.leads and not ticket.turn.acquire(timeout=TURN) and not self._leave(ticket):
            ticket.turn.acquire()
        if ticket.leads:
            self._lead()
        if isinstance(ticket.result, BaseException):
            raise ticket.result
        return self._do_apart(item) if isinstance(ticket.result, Apart) else ticket.result

    def _leave(self, ticket: _Ticket[Item, Result]) -> bool:
        """Take a ticket out of the line, to be done apart; False where its turn has come after all."""
        with self._guard:
            if ticket.leads or ticket not in self._waiting:
                return False
            self._waiting.remove(ticket)
            return True

    def _lead(self) -> None:
        """Do what waits by now, the leader's own item first; wake up who waited for that, and then the next leader."""
        with self._guard:
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            self._do_all(batch)
        finally:
            for ticket in batch[1:]:
                ticket.turn.release()
            self._hand_over()

    def _do_all(self, batch: Sequence[_Ticket[Item, Result]]) -> None:
        began = time.monotonic()
        try:
            with writing(self._engine) as session:
                items = [ticket.item for ticket in batch]
                results = self._several(session, items) if len(items) > 1 else [self._each(session, items[0])]
        except Exception as error:
            if len(batch) == 1 or time.monotonic() - began > LONG:
                for ticket in batch:
                    ticket.result = error
            return
        for ticket, result in zip(batch, results, strict=True):
            ticket.result = result
        self._after()

    def _hand_over(self) -> None:
        """Let the one who has waited longest lead, if there is one."""
        with self._guard:
            self._at_work = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].turn.release()

    def _do_apart(self, item: Item) -> Result:
        with writing(self._engine) as session:
            result = self._each(session, item)
        self._after()
        return result
