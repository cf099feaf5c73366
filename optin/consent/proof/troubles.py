"""What keeps the log from being sealed and signed, in sentences for those who run Optin."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent.proof import origins, stored
from optin.consent.proof.checkpoint_file import CheckpointFile, is_older
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Checkpoint
from optin.models import ConsentEvent, LogLeaf

STILL = timedelta(minutes=5)
"""What takes seconds stands still when it has not happened for so long."""


def of_key(session: Session, keeper: Keeper) -> Iterator[str]:
    """Say whether the key that has signed the log last is gone, can't be read, or is another one. It is not made."""
    known, file = origins.all_origins(session), keeper.key_file
    if not known:
        return
    if file is not None:
        try:
            file.read_bytes()
        except FileNotFoundError:
            yield (
                f"the key of the consent log is not in {file}. Put it back, or set OPTIN_LOG_KEY: "
                "else a new key is made, and the log goes on under a new name."
            )
            return
        except OSError as error:
            yield f"the key of the consent log in {file} can’t be read ({error.strerror}): nothing is signed."
            return
    last = known[-1]
    if last.verifier_key != str(keeper.signer(last.name).verifier):
        yield "the key of the consent log is not the one that signed it last: here the log goes on under a new name."


def of_sealing(session: Session, now: datetime) -> Iterator[str]:
    """Say whether events wait to be sealed or signed for longer than that can take."""
    since = waiting_since(session)
    if since is not None and since < now - STILL:
        yield (
            f"the consent log stands still: an event of {since:%d %b %Y %H:%M} UTC is not under a checkpoint yet. "
            "Do jobs run, and what do their logs say?"
        )


def of_file(session: Session, path: str, now: datetime) -> Iterator[str]:
    """Say whether the checkpoint that is kept in a file is not the newest one, and which of both is older."""
    last = stored.latest_checkpoint(session)
    if not path or last is None:
        return
    kept = CheckpointFile(Path(path)).note()
    if kept and is_older(last.note, kept):
        yield (
            f"the checkpoint in {path} has {Checkpoint.read(kept).size:,} events, and the newest one here "
            f"{last.size:,}: the database is older than what was signed."
        )
    elif last.at < now - STILL and (not kept or Checkpoint.read(kept) != Checkpoint.read(last.note)):
        yield f"the newest checkpoint of the consent log is not in {path}. Can that file be written?"


def waiting_since(session: Session) -> datetime | None:
    """Return when the oldest event was written that is under no checkpoint, None where each is under one."""
    last = stored.latest_checkpoint(session)
    unsigned = select(LogLeaf.event_id).where(LogLeaf.leaf_index == (last.size if last else 0))
    event_id = session.scalar(unsigned) or 0
    at = select(ConsentEvent.at).order_by(ConsentEvent.id).limit(1)
    if event_id:
        return session.scalar(at.where(ConsentEvent.id == event_id))
    return session.scalar(at.where(ConsentEvent.id > stored.size_and_last(session)[1]))
