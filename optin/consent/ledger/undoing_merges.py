"""Giving back what the merge of two records ended: by events of its own, and never against what came after it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.number_lock import lock_number
from optin.consent.ledger.restoring import AFTER_OPT_OUT, first_after, give_back, hold_again, lift_suppression
from optin.enums import EndReason, EventKind, HoldResolution
from optin.models import ConsentEvent, Hold, OptIn, Suppression


@dataclass(frozen=True)
class MergeAct:
    """Which merge: its moment and its user, which all that it ended carries."""

    at: datetime
    by_id: int | None


@dataclass
class GivenBack:
    """The opt-ins that stand again, the numbers that are no longer opted out, and those where something came since."""

    opt_ins: list[int] = field(default_factory=list)
    texts_allowed: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)


def undo_merge(
    session: Session, merge: MergeAct, given_up: Collection[str], kept: Collection[str], act: Act
) -> GivenBack:
    """Make what the merge did to consent undone, number by number, where nothing has happened to the number since.

    Opt-ins of the `given_up` numbers ended with them; the `kept` ones may have been opted out as an earlier one is.
    Whoever left, joined or was reviewed since then stays as that left them.
    """
    done = GivenBack()
    for number in sorted({*given_up, *kept}):
        lock_number(session, number)
    for number in sorted({*given_up, *kept}):
        last = _last_event(session, number, merge)
        if last is None:
            continue
        if first_after(session, [number], last, AFTER_OPT_OUT):
            done.overtaken.append(number)
            continue
        reason = EndReason.NUMBER_CHANGED if number in given_up else EndReason.OPTED_OUT
        ended = and_(OptIn.end_reason == reason, OptIn.ended_at == merge.at, OptIn.ended_by_id == merge.by_id)
        done.opt_ins += give_back(session, number, act, ended, EventKind.MERGE_UNDONE)
        began = and_(
            Suppression.started_at == merge.at, Suppression.asked_at == merge.at, Suppression.message_id.is_(None)
        )
        if lift_suppression(session, number, act, began, "the merge was undone"):
            done.texts_allowed.append(number)
        hold_again(session, number, act, and_(Hold.ended_at == merge.at, Hold.resolution == HoldResolution.STOP))
    return done


def _last_event(session: Session, number: str, merge: MergeAct) -> int | None:
    """Return the last event that the merge wrote about a number, None if it wrote none."""
    mine = (ConsentEvent.at == merge.at, ConsentEvent.actor_id == merge.by_id)
    own = ConsentEvent.number_ref == events.number_ref(session, number)
    return session.scalar(select(func.max(ConsentEvent.id)).where(own, *mine))
