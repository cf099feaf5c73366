"""The keyword check: advice while typing. Only reserved words are refused; everything else is for the user to weigh."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.models import KeywordWord, Message
from optin.reading.words import (
    HELP_WORDS,
    OPT_OUT_WORDS,
    START_WORDS,
    YES_WORDS,
    normalise,
    one_edit,
    refusal_as_keyword,
)

# Short answers and greetings that people send to anybody, whatever they were asked.
COMMON = frozenset(
    [
        "bye", "call", "cool", "free", "go", "good", "great", "hello", "hey", "hi", "hola", "how", "in",
        "interested", "join", "lol", "love", "maybe", "me", "more", "morning", "news", "nice", "night", "no",
        "nope", "now", "ok", "okay", "one", "opt", "please", "sign", "signup", "sms", "sorry", "subscribe",
        "sure", "test", "text", "thank", "thanks", "thx", "today", "tomorrow", "two", "what", "when", "where",
        "who", "why", "win", "yeah", "yep",
    ]
)  # fmt: skip
RESERVED = OPT_OUT_WORDS | HELP_WORDS | START_WORDS | YES_WORDS
SHORTEST, TINY = 4, 3
LOOKED_BACK = timedelta(days=365)


@dataclass(frozen=True)
class Advice:
    """A sentence about a word, and its tone: bad refuses, warn advises, ok praises."""

    tone: str
    sentence: str


def advise(session: Session, word: str, *, extra_opt_out: Collection[str] = (), keyword_id: int = 0) -> list[Advice]:
    """Say how good a word is as an opt-in keyword; `word` as typed, `keyword_id` the keyword that has it (0: none)."""
    if not word:
        return []
    refused = refusal_as_keyword(word, extra_opt_out)
    if refused:
        return [Advice("bad", refused.sentence)]
    normal = normalise(word)
    words = session.execute(select(KeywordWord.normal, KeywordWord.keyword_id))
    others = [other for other, owner in words if owner != keyword_id]
    warnings = about_word(normal, others, {*RESERVED, *map(normalise, extra_opt_out)})
    people = texted_by(session, normal)
    if people:
        said = "1 person" if people == 1 else f"{people:,} people"
        warnings.append(f"{said} texted this as an ordinary message in the last year.")
    if warnings:
        return [Advice("warn", sentence) for sentence in warnings]
    return [Advice("ok", f"“{word}” is unlikely to be sent by accident.")]


def about_word(normal: str, others: Collection[str], reserved: Collection[str] = RESERVED) -> list[str]:
    """Return what speaks against a word; all are in normal form, `others` being the words of other keywords."""
    found = []
    if normal in others:
        found.append("Another keyword already has this word.")
    if normal in COMMON:
        found.append("It is a common word: people will send it without meaning to opt in.")
    elif len(normal) < SHORTEST:
        found.append(f"It is short. Words of {SHORTEST} letters or more are rarely sent by accident.")
    if len(normal) <= TINY:
        found.append("Many everyday words are one letter away from it, so few typos are marked as near misses.")
    near_reserved = next((word for word in sorted(reserved) if one_edit(normal, word)), None)
    if near_reserved:
        found.append(f"It is one letter away from {near_reserved.upper()}.")
    near = next((word for word in sorted(others) if one_edit(normal, word)), None)
    if near:
        found.append(f"It is one letter away from the keyword “{near}”.")
    return found


def texted_by(session: Session, normal: str) -> int:
    """Count the numbers that texted the word as an ordinary message in the last year; `normal` is its normal form."""
    return session.scalars(
        select(func.count(Message.number.distinct())).where(
            Message.word == normal, Message.created_at > clock.now() - LOOKED_BACK
        )
    ).one()
