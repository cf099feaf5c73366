"""The broadcasts that left a person out, on the record page: the newest first, some at a time."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from optin.enums import Reason
from optin.models import Broadcast, LeftOut

AT_ONCE = 5


@dataclass(frozen=True)
class LeftOutOf:
    """Some broadcasts that left them out; `more` is the id before which there are older ones, None for none."""

    shown: list[LeftOut]
    more: int | None


def left_out_of(session: Session, person_ids: Collection[int], before: int | None) -> LeftOutOf:
    """List the last broadcasts that left out any of the records that are one, those `before` one by its id, or all."""
    found: dict[int, LeftOut] = {}
    for person_id in person_ids:  # by one each, the key is read from the end
        mine = select(LeftOut).where(LeftOut.person_id == person_id)
        older = mine if before is None else mine.where(LeftOut.broadcast_id < before)
        loads = joinedload(LeftOut.broadcast)
        newest = older.options(loads.joinedload(Broadcast.campaign), loads.joinedload(Broadcast.keyword))
        for each in session.scalars(newest.order_by(LeftOut.broadcast_id.desc()).limit(AT_ONCE + 1)):
            found.setdefault(each.broadcast_id, each)
    shown = [found[broadcast_id] for broadcast_id in sorted(found, reverse=True)]
    return LeftOutOf(shown[:AT_ONCE], shown[AT_ONCE - 1].broadcast_id if len(shown) > AT_ONCE else None)


def why(left_out: LeftOut) -> str:
    """Say the reason in the middle of a sentence, with the keyword that was missing."""
    keyword = left_out.broadcast.keyword
    if left_out.reason == Reason.NOT_OPTED_IN and keyword:
        return f"not opted in with {keyword.word}"
    label = Reason(left_out.reason).label
    return label[:1].lower() + label[1:]
