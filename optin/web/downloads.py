"""Files with what people have stored, on their way out: who took which, narrowed how, and how many rows left with it.

The trail has its entry before the first byte leaves: without it nothing does. The count follows with the last one.
"""

import logging
from collections.abc import Generator, Iterable, Mapping
from typing import TypeVar

from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import writing
from optin.models import AuditEntry

Piece = TypeVar("Piece")
Parts = Iterable[tuple[Piece, int]]
SUBJECT = "download"
LONGEST = 80
NOT_FINISHED = "not finished"
log = logging.getLogger(__name__)
_NEW = insert(AuditEntry).returning(AuditEntry.id)


def begin(engine: Engine, user_id: int, name: str, narrowed: Mapping[str, object]) -> int:
    """Note that a user takes the list of this name, with what narrows it, and return the entry; `end` completes it."""
    filters = ", ".join(f"{key}: {_said(value)}" for key, value in narrowed.items() if value not in (None, ""))
    entry = {"at": clock.now(), "user_id": user_id, "action": "downloaded", "subject_kind": SUBJECT}
    with writing(engine) as session:
        named = {"field": name[:LONGEST], "before": filters, "after": NOT_FINISHED}
        return session.scalars(_NEW.values(**entry, **named)).one()


def _said(value: object) -> object:
    return " or ".join(map(str, value)) if isinstance(value, list) else value


def end(engine: Engine, entry_id: int, said: str) -> None:
    """Say in the entry what left. Where that fails it goes on saying that the file was not finished."""
    try:
        with writing(engine) as session:
            session.execute(update(AuditEntry).where(AuditEntry.id == entry_id).values(after=said))
    except SQLAlchemyError:
        log.warning("how much was downloaded could not be noted in the audit trail", exc_info=True)


def counted(engine: Engine, entry_id: int, parts: Parts[Piece]) -> Generator[Piece]:
    """Yield the parts of a file, each given with its number of rows; then, or when it is broken off, note the sum."""
    rows, how = 0, ", broken off"
    try:
        for part, count in parts:
            rows += count
            yield part
        how = ""
    finally:
        end(engine, entry_id, f"{rows:,} row{'' if rows == 1 else 's'}{how}")
