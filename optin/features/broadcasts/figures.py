"""The figures of a broadcast: segments, time zones, by hour, beside earlier ones; of large ones as counted behind."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import MessageStatus
from optin.features.broadcasts import cost, queries, reactions
from optin.features.broadcasts.queries import AnswerCounts
from optin.models import Broadcast, CampaignMember, ConsentEvent, Message
from optin.models.index_conditions import has_started
from optin.queries import cached_counts
from optin.sending import results
from optin.sending.prices import Cost

EARLIER = 5
ZONES = 8


@dataclass(frozen=True)
class ToldSegments:
    """Of so many messages Twilio said its segments: how many we counted for them, and how many it did."""

    messages: int
    counted: int
    told: int


@dataclass(frozen=True)
class BroadcastFigures:
    """How many messages were started and the segments we counted; replies and opt-outs of each hour; people by zone.

    `told`: what Twilio counted, None before it said anything; `cost` by the prices of the days. Zones are as numbers
    have them, "" where nobody knows; `at` is when they were counted, None for just now.
    """

    started: int
    segments: int
    hours: list[tuple[int, int]]
    zones: list[tuple[str, int]]
    at: datetime | None = None
    told: ToldSegments | None = None
    cost: Cost = field(default_factory=lambda: Cost({}))


@dataclass(frozen=True)
class ResultsLine:
    """A broadcast in the comparison; the counts are None where a large one was not counted yet."""

    broadcast: Broadcast
    sent: int
    delivered: int
    answers: AnswerCounts | None

    @property
    def opt_outs_per_thousand(self) -> float | None:
        """Return how many of a thousand who were sent it opted out, None where nobody knows."""
        return per_thousand(self.answers.opt_outs, self.sent) if self.answers else None


def per_thousand(count: int, people: int) -> float | None:
    return round(count * 1000 / people, 1) if people else None


def figures(session: Session, broadcast: Broadcast) -> BroadcastFigures | None:
    """Return the figures, of a large broadcast as they were counted last; None before that."""
    if not results.is_large(session, broadcast.id):
        return _read(session, broadcast, _figures(session, broadcast.id), None)
    seen = _FIGURES.seen(session, broadcast.id)
    return _read(session, broadcast, seen.value, seen.at) if seen else None


def comparison(session: Session, broadcast: Broadcast) -> list[ResultsLine]:
    """Return the broadcast and the last five that began before it: of its campaign, or of all where that has none."""
    begun = (Broadcast.started_at.is_not(None), Broadcast.started_at < broadcast.started_at)
    before = select(Broadcast).where(*begun).order_by(Broadcast.id.desc()).limit(EARLIER)
    mine = session.scalars(before.where(Broadcast.campaign_id == broadcast.campaign_id)).all()
    shown = [broadcast, *(mine or session.scalars(before).all())]
    counts = results.by_status(session, results.sizes_of(session, results.counted(shown)))
    return [_line(session, each, counts.get(each.id, {})) for each in shown]


def _line(session: Session, broadcast: Broadcast, counts: dict[str, int]) -> ResultsLine:
    delivered = counts.get(MessageStatus.DELIVERED, 0)
    accepted = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)
    sent = sum(counts.get(status, 0) for status in accepted)
    return ResultsLine(broadcast, sent, delivered, queries.answers(session, broadcast))


def _figures(session: Session, broadcast_id: int) -> dict[str, Any]:
    broadcast = session.get_one(Broadcast, broadcast_id)
    start = broadcast.started_at or clock.now()
    mine = (Message.broadcast_id == broadcast_id, has_started(Message))
    started, segments = session.execute(select(func.count(), func.sum(Message.segments)).where(*mine)).one()
    both = select(func.count(), func.sum(Message.segments), func.sum(Message.segments_told))
    told = session.execute(both.where(*mine, Message.segments_told.is_not(None))).one()
    texts = reactions.replies(broadcast, start).with_only_columns(Message.created_at)
    left = reactions.opt_outs(broadcast, start).with_only_columns(ConsentEvent.at)
    by_hour = [_by_hour(session, each, start) for each in (texts, left)]
    zones = (
        select(CampaignMember.zones, func.count())
        .select_from(Message)
        .outerjoin(
            CampaignMember,
            (CampaignMember.person_id == Message.person_id) & (CampaignMember.campaign_id == broadcast.campaign_id),
        )
        .where(*mine)
        .group_by(CampaignMember.zones)
        .order_by(func.count().desc(), CampaignMember.zones)
        .limit(ZONES)
    )
    return {
        "started": started,
        "segments": segments or 0,
        "told": [count or 0 for count in told],
        "billed": cost.segments(session, broadcast_id),
        "hours": list(zip(*by_hour, strict=True)),
        "zones": [[zone or "", count] for zone, count in session.execute(zones)],
    }


def _by_hour(session: Session, moments: Select[Any], start: datetime) -> list[int]:
    counts = [0] * reactions.HOURS
    for moment in session.scalars(moments):
        counts[int((moment - start) / timedelta(hours=1))] += 1
    return counts


def _read(session: Session, broadcast: Broadcast, found: dict[str, Any], at: datetime | None) -> BroadcastFigures:
    hours, zones = ([(first, second) for first, second in found[name]] for name in ("hours", "zones"))
    told = ToldSegments(*found.get("told", (0, 0, 0)))
    return BroadcastFigures(
        started=found["started"],
        segments=found["segments"],
        hours=hours,
        zones=zones,
        at=at,
        told=told if told.messages else None,
        cost=cost.of_broadcast(session, broadcast, found.get("billed", ())),
    )


_FIGURES = cached_counts.CountKind("broadcast-figures", _figures)
