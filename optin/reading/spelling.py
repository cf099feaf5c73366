"""How close one word is to another: one typing slip apart. Pure."""

import re
from collections.abc import Iterable
from itertools import pairwise

# One edit from an opt-out word, and yet an everyday answer. Anything rarer is held: a person decides.
_EVERYDAY = frozenset({"shop", "step", "top", "quiet", "quite", "quilt", "quiz", "suit", "cancer"})
_SHORTEST, _LONGEST = 4, 60
_TINY, _SMALL = 3, 4
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT_TO = {frozenset(pair) for row in _KEYS for pair in pairwise(row)}
_NEXT_TO |= {frozenset(pair) for over, under in pairwise(_KEYS) for pair in zip(over, under, strict=False)}
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


def likely_slip(word: str, keyword: str) -> bool:
    """Tell whether `word` is probably a slip for `keyword` (same form); with short ones only some slips are likely.

    Many a short answer is one letter away from a keyword of three or four letters ("lol", "Val" from "vol"), so there
    only swapped or doubled letters count, and with four also a letter left out, a neighbouring key or an accent.
    """
    if len(keyword) <= _TINY:
        return len(keyword) == _TINY and _swapped_or_doubled(word, keyword)
    if len(keyword) > _SMALL:
        return one_edit(word, keyword)
    return _swapped_or_doubled(word, keyword) or (one_edit(word, keyword) and _near_keys(word, keyword))


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


def _swapped_or_doubled(word: str, meant: str) -> bool:
    if len(word) == len(meant):
        return sorted(word) == sorted(meant) and one_edit(word, meant)
    return len(word) == len(meant) + 1 and one_edit(word, meant) and _squeezed(word) == _squeezed(meant)


def _near_keys(word: str, meant: str) -> bool:
    """Tell whether a word one edit away lacks an inner letter, or has a neighbouring key or another accent for one."""
    if len(word) != len(meant):
        return len(word) < len(meant) and word[:1] == meant[:1] and word[-1:] == meant[-1:]
    return all(
        a == b or frozenset((a, b)) in _NEXT_TO or not (a + b).isascii() for a, b in zip(word, meant, strict=True)
    )
