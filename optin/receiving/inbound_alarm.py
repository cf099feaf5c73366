"""Whether no text has come in for longer than is usual, which may mean that Twilio does not reach us.

Texts that were moved here tell nothing of that: another system heard them.
"""

from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.models import Message
from optin.models.index_conditions import is_heard

LOOKED_AT = 500
LOOKED_BACK = timedelta(days=30)
ENOUGH = 20
SHORTEST = timedelta(hours=12)


def last_text_at(session: Session) -> datetime | None:
    """Return when somebody texted us last, None before the first text."""
    return session.scalar(
        select(Message.created_at).where(is_heard(Message)).order_by(Message.created_at.desc()).limit(1)
    )


def unusual(session: Session) -> timedelta | None:
    """Return for how long nobody has texted if that is unusual, else None.

    Unusual is twice the longest pause between the last 500 texts of 30 days, and twelve hours at least; with fewer than
    20 texts nothing is usual yet.
    """
    now = clock.now()
    recent = select(Message.created_at).where(is_heard(Message), Message.created_at > now - LOOKED_BACK)
    moments = session.scalars(recent.order_by(Message.created_at.desc()).limit(LOOKED_AT)).all()
    if len(moments) < ENOUGH:
        return None
    longest = max(later - earlier for later, earlier in pairwise(moments))
    silent = now - moments[0]
    return silent if silent > max(2 * longest, SHORTEST) else None


def warning(session: Session) -> str:
    """Return the sentence about an unusual silence, "" while there is none."""
    silent = unusual(session)
    if silent is None:
        return ""
    hours = int(silent.total_seconds() // 3600)
    return (
        f"Nobody has texted for {hours} hours, which is longer than usual. "
        "If that surprises you, check in the Twilio Console that its webhooks reach this address."
    )
