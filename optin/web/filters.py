"""How values are shown on pages: times in the user's zone, numbers for people, counts, initials."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g

from optin import clock, phone
from optin.consent import event_notes
from optin.models import Person
from optin.phone.area_code_states import NAMES
from optin.queries.cached_counts import CachedCount

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SID_HEAD, SID_TAIL = 4, 4


def default_region() -> str:
    """Return the country whose numbers show in national format: `flask.g.region`, else the configured one."""
    region: str = g.get("region") or current_app.config["OPTIN"].default_region
    return region


def init_app(app: Flask, region: Callable[[], str] = default_region) -> None:
    """Register the filters. `region` is asked during a request for the two-letter code of the reader's country."""
    app.jinja_env.filters.update(
        when=when,
        stamp=stamp,
        exact=exact,
        planned=planned,
        day=day,
        number=partial(_number, region),
        person_name=person_name,
        country_name=country_name,
        short_sid=short_sid,
        n=n,
        plural=plural,
        initials=initials,
        us_state=us_state,
        event_note=event_notes.in_words,
    )


def us_state(code: str) -> str:
    """Return the name of a US state by its postal code, "–" for none."""
    return NAMES.get(code, "–")


def current_zone() -> ZoneInfo:
    """Return the zone that times are shown in: `flask.g.time_zone`, a name or a ZoneInfo, else UTC."""
    zone = g.get("time_zone") or "UTC"
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def when(moment: datetime) -> str:
    """Say when `moment` is, seen from now: "3 minutes ago", "today, 09:14", "yesterday, 18:31", then "20 Nov 2026"."""
    now = clock.now()
    distance = moment - now
    if abs(distance) < MINUTE:
        return "just now"
    if abs(distance) < HOUR:
        minutes = plural(abs(distance) // MINUTE, "minute", "minutes")
        return f"in {minutes}" if distance > timedelta(0) else f"{minutes} ago"
    local = moment.astimezone(current_zone())
    days = (local.date() - now.astimezone(local.tzinfo).date()).days
    name = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    return f"{name}, {local:%H:%M}" if name else day(local)


def stamp(moment: datetime) -> str:
    """Say when, short enough for a bubble: "17:02" today, "18 Nov, 17:02" this year, else with the year."""
    local, today = moment.astimezone(current_zone()), clock.now().astimezone(current_zone())
    if local.date() == today.date():
        return f"{local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


def exact(moment: datetime) -> str:
    """Return the moment to the second with the zone: "20 Nov 2026, 08:31:05 PST"."""
    local = moment.astimezone(current_zone())
    return f"{day(local)}, {local:%H:%M:%S %Z}"


def planned(moment: datetime) -> str:
    """Return the minute with the place of the user's zone: "27 Nov, 10:00 (Los Angeles)"; the year if it is another.

    Where the clocks go back, and the minute comes twice, it says which: "1 Nov, 01:30 (Los Angeles, PDT)".
    """
    zone = current_zone()
    local = moment.astimezone(zone)
    year = "" if local.year == clock.now().astimezone(zone).year else f" {local.year}"
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    place = zone.key.rpartition("/")[2].replace("_", " ")
    return f"{local.day} {local:%b}{year}, {local:%H:%M} ({place}{f', {local:%Z}' if twice else ''})"


def day(moment: date) -> str:
    """Return the date alone, "20 Nov 2026": of a date as it is, of a moment as its day in the user's zone."""
    local = moment.astimezone(current_zone()) if isinstance(moment, datetime) else moment
    return f"{local.day} {local:%b %Y}"


def _number(region: Callable[[], str], stored: str) -> str:
    """Show a stored number the way people in `region` write it."""
    return phone.display(stored, region())


def person_name(person: Person) -> str:
    """Name a person; who has no name is called by the number, as people in the reader's country write it."""
    return person.name_in(default_region())


def country_name(code: str) -> str:
    """Name a country (ISO 3166, two letters); "" is one that nobody knows."""
    return phone.country_name(code) if code else "Unknown country"


def short_sid(sid: str) -> str:
    """Shorten a SID in the middle, "SM4f…a91c"; what is short already stays."""
    return sid if len(sid) <= SID_HEAD + SID_TAIL + 1 else f"{sid[:SID_HEAD]}…{sid[-SID_TAIL:]}"


def n(count: int | CachedCount) -> str:
    """Write a count with thousands apart: 1,234; "5,000+" where nobody knows how many more there are."""
    if isinstance(count, CachedCount):
        return f"{count.value:,}{'+' if count.more else ''}"
    return f"{count:,}"


def plural(count: int | CachedCount, one: str, many: str) -> str:
    """Write a count with its noun: "1 person", "1,198 people"."""
    written = n(count)
    return f"{written} {one if written == '1' else many}"


def initials(name: str) -> str:
    """Return the first letters of the first and the last name, "AR" for Ana Ruiz; "?" for nobody."""
    parts = name.split()
    letters = [part[0] for part in (parts[:1] + parts[1:][-1:])]
    return "".join(letters).upper() or "?"
