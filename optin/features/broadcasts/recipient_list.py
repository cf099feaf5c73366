"""The recipients of a broadcast: columns, filter, and the same as a file."""

from collections.abc import Iterator, Sequence

from flask import Response
from sqlalchemy.orm import Session

from optin.enums import MessageStatus, Reason
from optin.features.broadcasts import queries
from optin.models import Message
from optin.provider import statuses
from optin.web import lists
from optin.web.lists import Column, Listing

REST = (Column("Contact or lead"), Column("Status"), Column("Why"), Column("When"))
# An index leads by number, or within one status by the order in which they were queued.
COLUMNS = (Column("Mobile phone", "number", [Message.number]), *REST)
OF_A_STATUS = (Column("Mobile phone", "queued", [Message.id]), *REST)
TITLES = ("First name", "Last name", "Mobile phone", "Status", "Why", "Error", "Message SID", "When")


def listing(broadcast_id: int) -> Listing:
    """Return the list that the request asks for."""
    status = lists.one_of("status", list(queries.SHOWN))
    columns, first = (OF_A_STATUS, "queued") if status else (COLUMNS, "number")
    where, filters = {"broadcast_id": broadcast_id}, {"status": status}
    return Listing(columns, first, "broadcasts.show", where, filters, "broadcasts.recipients_file")


def file(broadcast_id: int) -> Response:
    """Answer with all recipients that the list shows as a file."""
    asked = listing(broadcast_id)

    def cells(session: Session, messages: Sequence[Message]) -> Iterator[Sequence[object]]:
        people = queries.people(session, list(messages))
        for message in messages:
            person = people.get(message.person_id or 0)
            names = (person.first_name, person.last_name) if person else ("", "")
            when = message.sent_at or message.updated_at
            status = MessageStatus(message.status).label
            yield (*names, message.number, status, why(message), message.error_code, message.sid, when)

    query = queries.recipients(broadcast_id, asked.filters["status"])
    return lists.download(f"recipients-of-broadcast-{broadcast_id}", TITLES, asked, query, cells)


def why(message: Message) -> str:
    """Say why a message was skipped or did not arrive, "" where nothing is to be said."""
    if message.reason:
        return Reason(message.reason).label
    return statuses.meaning(message.error_code).text if message.error_code else message.error_text
