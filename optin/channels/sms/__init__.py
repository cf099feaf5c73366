"""SMS: its addresses, what Twilio filters there, and how its texts are counted (texts/segments.py)."""

from optin.channels.channel_rules import ChannelRules
from optin.channels.sms.address_form import is_ours, kind_of
from optin.channels.sms.stop_filter import STOP_FILTER
from optin.enums import Channel
from optin.texts import segments

SMS = ChannelRules(
    channel=Channel.SMS,
    prefix="",
    kind_of=kind_of,
    stop_filter=STOP_FILTER,
    sends=True,
    is_ours=is_ours,
    measure=segments.count,
)
