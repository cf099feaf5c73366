"""The broadcast texts that a number got, as conditions on GOT."""

from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlalchemy.orm import aliased

from optin.database.steering import asked_in_order, written_out
from optin.enums import Purpose
from optin.models import Message
from optin.models.index_conditions import NEVER_WENT

GOT = aliased(Message)
"""What a number got before: another name than the message that is asked about, which may be a row of the same table."""


def counts(
    number: SQLColumnExpression[str | None] | str, since: SQLColumnExpression[datetime] | datetime
) -> list[ColumnElement[bool]]:
    """Return the conditions that GOT is a broadcast text that the number got since a moment.

    PostgreSQL is to look at those of the number, not at all since then.
    """
    never_went = [written_out(status) for status in NEVER_WENT]
    counts = [GOT.started_at > since, GOT.purpose == Purpose.CAMPAIGN, GOT.status.not_in(never_went)]
    return [GOT.number == number, asked_in_order(counts)]
