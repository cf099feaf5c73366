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
    form = _SPELLED.sub(lambda run: _joined(run, spelled), bare(head))
    sentences = tuple(form.split("|")) if form else ()
    return MessageText(head, normal, "" if cut else normal, first_line, form, sentences)


def is_one_token(word: str) -> bool:
    """Tell whether a normal form is a single token."""
    return _TOKEN.fullmatch(word) is not None


def _joined(run: Match[str], spelled: frozenset[str]) -> str:
    word = run.group().replace(" ", "").replace("|", "")
    return word if word in spelled else run.group()
