"""The channels by which people write to us, and some of which we send by: what each is and may do, in one list."""

from collections.abc import Iterable

from optin.channels.channel_rules import ChannelRules
from optin.channels.sms import SMS
from optin.channels.sms.stop_filter import BY_TWILIO
from optin.channels.stop_filter import StopFilter
from optin.enums import Channel, SenderKind

_RCS = ChannelRules(
    channel=Channel.RCS,
    prefix="rcs",
    kind_of=lambda _address: SenderKind.RCS,
    stop_filter=StopFilter({SenderKind.RCS: BY_TWILIO}),  # one list for RCS and SMS (since March 2026)
    carries=Channel.SMS,
)
_WHATSAPP = ChannelRules(channel=Channel.WHATSAPP, prefix="whatsapp", on_our_numbers=True)
_MESSENGER = ChannelRules(channel=Channel.MESSENGER, prefix="messenger")
_OTHER = ChannelRules(channel=Channel.OTHER, prefix="")

CHANNELS = {each.channel: each for each in (SMS, _RCS, _WHATSAPP, _MESSENGER, _OTHER)}
"""Every channel. `Channel.OTHER` stands for all that Optin does not know: whoever leaves by one is heard."""


def rules_of(channel: str) -> ChannelRules:
    """Return what a channel is and may do; it is given as a term or as it is stored."""
    return CHANNELS[Channel(channel)]


def named(prefix: str) -> Channel:
    """Return the channel that Twilio calls by a name, in small letters; "" is SMS, any unknown one OTHER."""
    known = {each.prefix: channel for channel, each in CHANNELS.items() if channel is not Channel.OTHER}
    return known.get(prefix, Channel.OTHER)


def sending() -> list[Channel]:
    """List the channels that we send by, SMS first."""
    return _of(each for each in CHANNELS.values() if each.sends)


def carriers_of(channel: Channel) -> list[Channel]:
    """List the channels by which Twilio may hand over what we send by this one."""
    return _of(each for each in CHANNELS.values() if each.carries is channel)


def on_our_numbers() -> list[Channel]:
    """List the channels by which people may text our numbers, although these are senders by SMS."""
    return _of(each for each in CHANNELS.values() if each.on_our_numbers)


def _of(found: Iterable[ChannelRules]) -> list[Channel]:
    return [each.channel for each in found]
