"""How near one word is to another: the slip of one finger. Pure."""

import re
from collections.abc import Iterable

# One edit from an opt-out word, and yet an everyday answer. Anything rarer is held: a person decides.
_EVERYDAY = frozenset({"shop", "step", "top", "quiet", "quite", "quilt", "quiz", "suit", "cancer"})
_SHORTEST, _LONGEST = 4, 60
_REPEATED = re.compile(r"(.)\1+")


def one_edit(left: str, right: str) -> bool:
    """Tell whether one insertion, deletion, substitution or swap of neighbours turns `left` into `right`.

    That is a Damerau-Levenshtein distance of exactly one. Both are in one form (normal or bare).
    """
    if len(left) > len(right):
        left, right = right, left
    if len(right) - len(left) > 1 or left == right:
        return False
    start = 0
    while start < len(left) and left[start] == right[start]:
        start += 1
    if len(left) < len(right):
        return left[start:] == right[start + 1 :]
    swapped = left[start : start + 2] == right[start : start + 2][::-1]
    return left[start + 1 :] == right[start + 1 :] or (swapped and left[start + 2 :] == right[start + 2 :])


def misspelt(word: str, of: Iterable[str]) -> bool:
    """Tell whether `word` is probably a slip for one of the words `of` (of four letters or more, same form)."""
    if word in _EVERYDAY:
        return False
    return any(len(meant) >= _SHORTEST and one_edit(word, meant) for meant in of)


def drawn_out(word: str, of: Iterable[str]) -> bool:
    """Tell whether `word` is one of the words `of` with at least two letters more by repetition ("stoooop")."""
    if len(word) > _LONGEST:
        return False
    squeezed = _squeezed(word)
    if len(word) < len(squeezed) + 2:
        return False
    return any(len(word) >= len(meant) + 2 and squeezed == _squeezed(meant) for meant in of)


def _squeezed(word: str) -> str:
    return _REPEATED.sub(r"\1", word)
