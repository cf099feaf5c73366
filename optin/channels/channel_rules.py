"""What differs from channel to channel, as one value for each. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field

from optin.channels.stop_filter import StopFilter
from optin.enums import Channel, SenderKind
from optin.texts import segments
from optin.texts.segments import Segments


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """One channel. Only by one that `sends` may people opt in, come back and be answered; they can leave by any.

    `prefix` is what Twilio writes before an address and its colon, "" for nothing. Addresses of ours are given without
    it: `kind_of` tells their kind from their form, `is_ours` whether we could send from one. `measure` counts a text as
    it will be sent. `carries` names the channel whose messages Twilio may hand over by this one, as it sees fit;
    `on_our_numbers`: our numbers may serve this channel too, without being told apart.
    """

    channel: Channel
    prefix: str
    kind_of: Callable[[str], SenderKind] = lambda _address: SenderKind.ELSEWHERE
    stop_filter: StopFilter = field(default_factory=StopFilter)
    sends: bool = False
    is_ours: Callable[[str], bool] = lambda _address: False
    measure: Callable[[str], Segments] = segments.count
    carries: Channel | None = None
    on_our_numbers: bool = False
