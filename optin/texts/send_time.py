"""When a broadcast is to go: now, or at a time that somebody typed as the clock on their wall shows it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from optin.texts import local_time

FURTHEST = timedelta(days=366)
LATER = "later"
BY = "by"
SPREADS = (15, 30, 60, 120, 240, 480)
"""The minutes over which a broadcast can be spread."""
EVENING = time(20)
"""The last time that an empty form suggests; the end of the sending hours of a fresh install."""


@dataclass(frozen=True)
class SendTime:
    """What a form says about when: at once, or `later` at the local time `typed` in `zone`.

    If it `ends`, nothing is sent at the local time `until` or after it. It is `spread` over so many minutes, one of
    `SPREADS`; 0: it goes as fast as it may.
    """

    zone: ZoneInfo
    later: bool = False
    typed: str = ""
    ends: bool = False
    until: str = ""
    spread: int = 0

    @property
    def starts_at(self) -> datetime | None:
        """Return the moment in UTC; None for now and for what is no time.

        Of a time that comes twice when clocks go back it is the first.
        """
        return local_time.moment(self.typed, self.zone) if self.later else None

    @property
    def not_after(self) -> datetime | None:
        """Return the last time in UTC, None for none and for what is no time; the first of one that comes twice."""
        return local_time.moment(self.until, self.zone) if self.ends else None

    @property
    def spread_over(self) -> int | None:
        """Return the seconds over which it is spread, None for as fast as it may go."""
        return self.spread * 60 or None

    def fault(self, now: datetime) -> str:
        """Say what forbids the time, "" for nothing."""
        if not self.later:
            return ""
        moment = local_time.moment(self.typed, self.zone)
        if moment is None:
            return "Choose the day and time to send it."
        if skipped := local_time.skipped(self.typed, self.zone):
            return skipped
        if moment <= now:
            return "That time has passed. Choose a later one, or send now."
        return "Choose a time within the next 12 months." if moment > now + FURTHEST else ""

    def end_fault(self, now: datetime) -> str:
        """Say what forbids the last time, "" for nothing."""
        if not self.ends:
            return ""
        moment, start = local_time.moment(self.until, self.zone), self.starts_at
        if moment is None:
            return "Choose the day and time to stop."
        if skipped := local_time.skipped(self.until, self.zone):
            return skipped
        if moment <= now:
            return "“Send until” has passed. Choose a later time."
        if start and moment <= start:
            return "“Send until” is before the broadcast starts. Choose a later time."
        return "Choose an end within the next 12 months." if moment > (start or now) + FURTHEST else ""

    def faults(self, now: datetime) -> list[str]:
        """List what forbids the times: first the beginning, then the end."""
        return [fault for fault in (self.fault(now), self.end_fault(now), self.spread_fault(now)) if fault]

    def spread_fault(self, now: datetime) -> str:
        """Say what forbids the time over which it is spread, "" for nothing."""
        end = self.not_after
        if not self.spread or end is None or (self.starts_at or now) + timedelta(minutes=self.spread) <= end:
            return ""
        return f"“Send until” comes before the {spread_words(self.spread)} are over. Choose less or a later time."


def of_form(form: Mapping[str, str], zone: ZoneInfo) -> SendTime:
    """Read the fields `when`, `at`, `last`, `until`, `spread` and `zone`; a zone that is unknown is the user's.

    The form keeps the zone in which its time was typed: the user may have moved meanwhile.
    """
    zone = local_time.zone_of(form.get("zone", ""), zone)
    typed, until = (form.get(name, "").replace("\0", "").strip() for name in ("at", "until"))
    spread = form.get("spread", "")
    minutes = int(spread) if spread in map(str, SPREADS) else 0
    return SendTime(zone, form.get("when") == LATER, typed, form.get("last") == BY, until, minutes)


def spread_words(minutes: int) -> str:
    """Return one of `SPREADS` in words, such as “30 minutes” and “1 hour”."""
    hours = minutes // 60
    return f"{minutes} minutes" if not hours else f"{hours} hour{'' if hours == 1 else 's'}"


def of_moments(
    zone: ZoneInfo, starts_at: datetime | None, not_after: datetime | None, spread_over: int | None, now: datetime
) -> SendTime:
    """Return what a form says that has these times, and so many seconds to spread over.

    Of what is not there it says what an empty form does.
    """
    empty = suggested(zone, now)
    return SendTime(
        zone,
        later=starts_at is not None,
        typed=_typed(starts_at, zone) if starts_at else empty.typed,
        ends=not_after is not None,
        until=_typed(not_after, zone) if not_after else empty.until,
        spread=(spread_over or 0) // 60,
    )


def suggested(zone: ZoneInfo, now: datetime) -> SendTime:
    """Return what an empty form says: now; were it later, tomorrow at ten; had it a last time, the next evening."""
    today = now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    evening = datetime.combine(today if now.astimezone(zone).time() < EVENING else tomorrow, EVENING)
    at, until = (each.isoformat(timespec="minutes") for each in (datetime.combine(tomorrow, time(10)), evening))
    return SendTime(zone, typed=at, until=until)


def _typed(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")
