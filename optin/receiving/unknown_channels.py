"""Whether texts come in by a channel that Optin does not know, which an admin should look at."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.channels import address
from optin.enums import Channel
from optin.models import Conversation, Message
from optin.models.index_conditions import is_not_closed

NAMED = 3


def warning(session: Session) -> str:
    """Return the sentence about open conversations of unknown channels, "" while there is none."""
    talks = select(Conversation.id).where(Conversation.channel == Channel.OTHER, is_not_closed(Conversation))
    ids = session.scalars(talks.order_by(Conversation.id.desc()).limit(NAMED)).all()
    if not ids:
        return ""
    written = session.scalars(select(Message.written).where(Message.conversation_id.in_(ids)).distinct()).all()
    named = sorted({address.prefix_of(each) for each in written if each} - {""})
    quoted = ", ".join(f"“{prefix}”" for prefix in named[:NAMED])
    return (
        f"Texts are coming in by a channel that Optin does not support{f': {quoted}' if quoted else ''}. They are in "
        "the inbox, and a STOP in them counts, but you can’t reply to them from here. "
        "This notice disappears once these conversations are closed."
    )
