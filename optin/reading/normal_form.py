"""The two forms in which an inbound text is compared.

The *normal form* decides about joining and is strict. The *bare form* serves the search for opt-outs and is liberal:
no accents, no apostrophes, no punctuation. Pure.
"""

import re
import string
from unicodedata import category, combining, is_normalized, normalize

_ASCII_CONTROLS = {code: None for code in (*range(32), 127) if not chr(code).isspace()}
_ASCII_EDGES = string.punctuation + " "
# What no one sees: control characters but spaces, format characters (Unicode category Cf), variation selectors,
# fillers, the keycap, the blank braille cell. Written out: one regular expression is quicker than asking for each.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Accents, the points of Hebrew, the vowel signs and the stretching of Arabic: writers leave them out as they like.
_ACCENT = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670]")
_APOSTROPHES = "'’‘ʼ＇`´′"
_SENTENCE_ENDS = ".!?…;。！？｡．؟؛।"
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_REMEMBERED = 20_000  # characters: hostile text must not fill the memory with rare ones


def normalise(text: str) -> str:
    """Return the normal form in which words and keywords are equal or not.

    Unicode NFKC, format and control characters dropped, case folded, punctuation, quotes and emoji around it dropped,
    spaces collapsed. Normalising twice changes nothing.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII_CONTROLS).lower().split()).strip(_ASCII_EDGES)
    while True:
        folded = _normalise_once(text)
        # Dropping or folding one character can let others compose, so look until nothing changes.
        if folded == text or (is_normalized("NFKC", folded) and folded.casefold() == folded):
            return folded
        text = folded


def bare(text: str) -> str:
    """Return the bare form: sentences and lines joined by "|", each of plain words with one space between.

    Compatibility characters are folded (full width, mathematical letters), accents and apostrophes are gone
    ("don’t" is "dont", "Número" is "numero"), every other sign is a space.
    """
    sentences = (" ".join(part.split()) for part in text.translate(_FOLD).split("|"))
    return "|".join(sentence for sentence in sentences if sentence)


def original_piece(text: str, form: str, start: int, end: int) -> str:
    """Return the part of `text` that became `form[start:end]`, where `form` is the bare form of `text`.

    The two are matched by counting letters, so words that were joined or split in `form` still find their origin.
    """
    first, last = _letters(form[:start]), _letters(form[:end])
    seen, begin, stop = 0, len(text), 0
    for index, character in enumerate(text):
        count = _letters(_FOLD[ord(character)] or "")
        if count and seen + count > first and seen < last:
            begin, stop = min(begin, index), index + 1
        elif stop == index and combining(character):
            stop = index + 1  # an accent written as a character of its own belongs to its letter
        seen += count
        if seen > last:
            break
    return text[begin:stop]


def _normalise_once(text: str) -> str:
    seen = _UNSEEN.sub("", normalize("NFKC", text)).casefold()
    return _without_edges(" ".join(seen.split()))


def _without_edges(text: str) -> str:
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    while end < len(text) and category(text[end])[0] == "M":  # vowel signs belong to the last letter
        end += 1
    return text[start:end]


def _letters(form: str) -> int:
    return len(form) - form.count(" ") - form.count("|")


class _Fold(dict[int, str | None]):
    """The table of str.translate for the bare form, which computes a character at its first use."""

    def __missing__(self, code: int) -> str | None:
        value = _folded(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = value
        return value


def _folded(character: str) -> str | None:
    if character in _SENTENCE_ENDS or character in _LINE_ENDS:
        return "|"
    if character in _APOSTROPHES or _UNSEEN.match(character):
        return None
    plain = normalize("NFKD", normalize("NFKD", character).casefold())
    kept = (ch for ch in plain if not _ACCENT.match(ch))
    return "".join(ch if ch.isalnum() or category(ch)[0] == "M" else " " for ch in kept)


_FOLD = _Fold()
