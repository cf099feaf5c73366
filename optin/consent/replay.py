"""What follows from the events of one number, read in their order: its opt-ins, and what stands against sending to it.

What each kind of event does to the opt-in that it names stands in `OPT_IN_EFFECTS`, what to its number in
`NUMBER_EFFECTS`. What the ledger writes into its tables must be what follows from the events that it writes:
optin/consent/verifying.py compares the two. optin/consent/as_of.py asks the same of many opt-ins in SQL.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from optin.consent.rules import Facts
from optin.enums import Channel, EndReason, EventKind, HoldResolution, OptInStatus


class LedgerEvent(Protocol):
    """What is read of an event."""

    kind: str
    channel: str
    at: datetime
    provider_at: datetime | None
    keyword_id: int | None
    opt_in_id: int | None
    detail: str


@dataclass
class OptInState:
    """How an opt-in stands: its keyword, its status, why it ended; its channel, and whether it was ever active."""

    keyword_id: int | None
    status: str
    end_reason: str | None = None
    was_active: bool = False
    channel: str = Channel.SMS


@dataclass
class NumberReplay:
    """How a number stands. Holds and losses by channel with the moment at which they began; blocks by scope."""

    opt_ins: dict[int, OptInState] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    held: dict[str, datetime] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    lost: dict[str, datetime] = field(default_factory=dict)
    lost_by_user_at: datetime | None = None


OptIns = dict[int, OptInState]
OptInEffect = Callable[[OptIns, int, LedgerEvent], None]
NumberEffect = Callable[[NumberReplay, LedgerEvent], None]
SUPPRESSION_ENDED = "suppression ended"
"""What STARTED says where it ended one."""
BY_CHANNEL = (HoldResolution.START.label, HoldResolution.KEYWORD.label)
"""What lets us send again ends the hold of its channel alone; leaving ends those of all."""


def replay(events: Iterable[LedgerEvent]) -> NumberReplay:
    """Return how a number stands after its events, which are given in the order of their ids."""
    state = NumberReplay()
    for event in events:
        take(state, event)
    return state


def take(state: NumberReplay, event: LedgerEvent) -> None:
    """Let a number stand as it does after one more event."""
    kind = EventKind(event.kind)
    if event.opt_in_id is not None and kind in OPT_IN_EFFECTS:
        OPT_IN_EFFECTS[kind](state.opt_ins, event.opt_in_id, event)
    if kind in NUMBER_EFFECTS:
        NUMBER_EFFECTS[kind](state, event)


TOLD_BY_THE_LOG = frozenset({"suppressed", "lost", "held", "pending", "opted_in", "any_opt_in", "blocked"})
"""The facts of the rule that follow from events."""


def facts_of(
    state: NumberReplay, *, keyword_id: int | None = None, channel: str | None = None, scope: str | None = None
) -> Facts:
    """Return of the facts of the rule those that the log tells, of a number that stands so.

    Opt-ins are those with a keyword (None: any) by a channel (None: any), a block is one of the sender's scope.
    """
    by_channel = [each for each in state.opt_ins.values() if channel in (None, each.channel)]
    statuses = {each.status for each in by_channel if keyword_id in (None, each.keyword_id)}
    return Facts(
        own=True,
        suppressed=bool(state.suppressed),
        lost=bool(state.lost),
        held=bool(state.held),
        pending=OptInStatus.PENDING in statuses,
        opted_in=OptInStatus.ACTIVE in statuses,
        any_opt_in=any(each.status == OptInStatus.ACTIVE for each in by_channel),
        blocked=scope in state.blocked,
    )


def when(event: LedgerEvent) -> datetime:
    """Return the moment that orders it among other acts."""
    return event.provider_at or event.at


def _asked(opt_ins: OptIns, opt_in_id: int, event: LedgerEvent) -> None:
    _change(opt_ins, opt_in_id, event, OptInStatus.PENDING)


def _active(opt_ins: OptIns, opt_in_id: int, event: LedgerEvent) -> None:
    opt_ins[opt_in_id] = OptInState(event.keyword_id, OptInStatus.ACTIVE, was_active=True, channel=event.channel)


def _expired(opt_ins: OptIns, opt_in_id: int, event: LedgerEvent) -> None:
    _change(opt_ins, opt_in_id, event, OptInStatus.EXPIRED)


def _ended(reason: EndReason) -> OptInEffect:
    return lambda opt_ins, opt_in_id, event: _change(opt_ins, opt_in_id, event, OptInStatus.INACTIVE, reason)


def _stands_again(opt_ins: OptIns, opt_in_id: int, _event: LedgerEvent) -> None:
    known: OptInState | None = opt_ins.get(opt_in_id)
    if known is not None:
        known.status, known.end_reason = OptInStatus.ACTIVE if known.was_active else OptInStatus.PENDING, None


def _change(
    opt_ins: OptIns, opt_in_id: int, event: LedgerEvent, status: OptInStatus, reason: EndReason | None = None
) -> None:
    known: OptInState = opt_ins.setdefault(opt_in_id, OptInState(event.keyword_id, status, channel=event.channel))
    known.status, known.end_reason = status, reason


def _opted_out(state: NumberReplay, event: LedgerEvent) -> None:
    if event.opt_in_id is None:
        state.suppressed.add(event.channel)


def _suppression_ended(state: NumberReplay, event: LedgerEvent) -> None:
    state.suppressed.discard(event.channel)


def _started(state: NumberReplay, event: LedgerEvent) -> None:
    if event.detail == SUPPRESSION_ENDED:
        state.suppressed.discard(event.channel)


def _lost(state: NumberReplay, event: LedgerEvent) -> None:
    state.lost.setdefault(event.channel, when(event))


def _found(state: NumberReplay, event: LedgerEvent) -> None:
    state.lost.pop(event.channel, None)


def _blocked(state: NumberReplay, event: LedgerEvent) -> None:
    state.blocked.add(event.detail.partition(" ")[0])


def _unblocked(state: NumberReplay, event: LedgerEvent) -> None:
    state.blocked.discard(event.detail)


def _held(state: NumberReplay, event: LedgerEvent) -> None:
    state.held.setdefault(event.channel, when(event))


def _hold_resolved(state: NumberReplay, event: LedgerEvent) -> None:
    if event.detail == HoldResolution.NUMBER_LOST.label:
        state.lost_by_user_at = when(event)
    if event.detail in BY_CHANNEL:
        state.held.pop(event.channel, None)
        return
    older = {channel for channel, began in state.held.items() if began <= when(event)}
    for channel in older or set(state.held):
        del state.held[channel]


def _kept(state: NumberReplay, event: LedgerEvent) -> None:
    state.held.pop(event.channel, None)


def _decision_withdrawn(state: NumberReplay, event: LedgerEvent) -> None:
    """A loss that the user noted is none; one that the carrier had told before stays."""
    if event.detail.startswith(HoldResolution.NUMBER_LOST.label):
        for channel in [each for each, began in state.lost.items() if began == state.lost_by_user_at]:
            del state.lost[channel]


OPT_IN_EFFECTS: dict[EventKind, OptInEffect] = {
    EventKind.REQUESTED: _asked,
    EventKind.ACTIVATED: _active,
    EventKind.IMPORTED: _active,
    EventKind.CONFIRMED: _active,
    EventKind.RESTORED: _active,
    EventKind.EXPIRED: _expired,
    EventKind.DECLINED: _ended(EndReason.DECLINED),
    EventKind.OPTED_OUT: _ended(EndReason.OPTED_OUT),
    EventKind.OPTED_OUT_KEYWORD: _ended(EndReason.OPTED_OUT),
    EventKind.NUMBER_CHANGED: _ended(EndReason.NUMBER_CHANGED),
    EventKind.NUMBER_LOST: _ended(EndReason.NUMBER_LOST),
    EventKind.ENDED_BY_USER: _ended(EndReason.BY_USER),
    EventKind.IMPORT_WITHDRAWN: _ended(EndReason.IMPORT_WITHDRAWN),
    EventKind.MIGRATED_INACTIVE: _ended(EndReason.MIGRATED_INACTIVE),
    EventKind.OPT_OUT_WITHDRAWN: _stands_again,
    EventKind.LOSS_WITHDRAWN: _stands_again,
    EventKind.MERGE_UNDONE: _stands_again,
}
NUMBER_EFFECTS: dict[EventKind, NumberEffect] = {
    EventKind.OPTED_OUT: _opted_out,
    EventKind.SUPPRESSION_ENDED: _suppression_ended,
    EventKind.STARTED: _started,
    EventKind.NUMBER_LOST: _lost,
    EventKind.NUMBER_FOUND: _found,
    EventKind.BLOCKED: _blocked,
    EventKind.UNBLOCKED: _unblocked,
    EventKind.HELD: _held,
    EventKind.HOLD_RESOLVED: _hold_resolved,
    EventKind.KEPT: _kept,
    EventKind.DECISION_WITHDRAWN: _decision_withdrawn,
}
WITHOUT_EFFECT = frozenset({EventKind.REAFFIRMED, EventKind.AGREED, EventKind.UNLINKED, EventKind.OPT_OUT_CORRECTED})
"""They change no consent, or other events say what changed."""
ACTIVATING = frozenset(kind for kind, effect in OPT_IN_EFFECTS.items() if effect is _active)
RETURNING = frozenset(kind for kind, effect in OPT_IN_EFFECTS.items() if effect is _stands_again)
"""After them an opt-in stands as if it had not ended: active, if it ever was."""
