"""Message templates: making, renaming and deleting them, who may, and putting them behind what was typed."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import Role
from optin.features.message_templates import records
from optin.models import AuditEntry, Message, MessageTemplate
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

TEXT = "Hi {{ first_name | there }}, see you on Saturday."


def create(browser: Browser, name: str = "Reminder", body: str = TEXT):
    return browser.post("/templates", data={"name": name, "body": body})


def only(session: Session) -> MessageTemplate:
    return session.scalars(select(MessageTemplate)).one()


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
def test_making_renaming_and_deleting(
    session: Session, browse_as: Callable[[Role | None], Browser], role: Role
) -> None:
    browser = browse_as(role)
    assert create(browser, "  Saturday   reminder ", f"\r\n{TEXT}\r\n").status_code == 303
    template = only(session)
    assert (template.name, template.body) == ("Saturday reminder", TEXT)
    assert browser.user is not None
    assert template.updated_by_id == browser.user.id
    assert "Saturday reminder" in browser.get("/templates").text
    address = f"/templates/{template.id}"
    assert 'value="Saturday reminder"' in browser.get(address).text
    assert browser.post(address, data={"name": "Sunday", "body": TEXT}).status_code == 303
    session.expire_all()
    assert only(session).name == "Sunday"
    assert browser.post(f"{address}/deletion").status_code == 303
    assert session.scalars(select(MessageTemplate)).all() == []
    trail = session.execute(
        select(AuditEntry.action, AuditEntry.field, AuditEntry.before, AuditEntry.after)
        .where(AuditEntry.subject_kind == "template")
        .order_by(AuditEntry.id)
    )
    assert [tuple(row) for row in trail] == [
        ("created", "Name", "", "Saturday reminder"),
        ("created", "Text", "", TEXT),
        ("changed", "Name", "Saturday reminder", "Sunday"),
        ("deleted", "Name", "Sunday", ""),
        ("deleted", "Text", TEXT, ""),
    ]


def test_admins_see_the_trail(session: Session, admin: Browser) -> None:
    create(admin)
    assert "Created Reminder: Name" in admin.get("/settings/audit?about=template").text


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("", TEXT, "Enter a name."),
        ("x" * 81, TEXT, "longer than 80 characters"),
        ("Reminder", "", "Write a message first."),
        ("Reminder", "Hi {{ nick }}", "There is no merge field “nick”"),
        ("Reminder", "y" * 1601, "The text has 1,601 characters. Shorten it to 1,600."),
    ],
)
def test_what_is_no_template_is_refused_and_kept(
    session: Session, agent: Browser, name: str, body: str, sentence: str
) -> None:
    answer = create(agent, name, body)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert body in answer.text
    assert session.scalars(select(MessageTemplate)).all() == []


def test_a_name_is_taken_once_whatever_its_case(session: Session, agent: Browser) -> None:
    create(agent)
    refused = create(agent, "REMINDER", "Another text")
    assert refused.status_code == 422
    assert "Another template already has this name." in refused.text
    assert "Another text" in refused.text
    create(agent, "Other")
    other = session.scalars(select(MessageTemplate).where(MessageTemplate.name == "Other")).one()
    assert agent.post(f"/templates/{other.id}", data={"name": "reminder", "body": TEXT}).status_code == 422
    session.expire_all()
    assert other.name == "Other"
    assert session.scalars(select(AuditEntry.action)).all().count("changed") == 0


def test_saving_the_same_changes_nothing(session: Session, agent: Browser) -> None:
    create(agent)
    template = only(session)
    assert records.save(session, template, template.name, template.body, agent.user.id) is None
    assert "changed" not in session.scalars(select(AuditEntry.action)).all()


def test_viewers_read_them(session: Session, agent: Browser, viewer: Browser) -> None:
    create(agent)
    page = viewer.get("/templates").text
    assert "Reminder" in page
    assert "New template" not in page
    template = only(session)
    for address in ("", f"/{template.id}", f"/{template.id}/deletion"):
        assert viewer.post(f"/templates{address}").status_code == 403


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("", TEXT), ("Dear all", f"Dear all\n{TEXT}"), ("Two\r\nlines \r\n", f"Two\nlines\n{TEXT}")],
)
def test_a_broadcast_gets_it_behind_what_was_typed(session: Session, agent: Browser, typed: str, shown: str) -> None:
    create(agent)
    scene.sender(session)
    campaign = scene.campaign(session, world.keyword(session))
    scene.member(session, campaign, world.person(session, "Maya Chen", world.MAYA))
    page = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    assert f'<option value="{only(session).id}">Reminder</option>' in page
    data = {"body": typed, "do": "template", "template": str(only(session).id)}
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=data)
    assert answer.status_code == 200
    assert f"{shown}</textarea>" in answer.text
    assert "Hi Maya, see you on Saturday." in answer.text
    for gone in ("4711", "x", ""):
        kept = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={**data, "body": "Mine", "template": gone})
        assert "Mine</textarea>" in kept.text


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("where", ["contact", "inbox"])
def test_a_message_to_one_gets_it_behind_what_was_typed(
    app: Flask, session: Session, agent: Browser, where: str, htmx: dict[str, str]
) -> None:
    create(agent)
    scene.sender(session)
    person = world.person(session, "Maya Chen", world.MAYA)
    message = world.text(session, "hello")
    page = f"/contacts/{person.id}" if where == "contact" else f"/inbox/{message.conversation_id}"
    form = f"/contacts/{person.id}" if where == "contact" else f"/conversations/{message.conversation_id}"
    assert "Use template" in agent.get(page).text
    data = {"body": "Dear Maya", "form_key": str(uuid4()), "do": "template", "template": str(only(session).id)}
    answer = agent.post(f"{form}/messages", data=data, headers=htmx)
    assert answer.status_code == 200
    assert f"Dear Maya\n{TEXT}</textarea>" in answer.text
    assert ("<h1" in answer.text) == (not htmx)
    assert session.scalars(select(Message).where(Message.direction == "outbound")).all() == []
