"""Twilio's own opt-out behaviour: STOP filtering, the toll-free network, Advanced Opt-Out.

Sources: help articles 223134027 (words, whole message, block before the webhook) and 360058144374 (toll-free network),
docs/messaging/tutorials/advanced-opt-out. Not documented there and decided here: white space around the word is
ignored, punctuation is not; a person who is blocked already gets no second confirmation and no help; YES answers only
where it lifts a block.
"""

import sqlite3
from typing import Literal, NamedTuple

from twilio_simulator import phones
from twilio_simulator.account import Account, behind, channel_of
from twilio_simulator.sender_numbers import STOP_WORDS, AdvancedOptOut, NumberKind

Layer = Literal["twilio", "network"]

NETWORK_STOP_TEXT = (
    'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this number.'
    ' Text back "unstop" to receive messages again.'
)
NETWORK_START_TEXT = 'NETWORK MSG: You have replied "{word}" and will begin receiving messages again from this number.'
RCS = "rcs"
_DEFAULT = AdvancedOptOut(stop_words=STOP_WORDS)


class AutoReply(NamedTuple):
    """What the person is told at once, and by whom."""

    body: str
    layer: Layer


class Reaction(NamedTuple):
    """What Twilio and the network did with a text: the OptOutType of its webhook, and what the person is told."""

    opt_out_type: str | None = None
    replies: tuple[AutoReply, ...] = ()


class _Pair(NamedTuple):
    """Our number, what a block of Twilio is keyed by (the number, or its service's SID), and the person's phone."""

    number: str
    scope: str
    phone: str


def react(connection: sqlite3.Connection, account: Account, number: str, phone: str, body: str, at: float) -> Reaction:
    """Block or unblock the pair (our `number` or its service, the person's `phone`) as `body` asks.

    RCS shares one list with SMS; other channels have none of Twilio's.
    """
    if channel_of(phone) not in ("", RCS):
        return Reaction()
    number, phone = behind(number), behind(phone)
    kind, service = account.senders[number], account.service_of(number)
    own_list = service.advanced_opt_out if service else None
    if kind is NumberKind.SHORT_CODE and not own_list:
        return Reaction()
    pair, word = _Pair(number, service.sid if service else number, phone), body.strip().upper()
    asked = (own_list or _DEFAULT).kind_of(word)
    by_network = _by_network(connection, pair, word, at) if kind is NumberKind.TOLL_FREE else None
    text = _by_twilio(connection, own_list or _DEFAULT, pair, word, at)
    if by_network and (asked == "STOP" or pair.scope == number):
        text = None  # the network has answered; only START is told by both, and then by one's own list
    replies = [by_network, AutoReply(text, "twilio") if text else None]
    return Reaction(asked if own_list else None, tuple(reply for reply in replies if reply))


def block(connection: sqlite3.Connection, account: Account, address: str, phone: str) -> Layer | None:
    """Return who blocks texts from `address` (a number, or a service's SID) to `phone`: Twilio, the network, nobody."""
    service = account.service_of(address)
    found = connection.execute(
        "SELECT layer FROM blocks WHERE number IN (?, ?) AND phone = ? ORDER BY layer DESC",
        [address, service.sid if service else address, phone],
    ).fetchone()
    return found["layer"] if found else None


def blocks(connection: sqlite3.Connection, limit: int) -> list[dict[str, object]]:
    """Return up to `limit` blocked pairs, newest first."""
    rows = connection.execute("SELECT * FROM blocks ORDER BY at DESC, phone LIMIT ?", [limit])
    return [
        {"number": row["number"], "phone": row["phone"], "layer": row["layer"], "at": phones.iso(row["at"])}
        for row in rows
    ]


def _by_network(connection: sqlite3.Connection, pair: _Pair, word: str, at: float) -> AutoReply | None:
    """Let the toll-free network act: on STOP alone, and on START and UNSTOP; YES does not lift its block."""
    if word == "STOP":
        new = _add(connection, pair.number, pair.phone, "network", at)
        return AutoReply(NETWORK_STOP_TEXT, "network") if new else None
    if word in ("START", "UNSTOP"):
        _lift(connection, pair.number, pair.phone)
        return AutoReply(NETWORK_START_TEXT.format(word=word.lower()), "network")
    return None


def _by_twilio(connection: sqlite3.Connection, words: AdvancedOptOut, pair: _Pair, word: str, at: float) -> str | None:
    """Let Twilio's own list act, and return its answer; who is blocked already gets none but to START."""
    query = "SELECT number, layer FROM blocks WHERE number IN (?, ?) AND phone = ?"
    blocked = dict(connection.execute(query, pair).fetchall())
    match words.kind_of(word):
        case "STOP":
            return words.stop_text if _add(connection, pair.scope, pair.phone, "twilio", at) else None
        case "START":
            if word == "YES" and blocked.get(pair.scope) != "twilio":
                return None
            _lift(connection, pair.scope, pair.phone)
            return words.start_text
        case "HELP":
            return None if blocked else words.help_text
    return None


def _add(connection: sqlite3.Connection, number: str, phone: str, layer: Layer, at: float) -> bool:
    return bool(
        connection.execute("INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?)", [number, phone, layer, at]).rowcount
    )


def _lift(connection: sqlite3.Connection, number: str, phone: str) -> None:
    connection.execute("DELETE FROM blocks WHERE number = ? AND phone = ?", [number, phone])
