"""Who answered a broadcast and who left after it, with their words and times: a list, and the same as a file."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from flask import Response
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from optin.enums import Variant
from optin.features.broadcasts import reactions
from optin.models import Broadcast, ConsentEvent, ConsentPayload, Message
from optin.sending import variants
from optin.web import lists
from optin.web.lists import Column, Listing

REPLIES, OPT_OUTS = "replies", "opt-outs"
SHOWN = {REPLIES: "Replies", OPT_OUTS: "Opt-outs"}


class ReactionRow(NamedTuple):
    """A text of somebody whom the broadcast reached; the text of an opt-out may be erased, or told by a user.

    `variant`: which of two texts they got, None where there was one.
    """

    number: str
    text: str
    at: datetime
    conversation_id: int | None = None
    variant: Variant | None = None


def _columns(keys: Sequence[Any]) -> tuple[Column[ReactionRow], ...]:
    return (
        Column("Mobile phone", lambda row: row.number, cell="mobile"),
        Column("Text", lambda row: row.text, css="text-break"),
        Column("When", lambda row: row.at, css="nowrap", is_moment=True, name="at", keys=keys, descending=True),
    )


OF_REPLIES = _columns([Message.created_at, Message.id])
OF_OPT_OUTS = _columns([ConsentEvent.at, ConsentEvent.id])


GOT: Column[ReactionRow] = Column("They got", lambda row: row.variant.label if row.variant else "")


def listing(broadcast: Broadcast) -> Listing:
    """Return the list that the request asks for."""
    show = lists.one_of("show", list(SHOWN), REPLIES)
    columns = OF_REPLIES if show == REPLIES else OF_OPT_OUTS
    if broadcast.other_body is not None:
        columns = (*columns[:1], GOT, *columns[1:])
    where, filters = {"broadcast_id": broadcast.id}, {"show": show}
    return Listing(columns, "-at", "broadcasts.show_results", where, filters, "broadcasts.results_file")


def query(asked: Listing, broadcast: Broadcast, start: datetime) -> Select[Any]:
    """Select what the list shows."""
    selected = reactions.replies if asked.filters["show"] == REPLIES else reactions.opt_outs
    return selected(broadcast, start)


def file(broadcast: Broadcast, start: datetime) -> Response:
    """Answer with all that the list shows as a file."""
    asked = listing(broadcast)
    name = f"{asked.filters['show']}-of-broadcast-{broadcast.id}"
    return lists.download(name, asked, query(asked, broadcast, start), partial(rows, broadcast))


def rows(broadcast: Broadcast, session: Session, found: Sequence[Any]) -> list[ReactionRow]:
    """Return texts or events as rows of the list."""
    ids = [each.id for each in found if isinstance(each, ConsentEvent)]
    payloads = {each.event_id: each for each in session.scalars(_payloads(ids))} if ids else {}
    shown = [_row(each, payloads.get(each.id)) for each in found]
    got = variants.of_numbers(session, broadcast, {row.number for row in shown})
    return [row._replace(variant=got.get(row.number)) for row in shown]


def _payloads(ids: Sequence[int]) -> Select[ConsentPayload]:
    return select(ConsentPayload).where(ConsentPayload.event_id.in_(ids))


def _row(each: Message | ConsentEvent, payload: ConsentPayload | None) -> ReactionRow:
    if isinstance(each, Message):
        return ReactionRow(each.number, each.body, each.created_at, each.conversation_id)
    return ReactionRow(payload.number if payload else "", payload.text if payload else "", each.at)
