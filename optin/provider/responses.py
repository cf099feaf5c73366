"""Reading what a provider's answer holds, whatever it holds: SID, code, words and small numbers, or nothing.

Pure. A field that is not what it should be must never spoil the others, or the outcome of another message.
"""

import json
import re

from optin.enums import MessageStatus
from optin.provider.statuses import from_twilio

UNREADABLE = "Twilio's answer could not be read."
WITHOUT_SID = "Twilio's answer names no message of this account."
LONGEST_WORDS = 255
LEAST_CODE = 10_000
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_DIGITS = re.compile(r"[0-9]{1,9}")


def fields(text: str) -> dict[str, object] | None:
    """Return the fields of an answer; None where it is no JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def sid(given: object) -> str | None:
    """Return a message's SID, None for what can't be one (Twilio's Messages resource: SM or MM and 32 hex digits)."""
    return given if isinstance(given, str) and _SID.fullmatch(given) else None


def code(given: object) -> int | None:
    """Return an error code, given as number or text; None for what can't be one.

    Twilio's have five digits or more; where there is none the SDK hands over the HTTP status.
    """
    number = small_number(given)
    return number if number >= LEAST_CODE else None


def small_number(given: object) -> int:
    """Return a whole number of up to nine digits, given as number or text; 0 for anything else."""
    text = str(given) if isinstance(given, int | str) and not isinstance(given, bool) else ""
    return int(text) if _DIGITS.fullmatch(text) else 0


def status(given: object) -> MessageStatus:
    """Return the first status of a message that Twilio has made; a word that we don't know means that it has it."""
    return from_twilio(given if isinstance(given, str) else "") or MessageStatus.SENT


def words(given: object) -> str:
    """Return the provider's words so that both databases can keep them: without NUL and broken characters, 255 long."""
    text = given if isinstance(given, str) else "" if given is None else repr(given)
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:LONGEST_WORDS]
