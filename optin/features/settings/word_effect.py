"""What an extra opt-out word would have done to the texts of the last year: shown before it is saved."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Meaning
from optin.models import Message
from optin.models.index_conditions import is_inbound
from optin.policy.cache import CachedSettings
from optin.reading import words
from optin.web.current import current_settings

YEAR = timedelta(days=365)
MOST_READ = 10_000
"""So many texts are looked at, each wording once: at most a second or two where no two are the same."""
EXAMPLES = 3
OPTED_OUT, HELD = "opted out", "on hold for review"


@dataclass(frozen=True)
class Effect:
    """What words that are not in force yet would have changed.

    `added` are they, in normal form. `opted_out` and `held` count texts of people whom today's words leave in peace,
    among the `read` newest of the last year; `since` is when the oldest of these came in, None where they are all.
    `examples` are (text, what it would have done), each wording once.
    """

    added: tuple[str, ...]
    opted_out: int = 0
    held: int = 0
    read: int = 0
    since: datetime | None = None
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_any(self) -> bool:
        """Tell whether any text would have been taken otherwise."""
        return self.opted_out + self.held > 0

    @property
    def token(self) -> str:
        """Return what the form sends to say that the effect of these words was shown."""
        return ",".join(self.added)

    def was_shown(self, token: str) -> bool:
        """Tell whether a form that sent `token` showed the effect of each of these words."""
        return set(self.added) <= set(token.split(","))


def of_words(session: Session, typed: Collection[str], shown: str = "") -> Effect:
    """Read the texts of the last year anew with the extra opt-out words `typed`, instead of those that are in force.

    Nothing is read where no word is new, or where the form has `shown` what the new ones do.
    """
    cached = current_settings()
    today = {words.normalise(word) for word in cached.policy.extra_opt_out_words}
    new = Effect(tuple(sorted({words.normalise(word) for word in typed} - today - {""})))
    if not new.added or new.was_shown(shown):
        return new
    rows = session.execute(_texts(clock.now() - YEAR)).all()
    looked_at = rows[:MOST_READ]
    of_each = {body: _change(body, cached, tuple(typed)) for body in {row.body for row in looked_at}}
    changes = [(row.body, change) for row in looked_at if (change := of_each[row.body])]
    return Effect(
        added=new.added,
        opted_out=sum(change == OPTED_OUT for _, change in changes),
        held=sum(change == HELD for _, change in changes),
        read=len(looked_at),
        since=looked_at[-1].created_at if len(rows) > len(looked_at) else None,
        examples=_examples(changes),
    )


def _texts(since: datetime) -> Select[str, datetime]:
    """Select what came in and did not opt out, the newest first; one more than is read."""
    stayed = Message.meaning.is_distinct_from(Meaning.OPT_OUT)
    found = select(Message.body, Message.created_at).where(is_inbound(Message), stayed, Message.created_at > since)
    return found.order_by(Message.created_at.desc()).limit(MOST_READ + 1)


def _change(text: str, cached: CachedSettings, typed: tuple[str, ...]) -> str:
    """Say what a text does with the new words that it does not do with today's, "" for nothing."""
    after = _outcome(text, cached, typed)
    if not after:
        return ""
    before = _outcome(text, cached, cached.policy.extra_opt_out_words)
    return after if before in ("", HELD) and after != before else ""


def _outcome(text: str, cached: CachedSettings, extra: tuple[str, ...]) -> str:
    reading = words.read(text, keywords=cached.active, known_keywords=cached.known, extra_opt_out=extra)
    if reading.meaning == Meaning.OPT_OUT:
        return OPTED_OUT
    return HELD if reading.hold else ""


def _examples(changes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return some of the changed texts, each wording once: those that opt out first, of each kind the newest first."""
    once: dict[str, tuple[str, str]] = {}
    for text, change in sorted(changes, key=lambda pair: pair[1] == HELD):
        once.setdefault(words.normalise(text), (text, change))
    return list(once.values())[:EXAMPLES]
