"""Conversations that don't go by SMS: listed, found and read; the composer says why it is closed."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.enums import Role
from optin.models import Conversation, Message
from tests.features.conftest import NOOR
from tests.support import world
from tests.support.clients import Browser

AGENT = "rcs:brand_x_agent"


def talk(session: Session, number: str, body: str = "Is there parking?", to: str = AGENT) -> Conversation:
    message = world.text(session, body, number, to)
    return session.get_one(Conversation, message.conversation_id)


@pytest.mark.parametrize(
    ("number", "badge", "why"),
    [
        (f"rcs:{NOOR}", "RCS", "these texts came by RCS"),
        (f"whatsapp:{NOOR}", "WhatsApp", "these texts came by WhatsApp"),
        ("messenger:10158431276", "Messenger", "these texts came by Messenger"),
        (f"carrierpigeon:{NOOR}", "Unknown channel", "by a channel that Optin does not support"),
    ],
)
def test_a_thread_of_another_channel_is_shown_and_closed(
    agent: Browser, session: Session, number: str, badge: str, why: str
) -> None:
    world.text(session, "hello", NOOR)
    found = talk(session, number)
    listed = agent.get("/inbox").text
    assert badge in listed
    assert f"/inbox/{found.id}" in listed
    page = agent.get(f"/inbox/{found.id}").text
    assert "Is there parking?" in page
    assert "You can’t reply here" in page
    assert why in page
    refused = agent.post(f"/conversations/{found.id}/messages", data={"body": "Yes, behind the hall."})
    assert refused.status_code == 422
    assert "Yes, behind the hall." in refused.text
    assert session.scalar(select(func.count()).where(Message.direction == "outbound")) == 0


@pytest.mark.parametrize(("name", "why"), [("SUPPORT", "the name of a sender"), ("40404", "a short code")])
def test_a_thread_of_no_phone_is_shown_and_closed(agent: Browser, session: Session, name: str, why: str) -> None:
    world.text(session, "hello", NOOR)  # so that there is a number to send from
    found = talk(session, name, to=world.OURS)
    page = agent.get(f"/inbox/{found.id}").text
    assert f"You can’t text {name}." in page
    assert why in page
    assert "Create contact" not in page
    assert agent.post(f"/conversations/{found.id}/messages", data={"body": "Hi"}).status_code == 422


def test_a_thread_of_another_channel_is_found_and_its_poll_answers(agent: Browser, session: Session) -> None:
    found = talk(session, f"whatsapp:{NOOR}")
    assert f"/inbox/{found.id}" in agent.get(f"/inbox?q={NOOR[-4:]}").text
    assert agent.get(f"/conversations/{found.id}/thread").status_code == 200
    assert agent.post(f"/conversations/{found.id}/closure", data={}).status_code == 303


def test_what_was_asked_in_vain_is_said_in_the_thread(agent: Browser, session: Session) -> None:
    world.keyword(session)
    found = talk(session, f"rcs:{NOOR}", "volunteer")
    assert "only counts as a text message (SMS)" in agent.get(f"/inbox/{found.id}").text


def test_an_unknown_channel_alarms_the_admin_until_it_is_closed(
    browse_as: Callable[[Role], Browser], session: Session
) -> None:
    said = "a channel that Optin does not support: “carrierpigeon”"
    admin = browse_as(Role.ADMIN)
    assert said not in admin.get("/").text
    found = talk(session, f"carrierpigeon:{NOOR}")
    talk(session, f"rcs:{NOOR}")
    assert said in admin.get("/").text
    assert said in admin.get("/settings/twilio").text
    assert said not in browse_as(Role.AGENT).get("/").text
    admin.post(f"/conversations/{found.id}/closure", data={})
    assert said not in admin.get("/").text


def test_settings_list_an_agent_as_receiving_only(browse_as: Callable[[Role], Browser], session: Session) -> None:
    talk(session, f"rcs:{NOOR}")
    page = browse_as(Role.ADMIN).get("/settings/twilio").text
    assert AGENT in page
    assert "Receives only" in page
    assert "RCS agent" in page


def test_a_hold_by_another_channel_leads_to_its_thread(agent: Browser, session: Session) -> None:
    found = talk(session, f"whatsapp:{NOOR}", "we have to stop this some day")
    assert f"/inbox/{found.id}" in agent.get("/review").text
