"""POST and DELETE of one message: redact its text, cancel what is scheduled, delete it from the log."""

from dataclasses import replace

from flask import request
from werkzeug.datastructures import MultiDict

from optin import clock
from twilio_simulator import messages, network
from twilio_simulator.account import Account
from twilio_simulator.errors import Refusal
from twilio_simulator.messages import Message
from twilio_simulator.statuses import Status


def update(account: Account, sid: str, form: MultiDict[str, str]) -> Message | Refusal:
    """Redact the text (an empty Body) or cancel a scheduled message (Status canceled), one of the two.

    Refusals: docs/api/errors/30400 and 30409.
    """
    body, status, at = form.get("Body"), form.get("Status"), clock.now().timestamp()
    with account.store.write() as connection:
        message = messages.find(connection, sid)
        if message is None:
            return Refusal(20404, request.path)
        if body or status not in (None, Status.CANCELED) or (body is None) == (status is None):
            return Refusal(30400, "Body" if body else "Status")
        if status and message.status != Status.SCHEDULED:
            return Refusal(30409)
        connection.execute(
            "UPDATE messages SET body = coalesce(?, body), status = coalesce(?, status), updated_at = ? WHERE sid = ?",
            [body, status, at, sid],
        )
        if status:
            connection.execute("DELETE FROM events WHERE sid = ?", [sid])
            network.tell(connection, account, replace(message, status=status), at)
        return messages.find(connection, sid) or message


def delete(account: Account, sid: str) -> Refusal | None:
    """Delete a message; whatever it still had before it happens no more."""
    with account.store.write() as connection:
        if not connection.execute("DELETE FROM messages WHERE sid = ?", [sid]).rowcount:
            return Refusal(20404, request.path)
        connection.execute("DELETE FROM events WHERE sid = ? AND NOT claimed", [sid])
        return None
