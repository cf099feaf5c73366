"""All that the log tells of one number: how it stood at a moment, as it was known then, and by which event."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.replay import OPT_IN_EFFECTS, NumberReplay, replay, take
from optin.models import ConsentEvent, ConsentPayload


@dataclass(frozen=True)
class LoggedEvent:
    """An event, and the text or comment that was written with it; None where that was erased."""

    event: ConsentEvent
    text: str | None


@dataclass(frozen=True)
class NumberLog:
    """The events of a number by their ids."""

    entries: Sequence[LoggedEvent]

    def known(self, at: datetime) -> list[LoggedEvent]:
        """Return what was written by a moment."""
        return [entry for entry in self.entries if entry.event.at <= at]

    def state(self, at: datetime) -> NumberReplay:
        """Return how the number stood at a moment, as it was known then."""
        return replay(entry.event for entry in self.known(at))

    def since(self, at: datetime, is_so: Callable[[NumberReplay], bool]) -> LoggedEvent | None:
        """Return the event since which something is so of the number, up to a moment; None where it always was."""
        state = NumberReplay()
        began, before = None, is_so(state)
        for entry in self.known(at):
            take(state, entry.event)
            now = is_so(state)
            if now and not before:
                began = entry
            before = now
        return began

    def last_of(self, opt_in_id: int, at: datetime) -> LoggedEvent | None:
        """Return the event that made an opt-in stand as it did at a moment."""
        of_it = [
            entry
            for entry in self.known(at)
            if entry.event.opt_in_id == opt_in_id and entry.event.kind in OPT_IN_EFFECTS
        ]
        return of_it[-1] if of_it else None


def load(session: Session, number: str) -> NumberLog:
    """Read the log of a number (E.164)."""
    ref = events.known_ref(session, number)
    written = (
        select(ConsentEvent, ConsentPayload.text)
        .outerjoin(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .where(ConsentEvent.number_ref == ref)
        .order_by(ConsentEvent.id)
    )
    return NumberLog([LoggedEvent(event, text) for event, text in session.execute(written)] if ref else [])
