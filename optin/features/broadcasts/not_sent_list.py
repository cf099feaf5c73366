"""The tab *Not sent to* of a broadcast: columns, filter by reason, and the same as a file."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Response, request
from sqlalchemy.orm import Session

from optin.enums import MessageStatus
from optin.features.broadcasts import not_sent, queries
from optin.features.broadcasts.not_sent import NotSent
from optin.models import LeftOut, Message, Person
from optin.queries import paging
from optin.queries.paging import Page
from optin.web import lists
from optin.web.lists import Column, Listing

VIEW = "not-sent"


class NotSentRow(NamedTuple):
    """Somebody whom the broadcast left out, or whose message did not start."""

    record: NotSent
    person: Person | None

    @property
    def message(self) -> Message | None:
        """Return the message, None where there was none."""
        return self.record if isinstance(self.record, Message) else None

    @property
    def how(self) -> str:
        """Say what became of the message."""
        return MessageStatus(self.message.status).label if self.message else "Left out"

    @property
    def at(self) -> datetime:
        """Return when that was decided."""
        return self.record.asked_at if isinstance(self.record, LeftOut) else self.record.updated_at


COLUMNS: tuple[Column[NotSentRow], ...] = (
    Column("First name", lambda row: row.person.first_name if row.person else "", in_table=False),
    Column("Last name", lambda row: row.person.last_name if row.person else "", in_table=False),
    Column("Contact or lead", cell="person"),
    Column("Mobile phone", lambda row: row.record.number, cell="mobile"),
    Column("Why", lambda row: not_sent.label(row.record.reason), cell="why", name="why", keys=[LeftOut.reason]),
    Column("Message", lambda row: row.how),
    Column("When", lambda row: row.at, is_moment=True, css="nowrap"),
)


def listing(broadcast_id: int) -> Listing:
    """Return the list that the request asks for."""
    filters = {"reason": lists.one_of("reason", list(not_sent.reasons()))}
    where = {"broadcast_id": broadcast_id}
    return Listing(COLUMNS, "why", "broadcasts.show", where, filters, "broadcasts.not_sent_file", {"view": VIEW})


def page(session: Session, listing: Listing, *, token: str | None = None, size: int = paging.SIZE) -> Page[NotSent]:
    """Fetch a page of the list."""
    broadcast_id, reason = listing.values["broadcast_id"], listing.filters["reason"]
    return not_sent.page(session, broadcast_id, reason, token, descending=listing.order[1], size=size)


def asked_page(session: Session, listing: Listing) -> Page[NotSent]:
    """Fetch the page that the address asks for."""
    return page(session, listing, token=request.args.get("page"))


def file(broadcast_id: int) -> Response:
    """Answer with all that the list shows as a file."""
    asked = listing(broadcast_id)

    def pages(session: Session, token: str | None, size: int) -> Page[NotSent]:
        return page(session, asked, token=token, size=size)

    return lists.download(f"not-sent-of-broadcast-{broadcast_id}", asked, pages, rows)


def rows(session: Session, found: Sequence[NotSent]) -> list[NotSentRow]:
    """Return them as rows of the list, each with the person."""
    people = queries.people(session, found)
    return [NotSentRow(each, people.get(each.person_id or 0)) for each in found]
