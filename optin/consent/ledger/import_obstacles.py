"""What keeps a file from opting numbers in: what their owners, Twilio or a user did, under any spelling.

Read for many numbers at once. A file tells of the past, so what happened at or after its date wins, and whoever left
comes back by their own word alone, whatever date the file has.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.ledger.number_state import BY_PERSON
from optin.enums import Channel, EndReason, EventKind, OptInSource, OptInStatus
from optin.models import ConsentEvent, Hold, NumberLoss, OptIn, ProviderBlock, Suppression
from optin.models.index_conditions import has_not_ended
from optin.phone import spellings

AT_ONCE = 500
"""Numbers of one statement."""
OWN = (OptInSource.SMS, OptInSource.FORM)


class ObstacleKind(StrEnum):
    """Why a number is not opted in by a file."""

    OPTED_OUT = "opted_out"
    LEFT_KEYWORD = "left_keyword"
    DECLINED = "declined"
    ENDED = "ended"
    NUMBER_CHANGED = "number_changed"
    LOST = "lost"
    ON_HOLD = "on_hold"
    BLOCKED = "blocked"
    ACTIVE = "active"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands against it, since when, and whether the person said so by text."""

    kind: ObstacleKind
    at: datetime | None = None
    by_text: bool = False


_OF_END = {
    EndReason.OPTED_OUT: ObstacleKind.LEFT_KEYWORD,
    EndReason.DECLINED: ObstacleKind.DECLINED,
    EndReason.BY_USER: ObstacleKind.ENDED,
    EndReason.NUMBER_CHANGED: ObstacleKind.NUMBER_CHANGED,
    EndReason.NUMBER_LOST: ObstacleKind.LOST,
    EndReason.MIGRATED_INACTIVE: ObstacleKind.ENDED,
}
"""Who undid an import may import the file again, so that its end counts for nothing."""


@dataclass(slots=True)
class _Known:
    """What is known of a number: all that stands against it now, when it left and how, when its owner joined."""

    now: list[Obstacle] = field(default_factory=list)
    left_all: list[tuple[datetime, datetime | None, bool]] = field(default_factory=list)
    """Opted out of everything: from, until, and whether by text."""
    left: list[Obstacle] = field(default_factory=list)
    """Left the keyword, by whatever way."""
    joined: list[datetime] = field(default_factory=list)
    """By their own text or form, with any keyword."""
    joined_keyword: list[datetime] = field(default_factory=list)
    live: ObstacleKind | None = None


def obstacles(session: Session, keyword_id: int, wanted: Mapping[str, datetime]) -> dict[str, Obstacle]:
    """Return what keeps each number (E.164) from being opted in with the keyword as of its date; others may be."""
    forms = {number: (number, *spellings.others(number)) for number in wanted}
    known = _known(session, keyword_id, sorted({form for each in forms.values() for form in each}))
    found = {}
    for number, at in wanted.items():
        own = known.get(number)
        all_forms = [known[form] for form in forms[number] if form in known]
        if all_forms and (obstacle := _strongest(all_forms, own.live if own else None, at)):
            found[number] = obstacle
    return found


def _strongest(forms: Sequence[_Known], live: ObstacleKind | None, at: datetime) -> Obstacle | None:
    now = [obstacle for known in forms for obstacle in known.now]
    out = [obstacle for obstacle in now if obstacle.kind is ObstacleKind.OPTED_OUT]
    if out:
        return out[0]
    if live:
        return Obstacle(live)
    return next(iter([*now, *_left_all(forms, at), *_left(forms, at)]), None)


def _left_all(forms: Sequence[_Known], at: datetime) -> Iterator[Obstacle]:
    """Yield the last opt-out of everything that still counts: the person did not join since, or not before the date."""
    left = max((each for known in forms for each in known.left_all), key=lambda each: each[0], default=None)
    if left is None:
        return
    since, until, by_text = left
    returned = any(moment > since for known in forms for moment in known.joined)
    if not returned or since >= at or (until is not None and until >= at):
        yield Obstacle(ObstacleKind.OPTED_OUT, since, by_text)


def _left(forms: Sequence[_Known], at: datetime) -> Iterator[Obstacle]:
    """Yield the ends of opt-ins with the keyword that still count, the newest first."""
    ended = [obstacle for known in forms for obstacle in known.left if obstacle.at]
    joined = [moment for known in forms for moment in known.joined_keyword]
    for obstacle in sorted(ended, key=lambda each: each.at or at, reverse=True):
        moment = obstacle.at or at
        by_person = obstacle.kind in (ObstacleKind.LEFT_KEYWORD, ObstacleKind.DECLINED)
        if moment >= at or (by_person and not any(each > moment for each in joined)):
            yield obstacle


def _known(session: Session, keyword_id: int, numbers: Sequence[str]) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        _suppressions(session, some, known)
        _opt_ins(session, keyword_id, some, known)
        _what_hinders(session, some, known)
        _events(session, keyword_id, some, known)
    return known


def _of(known: dict[str, _Known], number: str) -> _Known:
    return known.setdefault(number, _Known())


def _suppressions(session: Session, numbers: Sequence[str], known: dict[str, _Known]) -> None:
    columns = (Suppression.number, Suppression.asked_at, Suppression.ended_at, Suppression.message_id)
    asked = select(*columns).where(Suppression.number.in_(numbers), Suppression.withdrawn_at.is_(None))
    for number, since, until, message_id in session.execute(asked):
        by_text = message_id is not None
        _of(known, number).left_all.append((since, until, by_text))
        if until is None:
            _of(known, number).now.append(Obstacle(ObstacleKind.OPTED_OUT, since, by_text))


def _opt_ins(session: Session, keyword_id: int, numbers: Sequence[str], known: dict[str, _Known]) -> None:
    columns = (
        OptIn.number, OptIn.keyword_id, OptIn.channel, OptIn.status, OptIn.source, OptIn.requested_at,
        OptIn.activated_at, OptIn.answered_at, OptIn.ended_at, OptIn.end_reason, OptIn.end_message_sid,
    )  # fmt: skip
    for row in session.execute(select(*columns).where(OptIn.number.in_(numbers)).order_by(OptIn.id)):
        of = _of(known, row.number)
        joined = []
        if row.source in OWN and row.activated_at is not None:
            joined.append(row.requested_at)
        if row.activated_at is not None and row.answered_at is not None:
            joined.append(row.answered_at)
        of.joined += joined
        if row.keyword_id != keyword_id:
            continue
        of.joined_keyword += joined
        if row.status in (OptInStatus.ACTIVE, OptInStatus.PENDING) and row.channel == Channel.SMS:
            of.live = ObstacleKind.ACTIVE if row.status == OptInStatus.ACTIVE else ObstacleKind.WAITING
        kind = _OF_END.get(EndReason(row.end_reason)) if row.end_reason else None
        if kind and row.ended_at is not None:
            by_text = row.end_message_sid is not None and row.end_reason in BY_PERSON
            of.left.append(Obstacle(kind, row.ended_at, by_text))


def _what_hinders(session: Session, numbers: Sequence[str], known: dict[str, _Known]) -> None:
    """Note holds and blocks that stand, and losses: since one that ended the number may be somebody else's."""
    lost = select(NumberLoss.number, NumberLoss.started_at, NumberLoss.ended_at).where(NumberLoss.number.in_(numbers))
    for number, since, until in session.execute(lost):
        if until is None:
            _of(known, number).now.append(Obstacle(ObstacleKind.LOST, since))
        else:
            _of(known, number).left.append(Obstacle(ObstacleKind.LOST, until))
    held = select(Hold.number, Hold.started_at).where(Hold.number.in_(numbers), has_not_ended(Hold))
    for number, since in session.execute(held):
        _of(known, number).now.append(Obstacle(ObstacleKind.ON_HOLD, since))
    blocks = select(ProviderBlock.number, ProviderBlock.started_at)
    for number, since in session.execute(blocks.where(ProviderBlock.number.in_(numbers), has_not_ended(ProviderBlock))):
        _of(known, number).now.append(Obstacle(ObstacleKind.BLOCKED, since))


def _events(session: Session, keyword_id: int, numbers: Sequence[str], known: dict[str, _Known]) -> None:
    """Note who left the keyword while there was no opt-in to end: the ledger alone knows of it."""
    refs = {events.number_ref(session, number): number for number in numbers}
    asked = select(ConsentEvent.number_ref, ConsentEvent.at, ConsentEvent.provider_at, ConsentEvent.source).where(
        ConsentEvent.number_ref.in_(refs),
        ConsentEvent.kind == EventKind.OPTED_OUT_KEYWORD,
        ConsentEvent.keyword_id == keyword_id,
    )
    for ref, at, provider_at, source in session.execute(asked):
        left = Obstacle(ObstacleKind.LEFT_KEYWORD, provider_at or at, source == OptInSource.SMS)
        _of(known, refs[ref]).left.append(left)
