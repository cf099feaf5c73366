"""Whether a text says that the number is somebody else's now, or that its owner has died. Pure.

It ends nothing by itself: "she died" may be said of anybody, and who has the number now never asked to be texted. A
person decides, and the remedy is another than for a doubtful stop: the number is lost.
"""

from collections.abc import Callable
from re import Match

from optin.reading import changed_hands_tables as tables

Span = tuple[int, int]


def says_not_theirs(form: str, written: Callable[[int, int], str]) -> Span | None:
    """Return where a bare form says that the number is not (or no longer) of the person who is meant, or None.

    `written(start, end)` returns the piece of the original behind a piece of the form: a name has a capital letter.
    """
    words = frozenset(form.replace("|", " ").split(" "))
    if words.isdisjoint(tables.HINTS):
        return None
    for hints, pattern in tables.PLAIN:
        for found in () if hints.isdisjoint(words) else pattern.finditer(form):
            if not _is_of_others(form, found):
                return found.span()
    for hints, pattern in tables.NAMED:
        for found in () if hints.isdisjoint(words) else pattern.finditer(form):
            if _is_name(found, written) and not _is_of_others(form, found):
                return found.span()
    lone = None if words.isdisjoint(("not", "isnt", "aint")) else tables.LONE.search(form)
    return lone.span() if lone and _is_unmarked(lone, written) else None


def _is_name(found: Match[str], written: Callable[[int, int], str]) -> bool:
    name = found.group("name")
    shown = written(*found.span("name"))
    if any(sign in shown for sign in "'’") and not tables.NUMBER_OF.search(found.group()):
        return False  # "it's not Maria's turn"
    return shown[:1].isupper() and not (shown.isupper() and len(shown) > 1) and name not in tables.NO_NAMES


def _is_unmarked(found: Match[str], written: Callable[[int, int], str]) -> bool:
    """Tell whether a text without capital letters, or of nothing else, ends in what is likely a name."""
    shown, name = written(*found.span()), found.group("name")
    ordinary = (
        name in tables.NO_NAMES
        or name in tables.SAID_OF_THINGS
        or name.endswith(("ing", "ed", "ly", "ful", "able", "ible", "ive"))
    )
    return not ordinary and (shown.islower() or shown.isupper())


def _is_of_others(form: str, found: Match[str]) -> bool:
    if not tables.OF_DEATH.search(found.group()):
        return False
    return tables.BEASTS.search(found.group()) is not None or tables.STILL_HERE.search(form) is not None
