"""Find sentences that ask to be left alone, in any of the known languages. Pure.

One look gives two answers: a request is an opt-out, a doubt is a reason to let a person decide.
"""

import re
from enum import Enum, auto
from re import Pattern

from optin.consent import phrase_tables as tables
from optin.consent.languages.language import Rows

_SHORT = 100
_DRAWN_OUT_STOP = re.compile(r"stooo+p+|stoppp+")

Span = tuple[int, int]


class _Kind(Enum):
    REQUEST = auto()
    FORBIDDING = auto()
    DOUBT = auto()


Index = dict[str, tuple[tuple[_Kind, Pattern[str]], ...]]


def judge(form: str) -> tuple[Span | None, Span | None]:
    """Return where a bare form asks for no more messages and where it may ask for that, each as (start, end) or None.

    A message or first sentence of nothing but opt-out words and courtesies ("ok, stop it please") asks, and so does a
    phrase ("stop texting me"). A phrase that is denied ("don't take me off") or stated ("I do not text") may ask, and
    so may an opt-out word inside any other sentence. The look ends at the first request.
    """
    plain = form.replace("|", " ")
    if (_is_only_words(plain) or _is_only_words(form.partition("|")[0])) and (asked := _ANY_WORD.search(plain)):
        return asked.span(), None
    words, start, doubt = plain.split(" "), 0, None
    if _INDEX.keys().isdisjoint(words) and "sto" not in form:
        return None, None
    for word in words:
        for kind, follows in _INDEX.get(word) or (_INDEX["stop"] if _DRAWN_OUT_STOP.fullmatch(word) else ()):
            if found := follows.match(form, start + len(word)):
                if kind is not _Kind.DOUBT and _is_meant(kind, form, start):
                    return (start, found.end()), None
                doubt = doubt or (start, found.end())
        start += len(word) + 1
    return None, doubt


def refusal(form: str) -> Span | None:
    """Return where a bare form says no in a sentence of its own after the first ("volunteer|no thanks"), or None."""
    start = form.find("|") + 1
    while start:
        end = form.find("|", start)
        stop = end if end >= 0 else len(form)
        if stop - start < _SHORT and _REFUSAL.fullmatch(f"{form[start:stop]} "):
            return start, stop
        start = end + 1
    return None


def _is_only_words(plain: str) -> bool:
    return len(plain) < _SHORT and _WORDS_ONLY.fullmatch(f"{plain} ") is not None


def _is_meant(kind: _Kind, form: str, start: int) -> bool:
    before = form[max(0, start - _SHORT) : start].rpartition("|")[2]
    return not _DENIED.search(before) and not (kind is _Kind.FORBIDDING and _STATED.search(before))


def _index(*tables_of_kinds: tuple[_Kind, Rows]) -> Index:
    follows: dict[str, dict[_Kind, list[str]]] = {}
    for kind, rows in tables_of_kinds:
        for words, continuations in rows:
            for word in words.split():
                follows.setdefault(word, {}).setdefault(kind, []).extend(continuations)
    return {word: tuple((kind, _any_of(rows)) for kind, rows in kinds.items()) for word, kinds in follows.items()}


def _any_of(continuations: list[str]) -> Pattern[str]:
    return re.compile("|".join(f"(?:{continuation})" for continuation in continuations))


_INDEX = _index((_Kind.REQUEST, tables.REQUESTS), (_Kind.FORBIDDING, tables.FORBIDDING), (_Kind.DOUBT, tables.DOUBTS))
_DENIED = re.compile(tables.DENIED)
_STATED = re.compile(tables.STATED)
_REFUSAL = re.compile(
    rf"(?:(?:{tables.POLITE}|{tables.ALSO}) )*{tables.REFUSALS} (?:(?:{tables.POLITE}|{tables.ALSO}) )*"
)
_ANY_WORD = re.compile(rf"\b(?:{tables.CLEAR}|{tables.VAGUE})\b")
_WORDS_ONLY = re.compile(
    rf"(?=.*\b{tables.CLEAR}\b)(?:(?:{tables.POLITE}|{tables.ALSO}|{tables.CLEAR}|{tables.VAGUE}) )+"
    rf"|(?=.*\b{tables.VAGUE}\b)(?:(?:{tables.POLITE}|{tables.VAGUE}) )+"
)
