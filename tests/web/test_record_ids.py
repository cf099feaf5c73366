"""Ids in addresses that no database could take."""

import pytest
from sqlalchemy.orm import Session

from tests.support import world
from tests.support.clients import Browser

BEYOND = ["2147483648", "9223372036854775808", "9" * 30, "-9223372036854775809"]


@pytest.mark.parametrize("record", ["2147483647", "2147483648", "99999999999999999999"])
@pytest.mark.parametrize("url", ["/keywords/", "/opt-ins/", "/contacts/", "/campaigns/"])
def test_an_id_beyond_every_record_is_not_found(agent: Browser, url: str, record: str) -> None:
    assert agent.get(url + record).status_code == 404


def test_an_id_beyond_every_record_in_a_query_is_none(agent: Browser) -> None:
    for url in ("/keywords/check?word=zebra&keyword_id=99999999999999999999", "/opt-ins/new?keyword=2147483648"):
        assert agent.get(url).status_code == 200


@pytest.mark.parametrize("record", BEYOND)
def test_a_message_beyond_every_message_is_none(agent: Browser, session: Session, record: str) -> None:
    maya = world.person(session, "Maya Fox", world.MAYA)
    thread = world.text(session, "hello").conversation_id
    for url in (f"/inbox/{thread}?before=", f"/conversations/{thread}/thread?last=", "/inbox/list?current="):
        assert agent.get(url + record).status_code == 200
    for url in (f"/contacts/{maya.id}?before=", f"/contacts/{maya.id}/thread?last="):
        assert agent.get(url + record).status_code == 200


@pytest.mark.parametrize("record", [*BEYOND, "nobody"])
def test_a_conversation_is_not_given_to_who_is_no_user(agent: Browser, session: Session, record: str) -> None:
    thread = world.text(session, "hello").conversation_id
    assert agent.post(f"/conversations/{thread}/assignment", data={"user_id": record}).status_code == 422
