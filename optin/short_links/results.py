"""How often the links of a broadcast were opened: each, by hour, by text."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.enums import Variant
from optin.models import Broadcast, ShortLink, ShortLinkClicks


def of_links(session: Session, broadcast_id: int) -> list[tuple[ShortLink, int]]:
    """Return the short links of a broadcast as they stand in its texts, each with its clicks."""
    clicks = (
        select(func.coalesce(func.sum(ShortLinkClicks.clicks), 0))
        .where(ShortLinkClicks.short_link_id == ShortLink.id)
        .scalar_subquery()
    )
    found = select(ShortLink, clicks).where(ShortLink.broadcast_id == broadcast_id)
    rows = session.execute(found.order_by(ShortLink.variant, ShortLink.place))
    return [(link, int(count)) for link, count in rows]


def by_hour(session: Session, broadcast_id: int) -> list[tuple[datetime, int]]:
    """Return the clicks of each hour that had any, of all links together, the first hour first."""
    hour = ShortLinkClicks.hour
    found = (
        select(hour, func.sum(ShortLinkClicks.clicks))
        .join(ShortLink, ShortLink.id == ShortLinkClicks.short_link_id)
        .where(ShortLink.broadcast_id == broadcast_id)
        .group_by(hour)
        .order_by(hour)
    )
    return [(at, int(count)) for at, count in session.execute(found)]


def by_text(session: Session, broadcast: Broadcast) -> dict[Variant, int]:
    """Return the clicks of each of two texts; nothing for a broadcast that shortens no links or has one text."""
    if not broadcast.shortens or broadcast.other_body is None:
        return {}
    found = dict.fromkeys(Variant, 0)
    for link, count in of_links(session, broadcast.id):
        found[Variant(link.variant)] += count
    return found
