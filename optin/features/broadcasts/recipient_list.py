"""The tab *Sent to* of a broadcast, its recipients: columns, filter, and the same as a file."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from flask import Response, request
from sqlalchemy import SQLColumnExpression
from sqlalchemy.orm import Session

from optin.enums import MessageStatus, Reason, Variant
from optin.features.broadcasts import queries
from optin.models import Broadcast, Message, Person
from optin.provider import statuses
from optin.queries import look
from optin.queries.look import Looked
from optin.sending import variants
from optin.web import lists
from optin.web.lists import Column, Listing


class RecipientRow(NamedTuple):
    """A message of the broadcast, whom it is for, and which of two texts it says (None: one, or not decided yet)."""

    message: Message
    person: Person | None
    variant: Variant | None = None

    @property
    def at(self) -> datetime:
        """Return when it was sent, else when it came to where it is."""
        return self.message.sent_at or self.message.updated_at


REST: tuple[Column[RecipientRow], ...] = (
    Column("Contact or lead", cell="person"),
    Column("Status", lambda row: MessageStatus(row.message.status).label, cell="status"),
    Column("Why", lambda row: why(row.message), cell="why"),
    Column("Error", lambda row: row.message.error_code, in_table=False),
    Column("Segments", lambda row: row.message.segments, in_table=False),
    Column("Segments at Twilio", lambda row: row.message.segments_told, in_table=False),
    Column("Message SID", lambda row: row.message.sid, in_table=False),
    Column("When", lambda row: row.at, cell="at", css="nowrap"),
)


def _columns(name: str, key: SQLColumnExpression[Any]) -> tuple[Column[RecipientRow], ...]:
    """Return the columns, of which the number sorts by the index that leads."""
    return (
        Column("First name", lambda row: row.person.first_name if row.person else "", in_table=False),
        Column("Last name", lambda row: row.person.last_name if row.person else "", in_table=False),
        Column("Mobile phone", lambda row: row.message.number, cell="mobile", name=name, keys=[key]),
        *REST,
    )


# An index leads by number, or within one status by the order in which they were queued.
COLUMNS = _columns("number", Message.number)
OF_A_STATUS = _columns("queued", Message.id)
TEXT: Column[RecipientRow] = Column("Text", lambda row: row.variant.label if row.variant else "")


def listing(broadcast: Broadcast) -> Listing:
    """Return the list that the request asks for."""
    status = lists.one_of("status", list(queries.SENT_TO))
    columns, first = (OF_A_STATUS, "queued") if status else (COLUMNS, "number")
    if broadcast.other_body is not None:
        columns = (*columns[:-1], TEXT, columns[-1])
    where, filters = {"broadcast_id": broadcast.id}, {"status": status}
    return Listing(columns, first, "broadcasts.show", where, filters, "broadcasts.recipients_file")


def page(session: Session, listing: Listing) -> Looked[Message]:
    """Fetch the page that the request asks for."""
    broadcast_id, status = listing.values["broadcast_id"], listing.filters["status"]
    if status:
        return Looked(listing.page(session, queries.recipients(broadcast_id, status)))
    (column, descending), token = listing.order, request.args.get("page")
    return look.read_page(session, queries.sent_to(broadcast_id), column.keys, token, descending=descending)


def file(broadcast: Broadcast) -> Response:
    """Answer with all recipients that the list shows as a file."""
    asked = listing(broadcast)
    query = queries.recipients(broadcast.id, asked.filters["status"])
    return lists.download(f"recipients-of-broadcast-{broadcast.id}", asked, query, partial(rows, broadcast))


def rows(broadcast: Broadcast, session: Session, messages: Sequence[Message]) -> list[RecipientRow]:
    """Return the messages as rows of the list, each with the person it is for."""
    people = queries.people(session, messages)
    said = variants.of_messages(session, broadcast, [message.id for message in messages])
    return [RecipientRow(each, people.get(each.person_id or 0), said.get(each.id)) for each in messages]


def why(message: Message) -> str:
    """Say why a message was skipped or did not arrive, "" where nothing is to be said."""
    if message.reason:
        return Reason(message.reason).label
    return statuses.meaning(message.error_code).text if message.error_code else message.error_text
