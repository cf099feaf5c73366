"""Whether a word may be added to those that opt out."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from sqlalchemy import select

from optin.database.session import db
from optin.enums import Meaning
from optin.models import KeywordWord
from optin.reading import words
from optin.refused import Refused

MOST, LONGEST = 50, 30
_OWN_MEANING = (
    (words.HELP_WORDS, "asks for help"),
    (words.START_WORDS, "allows texts again"),
    (words.YES_WORDS, "confirms"),
)


def refusal(typed: Collection[str]) -> Refused | None:
    """Refuse words that can't be extra opt-out words, with a sentence for each; `typed` are as an admin typed them."""
    if len(typed) > MOST:
        return Refused(f"Enter at most {MOST} words.")
    keywords = db.session.scalars(select(KeywordWord))
    touched = [keyword for keyword in keywords if _opts_out(keyword.normal, {keyword.normal}, typed)]
    found = tuple(Refused(sentence) for word in typed for sentence in _objections(word, touched))
    return replace(found[0], more=found[1:]) if found else None


def _objections(word: str, keywords: Collection[KeywordWord]) -> Iterator[str]:
    normal = words.normalise(word)
    if not normal:
        yield f"“{word[:LONGEST]}” has no letters or digits."
    elif len(normal) > LONGEST:
        yield f"“{normal[:LONGEST]}…” is too long: use at most {LONGEST} characters."
    elif normal in words.OPT_OUT_WORDS:
        yield f"“{normal}” already opts people out."
    else:
        for meant, does in _OWN_MEANING:
            if any(_opts_out(text, (), [word]) for text in meant):
                yield f"“{normal}” {does}."
        for keyword in keywords:
            if _opts_out(keyword.normal, {keyword.normal}, [word]):
                yield f"“{normal}” is taken: people text {_named(keyword)} to join."


def _opts_out(text: str, keywords: Collection[str], added: Collection[str]) -> bool:
    """Tell whether a text opts out once the words `added` do; the reader of inbound texts decides.

    It compares without accents too, so that is more than being equal.
    """
    return words.read(text, keywords=keywords, extra_opt_out=added).meaning is Meaning.OPT_OUT


def _named(keyword: KeywordWord) -> str:
    if keyword.is_main:
        return f"the keyword {keyword.word}"
    return f"{keyword.word}, an alias of the keyword {keyword.keyword.word},"
