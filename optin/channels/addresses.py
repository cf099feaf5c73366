"""Where a text comes from: reading the addresses that Twilio writes, and what a text may do that came that way. Pure.

Twilio puts a channel before an address, as in `rcs:+14155550134` or `messenger:1234567890`; SMS has none. Consent is
for texts by SMS: leaving counts from everywhere, joining and coming back by SMS alone, and we answer by SMS alone.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from unicodedata import category

from optin import phone
from optin.enums import Channel, Meaning
from optin.phone import spellings
from optin.reading.words import Reading

LONGEST_NUMBER = 32
LONGEST_ADDRESS = 40
_KNOWN = {str(channel): channel for channel in (Channel.RCS, Channel.WHATSAPP, Channel.MESSENGER)}
_PREFIXED = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL)
_CUT = "\N{HORIZONTAL ELLIPSIS}"
_MARK = 10
_ASKS = (Meaning.HELP, Meaning.START, Meaning.YES, Meaning.KEYWORD)


@dataclass(frozen=True, slots=True)
class Origin:
    """From whom a text came: the channel, and under what we know them there.

    `number` is E.164 in the one form that we store, or, where there is no phone behind it, the address itself.
    `scheme` is what stands before the colon, "" for SMS.
    """

    channel: Channel
    number: str
    scheme: str = ""

    @property
    def is_phone(self) -> bool:
        """Tell whether there is a phone behind it, that a text by SMS could go to."""
        return phone.is_e164(self.number)

    @property
    def joins(self) -> bool:
        """Tell whether a text from here may opt in, come back and be answered."""
        return self.channel is Channel.SMS and self.is_phone


def origin(written: str) -> Origin:
    """Read Twilio's `From`: E.164, a short code, a name, or one of these behind a channel and a colon."""
    address = visible(written)
    scheme, rest = _split(address)
    if phone.is_e164(rest):
        return Origin(channel_of(address), spellings.canonical(rest), scheme)
    return Origin(channel_of(address), _short(address, LONGEST_NUMBER), scheme)


def our_address(written: str) -> str:
    """Read Twilio's `To` as we keep our own addresses: with its channel, and cut where it is very long."""
    return _short(visible(written), LONGEST_ADDRESS)


def without_channel(address: str) -> str:
    """Return the part of an address behind its channel: one number of ours may serve several."""
    return _split(address)[1]


def channel_of(address: str) -> Channel:
    """Return the channel of an address; one that we don't know is OTHER."""
    scheme, _ = _split(address)
    return _KNOWN.get(scheme, Channel.OTHER) if scheme else Channel.SMS


def is_cut(address: str) -> bool:
    """Tell whether an address of ours is not kept whole, so that Twilio would not know it."""
    return _CUT in address


def reading_from(reading: Reading, origin: Origin) -> Reading:
    """Return what may be heard of a text: everything by SMS from a phone, else only that somebody wants to leave.

    Nothing is held for what is no phone: there is nothing to hold back.
    """
    if origin.joins:
        return reading
    held = reading if origin.is_phone else replace(reading, hold=None, trigger=None)
    meaning = Meaning.ORDINARY if held.meaning in _ASKS else held.meaning
    return replace(held, meaning=meaning, near_keyword=None)


def remark(reading: Reading, origin: Origin) -> str:
    """Say by what channel somebody left or asked in vain, or that it is unknown; `reading` is all that was read."""
    if origin.joins:
        return ""
    if origin.channel is Channel.OTHER:
        return f"came by “{origin.scheme}”, a channel that Optin does not support: you can’t reply from here"
    if reading.meaning in (Meaning.OPT_OUT, Meaning.OPT_OUT_KEYWORD):
        return f"asked by {origin.channel.label}" if origin.channel is not Channel.SMS else ""
    if reading.meaning not in _ASKS:
        return ""
    if not origin.is_phone:
        return "no effect: this sender has no phone number"
    if reading.meaning == Meaning.HELP:
        return f"asked for help by {origin.channel.label}: you can’t reply from here"
    return f"no effect by {origin.channel.label}: it only counts as a text message (SMS)"


def _split(address: str) -> tuple[str, str]:
    """Return what stands before the first colon, in lower case, and behind it; "" where no channel is named."""
    named = _PREFIXED.fullmatch(address)
    return (named[1].lower(), named[2].strip()) if named else ("", address)


def visible(written: str) -> str:
    """Return an address without what can't be seen, and without spaces around."""
    return "".join(ch for ch in written if category(ch) not in ("Cc", "Cf", "Cs")).strip()


def _short(address: str, longest: int) -> str:
    """Cut an address that is too long for its column; a mark of the whole keeps two of them apart."""
    if len(address) <= longest:
        return address
    mark = hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    return f"{address[: longest - _MARK - 1]}{_CUT}{mark}"
