"""Opt-outs that were read from a phrase, as the pages around them tell of them: by the text that was read."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from optin.consent.ledger import CORRECT_WITHIN
from optin.models import ConsentEvent, Message, PhraseOptOut


def of_messages(session: Session, message_ids: Collection[int | None]) -> dict[int | None, PhraseOptOut]:
    """Return by message id the opt-outs that were read from a phrase of these texts, with who corrected them."""
    ids = {message_id for message_id in message_ids if message_id}
    if not ids:
        return {}
    found = select(PhraseOptOut).where(PhraseOptOut.message_id.in_(ids)).options(joinedload(PhraseOptOut.corrected_by))
    return {row.message_id: row for row in session.scalars(found)}


def was_corrected() -> ColumnElement[bool]:
    """The consent event came from a text that was read as an opt-out and was none, as a user found."""
    corrected = select(PhraseOptOut.id).join(Message, Message.id == PhraseOptOut.message_id)
    return corrected.where(Message.sid == ConsentEvent.message_sid, PhraseOptOut.corrected_at.is_not(None)).exists()


def is_young(opt_out: PhraseOptOut, at: datetime) -> bool:
    """Tell whether it was not corrected yet and is young enough; what happened since is asked when it is corrected."""
    return opt_out.corrected_at is None and at - opt_out.at < CORRECT_WITHIN
