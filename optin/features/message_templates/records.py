"""Writing message templates, with the trail of changes; the database keeps names unique, whatever their case."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.models import MessageTemplate
from optin.policy import audit
from optin.refused import Refused

KIND = "template"
TAKEN = "Another template already has this name."


def save(session: Session, template: MessageTemplate, name: str, body: str, user_id: int) -> Refused | None:
    """Store a template, new or not, unless another has that name. The caller commits."""
    before = {"Name": template.name, "Text": template.body}
    is_new = template.id is None
    try:
        with session.begin_nested():
            template.name, template.body = name, body
            template.updated_at, template.updated_by_id = clock.now(), user_id
            session.add(template)
            session.flush()
    except IntegrityError:
        return Refused(TAKEN, field="name")
    changes = audit.differences(before, {"Name": name, "Text": body})
    if changes:
        audit.record(session, user_id, "created" if is_new else "changed", KIND, template.id, changes)
    return None


def remove(session: Session, template: MessageTemplate, user_id: int) -> None:
    """Delete a template; what was written with it stays. The caller commits."""
    changes = {"Name": (template.name, ""), "Text": (template.body, "")}
    audit.record(session, user_id, "deleted", KIND, template.id, changes)
    session.delete(template)
