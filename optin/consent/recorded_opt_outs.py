"""Opt-outs that users wrote down or imported: who did, and what they were told, or from which row of a file."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import EventKind, OptInSource
from optin.models import ConsentEvent, ConsentPayload, Suppression, User

BY_USERS = (OptInSource.USER, OptInSource.IMPORT)


@dataclass(frozen=True)
class RecordedOptOut:
    """How somebody asked, or their words, and the name of the user who wrote it down ("" for the system)."""

    text: str
    by: str


def of_suppressions(session: Session, suppressions: Collection[Suppression]) -> dict[str, RecordedOptOut]:
    """Return by number what was written down last of those suppressions that no text began."""
    numbers = {each.number for each in suppressions if each.message_id is None}
    if not numbers:
        return {}
    events = (
        select(ConsentPayload.number, ConsentPayload.text, User.name)
        .join(ConsentEvent, ConsentEvent.id == ConsentPayload.event_id)
        .outerjoin(User, User.id == ConsentEvent.actor_id)
        .where(ConsentPayload.number.in_(numbers))
        .where(ConsentEvent.kind == EventKind.OPTED_OUT, ConsentEvent.source.in_(BY_USERS))
        .order_by(ConsentEvent.id)
    )
    return {number: RecordedOptOut(text, name or "") for number, text, name in session.execute(events)}
