"""Who got many broadcast texts lately: OFTEN or more within WITHIN. A broadcast may leave them out.

The rule has a step for that. It is asked anew as each message starts: whoever got many meanwhile is skipped.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, SQLColumnExpression, bindparam, func, select

from optin.consent.texts_got import GOT, counts
from optin.database.session import UTCDateTime
from optin.enums import OFTEN, OFTEN_DAYS

WITHIN = timedelta(days=OFTEN_DAYS)
ASKED = f"{OFTEN} texts in {OFTEN_DAYS} days"
"""What people are asked about, in few words."""
LABEL = f"Got {ASKED}"
"""The name of the choice."""
MANY = f"{OFTEN} or more of your texts within the last {OFTEN_DAYS} days"
"""The same in a sentence."""
_BEGINS = bindparam("many_begin", type_=UTCDateTime())


def got_many(number: SQLColumnExpression[str | None], now: datetime | None) -> ColumnElement[bool]:
    """The number got many texts before a moment; where `now` is None, the statement is given `moments`."""
    mine = counts(number, now - WITHIN if now else _BEGINS)
    got = select(func.count()).select_from(GOT).where(*mine).correlate_except(GOT)
    return got.scalar_subquery() >= OFTEN


def moments(now: datetime) -> dict[str, datetime]:
    """Return from when on texts count, as a statement is given it that asks with `now` None."""
    return {_BEGINS.key: now - WITHIN}


def are_many(starts: Collection[datetime], now: datetime) -> bool:
    """Tell whether so many messages as were started at these moments are many; those from `now` on don't count."""
    return sum(now - WITHIN < start < now for start in starts) >= OFTEN
