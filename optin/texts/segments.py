"""Count the segments that a text is sent and billed as, and make typed text plain.

Source: GSM 03.38 and Twilio's segment calculator (repository TwilioDevEd/message-segment-calculator). The count is an
estimate: where a multi-code-point emoji stands on a border Twilio may start a segment earlier; it reports the real
number once the message is sent.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

MAX_CHARACTERS = 1600
"""The longest body that Twilio takes (error 21617 above it)."""

OFFENDERS_SHOWN = 10
"""How many characters that force UCS-2 are reported; a text in another script would report every letter."""

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
GSM = GSM_BASIC | GSM_EXTENSION

_LOOK_ALIKES = {
    '"': "“”„‟«»″〝〞＂\u02ba\u02ee❝❞",
    "'": "‘’‛′´`＇\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb❛❜",
    "-": "‐‑‒–—―−⁃•﹣－",
    "...": "…",
    ",": "‚",
    "<": "‹",
    ">": "›",
    "/": "⁄∕",
    "*": "∗",
    "~": "˜∼",
    "^": "ˆ",
    "!!": "‼",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
    " ": "\t\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))),
    "": "\u00ad\u200b\u2060\ufeff",
}
_PLAIN = str.maketrans({typed: plain for plain, all_typed in _LOOK_ALIKES.items() for typed in all_typed})


@dataclass(frozen=True)
class Segments:
    """What a text costs on the air.

    `units` are septets in GSM-7 (extension characters count 2) and 16-bit code units in UCS-2; `left` is how many more
    of them fit without another segment. `characters` are Unicode code points. `offenders` are the first distinct
    characters outside GSM-7, in the order of the text; empty means GSM-7. `longest`: how many characters may be sent.
    """

    encoding: str
    segments: int
    units: int
    characters: int
    offenders: tuple[str, ...]
    left: int
    longest: int = MAX_CHARACTERS

    @property
    def too_long(self) -> bool:
        """Tell whether Twilio may refuse the text for its length; an emoji is counted as 2, the cautious reading."""
        length = self.units if self.offenders else self.characters
        return length > self.longest


def count(text: str) -> Segments:
    """Count the segments of `text`, exactly as it will be sent (merge fields filled in); an empty text has none."""
    offenders = tuple(dict.fromkeys(character for character in text if character not in GSM))[:OFFENDERS_SHOWN]
    encoding, alone, part = ("UCS-2", 70, 67) if offenders else ("GSM-7", 160, 153)
    units = len(text)
    units += sum(c > "\uffff" for c in text) if offenders else sum(c in GSM_EXTENSION for c in text)
    if units <= alone:
        return Segments(encoding, min(units, 1), units, len(text), offenders, alone - units)
    weights = (2 if (c > "\uffff" if offenders else c in GSM_EXTENSION) else 1 for c in text)
    segments, used = _fill(weights, part)
    return Segments(encoding, segments, units, len(text), offenders, part - used)


def _fill(weights: Iterable[int], size: int) -> tuple[int, int]:
    """Return how many parts of `size` units hold the characters of these weights, and the units used in the last.

    A character is never cut: an extension pair or surrogate pair that does not fit moves to the next part.
    """
    parts, used = 1, 0
    for weight in weights:
        used += weight
        if used > size:
            parts, used = parts + 1, weight
    return parts, used


def plain(text: str) -> str:
    """Replace typographic look-alikes (quotes, dashes, ellipsis, special spaces ...) by characters of GSM-7.

    Letters, emoji and other scripts stay as they are, so the result may still need UCS-2: compare `count` of both.
    Source: the replacements of Twilio's Smart Encoding that occur in typed or pasted text, with the minus sign, primes
    and the non-breaking hyphen besides.
    """
    # Composed first, because "e" with a combining accent is not in GSM-7 and "é" is; and again after the replacements,
    # because these may bring a letter and an accent together.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_PLAIN))
