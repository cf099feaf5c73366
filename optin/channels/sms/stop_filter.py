"""What Twilio's default STOP filtering does with texts by SMS.

Source: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

from optin.channels.stop_filter import FilteredWords, StopFilter
from optin.enums import SenderKind

_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
_START = frozenset({"start", "unstop"})
_HELP = frozenset({"help", "info"})
BY_TWILIO = FilteredWords(_STOP, _START | {"yes"}, _HELP)
BY_NETWORK = FilteredWords(_STOP, _START, _HELP, by_network=True)
"""On toll-free numbers the network lifts its block for START and UNSTOP alone, not for YES nor a word of one's own."""

STOP_FILTER = StopFilter(
    {SenderKind.LONG_CODE: BY_TWILIO, SenderKind.SERVICE: BY_TWILIO, SenderKind.TOLL_FREE: BY_NETWORK}
)
"""A stand-alone short code has no filter."""
