"""When a broadcast is to go: now, or at a time that somebody typed as the clock on their wall shows it. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

FURTHEST = timedelta(days=366)
LATER = "later"


@dataclass(frozen=True)
class Plan:
    """What a form says about when: at once, or `later` at the local time `typed` in `zone`."""

    zone: ZoneInfo
    later: bool = False
    typed: str = ""

    @property
    def starts_at(self) -> datetime | None:
        """Return the moment in UTC; None for now and for what is no time.

        Of a time that comes twice when clocks go back it is the first.
        """
        return self._moment() if self.later else None

    def fault(self, now: datetime) -> str:
        """Say what forbids the time, "" for nothing."""
        if not self.later:
            return ""
        moment = self._moment()
        if moment is None:
            return "Choose the day and the time at which it is to be sent."
        if moment.astimezone(self.zone).replace(tzinfo=None) != _local(self.typed):
            return (
                f"The clocks go forward that night: {_local(self.typed):%H:%M} does not exist there. "
                "Choose another time."
            )
        if moment <= now:
            return "That time has passed. Choose a later one, or send now."
        return "Choose a time within the next twelve months." if moment > now + FURTHEST else ""

    def _moment(self) -> datetime | None:
        local = _local(self.typed)
        try:
            return local.replace(tzinfo=self.zone).astimezone(UTC) if local else None
        except OverflowError:
            return None


def of_form(form: Mapping[str, str], zone: ZoneInfo) -> Plan:
    """Read the fields `when`, `at` and `zone`; a zone that is missing or unknown is the user's.

    The form keeps the zone in which its time was typed: the user may have moved meanwhile.
    """
    with suppress(LookupError, ValueError, OSError):  # what optin/consent/hours.py says of names that are none
        zone = ZoneInfo(form.get("zone") or zone.key)
    return Plan(zone, form.get("when") == LATER, form.get("at", "").replace("\0", "").strip())


def suggested(zone: ZoneInfo, now: datetime) -> Plan:
    """Return what an empty form says: now; and were it later, tomorrow at ten."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return Plan(zone, typed=datetime.combine(tomorrow, time(10)).isoformat(timespec="minutes"))


def _local(typed: str) -> datetime | None:
    """Read a local time such as "2026-11-27T10:00", None for anything else."""
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return found if found.tzinfo is None and len(typed) > len("2026-11-27") else None
