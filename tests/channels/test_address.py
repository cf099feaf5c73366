"""Reading the addresses that Twilio writes."""

import pytest

from optin.channels import address
from optin.enums import Channel


@pytest.mark.parametrize(
    ("written", "channel", "number"),
    [
        ("+14155550134", Channel.SMS, "+14155550134"),
        ("rcs:+14155550134", Channel.RCS, "+14155550134"),
        ("RCS:+14155550134", Channel.RCS, "+14155550134"),
        ("whatsapp:+5215512345678", Channel.WHATSAPP, "+525512345678"),
        ("whatsapp:US.13491208655302741918", Channel.WHATSAPP, None),
        ("messenger:10158431276", Channel.MESSENGER, "messenger:10158431276"),
        ("rcs:brand_x_agent", Channel.RCS, "rcs:brand_x_agent"),
        ("carrierpigeon:+14155550134", Channel.OTHER, "+14155550134"),
        ("carrierpigeon:coop", Channel.OTHER, "carrierpigeon:coop"),
        ("+5491115234567 89".replace(" ", ""), Channel.SMS, "+5491123456789"),
        ("40404", Channel.SMS, "40404"),
        ("Acme & Co", Channel.SMS, "Acme & Co"),
        (" +14155550134\u200b", Channel.SMS, "+14155550134"),
    ],
)
def test_addresses_are_read(written: str, channel: Channel, number: str | None) -> None:
    came = address.parse(written)
    assert came.channel is channel
    assert number is None or came.value == number
    assert len(came.value) <= address.LONGEST_VALUE


def test_two_long_addresses_stay_two() -> None:
    first, second = (address.parse(f"whatsapp:US.{'1' * 40}{end}").value for end in "89")
    assert first != second
    assert address.is_cut(address.our_address(f"rcs:{'a' * 60}"))
    assert not address.is_cut(address.our_address("rcs:brand_x_agent"))
