"""The witnesses as admins see them: adding and removing, each in the audit trail, and how it stands with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from optin.consent.proof.cosignature import Cosigner
from optin.models import LogCheckpoint, LogCosignature, Witness
from optin.policy import audit
from optin.refused import Refused

SUBJECT = "witness"
WARNING = (
    "The log of consent is not the one that a witness remembers: the database may be older than it should be. "
    "An admin has to look at Settings, Consent log."
)


@dataclass(frozen=True)
class WitnessState:
    """A witness, and of how many events the newest checkpoint is that it has cosigned, and when; None for none."""

    witness: Witness
    size: int | None
    at: datetime | None


def add(session: Session, user_id: int, url: str, cosigner: Cosigner, now: datetime) -> Witness | Refused:
    """Add a witness that is asked from now on, or take a removed one back, with its new address."""
    witness = session.scalar(select(Witness).where(Witness.verifier_key == str(cosigner)))
    if witness is not None and witness.removed_at is None:
        return Refused(f"{witness.name} is a witness already.", field="verifier_key")
    if witness is None:
        witness = Witness(name=cosigner.name, verifier_key=str(cosigner), added_at=now)
        session.add(witness)
    witness.url, witness.removed_at = url, None
    _begin(witness, now)
    session.flush()
    audit.record(session, user_id, "added", SUBJECT, witness.id, {"address": ("", url)})
    return witness


def remove(session: Session, user_id: int, witness: Witness, now: datetime) -> None:
    """Ask it no more; what it has cosigned stays."""
    if witness.removed_at is None:
        witness.removed_at = now
        audit.record(session, user_id, "removed", SUBJECT, witness.id, {"address": (witness.url, "")})


def ask_soon(witness: Witness, now: datetime) -> None:
    """Have it asked within seconds, however often that was in vain."""
    witness.next_at, witness.heard_at = now, None


def forget_disputes(session: Session, user_id: int) -> None:
    """Put aside what witnesses remember under a name that the log has left."""
    for witness in disputes(session):
        audit.record(session, user_id, "put aside", SUBJECT, witness.id, {"dispute": (witness.dispute, "")})
        witness.dispute, witness.disputed_at = "", None


def states(session: Session) -> list[WitnessState]:
    """List the witnesses in the order in which they were added."""
    return [_state(session, witness) for witness in _all(session)]


def is_disputed() -> ColumnElement[bool]:
    """The condition that a witness remembers another log."""
    return exists(select(Witness.id).where(Witness.removed_at.is_(None), Witness.dispute != ""))


def disputes(session: Session) -> list[Witness]:
    """List the witnesses that remember another log."""
    return [witness for witness in _all(session) if witness.dispute]


def warning(_session: Session) -> str:
    """Say to everybody that a witness does."""
    return WARNING


def _all(session: Session) -> Sequence[Witness]:
    return session.scalars(select(Witness).where(Witness.removed_at.is_(None)).order_by(Witness.id)).all()


def _state(session: Session, witness: Witness) -> WitnessState:
    cosigned = (
        select(LogCheckpoint.size, LogCosignature.at)
        .join(LogCheckpoint, LogCheckpoint.id == LogCosignature.checkpoint_id)
        .where(LogCosignature.witness_id == witness.id)
        .order_by(LogCosignature.checkpoint_id.desc())
        .limit(1)
    )
    found = session.execute(cosigned).one_or_none()
    return WitnessState(witness, *found) if found else WitnessState(witness, None, None)


def _begin(witness: Witness, now: datetime) -> None:
    witness.next_at, witness.heard_at, witness.failures = now, None, 0
    witness.error, witness.dispute, witness.disputed_at = "", "", None
