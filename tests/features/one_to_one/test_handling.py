"""Who gave a conversation to whom, who closed it and when: told in the thread, the person's history and the audit."""

import re
import threading
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import Role
from optin.models import AuditEntry, Conversation, Message, Person
from tests.conftest import Clock, add_user
from tests.features.conftest import NOOR
from tests.support.clients import Browser


@pytest.fixture
def place(session: Session, noor: Person, text: Callable[..., Message], clock: Clock) -> str:
    """The address of a conversation in which a text came in."""
    text("Is there parking?")
    session.commit()
    clock.forward(minutes=1)
    return f"/conversations/{session.scalars(select(Conversation.id)).one()}"


def trail(session: Session) -> list[tuple[str, str, str, str]]:
    rows = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "conversation").order_by(AuditEntry.id))
    return [(row.user.name if row.user else "", row.action, row.before, row.after) for row in rows]


def events(page: str) -> list[str]:
    """Return the lines of the thread that are no messages."""
    found = re.findall(r'<li class="event" id="[^"]*">(.*?)</li>', page, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", row)).split()).partition(" · ")[2] for row in found]


def test_each_change_leaves_a_trace_with_who_and_what(agent: Browser, session: Session, place: str) -> None:
    admin = add_user(session, Role.ADMIN)
    agent.post(f"{place}/assignment", data={"user_id": agent.user.id})
    agent.post(f"{place}/assignment", data={"user_id": admin.id})
    agent.post(f"{place}/closure")
    agent.post(f"{place}/closure", data={"closed": "0"})
    agent.post(f"{place}/assignment", data={"user_id": ""})
    assert trail(session) == [
        ("Agent Example", "assigned", "nobody", "Agent Example"),
        ("Agent Example", "assigned", "Agent Example", "Admin Example"),
        ("Agent Example", "closed", "", ""),
        ("Agent Example", "reopened", "", ""),
        ("Agent Example", "assigned", "Admin Example", "nobody"),
    ]


def test_what_changes_nothing_leaves_none(agent: Browser, session: Session, place: str) -> None:
    agent.post(f"{place}/assignment", data={"user_id": ""})
    agent.post(f"{place}/closure", data={"closed": "0"})
    assert trail(session) == []
    agent.post(f"{place}/closure")
    closed_at = session.scalars(select(Conversation.closed_at)).one()
    agent.post(f"{place}/closure")
    assert len(trail(session)) == 1
    assert session.scalars(select(Conversation.closed_at)).one() == closed_at
    agent.post(f"{place}/assignment", data={"user_id": 99})
    assert len(trail(session)) == 1


def test_it_stands_in_the_thread_in_its_place(
    agent: Browser, session: Session, place: str, text: Callable[..., Message], clock: Clock
) -> None:
    agent.post(f"{place}/assignment", data={"user_id": agent.user.id})
    agent.post(f"{place}/closure")
    clock.forward(minutes=1)
    text("One more thing")
    session.commit()
    inbox = agent.get(place.replace("conversations", "inbox")).text
    assert events(inbox) == ["Agent Example assigned it to themselves", "Agent Example closed it"]
    assert inbox.index("Agent Example closed it") < inbox.index("One more thing", inbox.index("thread-messages"))
    person = session.scalars(select(Person)).one()
    assert "Agent Example closed it" in agent.get(f"/contacts/{person.id}").text


def test_a_thread_that_is_open_elsewhere_hears_of_it(agent: Browser, session: Session, place: str) -> None:
    page = agent.get(place.replace("conversations", "inbox")).text
    poll = unescape(page.split('id="thread-messages"')[1].split('hx-get="')[1].split('"')[0])
    assert agent.get(poll).status_code == 204
    agent.post(f"{place}/closure")
    news = agent.get(poll)
    assert news.status_code == 200
    assert "Agent Example closed it" in news.text


def test_the_persons_history_and_the_audit_tell_it(admin: Browser, session: Session, place: str) -> None:
    admin.post(f"{place}/assignment", data={"user_id": admin.user.id})
    admin.post(f"{place}/closure")
    person = session.scalars(select(Person)).one()
    history = unescape(admin.get(f"/contacts/{person.id}?tab=history").text)
    assert "Conversation closed" in history
    assert "Conversation assigned" in history
    for address in ("/settings/audit", "/settings/audit?about=conversation"):
        audit = unescape(admin.get(address).text)
        assert "Closed conversation with Noor Haddad" in audit
        assert "Assigned conversation with Noor Haddad" in audit
        assert ">nobody</td>" in audit
    assert "Closed conversation" not in admin.get("/settings/audit?about=sms").text
    person.mobile = None
    session.commit()
    assert "Closed conversation with (206) 555-0163" in admin.get("/settings/audit").text
    assert "Closed conversation with (206) 555-0163" in admin.get("/settings/audit/file").text


def test_of_users_who_close_at_once_one_leaves_a_trace(app: Flask, session: Session, place: str) -> None:
    user = add_user(session, Role.AGENT)
    session.commit()
    start = threading.Barrier(6)
    browsers = [app.test_client() for _ in range(6)]
    for browser in browsers:  # not in the threads: what they would ask of the user goes to one session
        browser.sign_in(user)

    def close(browser: Browser) -> None:
        start.wait(30)
        browser.post(f"{place}/closure", lint=False)

    threads = [threading.Thread(target=close, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    session.expire_all()
    assert trail(session) == [("Agent Example", "closed", "", "")]
    assert session.scalars(select(Conversation.number)).one() == NOOR
