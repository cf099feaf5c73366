"""How often the links of a broadcast were opened: for its results, and as a file by link and hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager

from optin import clock
from optin.enums import MessageStatus, Variant
from optin.features.broadcasts.figures import per_thousand
from optin.models import Broadcast, Message, ShortLink, ShortLinkClicks, VariantMessage
from optin.queries import cached_counts
from optin.sending import results
from optin.short_links import results as counted
from optin.texts import links
from optin.web import lists
from optin.web.lists import Column, Listing

HOUR = timedelta(hours=1)
HOURS_SHOWN = 24


@dataclass(frozen=True)
class LinkClicks:
    """A link as it was typed and as it was sent; `per_thousand` of whom the text with it was delivered to, if known.

    `variant`: in which of two texts it stands, None where there is one.
    """

    link: str
    short: str
    clicks: int
    per_thousand: float | None
    variant: Variant | None


@dataclass(frozen=True)
class ClickReport:
    """The clicks of each link, and in each of the first hours of all together, by when the hour began."""

    links: list[LinkClicks]
    hours: list[tuple[datetime, int]]

    @property
    def total(self) -> int:
        """Count the clicks of all links."""
        return sum(each.clicks for each in self.links)


def report(session: Session, broadcast: Broadcast) -> ClickReport | None:
    """Return what the results say of the links; None for a broadcast without short ones."""
    found = counted.of_links(session, broadcast.id) if broadcast.shortens else []
    if not found:
        return None
    delivered, two = _delivered_of(session, broadcast), broadcast.other_body is not None
    lines = [
        LinkClicks(
            each.link,
            links.short_link(each.host, each.code),
            clicks,
            per_thousand(clicks, delivered.get(each.variant, 0)),
            Variant(each.variant) if two else None,
        )
        for each, clicks in found
    ]
    return ClickReport(lines, _hours(broadcast, dict(counted.by_hour(session, broadcast.id))))


def file(broadcast: Broadcast) -> Response:
    """Answer with the clicks of each link and hour as a file."""
    listing = Listing(_COLUMNS, "hour", "broadcasts.show_results", {"broadcast_id": broadcast.id})
    return lists.download(f"clicks-of-broadcast-{broadcast.id}", listing, _query(broadcast.id), _rows)


def _query(broadcast_id: int) -> Select[ShortLinkClicks]:
    found = select(ShortLinkClicks).join(ShortLinkClicks.short_link).options(contains_eager(ShortLinkClicks.short_link))
    return found.where(ShortLink.broadcast_id == broadcast_id)


def _rows(_: Session, found: Sequence[Any]) -> Sequence[ShortLinkClicks]:
    return found


def _text(row: ShortLinkClicks) -> str:
    broadcast = row.short_link.broadcast
    return Variant(row.short_link.variant).label if broadcast and broadcast.other_body is not None else ""


_COLUMNS: tuple[Column[ShortLinkClicks], ...] = (
    Column(
        "Hour",
        lambda row: row.hour,
        is_moment=True,
        name="hour",
        keys=[ShortLinkClicks.hour, ShortLinkClicks.short_link_id],
    ),
    Column("Link", lambda row: row.short_link.link),
    Column("Short link", lambda row: links.short_link(row.short_link.host, row.short_link.code)),
    Column("Text", _text),
    Column("Clicks", lambda row: row.clicks, is_number=True),
)


def _hours(broadcast: Broadcast, clicks: dict[datetime, int]) -> list[tuple[datetime, int]]:
    """Return the first hours since the start, also those without a click."""
    begun = (broadcast.started_at or clock.now()).replace(minute=0, second=0, microsecond=0)
    return [(at, clicks.get(at, 0)) for at in (begun + number * HOUR for number in range(HOURS_SHOWN))]


def _delivered_of(session: Session, broadcast: Broadcast) -> dict[str, int]:
    """Return to how many each text was delivered, of a large broadcast as it was counted last."""
    if not results.is_large(session, broadcast.id):
        return _delivered(session, broadcast.id)
    seen = _DELIVERED.seen(session, broadcast.id)
    return seen.value if seen else {}


def _delivered(session: Session, broadcast_id: int) -> dict[str, int]:
    found = (
        select(VariantMessage.variant, func.count())
        .select_from(Message)
        .outerjoin(VariantMessage, VariantMessage.message_id == Message.id)
        .where(Message.broadcast_id == broadcast_id, Message.status == MessageStatus.DELIVERED)
        .group_by(VariantMessage.variant)
    )
    rest = session.get_one(Broadcast, broadcast_id).winner or Variant.A
    counts: dict[str, int] = {}
    for variant, count in session.execute(found):
        counts[variant or rest] = counts.get(variant or rest, 0) + count
    return counts


_DELIVERED = cached_counts.CountKind("delivered-by-text", _delivered)
