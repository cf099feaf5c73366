"""What a text may do that came from an address: leaving counts from everywhere, joining only where we send. Pure."""

from dataclasses import replace

from optin.channels.address import Address
from optin.enums import Channel, Meaning
from optin.reading.words import Reading

_ASKS = (Meaning.HELP, Meaning.START, Meaning.YES, Meaning.KEYWORD)


def allowed(reading: Reading, origin: Address) -> Reading:
    """Return what counts of a text: everything from where one may opt in, else only that somebody wants to leave.

    Nothing is held for what is no phone: there is nothing to hold back.
    """
    if origin.may_opt_in:
        return reading
    held = reading if origin.is_phone else replace(reading, hold=None, trigger=None)
    meaning = Meaning.ORDINARY if held.meaning in _ASKS else held.meaning
    return replace(held, meaning=meaning, near_keyword=None)


def remark(reading: Reading, origin: Address, prefix: str) -> str:
    """Say by what channel somebody left or asked in vain, or that it is unknown.

    `reading` is all that was read, `prefix` what Twilio calls the channel.
    """
    if origin.may_opt_in:
        return ""
    if origin.channel is Channel.OTHER:
        return f"came by “{prefix}”, a channel that Optin does not support: you can’t reply from here"
    if reading.meaning in (Meaning.OPT_OUT, Meaning.OPT_OUT_KEYWORD):
        return f"asked by {origin.channel.label}" if origin.channel is not Channel.SMS else ""
    if reading.meaning not in _ASKS:
        return ""
    if not origin.is_phone:
        return "no effect: this sender has no phone number"
    if reading.meaning == Meaning.HELP:
        return f"asked for help by {origin.channel.label}: you can’t reply from here"
    return f"no effect by {origin.channel.label}: it only counts as a text message (SMS)"
