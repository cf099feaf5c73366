"""One inbound text, opened for reading: its normal form, its first line, its sentences, its tokens. Pure."""

import re
from dataclasses import dataclass
from re import Match

from optin.reading.normal_form import bare, normalise, original_piece
from optin.reading.quotations import own_words, reaction
from optin.reading.signatures import signed_in_line

_LOOKED_AT = 2000  # characters; Twilio's messages have 1600 at most
_LONGEST_FORM = 6000  # Hangul has three letters a sign; some signs unfold to a whole sentence
_SPELLED = re.compile(r"(?<![^ |])\w(?:[ |]\w){2,}(?![^ |])")
_TOKEN = re.compile("[^\\s!-/:-@\\[-`{-~¡«»¿\u2010-\u2bff\u3000-\u303f\U0001f000-\U0001faff]+")
_STOP_SIGNS = re.compile(r"(?:\s*[🛑✋🤚⛔🚫][\U0001f3fb-\U0001f3ff\ufe0f]*)+[\s!.]*")
_STOP_SIGN = re.compile("[🛑✋🤚⛔🚫][\U0001f3fb-\U0001f3ff\ufe0f]*")
_SIGNED = re.compile(
    r"\W*((?i:stop|stopall|unsubscribe|remove me))\s*[-–—~,/:]+\s*(?!(?i:street|st|station|sign|light|the|that)\b)"
    r"[A-Z][\w.'’-]{0,20}(?: (?!(?i:street|st|ave|road|rd|station)\b)[A-Z][\w.'’-]{0,20}){0,2}\W*"
)
_WORD = re.compile("[^ |]+")
# Cyrillic and Greek letters, lower case, that look like a Latin one as they are or as capitals: "ЅТОР" reads as STOP.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043e\u0440\u0441\u0442\u0443\u0455\u0456\u0501\u051b\u0475\u04cf\u043f\u0433"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5",
    "abekopctysidqvlnr" + "abenikn" + "optu",
) | str.maketrans("0531", "osei")
_DIGIT_IN_WORD = re.compile("(?<=[a-z])[0135](?=[a-z])|(?<![^ |])5(?=top)")


@dataclass(frozen=True, slots=True)
class MessageText:
    """The forms of one text.

    `head`: the original, cut to what is looked at. `whole`: its normal form, "" for a text that was cut. `said`: the
    person's own words in it, without signature and quotations. Of these: `normal`, the normal form; `first_line`, that
    of the first line that says anything; `form`, the bare form, spelled-out words joined; `sentences`, its parts.
    """

    head: str
    whole: str
    said: str
    normal: str
    first_line: str
    form: str
    sentences: tuple[str, ...]

    @property
    def says_nothing(self) -> bool:
        """Tell whether nothing in the text is the person's own word: a tap on a message, a forward."""
        return not self.said.strip() and bool(self.head.strip())

    @property
    def own(self) -> str:
        """Return the normal form of the own words, "" for a text that was cut."""
        return self.normal if self.whole else ""

    def is_line(self, word: str) -> bool:
        """Tell whether a normal form stands on a line of its own, with no signature behind it: joining is strict."""
        return word == self.whole or any(normalise(line) == word for line in self.head.splitlines())

    @property
    def is_signed_in_line(self) -> bool:
        """Tell whether a signature follows on the line of the person's own words."""
        return signed_in_line(self.head)

    def stop_reaction(self) -> str | None:
        """Return the sign of a tap on a message that means stop ("Reacted 🛑 to “…”"), None for any other."""
        found = _STOP_SIGN.search(reaction(self.head))
        return found.group() if found else None

    def stop_sign(self) -> str | None:
        """Return the signs if the text is nothing but signs that mean stop (🛑 ✋🏽 ⛔ 🚫)."""
        return self.said.strip() if not self.form and _STOP_SIGNS.fullmatch(self.said) else None

    def signed_stop(self) -> str | None:
        """Return the word of a text that is a clear opt-out word and the name of its writer ("Stop - Mary")."""
        found = _SIGNED.fullmatch(self.said) if self.form.startswith(("stop", "unsub", "remove me")) else None
        return found.group(1) if found else None

    def tokens(self) -> list[str]:
        """List the words of the normal form, in any script, without the signs around them."""
        return _TOKEN.findall(self.normal)

    def origin(self, start: int, end: int) -> str:
        """Return the piece of the original text that became `form[start:end]`."""
        piece = original_piece(self.said, self.form, start, end)
        return piece if piece in self.head else self.head.strip()  # it spans a quotation


def open_text(text: str, spelled: frozenset[str]) -> MessageText:
    """Open a text as received; `spelled` are the words that are recognised letter by letter ("s t o p"), bare form."""
    head, cut = text[:_LOOKED_AT], len(text) > _LOOKED_AT
    whole = "" if cut else normalise(head)
    said = own_words(head)
    normal = whole if said == head and not cut else normalise(said)
    lines = said.splitlines()
    if cut and lines:
        lines.pop()  # the last line is not whole
    single = len(lines) == 1 and not cut
    first_line = normal if single else next((line for line in map(normalise, lines) if line), "")
    form = _SPELLED.sub(lambda run: _joined(run, spelled), _as_it_looks(bare(said)[:_LONGEST_FORM], spelled))
    sentences = tuple(form.split("|")) if form else ()
    return MessageText(head, whole, said, normal, first_line, form, sentences)


def _as_it_looks(form: str, spelled: frozenset[str]) -> str:
    """Write a word in Latin letters if it only looks like one of the words `spelled`, whole or letter by letter."""
    if form.isascii() and _DIGIT_IN_WORD.search(form) is None:
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
