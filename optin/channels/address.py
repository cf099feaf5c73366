"""An address value: a channel, and under what somebody is known there. Pure.

Twilio puts a channel before an address, as in `rcs:+14155550134` or `messenger:1234567890`; SMS has none.
"""

import hashlib
import re
from dataclasses import dataclass
from unicodedata import category

from optin import channels, phone
from optin.enums import Channel
from optin.phone import spellings

LONGEST_VALUE = 32
LONGEST_OURS = 40
_PREFIXED = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL)
_CUT = "\N{HORIZONTAL ELLIPSIS}"
_MARK = 10


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached: the channel, and the value by which our tables know them.

    `value` is E.164 in the one form that we store, whatever the channel, so that who leaves by one leaves all; or,
    where there is no phone behind it, the address as Twilio writes it, with its channel.
    """

    channel: Channel
    value: str

    @property
    def is_phone(self) -> bool:
        """Tell whether there is a phone behind it."""
        return phone.is_e164(self.value)

    @property
    def may_opt_in(self) -> bool:
        """Tell whether a text from here may opt in, come back and be answered."""
        return channels.rules_of(self.channel).sends and self.is_phone

    @property
    def consent_channel(self) -> Channel:
        """Return the channel under which it is kept that somebody wants no more messages: SMS where we don't send."""
        return self.channel if channels.rules_of(self.channel).sends else Channel.SMS

    @property
    def written(self) -> str:
        """Return it as Twilio writes and takes it."""
        prefix = channels.rules_of(self.channel).prefix
        return f"{prefix}:{self.value}" if prefix and self.is_phone else self.value


def parse(written: str) -> Address:
    """Read an address as Twilio writes it: E.164, a short code or a name, or one of these behind a channel."""
    whole = visible(written)
    prefix, rest = _split(whole)
    value = spellings.canonical(rest) if phone.is_e164(rest) else _short(whole, LONGEST_VALUE)
    return Address(channels.named(prefix), value)


def prefix_of(written: str) -> str:
    """Return what Twilio calls the channel of an address, in small letters; "" for SMS."""
    return _split(visible(written))[0]


def our_address(written: str) -> str:
    """Read an address of ours as we keep it: with its channel, and cut where it is very long."""
    return _short(visible(written), LONGEST_OURS)


def without_channel(address: str) -> str:
    """Return the part of an address behind its channel: one number of ours may serve several."""
    return _split(address)[1]


def can_send_from(address: str) -> bool:
    """Tell whether an address, with its channel, has the form of one that we could send from."""
    prefix, rest = _split(address)
    rules = channels.rules_of(channels.named(prefix))
    return rules.sends and rules.is_ours(rest)


def is_cut(address: str) -> bool:
    """Tell whether an address of ours is not kept whole, so that Twilio would not know it."""
    return _CUT in address


def visible(written: str) -> str:
    """Return an address without what can't be seen, and without spaces around."""
    return "".join(ch for ch in written if category(ch) not in ("Cc", "Cf", "Cs")).strip()


def _split(address: str) -> tuple[str, str]:
    """Return what stands before the first colon, in lower case, and behind it; "" where no channel is named."""
    found = _PREFIXED.fullmatch(address)
    return (found[1].lower(), found[2].strip()) if found else ("", address)


def _short(address: str, longest: int) -> str:
    """Cut an address that is too long for its column; a mark of the whole keeps two of them apart."""
    if len(address) <= longest:
        return address
    mark = hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    return f"{address[: longest - _MARK - 1]}{_CUT}{mark}"
