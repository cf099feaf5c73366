"""When a text came or went, short enough for a bubble."""

from datetime import datetime
from zoneinfo import ZoneInfo


def stamp(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Write a moment in `zone` as seen from `now`: "17:02" today, "18 Nov, 17:02" this year, else with the year."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"
