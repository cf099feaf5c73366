"""The SMS Inbox through HTTP: what is listed, searched and shown, who takes care of it, and its polls."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.channels import address
from optin.enums import PersonKind, Role
from optin.models import Conversation, Keyword, Message, Person, User
from optin.person import records
from optin.refused import done
from optin.sending import conversations
from tests.conftest import add_user
from tests.features.conftest import NOOR
from tests.support.clients import Browser

UNKNOWN = "+13125550118"


def names(page: str) -> list[str]:
    """The conversations of the list, from the top."""
    return re.findall(r'<span class="name">([^<]+)</span>', page)


def conversation(session: Session, number: str = NOOR) -> Conversation:
    return session.scalars(select(Conversation).where(Conversation.number == number)).one()


def test_conversations_stand_newest_first_with_unread_counts(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message], clock: Any
) -> None:
    clock.set(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    text("Is there parking?")
    clock.forward(minutes=1)
    text("volunteer", UNKNOWN)
    clock.forward(minutes=1)
    text("And a bus?")
    page = agent.get("/inbox").text
    assert names(page) == ["Noor Haddad", "(312) 555-0118"]
    assert "And a bus?" in page
    assert '<span class="unread">2<span' in page
    assert re.search(r'<span class="count">2<span class="visually-hidden"> waiting', page)


def test_a_broadcast_alone_puts_nothing_into_the_inbox(agent: Browser, session: Session, noor: Person) -> None:
    conversations.ensure(session, [address.parse(NOOR)], the_clock.now())
    assert "No conversations yet" in agent.get("/inbox").text


def test_opening_is_reading_for_who_can_answer(
    browse_as: Callable[[Role], Browser], session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    text("Is there parking?")
    address = f"/inbox/{conversation(session).id}"
    assert "Is there parking?" in browse_as(Role.VIEWER).get(address).text
    assert conversation(session).unread == 1
    assert browse_as(Role.AGENT).get(address).status_code == 200
    assert conversation(session).unread == 0


def test_the_poll_of_an_open_thread_reads_what_it_shows(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    text("Is there parking?")
    place = f"/conversations/{conversation(session).id}/thread"
    assert "Is there parking?" in agent.get(f"{place}?version=0.x&last=0").text
    assert conversation(session).unread == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=haddad", ["Noor Haddad"]),
        ("q=Parking", ["Noor Haddad"]),
        ("q=(206) 555", ["Noor Haddad"]),
        ("q=312555", ["(312) 555-0118"]),
        ("q=nobody", []),
        ("q=%25", []),
        ("show=unread", ["(312) 555-0118"]),
        ("show=mine", ["Noor Haddad"]),
        ("show=unassigned", ["(312) 555-0118"]),
        ("show=closed", ["Closed Case"]),
        ("show=all", ["(312) 555-0118", "Noor Haddad", "Closed Case"]),
        ("show=nonsense", ["(312) 555-0118", "Noor Haddad"]),
        ("show=mine&q=312", []),
    ],
)
def test_filters_and_search_stand_in_the_address(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message], query: str, found: list[str]
) -> None:
    done(
        records.create(
            session, PersonKind.LEAD, {"first_name": "Closed", "last_name": "Case", "mobile": "+14155550199"}, None
        )
    )
    for number, body in (("+14155550199", "Bye"), (NOOR, "Is there parking?"), (UNKNOWN, "volunteer")):
        text(body, number)
    closed, mine = conversation(session, "+14155550199"), conversation(session)
    closed.closed_at = the_clock.now()
    mine.unread, mine.assigned_to_id = 0, agent.user.id if agent.user else 0
    assert names(agent.get(f"/inbox?{query}").text) == found
    assert names(agent.get(f"/inbox/list?{query}").text) == found


def test_pages_of_conversations_have_no_gap(agent: Browser, session: Session) -> None:
    now = the_clock.now()
    for index in range(70):
        at = now - timedelta(minutes=index // 2)
        session.add(Conversation(number=f"+1415555{index:04}", created_at=at, last_message_at=at, preview="Hi"))
    first = agent.get("/inbox").text
    older = re.search(r'href="(/inbox\?page=[^"]+)" rel="next"', first)
    assert older
    seen = names(first) + names(agent.get(older[1]).text)
    assert len(seen) == len(set(seen)) == 70


def test_a_closed_conversation_opens_by_itself_when_they_text(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    text("Thanks")
    place = f"/conversations/{conversation(session).id}/closure"
    page = agent.post(f"{place}?show=unread", follow_redirects=True)
    assert page.request.path == f"/inbox/{conversation(session).id}"
    assert page.request.args["show"] == "unread"
    assert "Closed. It reopens by itself when they text." in page.text
    assert conversation(session).closed_by_id == (agent.user.id if agent.user else 0)
    agent.post(place, data={"closed": "0"})
    assert conversation(session).closed_at is None
    agent.post(place)
    text("One more thing")
    assert conversation(session).closed_at is None


def test_a_conversation_is_given_to_somebody_who_can_answer(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    text("Hello")
    admin, viewer = add_user(session, Role.ADMIN), add_user(session, Role.VIEWER)
    place = f"/conversations/{conversation(session).id}/assignment"
    assert "Assigned to Admin Example." in agent.post(place, data={"user_id": admin.id}, follow_redirects=True).text
    assert conversation(session).assigned_to_id == admin.id
    assert agent.post(place, data={"user_id": viewer.id}).status_code == 422
    assert agent.post(place, data={"user_id": 99}).status_code == 422
    assert conversation(session).assigned_to_id == admin.id
    assert "No longer assigned." in agent.post(place, data={"user_id": ""}, follow_redirects=True).text
    assert conversation(session).assigned_to_id is None


def test_the_list_asks_and_hears_only_news(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    text("Hello")
    page = agent.get("/inbox").text
    found = re.search(r'hx-get="(/inbox/list\?[^"]*version=[^"]+)"', page)
    assert found
    poll = found[1].replace("&amp;", "&")
    assert agent.get(poll).status_code == 204
    text("Is there parking?", UNKNOWN)
    assert names(agent.get(poll).text) == ["(312) 555-0118", "Noor Haddad"]


def test_an_unknown_number_can_become_a_person(
    agent: Browser, session: Session, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer", UNKNOWN)
    page = agent.get(f"/inbox/{conversation(session, UNKNOWN).id}").text
    assert "No contact or lead" in page
    link = re.search(r'href="(/leads/new\?mobile=[^"]+)"', page)
    assert link
    assert 'value="(312) 555-0118"' in agent.get(link[1]).text


def test_the_side_names_everybody_on_the_number(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    lead = done(records.create(session, PersonKind.LEAD, {"first_name": "Paulo", "mobile": NOOR}, None))
    text("volunteer")
    page = agent.get(f"/inbox/{conversation(session).id}").text
    assert "shared by 2" in page
    assert f'href="/contacts/{noor.id}">Noor Haddad</a>' in page
    assert f'href="/leads/{lead.id}">Paulo</a> (lead)' in page
    assert '<span class="state ok">volunteer</span>' in page


def test_next_previous_reply_and_close_have_keys(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message], volunteer: Keyword
) -> None:
    for number in ("+14155550101", NOOR, UNKNOWN):
        text("Hello", number)
    page = agent.get(f"/inbox/{conversation(session).id}").text
    keyed = re.findall(r'id="conversation-(\d+)"[^>]*data-key="(\w)"', page, re.S)
    above, below = conversation(session, UNKNOWN).id, conversation(session, "+14155550101").id
    assert dict(keyed) == {str(above): "k", str(below): "j"}
    assert re.search(r'<textarea[^>]*data-key="r"', page)
    assert re.search(r'<button[^>]*data-key="e"', page)


@pytest.mark.parametrize("path", ["/inbox/99", "/conversations/99/thread", "/inbox/99999999999"])
def test_what_is_not_there_is_404(agent: Browser, path: str) -> None:
    assert agent.get(path).status_code == 404


def test_a_viewer_neither_assigns_nor_closes(
    viewer: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    text("Hello")
    place = f"/conversations/{conversation(session).id}"
    for path in (f"{place}/assignment", f"{place}/closure"):
        assert viewer.post(path).status_code == 403
    assert conversation(session).closed_at is None
    assert session.scalars(select(User)).all() != []
