"""Say whether a number may be texted at this minute, and when it may be next.

Sending hours are a window that is the same every day, or a week of them (consent/week.py). A number has one or more
time zones (names of the IANA database); it may be texted while the local time lies inside them in all of its zones.
Zones that the database does not know are passed over; where none is left, the fallback zones count. Where there is no
zone at all the answer is "closed": better late than at night.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from optin.consent import week
from optin.consent.week import Week, Window
from optin.refused import Refused

GROUP_SEPARATOR = "|"
"""Stands between the zone names in a zone group, the text that is stored with a number."""

HORIZON = timedelta(days=7)
"""How far ahead `next_open` looks; zones that overlap only after the next change of clocks count as never."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_FURTHEST = HORIZON + 2 * _DAY
"""What opens only after that is beyond the horizon."""


def window_refusal(window: Window) -> Refused | None:
    """Refuse what is not whole minutes on one day, or is empty.

    00:00 to 00:00 is the whole day, always open. Other equal bounds are refused: nobody could tell whether they mean
    always or never. A window across midnight is refused too: it would mean texting at night.
    """
    start, end = window
    if any(bound.second or bound.microsecond or bound.tzinfo for bound in window):
        return Refused("Sending hours are local times in whole minutes.")
    if end != time() and start >= end:
        return Refused("Sending hours must end later than they begin, on the same day.")
    return None


@dataclass(frozen=True)
class LocalTime:
    """What the clocks of a zone show at a moment, and whether that is inside the sending hours."""

    zone: str
    at: datetime
    is_open: bool


def local_times(zones: Sequence[str], moment: datetime, window: Week | Window | None) -> list[LocalTime]:
    """Return what the clocks show in each of the zones that exist; without a window it is always open."""
    known = _known(zones, ())
    opens = [window is None or _wait(zone, moment, window) == timedelta() for zone in known]
    return [LocalTime(zone.key, moment.astimezone(zone), open_) for zone, open_ in zip(known, opens, strict=True)]


def is_open(zones: Sequence[str], moment: datetime, window: Week | Window, fallback: Sequence[str] = ()) -> bool:
    """Tell whether `moment` (timezone-aware) lies inside the sending hours in every zone.

    `fallback` are the zones of a number whose own are unknown. Raises ValueError for a naive moment and for a window
    that `window_refusal` refuses.
    """
    if not isinstance(window, Week) and (refused := window_refusal(window)):
        raise ValueError(refused.sentence)
    if moment.tzinfo is None:
        raise ValueError("The moment must have a time zone.")
    known = _known(zones, fallback)
    return bool(known) and all(_wait(zone, moment, window) == timedelta() for zone in known)


def next_open(
    zones: Sequence[str], moment: datetime, window: Week | Window, fallback: Sequence[str] = ()
) -> datetime | None:
    """Return the earliest time, in UTC, from `moment` on at which every zone is inside the sending hours.

    That is `moment` itself when it is open now, else a whole minute; None where the zones do not overlap within
    `HORIZON`, or no zone is known. Arguments and errors as in `is_open`.
    """
    if is_open(zones, moment, window, fallback):
        return moment.astimezone(UTC)
    known = _known(zones, fallback)
    at = _whole_minute(moment.astimezone(UTC))
    last = at + HORIZON
    while known and at <= last:
        leap = max(_leap(zone, at, window) for zone in known)
        if not leap:
            return at
        at += leap
    return None


def closed_zone_groups(
    groups: Iterable[str], moment: datetime, window: Week | Window, fallback: Sequence[str] = ()
) -> list[str]:
    """Return those of the zone groups whose numbers may not be texted at `moment`, in the order given.

    A group is zone names with `|` between them, "America/New_York|America/Detroit"; "" stands for unknown zones.
    Other arguments and errors as in `is_open`.
    """
    return [group for group in groups if not is_open(group.split(GROUP_SEPARATOR), moment, window, fallback)]


def groups_closed_until(groups: Iterable[str], moment: datetime, until: datetime, window: Week | Window) -> list[str]:
    """Return those of the zone groups whose numbers may not be texted between `moment` and `until`, in the order given.

    Groups as in `closed_zone_groups`, other arguments and errors as in `next_open`.
    """
    opens = ((group, next_open(group.split(GROUP_SEPARATOR), moment, window)) for group in groups)
    return [group for group, at in opens if at is None or at >= until]


def _known(zones: Sequence[str], fallback: Sequence[str]) -> list[ZoneInfo]:
    """Return the zones that exist, of `zones` or else of `fallback`."""
    for names in (zones, fallback):
        found = [zone for zone in map(_zone, names) if zone]
        if found:
            return found
    return []


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    """Return the zone of that name, or None where the database has none."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        # Besides "not found": names that are no relative path, and folders of the database such as "America".
        return None


def _wait(zone: ZoneInfo, moment: datetime, window: Week | Window) -> timedelta:
    """Return how long the clock on the wall has to run until the window is open; zero when it is."""
    local = moment.astimezone(zone)
    wall = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    for ahead in range(_FURTHEST.days):
        hours = week.on(window, local.date() + timedelta(days=ahead))
        if hours is None:
            continue
        start, end = hours
        if not ahead and start <= local.time() and (end == time() or local.time() < end):
            return timedelta()
        opens = ahead * _DAY + timedelta(hours=start.hour, minutes=start.minute)
        if opens > wall:
            return opens - wall
    return _FURTHEST


def _leap(zone: ZoneInfo, at: datetime, window: Week | Window) -> timedelta:
    """Return how far one can go from the whole minute `at` (UTC) without missing an open minute of this zone.

    Where the clocks change before the window opens, that is the minute of the change: what follows it is looked at
    afresh, because the start of the window may be skipped in spring or come twice in autumn.
    """
    wait = _wait(zone, at, window)
    offset = at.astimezone(zone).utcoffset()
    if (at + wait).astimezone(zone).utcoffset() == offset:
        return wait
    same, changed = 0, int(wait / _MINUTE)
    while changed - same > 1:
        middle = (same + changed) // 2
        if (at + middle * _MINUTE).astimezone(zone).utcoffset() == offset:
            same = middle
        else:
            changed = middle
    return changed * _MINUTE


def _whole_minute(moment: datetime) -> datetime:
    """Return the first whole minute that is not before `moment`."""
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + _MINUTE
