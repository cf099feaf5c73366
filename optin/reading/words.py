"""What an inbound text asks for: opt-out, help, START, YES, a keyword, or nothing that we know. Pure.

The order of the decisions is steps 3 to 13 of what one inbound message does (docs/rules.md): leaving is liberal,
joining is strict, and opting out comes before keywords, always.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from unicodedata import category

from optin.enums import HoldCause, Meaning
from optin.reading import changed_hands, phrases
from optin.reading.message_text import MessageText, is_one_token, open_text
from optin.reading.normal_form import bare, normalise
from optin.reading.spelling import drawn_out, likely_slip, misspelt, one_edit
from optin.refused import Refused

__all__ = [
    "EXACT_YES",
    "HELP_WORDS",
    "OPT_OUT_WORDS",
    "START_WORDS",
    "YES_WORDS",
    "Reading",
    "lone_word",
    "normalise",
    "one_edit",
    "phrase_read",
    "read",
    "refusal_as_keyword",
]

# Those of 47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel, unsubscribe; and the rest of Twilio's list.
OPT_OUT_WORDS = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"}
)
HELP_WORDS = frozenset({"help", "info"})
START_WORDS = frozenset({"start", "unstop"})
YES_WORDS = frozenset({"yes", "y"})
EXACT_YES = "yes"
"""The answer that long codes take for START; no other one lets texts go again."""

_SINGLE_WORDS = {Meaning.HELP: HELP_WORDS, Meaning.START: START_WORDS, Meaning.YES: {EXACT_YES}}
_WITH_COURTESY = {Meaning.HELP: HELP_WORDS, Meaning.START: START_WORDS}  # YES is strict: nothing but the word
_RESERVED_FOR = {
    Meaning.OPT_OUT: "to opt out",
    Meaning.HELP: "to ask for help",
    Meaning.START: "to allow texts again",
    Meaning.YES: "to confirm",
}
_LONGEST_KEYWORD = 30
KEYWORD_LENGTH = f"Use 2 to {_LONGEST_KEYWORD} letters and digits."
_TEXTING = frozenset({"texting", "texts", "sending", "messaging", "messages", "me", "msgs", "this", "it", "please"})
_SLIPPED = {
    "me": ("unsubscribe", "remove"),
    **dict.fromkeys(("texting", "txting", "messaging", "contacting", "sending", "calling"), ("stop", "quit", "cease")),
}  # what a word before these may be a slip for
_SHORTEST_BESIDE, _FEW_SPACES = 5, (1, 2)  # a slip for a long keyword is seen beside a courtesy too


@dataclass(frozen=True, slots=True)
class Reading:
    """What one inbound text asks for.

    `keyword`: normal form of the word that matched, for KEYWORD and OPT_OUT_KEYWORD (and for a START that Twilio
    reported of a text that is a keyword). `hold`: why a person must decide; only on ORDINARY. `trigger`: the piece of
    the original text behind the opt-out or the hold. `near_keyword`: normal form of the keyword that the text nearly
    matches. `exact`: the opt-out, help, START or YES word was the whole message in normal form, without courtesy; an
    opt-out word may have a signature or a quotation below. YES is always the word "yes"; other answers ("Y", "yes
    please") are read by answers.py.
    """

    meaning: Meaning
    keyword: str | None = None
    hold: HoldCause | None = None
    trigger: str | None = None
    near_keyword: str | None = None
    exact: bool = False


def read(
    text: str,
    *,
    keywords: Collection[str],
    known_keywords: Collection[str] = (),
    opt_out_type: str | None = None,
    extra_opt_out: Collection[str] = (),
) -> Reading:
    """Say what an inbound text asks for.

    `text` is the message as received. `keywords`: the words and aliases of active keywords, in normal form;
    `known_keywords`: those of archived ones too, which STOP <keyword> can end. `opt_out_type`: Twilio's OptOutType
    (STOP, START or HELP), which outranks the text. `extra_opt_out`: further opt-out words, as the admin typed them.
    Never raises, whatever the text; only its first 2000 characters are looked at. YES says nothing about an open
    question, which the caller knows.
    """
    active, words = frozenset(keywords), _lexicon(tuple(extra_opt_out))
    message = open_text(text, words.squeezed)
    if opt_out_type and (told := _as_twilio_says(message, opt_out_type, active, words)):
        return told
    if message.says_nothing:
        sign = message.stop_reaction()
        return Reading(Meaning.ORDINARY, hold=HoldCause.SIGN if sign else None, trigger=sign)
    if leaving := _opt_out_word(message, words) or _one_keyword(message, active.union(known_keywords)):
        return leaving
    if sign := message.stop_sign():
        return Reading(Meaning.ORDINARY, hold=HoldCause.SIGN, trigger=sign)
    request, doubt = phrases.judge(message.form, torn=not active.isdisjoint(message.sentences))
    return (
        _opt_out_phrase(message, words, request)
        or _single_word(message)
        or _keyword(message, active, words)
        or _ordinary(message, active, words, doubt)
    )


def phrase_read(reading: Reading) -> str | None:
    """Return the piece of the text that was read as a request to stop everything, None where that was an exact word."""
    return (reading.trigger or "") if reading.meaning == Meaning.OPT_OUT and not reading.exact else None


def lone_word(text: str) -> str | None:
    """Return the normal form of a text that is one word as long as a keyword may be, None for any other text."""
    normal = normalise(text)
    return normal if 2 <= len(normal) <= _LONGEST_KEYWORD and " " not in normal else None


def refusal_as_keyword(word: str, extra_opt_out: Collection[str] = ()) -> Refused | None:
    """Say why a word can't be an opt-in keyword, None if it can.

    Refused: what `read` takes for a request of another kind ("stop", "HELP!", "opt-out", "y"), signs and spaces, fewer
    than 2 or more than 30 characters in normal form. `word` and `extra_opt_out` are as typed.
    """
    shown, normal = word.strip()[:40], normalise(word)
    if not normal:
        return Refused("Enter a word of letters and digits.")
    meant = Meaning.YES if normal in YES_WORDS else read(word, keywords=(), extra_opt_out=extra_opt_out).meaning
    reserved_for = _RESERVED_FOR.get(meant)
    if reserved_for:
        return Refused(f"“{shown}” is reserved: people text it {reserved_for}.")
    if not 2 <= len(normal) <= _LONGEST_KEYWORD:
        return Refused(KEYWORD_LENGTH)
    if " " in normal:
        return Refused("Enter one word, without spaces.")
    if not is_one_token(normal) or not all(category(character)[0] in "LNM" for character in word.strip()):
        return Refused("Use only letters and digits.")
    return None


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The opt-out words with those that the admin added: in normal form, in bare form, and without spaces."""

    normal: frozenset[str]
    bare: frozenset[str]
    squeezed: frozenset[str]


@lru_cache(maxsize=16)
def _lexicon(extra: tuple[str, ...]) -> _Lexicon:
    normal = OPT_OUT_WORDS.union(map(normalise, extra)) - {""}  # an emoji alone has no normal form
    plain = frozenset(map(bare, normal)) - {""}
    return _Lexicon(normal, plain, frozenset(word.replace(" ", "").replace("|", "") for word in plain))


def _as_twilio_says(message: MessageText, told: str, active: frozenset[str], words: _Lexicon) -> Reading | None:
    match told.strip().upper():
        case "STOP":
            return Reading(Meaning.OPT_OUT, trigger=message.head.strip(), exact=message.whole in words.normal)
        case "START":
            keyword = message.whole if message.whole in active else None
            return Reading(Meaning.START, keyword=keyword, exact=message.whole in START_WORDS | {EXACT_YES})
        case "HELP":
            return Reading(Meaning.HELP, exact=message.whole in HELP_WORDS)
    return None


def _opt_out_word(message: MessageText, words: _Lexicon) -> Reading | None:
    exact = message.whole in words.normal or message.own in words.normal
    if message.sentences and message.sentences[0] in words.bare:
        return Reading(Meaning.OPT_OUT, trigger=message.origin(0, len(message.sentences[0])), exact=exact)
    if exact or message.first_line in words.normal:
        return Reading(Meaning.OPT_OUT, trigger=message.origin(0, len(message.form)), exact=exact)
    return None


def _one_keyword(message: MessageText, known: frozenset[str]) -> Reading | None:
    for line in (message.whole, message.first_line):
        if line.startswith("stop") and not line[4:5].isalnum():
            keyword = normalise(line[4:])
            if keyword in known:
                return Reading(Meaning.OPT_OUT_KEYWORD, keyword=keyword, trigger=message.head.strip())
    return None


def _opt_out_phrase(message: MessageText, words: _Lexicon, request: phrases.Span | None) -> Reading | None:
    together = message.form.replace(" ", "").replace("|", "")
    if together in words.squeezed or drawn_out(together, words.squeezed):
        return Reading(Meaning.OPT_OUT, trigger=message.origin(0, len(message.form)))
    if request:
        return Reading(Meaning.OPT_OUT, trigger=message.origin(*request))
    if slip := _slip_in_phrase(message):
        return Reading(Meaning.OPT_OUT, trigger=slip)
    if signed := message.signed_stop():
        return Reading(Meaning.OPT_OUT, trigger=signed)
    return None


def _slip_in_phrase(message: MessageText) -> str | None:
    """Return the piece of the text that asks to stop in a clear phrase with a slip ("stp texting me"), or None."""
    start = 0
    for word, follows in pairwise(message.form.replace("|", " ").split(" ")):
        meant = next((stop for stop in _SLIPPED.get(follows, ()) if misspelt(word, (stop,))), None)
        if meant and not word.startswith(meant):
            mended = f"{message.form[:start]}{meant}{message.form[start + len(word) :]}"
            request, _ = phrases.judge(mended)
            if not request or request[0] != start:
                return None
            return message.origin(start, request[1] - len(meant) + len(word))
        start += len(word) + 1
    return None


def _single_word(message: MessageText) -> Reading | None:
    for meaning, words in _SINGLE_WORDS.items():
        if message.own in words and (meaning is Meaning.HELP or message.is_line(message.own)):
            return Reading(meaning, exact=message.whole in words)
    if not any(word in message.form for word in HELP_WORDS | START_WORDS):
        return None
    alone = phrases.without_courtesies(message.form) if message.whole else None
    meant = next((meaning for meaning, words in _WITH_COURTESY.items() if alone in words), None)
    return Reading(meant) if meant and (meant is Meaning.HELP or not message.is_signed_in_line) else None


def _keyword(message: MessageText, active: frozenset[str], words: _Lexicon) -> Reading | None:
    if not words.bare.isdisjoint(message.sentences):
        return None  # a keyword and a bare "stop" in one message: joining is strict, so a person decides
    for line in (message.whole, message.first_line):
        if line in active and message.is_line(line):
            if refusal := phrases.refusal(message.form):
                trigger = message.origin(*refusal)
                return Reading(Meaning.ORDINARY, hold=HoldCause.REFUSAL, trigger=trigger, near_keyword=line)
            return Reading(Meaning.KEYWORD, keyword=line)
    return None


def _ordinary(message: MessageText, active: frozenset[str], words: _Lexicon, doubt: phrases.Span | None) -> Reading:
    near, form = _near(message, active), message.form.replace("|", " ")
    if size := _slip(form, words):
        trigger = message.origin(0, size)
        return Reading(Meaning.ORDINARY, hold=HoldCause.MISSPELT, trigger=trigger, near_keyword=near)
    if not_theirs := changed_hands.says_not_theirs(message.form, message.origin):
        trigger = message.origin(*not_theirs)
        return Reading(Meaning.ORDINARY, hold=HoldCause.NOT_THEIRS, trigger=trigger, near_keyword=near)
    if near and near in message.tokens() and (refused := phrases.refusal_beside(message.form, bare(near))):
        trigger = message.origin(*refused)
        return Reading(Meaning.ORDINARY, hold=HoldCause.REFUSAL, trigger=trigger, near_keyword=near)
    if doubt := doubt or _added_word(form, words):
        return Reading(Meaning.ORDINARY, hold=HoldCause.SENTENCE, trigger=message.origin(*doubt), near_keyword=near)
    return Reading(Meaning.ORDINARY, near_keyword=near)


def _slip(form: str, words: _Lexicon) -> int:
    """Return how much of a bare form is a misspelt opt-out word, alone or about texts ("stip texting"), or 0."""
    first, _, rest = form.partition(" ")
    if rest.partition(" ")[0] in _TEXTING and misspelt(first, words.bare):
        return len(first)
    return len(form) if len(form) <= _LONGEST_KEYWORD and misspelt(form, words.bare) else 0


def _added_word(form: str, words: _Lexicon) -> phrases.Span | None:
    for word in words.bare - OPT_OUT_WORDS:
        start = f" {form} ".find(f" {word} ")
        if start >= 0:
            return start, start + len(word)
    return None


def _near(message: MessageText, active: frozenset[str]) -> str | None:
    size = len(message.normal)
    for keyword in sorted(active) if size <= _LONGEST_KEYWORD + 1 else ():
        if -1 <= len(keyword) - size <= 1 and likely_slip(message.normal, keyword):
            return keyword
    if token := next((token for token in message.tokens() if token in active), None):
        return token
    if size > _LONGEST_KEYWORD + 1 or message.form.count(" ") not in _FEW_SPACES:
        return None
    alone = phrases.without_courtesies(message.form) or ""
    long_ones = (keyword for keyword in sorted(active) if len(keyword) > _SHORTEST_BESIDE)
    return next((keyword for keyword in long_ones if likely_slip(alone, keyword)), None)
