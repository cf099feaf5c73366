"""Moments, spans and texts as a proof writes them: the same for everybody, in UTC. Pure."""

from datetime import datetime

LONGEST_QUOTE = 160


def moment(at: datetime) -> str:
    """Return a moment to the second: "27 Oct 2026 09:14:00 UTC"."""
    return f"{at.day} {at:%b %Y %H:%M:%S} UTC"


def day_or_moment(at: datetime) -> str:
    """Return a moment, or the day alone where it is midnight: files often say no more."""
    return f"{at.day} {at:%b %Y}" if (at.hour, at.minute, at.second) == (0, 0, 0) else moment(at)


def inside(label: str) -> str:
    """Return a label as it stands inside a sentence: with a small letter first."""
    return label[:1].lower() + label[1:]


def quoted(text: str | None, instead: str = "a text that has been erased") -> str:
    """Return a text in quotes on one line, shortened in the middle of a long one; `instead` where it was erased."""
    if text is None:
        return instead
    line = " ".join(text.split())
    return f"“{line if len(line) <= LONGEST_QUOTE else line[:LONGEST_QUOTE].rstrip() + ' …'}”"


def span(seconds: float) -> str:
    """Say how long: "4.2 seconds", "3 min 12 s", "5 h 20 min", "12 days 3 h"."""
    if seconds < 60:
        return f"{seconds:.1f} seconds"
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    if whole < 3600:
        return f"{minutes} min {whole % 60} s"
    if not days:
        return f"{hours} h {minutes} min"
    return f"{days:,} day{'' if days == 1 else 's'} {hours} h"


def from_goodbye(seconds: float | None, goodbye: datetime | None) -> str:
    """Say how near a message was to the nearest goodbye; "" where there was none."""
    if seconds is None or goodbye is None:
        return ""
    return f"{span(abs(seconds))} {'before' if seconds < 0 else 'after'} the goodbye of {moment(goodbye)}"
