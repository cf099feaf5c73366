"""One inbound text, opened for reading: its normal form, its first line, its sentences, its tokens. Pure."""

import re
from dataclasses import dataclass
from re import Match

from optin.consent.normal_form import bare, normalise, original_piece

_LOOKED_AT = 2000  # characters; Twilio's messages have 1600 at most
_SPELLED = re.compile(r"(?<![^ |])\w(?:[ |]\w){2,}(?![^ |])")
_TOKEN = re.compile("[^\\s!-/:-@\\[-`{-~¡«»¿\u2010-\u2bff\u3000-\u303f\U0001f000-\U0001faff]+")
# What phones send for a reaction to a text of ours; its quotation of "Reply STOP" is not the person's word.
_REACTION = re.compile(
    r"\W{0,4}(?:(?:Liked|Loved|Disliked|Laughed at|Emphasi[sz]ed|Questioned|Removed an? .{3,20} from"
    r"|Reacted .{1,12} to)|\W{1,12}to)\W{1,4}[“\"].{20,}[”\"]\W{0,4}",
    re.DOTALL,
)
_STOP_SIGNS = re.compile(r"(?:\s*[🛑✋🤚⛔🚫][\U0001f3fb-\U0001f3ff\ufe0f]*)+[\s!.]*")
_WORD = re.compile("[^ |]+")
# Cyrillic and Greek letters, lower case, that look like a Latin one as they are or as capitals: "ЅТОР" reads as STOP.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043e\u0440\u0441\u0442\u0443\u0455\u0456\u0501\u051b\u0475\u04cf\u043f\u0433"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5",
    "abekopctysidqvlnr" + "abenikn" + "optu",
)


@dataclass(frozen=True, slots=True)
class MessageText:
    """The forms of one text.

    `head`: the original, cut to what is looked at. `normal`: normal form of the head. `whole`: the same, "" for a text
    that was cut. `first_line`: normal form of the first line that says anything. `form`: bare form, spelled-out words
    joined. `sentences`: those of the bare form.
    """

    head: str
    normal: str
    whole: str
    first_line: str
    form: str
    sentences: tuple[str, ...]

    @property
    def is_reaction(self) -> bool:
        """Tell whether a phone wrote this for a tap on a message ('Liked “...”')."""
        return self.head.rstrip()[-1:] in '”"' and _REACTION.fullmatch(self.head) is not None

    def stop_sign(self) -> str | None:
        """Return the signs if the text is nothing but signs that mean stop (🛑 ✋🏽 ⛔ 🚫)."""
        return self.head.strip() if not self.form and _STOP_SIGNS.fullmatch(self.head) else None

    def tokens(self) -> list[str]:
        """List the words of the normal form, in any script, without the signs around them."""
        return _TOKEN.findall(self.normal)

    def origin(self, start: int, end: int) -> str:
        """Return the piece of the original text that became `form[start:end]`."""
        return original_piece(self.head, self.form, start, end)


def open_text(text: str, spelled: frozenset[str]) -> MessageText:
    """Open a text as received; `spelled` are the words that are recognised letter by letter ("s t o p"), bare form."""
    head, cut = text[:_LOOKED_AT], len(text) > _LOOKED_AT
    normal = normalise(head)
    lines = head.splitlines()
    if cut and lines:
        lines.pop()  # the last line is not whole
    single = len(lines) == 1 and not cut
    first_line = normal if single else next((line for line in map(normalise, lines) if line), "")
    form = _SPELLED.sub(lambda run: _joined(run, spelled), _as_it_looks(bare(head), spelled))
    sentences = tuple(form.split("|")) if form else ()
    return MessageText(head, normal, "" if cut else normal, first_line, form, sentences)


def _as_it_looks(form: str, spelled: frozenset[str]) -> str:
    """Write a word in Latin letters if it only looks like one of the words `spelled`, whole or letter by letter."""
    if form.isascii():
        return form
    seen = form.translate(_LOOK_ALIKES)

    def word(found: Match[str]) -> str:
        looks = seen[slice(*found.span())]
        return looks if looks.replace(" ", "").replace("|", "") in spelled else found.group()

    return _SPELLED.sub(word, _WORD.sub(word, form))


def is_one_token(word: str) -> bool:
    """Tell whether a normal form is a single token."""
    return _TOKEN.fullmatch(word) is not None


def _joined(run: Match[str], spelled: frozenset[str]) -> str:
    word = run.group().replace(" ", "").replace("|", "")
    return word if word in spelled else run.group()
