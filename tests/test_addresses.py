"""Ids in addresses that no database could take."""

import pytest

from tests.clients import Browser


@pytest.mark.parametrize("record", ["2147483647", "2147483648", "99999999999999999999"])
@pytest.mark.parametrize("url", ["/keywords/", "/opt-ins/", "/contacts/", "/campaigns/"])
def test_an_id_beyond_every_record_is_not_found(agent: Browser, url: str, record: str) -> None:
    assert agent.get(url + record).status_code == 404


def test_an_id_beyond_every_record_in_a_query_is_none(agent: Browser) -> None:
    for url in ("/keywords/check?word=zebra&keyword_id=99999999999999999999", "/opt-ins/new?keyword=2147483648"):
        assert agent.get(url).status_code == 200
