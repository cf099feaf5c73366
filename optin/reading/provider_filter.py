"""Which inbound words Twilio, or the network behind a toll-free number, has already acted on. Pure.

Source: Twilio's default STOP filtering and Advanced Opt-Out, https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

import string

from optin.enums import SenderKind

_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
_START = frozenset({"start", "unstop"})
_YES = frozenset({"yes"})
_HELP = frozenset({"help", "info"})
# An Advanced Opt-Out list can be edited, and no interface tells its words: only these can't be removed from it.
_ADVANCED = frozenset({"stop", "start", "unstop", "help"})


def twilio_answers(body: str, kind: SenderKind, *, opt_out_type: str | None, advanced_opt_out: bool = False) -> bool:
    """Tell whether Twilio has itself answered this body, so that the app must not answer an opt-out, HELP or START.

    `body` is the text as received; Twilio wants the bare word, in any case. `kind` is the receiving sender's.
    `opt_out_type` is the webhook's OptOutType, which settles it. `advanced_opt_out`: the sender's Messaging Service
    has Advanced Opt-Out; without an OptOutType (a message fetched from the list has none) only the words that can't be
    taken off its list count. A stand-alone short code and channels such as WhatsApp filter nothing; an RCS agent shares
    one list with the numbers of its service (since March 2026). The answer to a double opt-in question is the
    app's own even where this is true for YES: Twilio says nothing about a keyword.
    """
    if opt_out_type:
        return True
    return _word(body) in _filtered(_STOP | _HELP, kind, advanced_opt_out) | _lifting(kind, advanced_opt_out)


def twilio_blocks(body: str, kind: SenderKind, opt_out_type: str | None, advanced_opt_out: bool = False) -> bool:
    """Tell whether Twilio now refuses to send from the receiving sender to this person (arguments as above)."""
    if opt_out_type:
        return opt_out_type.strip().upper() == "STOP"
    return _word(body) in _filtered(_STOP, kind, advanced_opt_out)


def twilio_unblocks(body: str, kind: SenderKind, opt_out_type: str | None, advanced_opt_out: bool = False) -> bool:
    """Tell whether Twilio has lifted its block of the receiving sender (arguments as above).

    On toll-free numbers the network lifts it for START and UNSTOP alone, not for YES nor for a word of one's own list.
    """
    if opt_out_type:
        lifted_by_network = kind is not SenderKind.TOLL_FREE or _word(body) in _START
        return opt_out_type.strip().upper() == "START" and lifted_by_network
    return _word(body) in _lifting(kind, advanced_opt_out)


def _lifting(kind: SenderKind, advanced: bool) -> frozenset[str]:
    return _filtered(_START if kind is SenderKind.TOLL_FREE else _START | _YES, kind, advanced)


def _filtered(words: frozenset[str], kind: SenderKind, advanced: bool) -> frozenset[str]:
    if advanced:
        return words & _ADVANCED
    return frozenset() if kind in (SenderKind.SHORT_CODE, SenderKind.ELSEWHERE) else words


def _word(body: str) -> str:
    return body.strip(string.whitespace).lower() if body.isascii() else ""
