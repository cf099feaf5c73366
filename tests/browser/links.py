"""For the gallery: a domain of short links, and a broadcast whose links were opened."""

from datetime import timedelta

from sqlalchemy.orm import Session

from optin import clock
from optin.models import Broadcast, ShortLinkClicks
from optin.policy import policy
from optin.short_links import keeping, results

HOST = "go.example.org"
TEXT = (
    "Hi {{ first_name | there }}, the boat house opens on Sunday at 10: https://river.example/boat-house/opening?from=sms"
    " How to get there: https://river.example/maps/the-very-long-way-to-the-boat-house"
)
CLICKS = ((0, 0, 2), (0, 1, 1), (1, 0, 1), (1, 5, 1))
"""How often the so-many-th link was opened so many hours after the start."""


def have_short_links(session: Session, broadcast: Broadcast) -> dict[str, str]:
    """Name the domain, and let people open the links of a broadcast; return the pages that show it."""
    policy.change(session, None, short_domain=HOST, former_short_domains=("to.example.org",))
    broadcast.body, broadcast.shortens = TEXT, True
    keeping.keep(session, broadcast)
    found, begun = results.of_links(session, broadcast.id), broadcast.started_at or clock.now()
    for place, hours, clicks in CLICKS:
        hour = begun.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
        session.add(ShortLinkClicks(short_link_id=found[place][0].id, hour=hour, clicks=clicks))
    session.flush()
    copy = f"/campaigns/{broadcast.campaign_id}/broadcasts/new?copy={broadcast.id}"
    return {"short-links": copy, "short-links-results": f"/broadcasts/{broadcast.id}/results"}
