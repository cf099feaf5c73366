"""Times that somebody typed as the clock on their wall shows them. Pure."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DAY_ALONE = len("2026-11-27")


def zone_of(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    """Return the zone of a name, or the other one where the name is missing or names none."""
    with suppress(LookupError, ValueError, OSError):  # what optin/consent/hours.py says of names that are none
        return ZoneInfo(name or otherwise.key)
    return otherwise


def moment(typed: str, zone: ZoneInfo) -> datetime | None:
    """Return in UTC what a local time such as "2026-11-27T10:00" is in a zone, None for anything else.

    Of a time that comes twice when clocks go back it is the first.
    """
    local = _read(typed)
    try:
        return local.replace(tzinfo=zone).astimezone(UTC) if local else None
    except OverflowError:
        return None


def skipped(typed: str, zone: ZoneInfo) -> str:
    """Say that the clocks skip a time, "" where they do not."""
    local, found = _read(typed), moment(typed, zone)
    if local is None or found is None or found.astimezone(zone).replace(tzinfo=None) == local:
        return ""
    return f"The clocks go forward that night: {local:%H:%M} does not exist there. Choose another time."


def _read(typed: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return found if found.tzinfo is None and len(typed) > DAY_ALONE else None
