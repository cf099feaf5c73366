"""Signing what the log is: a checkpoint whenever leaves have come since the last."""

from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin.consent.proof import origins, sealing, stored, tree
from optin.consent.proof.checkpoint_file import CheckpointFile
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Checkpoint
from optin.database.transactions import reading, writing
from optin.models import LogCheckpoint


def sign(engine: Engine, keeper: Keeper, now: datetime) -> LogCheckpoint | None:
    """Sign and store the tree as it is, unless a checkpoint says it, or another machine has the key; return it."""
    with reading(engine) as session:
        if _is_signed(session):
            return None
    with writing(engine) as session:
        sealing.alone(session)
        made = None if _is_signed(session) else _signed(session, keeper, now)
    if made is not None:
        keeper.keep_head(made.note)
    return made


def keep(engine: Engine, file: CheckpointFile) -> None:
    """Keep the newest checkpoint in a file, with the lines of those who have cosigned it. Raises OSError."""
    with reading(engine) as session:
        last = stored.latest_checkpoint(session)
        note = stored.cosigned_note(session, last) if last else ""
    if note:
        file.keep(note)


def _is_signed(session: Session) -> bool:
    last = stored.latest_checkpoint(session)
    return stored.size_and_last(session)[0] == (last.size if last else 0) and not origins.is_left(session)


def _signed(session: Session, keeper: Keeper, now: datetime) -> LogCheckpoint | None:
    size, _ = stored.size_and_last(session)
    last = stored.latest_checkpoint(session)
    origin = origins.to_sign(session, keeper, size, last.size if last else 0, now)
    if origin is None:
        return None
    root = tree.root(size, stored.nodes(session))
    note = keeper.signer(origin.name).sign(Checkpoint(origin.name, size, root).text())
    made = LogCheckpoint(origin_id=origin.id, size=size, root=root.hex(), at=now, note=note)
    session.add(made)
    session.flush()
    session.expunge(made)  # the caller reads it after the commit
    return made
