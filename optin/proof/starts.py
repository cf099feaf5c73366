"""Of each message: under which consent it started, how near to a goodbye, and what speaks against it now. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from optin.consent import hindsight
from optin.consent.hindsight import Breach, StartedMessage
from optin.consent.replay import when
from optin.consent.rules import Case
from optin.enums import Purpose, Reason, ReplyKind
from optin.proof.material import ProofEvent
from optin.proof.verdict import GOODBYES
from optin.proof.wording import inside, moment

BY_OPT_IN = frozenset({Purpose.CAMPAIGN, Purpose.ONE_TO_ONE, Purpose.VERIFICATION})
"""What goes because of an opt-in; an answer may name one too, but goes because of the text that it answers."""
BEFORE_THE_MOVE = "Sent by Twilio for Salesforce, before the move"
_WITHOUT = {
    Purpose.CAMPAIGN: "No opt-in was required of it",
    Purpose.ONE_TO_ONE: "Written by a user; no opt-in was required at that time",
    Purpose.REPLY: "An answer to their own text",
    Purpose.VERIFICATION: "A question whether they agree",
    Purpose.TEST: "A test to a user’s own number",
    Purpose.CODE: "A code to a user’s own number",
}


@dataclass(frozen=True)
class Outbound:
    """What is asked of a message of ours; `started_at` is None where it never started, `opt_in` its opt-in's name."""

    purpose: Purpose
    reply_kind: ReplyKind | None
    keyword_id: int | None
    started_at: datetime | None
    status: str
    reason: Reason | None
    opt_in: str = ""
    keyword: str = ""


class Starts:
    """Answers for the messages of a number, with all of its events in the order of their ids."""

    def __init__(self, events: Sequence[ProofEvent]) -> None:
        self._events = events
        self._moments = sorted(when(event) for event in events)
        self._goodbyes = sorted({when(event) for event in events if event.what in GOODBYES})
        self._known: dict[tuple[int, Case, int | None], Breach | None] = {}

    def goodbye(self, started_at: datetime) -> datetime | None:
        """Return the nearest goodbye, before or after."""
        at = bisect_right(self._goodbyes, started_at)
        near = self._goodbyes[max(0, at - 1) : at + 1]
        return min(near, key=lambda each: abs(each - started_at), default=None)

    def against(self, message: Outbound) -> str:
        """Say why a message that started should not have, by what is known now; "" where nothing speaks against it."""
        if message.started_at is None:
            return ""
        found = self._breach(message, message.started_at)
        if found is None:
            return ""
        since = f" since {moment(found.since)}" if found.since else ""
        return f"{found.reason.label}{since}: {inside(found.cause(message.started_at).label)}"

    def _breach(self, message: Outbound, started_at: datetime) -> Breach | None:
        """Ask once for all messages that started between the same two events."""
        case = Case(message.purpose, has_keyword=message.keyword_id is not None, reply_kind=message.reply_kind)
        key = bisect_right(self._moments, started_at), case, message.keyword_id
        if key not in self._known:
            asked = StartedMessage(case, message.keyword_id, started_at)
            self._known[key] = hindsight.breach(self._events, asked)
        return self._known[key]


def consent(message: Outbound) -> str:
    """Say under which consent a message started, or why it did not."""
    if message.started_at is None:
        return f"Not started: {inside(message.reason.label if message.reason else message.status)}"
    if message.opt_in:
        return f"{message.opt_in} (“{message.keyword}”)"
    return _WITHOUT[message.purpose]
