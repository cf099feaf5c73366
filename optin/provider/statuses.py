"""What Twilio's status words and error codes mean for a message.

Source: Twilio's Messages resource and status callback pages, and its error pages; the kind of an error and the remedy
are our reading of those pages.
"""

from dataclasses import dataclass

from optin.enums import ErrorKind, ErrorScope, MessageStatus

FINAL = frozenset(
    {
        MessageStatus.RECEIVED,
        MessageStatus.DELIVERED,
        MessageStatus.UNDELIVERED,
        MessageStatus.FAILED,
        MessageStatus.SKIPPED,
        MessageStatus.CANCELLED,
    }
)
"""The states that no news changes; `sent` is not among them, though some carriers never send a receipt."""

_RANKS = {
    MessageStatus.QUEUED: 0,
    MessageStatus.CLAIMED: 1,
    MessageStatus.SENDING: 2,
    MessageStatus.UNKNOWN: 3,
    MessageStatus.NOT_FOUND: 3,
    MessageStatus.SENT: 4,
} | dict.fromkeys(FINAL, 5)

# Our SENT is "handed to Twilio": all that happens in Twilio's own queue is that one state.
_WORDS = {
    "scheduled": MessageStatus.SENT,
    "accepted": MessageStatus.SENT,
    "queued": MessageStatus.SENT,
    "sending": MessageStatus.SENT,
    "sent": MessageStatus.SENT,
    "partially_delivered": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    "failed": MessageStatus.FAILED,
    "canceled": MessageStatus.CANCELLED,
    "receiving": MessageStatus.RECEIVED,
    "received": MessageStatus.RECEIVED,
}


SIGN_IN_REFUSED = 20003
UNAUTHORIZED = 401
WITHOUT_REASON = frozenset({UNAUTHORIZED, 402, 403, 404, 405, 407, 410, 451})


def from_twilio(word: str) -> MessageStatus | None:
    """Return our status for Twilio's word (`MessageStatus` of a callback, `status` of the API), None if it is new."""
    return _WORDS.get(word)


def rank(status: MessageStatus) -> int:
    """Return how far a message has come, 0 (waiting) to 5 (final); the final states share one rank."""
    return _RANKS[status]


def advances(
    current: MessageStatus, new: MessageStatus, *, current_error: int | None = None, new_error: int | None = None
) -> bool:
    """Tell whether news that may come twice, late or out of order is to be applied to a message.

    It is when it brings the message further, or repeats its status with an error code that is not known yet. The first
    final state stays: a delivered message does not become undelivered. An unknown outcome is settled by any word from
    Twilio.
    """
    if new is current:
        return current_error is None and new_error is not None
    return rank(new) > rank(current)


@dataclass(frozen=True)
class ErrorMeaning:
    """An error in words: what happened, what a person can do about it, and what kind of error it is."""

    text: str
    remedy: str
    kind: ErrorKind


def meaning(code: int) -> ErrorMeaning:
    """Return what an error code of Twilio means; codes without an entry of their own are unclear."""
    return _MEANINGS.get(code) or ErrorMeaning(
        f"Twilio reported error {code}.",
        f"Look it up: https://www.twilio.com/docs/api/errors/{code}",
        ErrorKind.UNCLEAR,
    )


_P, _C, _Q = ErrorKind.PERMANENT, ErrorKind.CONSENT, ErrorKind.CONFIGURATION
_T, _U = ErrorKind.TRANSIENT, ErrorKind.UNCLEAR
_BUG = "This is a bug in the app. Please report it with the message's SID."
_CHECK_NUMBER = "Check the number with the person."
_CHECK_SENDER = "Check the sender in Settings, and that the number belongs to this Twilio account and can send SMS."
_CHECK_SERVICE = "Check the Messaging Service in Settings and its senders in the Twilio Console."
_LATER = "Try again later."
_REGISTER = "Finish the sender's registration in the Twilio Console."

_TABLE: tuple[tuple[tuple[int, ...], ErrorKind, str, str], ...] = (
    ((14107,), _Q, "Twilio stopped a loop of automatic replies.", "Check which automatic system answers our replies."),
    ((14109,), _Q, "More than ten automatic replies to one message.", _BUG),
    (
        (20003,),
        _Q,
        "Twilio rejected our credentials.",
        "Check account SID, token and region, and that the account is active.",
    ),
    ((20005,), _Q, "The Twilio account is not active.", "Check the account in the Twilio Console."),
    ((20006,), _Q, "Twilio denied us access.", "Check the account and its permissions in the Twilio Console."),
    (
        (20404,),
        _Q,
        "Twilio has no account with our SID.",
        "Check account SID and region.",
    ),
    ((20429,), _T, "Too many requests to Twilio at once; this one was not taken.", "It is retried automatically."),
    ((20500,), _U, "Twilio had an internal error.", "Wait for the outcome before you send it again."),
    ((20503,), _U, "Twilio was not available.", "Wait for the outcome before you send it again."),
    ((21211,), _P, "The number is not valid.", _CHECK_NUMBER),
    ((21212,), _Q, "The sender is not valid.", _CHECK_SENDER),
    (
        (21408,),
        _Q,
        "Texts to this country are not enabled.",
        "Enable the country in the Twilio Console: Messaging, Geo permissions.",
    ),
    ((21602, 21619), _Q, "The message had no text.", _BUG),
    ((21603,), _Q, "The message had no sender.", "Choose a sender in Settings."),
    ((21604,), _Q, "The message had no recipient.", _BUG),
    ((21606, 21660, 21661), _Q, "The sender can't send SMS from this account.", _CHECK_SENDER),
    (
        (21608,),
        _Q,
        "A trial account can only text verified numbers.",
        "Upgrade the account, or verify the number with Twilio.",
    ),
    (
        (21609,),
        _Q,
        "Twilio refused our address for status reports.",
        "Check the public address of the app: it must not contain underscores.",
    ),
    ((21610,), _C, "They opted out at Twilio, which blocks this sender.", "Ask them to text START to the sender."),
    (
        (21611,),
        _T,
        "The sender's queue at Twilio is full.",
        "Send more slowly, or try again when the queue is shorter.",
    ),
    ((21612,), _Q, "This sender can't reach this number.", "Use another sender for this country or carrier."),
    ((21614,), _P, "The number can't receive SMS.", "Ask the person for a mobile number."),
    ((21617,), _Q, "The text is longer than 1600 characters.", "Shorten the text."),
    ((21624, 30045), _Q, "The validity period is not valid.", _BUG),
    ((21635,), _P, "The number is a landline.", "Ask the person for a mobile number."),
    ((21659,), _Q, "The sender is not a Twilio number, or is a short code of another country.", _CHECK_SENDER),
    ((21701, 21705), _Q, "The Messaging Service is missing or not valid.", _CHECK_SERVICE),
    ((21703,), _Q, "The Messaging Service has no sender for this number.", _CHECK_SERVICE),
    ((21704,), _Q, "The Messaging Service has no senders.", _CHECK_SERVICE),
    ((30001,), _T, "The message waited too long in a full queue.", "Send more slowly, or try again later."),
    ((30002,), _Q, "The Twilio account was suspended.", "Check the account in the Twilio Console."),
    (
        (30003,),
        _T,
        "The phone was switched off or out of reach.",
        "Try again once or twice later, then check the number.",
    ),
    (
        (30004,),
        _C,
        "The carrier or the person blocks our texts.",
        "Don't send again. Ask in another way whether they want texts.",
    ),
    ((30005,), _P, "The number is not in use.", _CHECK_NUMBER),
    ((30006,), _P, "The number is a landline, or its carrier can't be reached.", "Ask the person for a mobile number."),
    (
        (30007,),
        _Q,
        "A carrier or Twilio filtered the text as spam.",
        "Change the text: no short links, say who you are.",
    ),
    ((30008,), _T, "The carrier gave no reason.", "Try once more later."),
    ((30009,), _U, "A part of a received message is missing.", "Ask the person to text again."),
    ((30017,), _T, "The carrier's network was overloaded.", _LATER),
    ((30022,), _T, "More messages than the carrier allows in this time.", "Send more slowly."),
    (
        (30023, 30027),
        _T,
        "T-Mobile's limit for today has been reached.",
        "Try again tomorrow, after midnight Pacific time.",
    ),
    ((30024,), _Q, "The carrier does not know the sender yet.", "Wait a day after the registration, then ask Twilio."),
    ((30032,), _Q, "The toll-free number is not verified.", "Verify it in the Twilio Console."),
    ((30033,), _Q, "The sender's registered campaign was suspended.", "Ask Twilio Support why."),
    ((30034,), _Q, "The sender is not registered for texts to the US.", _REGISTER),
    ((30035,), _Q, "The sender's registration is not finished.", "Wait for it, or check it in the Twilio Console."),
    ((30036,), _T, "The message waited too long at Twilio and was dropped.", "Send it again if it is still wanted."),
    ((30037,), _Q, "Sending is switched off for the Twilio account.", "Check the account in the Twilio Console."),
    ((30039,), _U, "Twilio dropped a received message to stop a loop.", "Check which automatic system texts us."),
    ((30044,), _Q, "The text is too long for a trial account.", "Shorten the text, or upgrade the account."),
    ((30046,), _U, "The carrier did not confirm the delivery.", "It may have arrived. If it matters, ask the person."),
    ((30409,), _U, "The message could not be cancelled: it was already on its way.", "Nothing to do."),
    ((30410,), _T, "The carrier did not answer in time.", "Try again later. It may then arrive twice."),
    (
        (30450,),
        _T,
        "Twilio blocks texts to this destination to prevent fraud.",
        "Try once, after 30 minutes.",
    ),
    ((30453,), _P, "The message could not be delivered.", _CHECK_NUMBER),
    (
        (30454, 63038),
        _T,
        "The account's message limit has been reached.",
        "Try again tomorrow, or ask Twilio for a higher limit.",
    ),
    ((30610,), _T, "Twilio's quiet hours held the message back.", "Try again within the sending hours."),
    ((30640,), _C, "Twilio lists the owner of this number as someone who sues over texts.", "Don't text this number."),
)
_OF_ACCOUNT = frozenset({20003, 20005, 20006, 20404, 21609, 30002, 30037, 30454, 63038})
_OF_SENDER = frozenset(
    {21212, 21603, 21606, 21659, 21660, 21661, 21701, 21703, 21704, 21705, 30032, 30033, 30034, 30035}
)
_OF_SOME_NUMBERS = frozenset({21606, 21659, 21703})
"""Of these what a sender can't reach may be one country only: told after the message was taken, they prove little."""

PAST_TWILIO = frozenset({30003, 30004, 30005, 30006, 30008, 30017, 30022, 30410})
"""Errors of the phone or its carrier: a message that met one got past all that stops our account or sender."""


def stops(code: int | None, http_status: int = 0, *, reported: bool = False) -> ErrorScope:
    """Return what an error stops, from the code in the answer to a request, or `reported` in a status report.

    Without a code it is the HTTP status that tells: some of them are of the sign-in or of something in between, never
    of one message (RFC 9110, 15.5).
    """
    if code in _OF_ACCOUNT or (code is None and http_status in WITHOUT_REASON):
        return ErrorScope.ACCOUNT
    if code in _OF_SENDER and not (reported and code in _OF_SOME_NUMBERS):
        return ErrorScope.SENDER
    return ErrorScope.MESSAGE


def without_code(http_status: int) -> ErrorMeaning:
    """Return what an HTTP status without an error code of Twilio means."""
    if http_status == UNAUTHORIZED:
        return meaning(SIGN_IN_REFUSED)
    return ErrorMeaning(
        f"Twilio's address answered with HTTP {http_status} and gave no reason.",
        "Check whether a proxy or firewall stands between Optin and Twilio.",
        ErrorKind.CONFIGURATION,
    )


_MEANINGS = {code: ErrorMeaning(text, remedy, kind) for codes, kind, text, remedy in _TABLE for code in codes}
