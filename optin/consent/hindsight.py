"""Whether a message should have gone, by the log as it is known now. Pure.

A STOP can be found hours after it was texted, and a letter is brought in days after it was written. Nobody could know
when the message started; it is better found here than by a lawyer. The rule is that of optin/consent/rules.py, and of
its facts those that the log tells: opt-ins, opt-outs, holds, lost numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from optin.consent import rules
from optin.consent.replay import LedgerEvent, NumberReplay, facts_of, replay, when
from optin.consent.rules import Case
from optin.enums import FindingCause, Reason

TOLD_BY_THE_LOG = (Reason.OPTED_OUT, Reason.NUMBER_LOST, Reason.ON_HOLD, Reason.PENDING, Reason.NOT_OPTED_IN)
"""What else keeps a message back (hours, caps, a block at Twilio, settings of the time) is no matter of consent."""
CROSSING = timedelta(seconds=5)
"""A text needs a moment from the phone through Twilio into the log; a message that starts meanwhile crosses it."""


@dataclass(frozen=True)
class StartedMessage:
    """What is asked of a message: its case, the keyword that its campaign required, and the moment of its start."""

    case: Case
    keyword_id: int | None
    started_at: datetime


@dataclass(frozen=True)
class Breach:
    """Why a message should not have gone, and the event since which that is so: None where there never was consent."""

    reason: Reason
    event: LedgerEvent | None = None

    @property
    def since(self) -> datetime | None:
        """Return when that began."""
        return when(self.event) if self.event else None

    def cause(self, started_at: datetime) -> FindingCause:
        """Tell how it came that the message started."""
        if self.event is None:
            return FindingCause.NO_CONSENT
        if started_at - when(self.event) <= CROSSING:
            return FindingCause.CROSSED
        return FindingCause.KNOWN if self.event.at <= started_at else FindingCause.LEARNED


def breach(events: Sequence[LedgerEvent], message: StartedMessage) -> Breach | None:
    """Return what speaks against a message in hindsight, or None; `events` are all of its number, by their ids."""
    before = [event for event in events if when(event) <= message.started_at]
    reason = _reason(replay(before), message)
    if reason is None:
        return None
    cause, last = None, _reason(replay([]), message)
    for position, event in enumerate(before, 1):
        now = _reason(replay(before[:position]), message)
        if now is not last:
            cause, last = event, now
    return Breach(reason, cause)


def _reason(state: NumberReplay, message: StartedMessage) -> Reason | None:
    facts = facts_of(state, keyword_id=message.keyword_id)
    speaking = (step.reason for step in rules.asked_at_start(message.case) if step.speaks(facts))
    return next((reason for reason in speaking if reason in TOLD_BY_THE_LOG), None)
