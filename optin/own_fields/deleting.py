"""Deleting a field of one's own: never while a text that waits, or a template, uses it. Nothing commits."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import BroadcastState
from optin.models import Broadcast, Campaign, MessageTemplate, OwnField, OwnValue
from optin.own_fields.definitions import SUBJECT
from optin.policy import audit
from optin.refused import Refused
from optin.texts import merge_fields

AT_ONCE = 2000
WAITS = (BroadcastState.SCHEDULED, BroadcastState.QUEUEING, BroadcastState.SENDING, BroadcastState.PAUSED)


def in_use(session: Session, key: str) -> Refused | None:
    """Refuse to delete a field while something is to be filled in from it."""
    waiting = select(Campaign.name, Broadcast.body, Broadcast.other_body).join(Broadcast.campaign)
    for campaign, *bodies in session.execute(waiting.where(Broadcast.state.in_(WAITS))):
        if any(key in merge_fields.names(body or "") for body in bodies):
            return Refused(f"A broadcast of {campaign} that is not finished uses it. Wait for its end, or cancel it.")
    for name, body in session.execute(select(MessageTemplate.name, MessageTemplate.body)):
        if key in merge_fields.names(body):
            return Refused(f"The template “{name}” uses it. Change the template first.")
    return None


def begin(session: Session, mine: OwnField, values: str, user_id: int | None) -> Refused | None:
    """Have a `locked` field be gone for everybody; its values, as many as is said, are deleted by `delete_some`."""
    if refused := in_use(session, mine.key):
        return refused
    mine.deleted_at = clock.now()
    session.flush()
    told = {"Label": (mine.label, ""), "Values": (values, "")}
    audit.record(session, user_id, "deleted", SUBJECT, mine.id, told)
    return None


def delete_some(session: Session, field_id: int) -> int:
    """Delete some of the values of a field that is being deleted, and the field after the last; return how many."""
    # Whoever was writing a value when the deletion began has ended once this lock is there.
    chosen = select(OwnField).where(OwnField.id == field_id, OwnField.deleted_at.is_not(None)).with_for_update()
    mine: OwnField | None = session.scalars(chosen).one_or_none()
    if mine is None:
        return 0
    some = select(OwnValue.person_id).where(OwnValue.field_id == field_id).limit(AT_ONCE)
    ids = list(session.scalars(some))
    gone = delete(OwnValue).where(OwnValue.field_id == field_id, OwnValue.person_id.in_(ids))
    session.execute(gone.execution_options(synchronize_session=False))
    if len(ids) < AT_ONCE:
        session.delete(mine)
        session.flush()
    return len(ids)
