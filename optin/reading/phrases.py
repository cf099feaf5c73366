"""Find sentences that ask to be left alone, in any of the known languages. Pure.

One look gives two answers: a request is an opt-out, a doubt is a reason to let a person decide.
"""

import re
from enum import Enum, auto
from re import Pattern

from optin.reading import asides, plain_use, wondering
from optin.reading import phrase_tables as tables
from optin.reading.languages.english import FORBIDDING, LEADING
from optin.reading.languages.english_threats import THREATS
from optin.reading.languages.language import Rows

_SHORT = 100
_WEIGHED = 30  # doubts whose use is looked at; a text with more is strange, and held
_DRAWN_OUT_STOP = re.compile(r"stooo+p+|stoppp+")

Span = tuple[int, int]


class _Kind(Enum):
    REQUEST = auto()
    THREAT = auto()
    FORBIDDING = auto()
    LEADING = auto()
    DOUBT = auto()


Index = dict[str, tuple[tuple[_Kind, Pattern[str]], ...]]


def judge(form: str, *, torn: bool = False) -> tuple[Span | None, Span | None]:
    """Return where a bare form asks for no more messages and where it may ask for that, each as (start, end) or None.

    A message, first or last sentence of nothing but opt-out words and courtesies ("ok, stop it please") asks, and so
    does a phrase ("stop texting me"). A phrase that is denied ("don't take me off"), stated ("I do not text") or for
    somebody else may ask, and so may an opt-out word inside any other sentence, unless it plainly means something else.
    Instructions ("reply STOP to end"), robots' notes and questions about opting out ask for nothing. `torn`: the text
    has a keyword beside, so that a last sentence ("volunteer|stop") is for a person to decide.
    """
    request, doubt = _first(form, torn)
    if not request and not doubt:
        return None, _held_whole(form)
    masked = asides.without_asides(form)
    if masked == form:
        return request, None if request or (asides.is_robot(form) and not asides.says_own_word(form)) else doubt
    own_request, own_doubt = _first(masked, torn)
    if own_request:
        return own_request, None
    if asides.asks_nothing(form, masked):
        return None, own_doubt if asides.says_own_word(masked) else None
    return None, own_doubt or request or doubt


def _first(form: str, torn: bool) -> tuple[Span | None, Span | None]:
    asked = _only_words(form, torn)
    return (asked, None) if asked else _look(form)


def without_courtesies(form: str) -> str | None:
    """Return a bare form of a few words without the courtesies around them ("info please": "info"), None if longer."""
    plain = form.replace("|", " ")
    if len(plain) > _SHORT // 2:
        return None
    return _COURTESY.sub("", f"{plain} ").strip() or None


def refusal_beside(form: str, keyword: str) -> Span | None:
    """Return where a bare form that names a keyword refuses it ("volunteer no thanks"), or None."""
    if found := refusal(form):
        return found
    at = f" {form.replace('|', ' ')} ".find(f" {keyword} ")
    if at < 0 or len(form) > _SHORT:
        return None
    for start, end in ((at + len(keyword) + 1, len(form)), (0, at - 1)):
        if start < end and _REFUSAL.fullmatch(f"{form[start:end].replace('|', ' ')} "):
            return start, end
    return None


def _only_words(form: str, torn: bool) -> Span | None:
    sentences = form.split("|")
    if _is_only_words(form.replace("|", " ")) or _is_only_words(sentences[0]):
        found = _ANY_WORD.search(form.replace("|", " "))
        return found.span() if found else None
    if len(sentences) > 1 and not torn and _is_only_words(sentences[-1], vague=False):
        start = len(form) - len(sentences[-1])
        found = _ANY_WORD.search(form, start)
        return found.span() if found else None
    return None


def _held_whole(form: str) -> Span | None:
    return (0, len(form)) if len(form) < _SHORT and _HELD.fullmatch(f"{form.replace('|', ' ')} ") else None


def _look(form: str) -> tuple[Span | None, Span | None]:
    words, start, doubt, weighed = form.replace("|", " ").split(" "), 0, None, 0
    if not form.isascii() and (asked := _ANYWHERE.search(form)):
        return asked.span(), None
    if not form.isascii() and (asked := _ANYWHERE_DOUBTS.search(form)):
        doubt = asked.span()
    if _INDEX.keys().isdisjoint(words) and "sto" not in form:
        return None, doubt
    for word in words:
        for kind, follows in _INDEX.get(word) or (_INDEX["stop"] if _DRAWN_OUT_STOP.fullmatch(word) else ()):
            if found := follows.match(form, start + len(word)):
                if kind is not _Kind.DOUBT and _is_meant(kind, form, start):
                    return (start, found.end()), None
                if doubt is None:
                    weighed += 1
                    place = start, found.end()
                    doubt = place if weighed > _WEIGHED else _doubtful(kind, form, *place)
        start += len(word) + 1
    return None, doubt


def _doubtful(kind: _Kind, form: str, start: int, end: int) -> Span | None:
    """Return the place of a doubt, None if it plainly is none."""
    if asides.is_for_others(form, start) and asides.is_only_talk(form):
        return None
    plain = (
        plain_use.means_something_else(form, start, end) if kind is _Kind.DOUBT else plain_use.is_no_wish(form, start)
    )
    return None if plain else (start, end)


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


def _is_only_words(plain: str, *, vague: bool = True) -> bool:
    only = _WORDS_ONLY if vague else _CLEAR_ONLY
    if len(plain) >= _SHORT:
        return False
    return any(every.fullmatch(f"{plain} ") and some.search(f"{plain} ") for every, some in only)


def _is_meant(kind: _Kind, form: str, start: int) -> bool:
    before = form[max(0, start - _SHORT) : start].rpartition("|")[2]
    if kind is _Kind.LEADING:
        return not before or _COURTESIES.fullmatch(before) is not None
    if (
        _DENIED.search(before)
        or _ASKED_HOW.search(before)
        or plain_use.keeps_on(form, start)
        or asides.is_for_others(form, start)
        or wondering.must_others(form, start)
        or wondering.is_own_doing(form, start)
    ):
        return False
    if kind is not _Kind.THREAT and wondering.is_asked(form, start):
        return False
    return not (kind is _Kind.FORBIDDING and _STATED.search(before))


def _index(*tables_of_kinds: tuple[_Kind, Rows]) -> Index:
    follows: dict[str, dict[_Kind, list[str]]] = {}
    for kind, rows in tables_of_kinds:
        for words, continuations in rows:
            for word in words.split():
                follows.setdefault(word, {}).setdefault(kind, []).extend(continuations)
    return {word: tuple((kind, _any_of(rows)) for kind, rows in kinds.items()) for word, kinds in follows.items()}


def _any_of(continuations: list[str]) -> Pattern[str]:
    return re.compile("|".join(f"(?:{continuation})" for continuation in continuations))


_INDEX = _index(
    (_Kind.REQUEST, tables.REQUESTS),
    (_Kind.THREAT, THREATS),
    (_Kind.FORBIDDING, FORBIDDING),
    (_Kind.LEADING, LEADING),
    (_Kind.DOUBT, tables.DOUBTS),
)
_DENIED = re.compile(tables.DENIED)
_STATED = re.compile(tables.STATED)
_ASKED_HOW = re.compile(
    r"\b(?:how|where|when) (?:do|does|can|could|would|should|to)(?: (?:i|we|you|one|people))?(?: (?:get|make|have))? $"
)
_COURTESY = re.compile(rf"(?<![^ ])(?>{tables.POLITE}) ")
_COURTESIES = re.compile(rf"(?>(?:{tables.POLITE}|{tables.ALSO}) )+")
_REFUSAL = re.compile(
    rf"(?:(?:{tables.POLITE}|{tables.ALSO}) )*{tables.REFUSALS} (?:(?:{tables.POLITE}|{tables.ALSO}) )*"
)
_ANY_WORD = re.compile(rf"\b(?:{tables.CLEAR}|{tables.VAGUE})\b")
# What every word of a text must be, and what one must be; atomic, so that no text is tried in many ways.
_CLEAR_ONLY = (
    (
        re.compile(rf"(?>(?:{tables.CLEAR}|{tables.POLITE}|{tables.ALSO}|{tables.VAGUE}) )++"),
        re.compile(rf"\b{tables.CLEAR} "),
    ),
)
_WORDS_ONLY = (
    *_CLEAR_ONLY,
    (
        re.compile(rf"(?>(?:{tables.VAGUE}|{tables.POLITE}|{tables.VAGUE_ALSO}) )++"),
        re.compile(rf"\b{tables.VAGUE} "),
    ),
)
_HELD = re.compile(rf"(?>(?:{tables.POLITE}) )*+{tables.HELD} (?>(?:{tables.POLITE}|{tables.HELD}) )*+")
_ANYWHERE = re.compile(tables.ANYWHERE or r"(?!)")
_ANYWHERE_DOUBTS = re.compile(tables.ANYWHERE_DOUBTS or r"(?!)")
