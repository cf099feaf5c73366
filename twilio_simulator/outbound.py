"""POST /Messages.json: is the request right, may it go, and then the text is queued."""

import sqlite3

from werkzeug.datastructures import MultiDict

from optin import clock
from twilio_simulator import create_request, fault_store, messages, network, opt_outs, phones
from twilio_simulator.account import Account
from twilio_simulator.create_request import CreateRequest
from twilio_simulator.errors import Refusal
from twilio_simulator.messages import Message
from twilio_simulator.statuses import Status


def create(account: Account, form: MultiDict[str, str], draw: str = "") -> Message | Refusal:
    """Queue the text that `form` (Twilio's parameter names) asks for, or tell why not; `draw` is for its faults."""
    draft = create_request.read(form)
    refused = create_request.refusal(account, draft)
    if refused:
        return refused
    at = clock.now().timestamp()
    with account.store.write() as connection:
        refused = _cannot_be_queued(connection, account, draft, at)
        return refused or (_accept if draft.service else _queue)(connection, account, draft, at, draw)


def _cannot_be_queued(
    connection: sqlite3.Connection, account: Account, draft: CreateRequest, at: float
) -> Refusal | None:
    """Refuse whom Twilio blocks, unless Advanced Opt-Out does so later, and a sender whose queue is full."""
    scope = draft.service or draft.sender
    service = account.service(draft.service) or account.service_of(draft.sender)
    if not (service and service.advanced_opt_out) and opt_outs.block(connection, account, scope, draft.to) == "twilio":
        number = draft.sender or draft.service
        phones.show(connection, "refused", phone=draft.to, number=number, body=draft.body, at=at, code=21610)
        return Refusal(21610)
    if draft.sender and network.queue_is_full(connection, draft.sender, at, fault_store.plan(connection).per_second):
        return Refusal(21611, draft.sender)
    return None


def _queue(connection: sqlite3.Connection, account: Account, draft: CreateRequest, at: float, draw: str) -> Message:
    """Queue a text of a number of ours."""
    message = _add(connection, account, draft, at, draw, Status.QUEUED)
    # As with test credentials, what the test sender "sends" goes nowhere.
    if draft.sender != create_request.TEST_SENDER:
        network.dispatch(connection, account, message, at)
    return message


def _accept(connection: sqlite3.Connection, account: Account, draft: CreateRequest, at: float, draw: str) -> Message:
    """Accept a text of a service: it is queued a moment later, or at its time, when the sender is chosen."""
    when = draft.moment if draft.schedule else None
    message = _add(connection, account, draft, at, draw, Status.SCHEDULED if when else Status.ACCEPTED)
    due = when if when else at + account.status_delay / 2
    network.add(connection, "status", message.sid, due, Status.QUEUED)
    return message


def _add(
    connection: sqlite3.Connection, account: Account, draft: CreateRequest, at: float, draw: str, status: Status
) -> Message:
    service = account.service(draft.service)
    return messages.add(
        connection,
        "outbound-api",
        sender=draft.sender,
        to=draft.to,
        body=draft.body,
        media=draft.media,
        at=at,
        status=status,
        status_callback=draft.status_callback or (service.status_callback if service else "") or None,
        service=draft.service or None,
        validity=int(draft.validity),
        draw=draw,
    )
