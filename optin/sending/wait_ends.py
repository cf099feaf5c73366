"""Messages that wait for a moment to come, asked again sooner: what they wait for has changed.

A start that is refused for now says when to ask again, by the settings of that moment and by what the number had got.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, func, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import rules
from optin.database.transactions import reading, writing
from optin.database.turns import take_turns
from optin.enums import BroadcastState, Reason
from optin.models import Broadcast, Message, Setting
from optin.models.index_conditions import is_queued
from optin.policy import state_choices

COMMITTED = timedelta(seconds=10)
"""So long after the moment of a change a start may still have read what was in force before its commit."""
WAITING_AT_ONCE = 1000
_MAY_WAIT_BY = (*rules.MAY_WAIT_BY, *state_choices.NAMES)


class SettingsWatch:
    """Wakes what waits when a setting has changed, once; a new process looks through it all the first time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._done: datetime | None = None

    def ring(self) -> int:
        """Let everything be asked again that asked before the last change; return how many messages that were."""
        with reading(self._engine) as session:
            changed = session.scalar(select(func.max(Setting.updated_at)).where(Setting.name.in_(_MAY_WAIT_BY)))
        if changed is None or changed == self._done:
            return 0
        settled = clock.now() > changed + COMMITTED
        asked_by = changed + COMMITTED if settled else changed
        woken = take_turns(self._engine, lambda: _wake(self._engine, asked_by))
        if settled:
            self._done = changed
        return woken


def cap_eased(session: Session, numbers: Collection[str]) -> None:
    """Let messages be asked again that wait for the cap of these numbers: one that had counted did not go after all."""
    if numbers:
        _let_ask(session, is_queued(Message), Message.number.in_(numbers), Message.reason == Reason.CAP_REACHED)


def _wake(engine: Engine, asked_by: datetime) -> int:
    """Wake some of what asked at that moment or before; return how many."""
    with writing(engine) as session:
        now = clock.now()
        unfinished = select(Broadcast.id).where(Broadcast.state.in_((BroadcastState.SENDING, BroadcastState.PAUSED)))
        waits = (
            is_queued(Message),
            Message.not_before > now,
            Message.reason.in_(rules.MAY_WAIT),
            Message.decided_at <= asked_by,
        )
        return _let_ask(session, Message.broadcast_id.in_(unfinished), *waits)


def _let_ask(session: Session, *which: ColumnElement[bool]) -> int:
    """Let some messages be asked again at once; who holds one of them now says itself when. Return how many."""
    found = select(Message.id).where(*which).limit(WAITING_AT_ONCE).with_for_update(skip_locked=True)
    ids = session.scalars(found).all()
    if ids:
        woken = update(Message).where(Message.id.in_(ids)).values(not_before=None)
        session.execute(woken.execution_options(synchronize_session=False))
    return len(ids)
