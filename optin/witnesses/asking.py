"""Asking a witness to cosign the newest checkpoint: who is due, one request after another, and what came of it.

Processes share the witnesses by their rows: one takes a witness for a minute and asks, with no transaction open.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import stored, tree
from optin.consent.proof.cosignature import Cosignature, Cosigner
from optin.consent.proof.signed_note import BadNote
from optin.database.statements import insert
from optin.database.transactions import reading, writing
from optin.models import LogCheckpoint, LogCosignature, LogOrigin, Witness
from optin.witnesses import protocol, transport
from optin.witnesses.transport import Answer, NoAnswer

LEASE = timedelta(minutes=1)
PAUSE = timedelta(minutes=1)
"""A witness is asked no more often, however many checkpoints there are: the newest covers all."""
AGAIN = timedelta(hours=1)
"""After so long it is asked about the same checkpoint again: it may remember a newer one than the database."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
TRIES = 4
"""Requests of one turn: it may name the size from which it wants the proof, and others may ask meanwhile."""
NO_DISPUTE: dict[str, object] = {"dispute": "", "disputed_at": None}
Post = Callable[[str, str], Answer]


@dataclass(frozen=True)
class _Question:
    """What a witness is asked now: a checkpoint, and the size that it should have cosigned before."""

    url: str
    cosigner: Cosigner
    checkpoint: LogCheckpoint
    old: int
    content: str


class _Came(Protocol):
    """What came of asking."""

    def write_down(self, session: Session, witness_id: int, now: datetime) -> None:
        """Store it with the witness."""


@dataclass(frozen=True)
class _Made:
    """The witness has cosigned the checkpoint."""

    checkpoint_id: int
    cosignature: Cosignature

    def write_down(self, session: Session, witness_id: int, now: datetime) -> None:
        """Store it; of several of the same checkpoint the one that came last."""
        values = {"at": self.cosignature.at, "line": self.cosignature.line}
        session.execute(
            insert(LogCosignature)
            .values(checkpoint_id=self.checkpoint_id, witness_id=witness_id, **values)
            .on_conflict_do_update(index_elements=["checkpoint_id", "witness_id"], set_=values)
        )
        well = {"failures": 0, "error": "", "heard_at": now, "next_at": now + PAUSE}
        _note(session, witness_id, **well, **NO_DISPUTE)


@dataclass(frozen=True)
class _InVain:
    """It has not, which says nothing of the log; `heard` tells whether it answered at all."""

    sentence: str
    heard: bool = True

    def write_down(self, session: Session, witness_id: int, now: datetime) -> None:
        """Store why; what it disputes it goes on disputing, unless that was about a name that the log has left."""
        heard = {"heard_at": now} if self.heard else {}
        ended = {} if _disputed_since(session, witness_id) else NO_DISPUTE
        _note(session, witness_id, error=self.sentence, **heard, **ended, **_later(session, witness_id, now))


@dataclass(frozen=True)
class _Disputed:
    """It remembers another log."""

    sentence: str

    def write_down(self, session: Session, witness_id: int, now: datetime) -> None:
        """Store how it differs, and since when."""
        since = _disputed_since(session, witness_id) or now
        said = {"dispute": self.sentence, "disputed_at": since, "error": "", "heard_at": now}
        _note(session, witness_id, **said, **_later(session, witness_id, now))


def due(engine: Engine, now: datetime) -> list[int]:
    """List the witnesses that should be asked now."""
    with reading(engine) as session:
        last = stored.latest_checkpoint(session)
        if last is None:
            return []
        waiting = select(Witness).where(Witness.removed_at.is_(None), Witness.next_at <= now).order_by(Witness.id)
        return [each.id for each in session.scalars(waiting) if _is_wanted(session, each, last, now)]


def ask(engine: Engine, witness_id: int, post: Post = transport.post) -> None:
    """Have a witness cosign the newest checkpoint, unless another process does, and write down what came of it."""
    if _take(engine, witness_id, clock.now()) and (came := _turn(engine, witness_id, post)):
        with writing(engine) as session:
            came.write_down(session, witness_id, clock.now())


def _turn(engine: Engine, witness_id: int, post: Post) -> "_Came | None":
    """Ask until it is clear what the witness says; None where there is nothing to ask."""
    told: int | None = None
    for _ in range(TRIES):
        question = _question(engine, witness_id, told)
        if not isinstance(question, _Question):
            return question
        try:
            said = protocol.read(post(question.url, question.content))
        except NoAnswer as error:
            return _InVain(str(error), heard=False)
        match said:
            case protocol.Cosigned(lines):
                return _checked(question, lines)
            case protocol.Inconsistent():
                return _Disputed(_has_others(question.old))
            case protocol.Remembers(size) if size == question.old == question.checkpoint.size:
                return _Disputed(_has_others(size))
            case protocol.Declined(sentence):
                return _InVain(sentence)
            case protocol.Remembers(size):
                told = size
    return _InVain("It contradicts itself about what it has cosigned.")


def _checked(question: _Question, lines: str) -> "_Came":
    try:
        made = question.cosigner.cosignature(question.checkpoint.note, lines, clock.now())
    except BadNote:
        return _InVain("Its cosignature is wrong: is this its verifier key?")
    return _Made(question.checkpoint.id, made)


def _is_wanted(session: Session, witness: Witness, last: LogCheckpoint, now: datetime) -> bool:
    """Tell whether it has not cosigned the newest checkpoint lately."""
    return (
        witness.heard_at is None
        or witness.heard_at <= now - AGAIN
        or session.get(LogCosignature, (last.id, witness.id)) is None
    )


def _take(engine: Engine, witness_id: int, now: datetime) -> bool:
    """Take the witness, unless another process has: whoever is killed with it gives it back by the time."""
    is_due = (Witness.id == witness_id) & Witness.removed_at.is_(None) & (Witness.next_at <= now)
    with writing(engine) as session:
        taken = session.execute(update(Witness).where(is_due).values(next_at=now + LEASE))
        return bool(taken.rowcount)  # type: ignore[attr-defined]


def _question(engine: Engine, witness_id: int, told: int | None) -> "_Question | _Disputed | None":
    """Return what to ask, None for nothing; `told` is what the witness says that it remembers."""
    with reading(engine) as session:
        witness, last = session.get(Witness, witness_id), stored.latest_checkpoint(session)
        if witness is None or last is None:
            return None
        old = _known_size(session, witness_id, last.origin_id) if told is None else told
        if old > last.size:
            return _Disputed(_has_more(old, last.size))
        proof = tree.consistency(old, last.size, stored.nodes(session))
        session.expunge(last)
        content = protocol.request(old, proof, last.note)
        return _Question(witness.url, Cosigner.read(witness.verifier_key), last, old, content)


def _known_size(session: Session, witness_id: int, origin_id: int) -> int:
    """Return how many events it has cosigned under a name of the log, as far as we know."""
    cosigned = (
        select(LogCheckpoint.size, LogCheckpoint.origin_id)
        .join(LogCosignature, LogCosignature.checkpoint_id == LogCheckpoint.id)
        .where(LogCosignature.witness_id == witness_id)
        .order_by(LogCosignature.checkpoint_id.desc())
        .limit(1)
    )
    found = session.execute(cosigned).one_or_none()
    return found.size if found and found.origin_id == origin_id else 0


def _has_more(told: int, size: int) -> str:
    return (
        f"It has cosigned {told:,} events of this log, and the newest checkpoint here has {size:,}. "
        "The database is older than what was signed, or a copy of it goes on elsewhere under the same name."
    )


def _has_others(size: int) -> str:
    return (
        f"The {size:,} events that it has cosigned are not those with which the log begins here. The database was "
        "changed, or was put back and went on, or a copy of it goes on elsewhere under the same name."
    )


def _disputed_since(session: Session, witness_id: int) -> datetime | None:
    """Return since when it disputes the log under its newest name."""
    since = session.get_one(Witness, witness_id).disputed_at
    began = session.scalars(select(LogOrigin.began_at).order_by(LogOrigin.id.desc()).limit(1)).first()
    return since if since and began and since >= began else None


def _later(session: Session, witness_id: int, now: datetime) -> dict[str, object]:
    """Return when it is asked again: ever later, the more often it was in vain."""
    failures = session.get_one(Witness, witness_id).failures + 1
    return {"failures": failures, "next_at": now + min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)}


def _note(session: Session, witness_id: int, **values: object) -> None:
    session.execute(update(Witness).where(Witness.id == witness_id).values(**values))
