"""What a cell of a Salesforce export says: an id, a moment, yes or no. Pure."""

import re
from datetime import UTC, date, datetime, time

from optin.spreadsheets.answers import yes_no
from optin.spreadsheets.dates import date_in

LONGEST_KEY = 80
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")


def record_id(cell: str) -> str:
    """Return a Salesforce id in its form of 15 characters, which says all; any other text as it stands, shortened."""
    written = cell.strip()
    return written[:15] if _ID.fullmatch(written) else written[:LONGEST_KEY]


def moment(cell: str) -> datetime | None:
    """Return the moment of a cell, in UTC where it names no zone, as Data Loader writes it; None for none.

    Both forms of Salesforce are understood (`…T14:03:22.000Z` and `…+0000`), and what spreadsheets make of them; a day
    that could be two (3/4/2026) is none.
    """
    written = cell.strip()
    if not written:
        return None
    found: date | datetime | None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        found = date_in(written, day_first=None)
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime.combine(found, time())
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def answer(cell: str) -> bool | None:
    """Return what a checkbox says; None where it says nothing."""
    return yes_no(cell)
