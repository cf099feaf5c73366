"""Twilio's own opt-out behaviour, without Advanced Opt-Out ("STOP filtering").

Sources: help articles 223134027 (words, whole message, block before the webhook) and 360058144374 (toll-free network).
Not documented there and decided here: white space around the word is ignored, punctuation is not; a person who is
blocked already gets no second confirmation and no help; YES answers only where it lifts a block.
"""

import sqlite3
from typing import Literal, NamedTuple

from optin.simulator import phones
from optin.terms import SenderKind

Layer = Literal["twilio", "network"]

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

STOP_TEXT = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number."
    " Reply START to resubscribe."
)
START_TEXT = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help."
    " Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
HELP_TEXT = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
NETWORK_STOP_TEXT = (
    'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this number.'
    ' Text back "unstop" to receive messages again.'
)
NETWORK_START_TEXT = 'NETWORK MSG: You have replied "{word}" and will begin receiving messages again from this number.'


class AutoReply(NamedTuple):
    """What the person is told at once, and by whom."""

    body: str
    layer: Layer


def react(
    connection: sqlite3.Connection, kind: SenderKind, number: str, phone: str, body: str, at: float
) -> AutoReply | None:
    """Block or unblock the pair (our `number`, person's `phone`) as `body` asks, and return the automatic answer."""
    if kind not in (SenderKind.LONG_CODE, SenderKind.TOLL_FREE):
        return None
    word, toll_free = body.strip().upper(), kind is SenderKind.TOLL_FREE
    blocked = block(connection, number, phone)
    if word in STOP_WORDS:
        return _stop(connection, number, phone, "network" if toll_free and word == "STOP" else "twilio", at)
    if word in START_WORDS:
        if word == "YES" and blocked != "twilio":
            return None
        _lift(connection, number, phone)
        if toll_free and word != "YES":
            return AutoReply(NETWORK_START_TEXT.format(word=word.lower()), "network")
        return AutoReply(START_TEXT, "twilio")
    return AutoReply(HELP_TEXT, "twilio") if word in HELP_WORDS and not blocked else None


def block(connection: sqlite3.Connection, number: str, phone: str) -> Layer | None:
    """Return who blocks texts from `number` to `phone`: Twilio itself, the toll-free network, or nobody."""
    row = connection.execute("SELECT layer FROM blocks WHERE number = ? AND phone = ?", [number, phone]).fetchone()
    return row["layer"] if row else None


def blocks(connection: sqlite3.Connection, limit: int) -> list[dict[str, object]]:
    """Return up to `limit` blocked pairs, newest first."""
    rows = connection.execute("SELECT * FROM blocks ORDER BY at DESC, phone LIMIT ?", [limit])
    return [
        {"number": row["number"], "phone": row["phone"], "layer": row["layer"], "at": phones.iso(row["at"])}
        for row in rows
    ]


def _stop(connection: sqlite3.Connection, number: str, phone: str, layer: Layer, at: float) -> AutoReply | None:
    new = connection.execute("INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?)", [number, phone, layer, at]).rowcount
    if not new:
        return None
    return AutoReply(NETWORK_STOP_TEXT if layer == "network" else STOP_TEXT, layer)


def _lift(connection: sqlite3.Connection, number: str, phone: str) -> None:
    connection.execute("DELETE FROM blocks WHERE number = ? AND phone = ?", [number, phone])
