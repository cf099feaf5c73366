"""What a language says when it asks to be left alone. Everything is in the bare form (normal_form.bare). Pure."""

from dataclasses import dataclass

from optin.reading.normal_form import bare

END = r"(?=\||$)"
Rows = tuple[tuple[str, tuple[str, ...]], ...]
"""(first words, continuations): a sentence matches where one of the words is followed by one of the continuations.

A continuation is a regular expression; "" asks for nothing more.
"""


@dataclass(frozen=True)
class Language:
    """The words of one language; every field but the rows is the alternatives of a regular expression ("a|b").

    `requests` ask for no more messages, `doubts` may ask for that. A message of nothing but `clear` and `polite` words
    asks; `vague` ones also mean other things, so nothing else may stand beside them; `also` are words that say nothing
    beside a clear one. `denied` is what comes right before a request that is none, each with the space that follows.
    `refusals`: sentences that take a keyword back which stands in the same message. `held`: what may be a whole text
    with courtesies, and is for a person to decide. `anywhere` asks and `anywhere_doubts` may ask in any place, inside a
    word too: for scripts without spaces, and where words bend. They are looked for in texts that are not ASCII only.
    """

    requests: Rows = ()
    doubts: Rows = ()
    clear: str = ""
    vague: str = ""
    polite: str = ""
    also: str = ""
    denied: str = ""
    refusals: str = ""
    held: str = ""
    anywhere: str = ""
    anywhere_doubts: str = ""


def folded(*words: str) -> str:
    """Return words as they are written as alternatives in the bare form, for scripts whose letters fold."""
    return "|".join(map(bare, words))
