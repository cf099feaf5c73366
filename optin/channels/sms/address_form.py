"""What our own addresses look like by SMS: numbers, short codes, Messaging Services. Pure."""

import re

from optin.enums import SenderKind

_OURS = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-fA-F]{32}")
TOLL_FREE = re.compile(r"\+1(800|833|844|855|866|877|888)[0-9]{7}")


def is_ours(address: str) -> bool:
    """Tell whether an address is one that we could send from: E.164, a short code or a Messaging Service SID.

    A name is none: nobody could answer it with STOP.
    """
    return _OURS.fullmatch(address) is not None


def kind_of(address: str) -> SenderKind:
    """Guess the kind of a sender of ours from its address; what has the form of no other is a short code."""
    if address.startswith("MG"):
        return SenderKind.SERVICE
    if TOLL_FREE.fullmatch(address):
        return SenderKind.TOLL_FREE
    return SenderKind.LONG_CODE if address.startswith("+") else SenderKind.SHORT_CODE
