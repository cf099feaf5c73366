"""How fast a broadcast goes and how long that takes, in words. Pure."""

from optin.texts.send_time import spread_words

MINUTE, HOUR, DAY = 60, 3600, 86400


def pace_words(segments: int, segments_per_second: float | None, spread: int) -> str:
    """Say how long so many segments take from a sender (None: it has no limit), spread over so many minutes (0: not).

    Hours in which nothing is sent come on top.
    """
    over = f"Spread over {spread_words(spread)}" if spread else ""
    if segments_per_second is None:
        return over or "As fast as Twilio takes them"
    seconds = segments / segments_per_second
    rate = f"{segments_per_second:g} segment{'' if segments_per_second == 1 else 's'} a second"
    if over:
        return over if seconds <= spread * MINUTE else f"{over}, but at {rate} it takes {about(seconds)}"
    return f"{rate[0].upper()}{rate[1:]}: {about(seconds)}"


def about(seconds: float) -> str:
    """Return about how long that is: “about 20 minutes”."""
    for unit, one, many in ((DAY, "a day", "days"), (HOUR, "an hour", "hours"), (MINUTE, "a minute", "minutes")):
        if seconds >= 1.5 * unit:
            return f"about {round(seconds / unit)} {many}"
        if seconds >= 0.75 * unit:
            return f"about {one}"
    return "less than a minute"
