"""Message templates where they are used: which there are, and putting one into what is being written."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.models import MessageTemplate


def listed(session: Session) -> list[MessageTemplate]:
    """List the templates by name, whatever its case."""
    return list(session.scalars(select(MessageTemplate).order_by(func.lower(MessageTemplate.name), MessageTemplate.id)))


def inserted(session: Session, body: str, template_id: int | None) -> str:
    """Return a text with a template behind it on a new line; what was typed stays, also where the template is gone."""
    found = session.get(MessageTemplate, template_id) if template_id else None
    if found is None:
        return body
    typed = body.replace("\r\n", "\n").rstrip()
    return f"{typed}\n{found.body}" if typed else found.body
