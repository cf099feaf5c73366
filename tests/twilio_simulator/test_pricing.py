"""The Pricing resource of the simulator, asked with the official SDK."""

import pytest
from twilio.base.exceptions import TwilioRestException


def test_a_country_has_prices_by_carrier_and_type_of_number(simulator):
    simulator.client.pricing.base_url = simulator.url
    found = simulator.client.pricing.v1.messaging.countries("GB").fetch()
    assert (found.iso_country, found.country, found.price_unit) == ("GB", "United Kingdom", "usd")
    by_carrier = {each["carrier"]: each["prices"] for each in found.outbound_sms_prices}
    assert by_carrier["Other"] == [{"number_type": "mobile", "base_price": "0.0560", "current_price": "0.0560"}]
    assert set(by_carrier) == {"One", "Other"}
    assert found.inbound_sms_prices[0]["number_type"] == "local"


def test_other_countries_have_none(simulator):
    simulator.client.pricing.base_url = simulator.url
    with pytest.raises(TwilioRestException) as caught:
        simulator.client.pricing.v1.messaging.countries("ZZ").fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)
