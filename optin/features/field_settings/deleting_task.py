"""The values of a field that was deleted go in the background, where they are very many."""

from sqlalchemy.orm import Session

from optin.jobs import background
from optin.models import BackgroundTask, OwnField
from optin.own_fields import deleting

NAME = "delete field"


def begin(session: Session, mine: OwnField, total: int, user_id: int) -> bool:
    """Delete some of so many values of a field at once; tell whether the others go in the background.

    After the commit `engine.nudge` has that begin at once.
    """
    field_id = mine.id
    if deleting.delete_some(session, field_id) < deleting.AT_ONCE:
        return False
    background.begin(session, NAME, _key(field_id), {"field_id": field_id}, total=total, user_id=user_id)
    return True


def under_way(session: Session, field_id: int) -> BackgroundTask | None:
    """Return the task that deletes the values of a field, None while there is none."""
    return background.under_way(session, _key(field_id))


@background.task(NAME)
def step(session: Session, task: BackgroundTask) -> None:
    """Delete the next values; nothing can stop it, since nobody sees the field any more."""
    gone = deleting.delete_some(session, task.arguments["field_id"])
    task.done += gone
    if gone < deleting.AT_ONCE:
        background.finish(task)


def _key(field_id: int) -> str:
    return f"delete-field-{field_id}"
