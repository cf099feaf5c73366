"""Fields of one's own in messages: written, counted, previewed, filled in for each, and held while they are needed."""

import random
import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from optin.consent import audience
from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import Channel, FieldKind
from optin.features.broadcasts import sending
from optin.features.broadcasts.sending import BroadcastOrder
from optin.models import Broadcast, Campaign, Message, MessageTemplate, OwnField, OwnValue, Person
from optin.own_fields import definitions, deleting, kinds, merging, values
from optin.policy import cache, policy
from optin.refused import Refused
from optin.sending import broadcast_cost, broadcast_text, claim
from optin.texts import merge_fields, segments
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.own_fields import add, put

MAYA, TOM = world.MAYA, world.TOM


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Maya and Tom opted in with the keyword; sending hours are off."""
    policy.change(session, None, sending_hours=False)
    made = scene.campaign(session, world.keyword(session))
    scene.sender(session)
    for name, number in (("Maya Chen", MAYA), ("Tom Reyes", TOM)):
        scene.member(session, made, world.person(session, name, number))
        scene.opts_in(session, number, made.keyword)
    return made


def maya(session: Session) -> Person:
    return session.scalars(select(Person).where(Person.mobile == MAYA)).one()


def send(agent: Browser, campaign: Campaign, body: str):
    return agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": body, "form_key": str(uuid4())})


def claimed(app: Flask, session: Session) -> dict[str, str]:
    broadcast = session.scalars(select(Broadcast)).one()
    session.commit()
    with app.app_context():
        return {each.number: each.body for each in claim.claim(db.engine, broadcast_id=broadcast.id)}


BODY = "Hi {{ first_name }}, shift {{ shift | soon }} on {{ day }}, {{ size }} {{ drives | who knows }} {{dogs}}!"


def test_each_gets_what_their_record_says(app: Flask, session: Session, campaign: Campaign, agent: Browser) -> None:
    fields = [
        (add(session, "Shift"), "at  8"),
        (add(session, "Day", FieldKind.DAY), "2026-05-03"),
        (add(session, "Size", FieldKind.CHOICE, "S", "M"), "M"),
        (add(session, "Drives", FieldKind.YES_NO), "true"),
        (add(session, "Dogs", FieldKind.NUMBER), "1,5"),
    ]
    for field, typed in fields:
        put(session, field, maya(session), typed)
    page = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    assert "{{ shift }}" in page
    preview = agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data={"body": BODY})
    assert "There is no merge field" not in preview.text
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": BODY}).text
    assert "Send to 2 people" in asked
    assert send(agent, campaign, BODY).status_code == 303
    definitions.archive(session, fields[0][0], None)
    assert claimed(app, session) == {
        MAYA: "Hi Maya, shift at 8 on 3 May 2026, M yes 1.5!",
        TOM: "Hi Tom, shift soon on, who knows!",
    }
    assert "There is no merge field “shift”" in send(agent, campaign, "{{ shift }}").text


def test_one_to_one_and_templates(session: Session, campaign: Campaign, agent: Browser) -> None:
    put(session, add(session, "Shift"), maya(session), "at 8")
    here = f"/contacts/{maya(session).id}"
    assert "{{ shift }}" in agent.get(here).text
    agent.post(f"{here}/messages", data={"body": "Your shift: {{ shift }}", "form_key": str(uuid4())})
    assert session.scalars(select(Message.body).where(Message.body.contains("shift"))).one() == "Your shift: at 8"
    assert agent.post("/templates", data={"name": "Reminder", "body": "At {{ shift }}"}).status_code == 303
    assert "{{ shift }}" in agent.get("/templates").text
    assert agent.post("/templates", data={"name": "Other", "body": "At {{ shifts }}"}).status_code == 422
    assert session.scalars(select(MessageTemplate.name)).all() == ["Reminder"]


def test_a_claim_asks_once_more_for_all_and_not_at_all_without(
    app: Flask, session: Session, campaign: Campaign, agent: Browser
) -> None:
    put(session, add(session, "Shift"), maya(session), "at 8")
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    for body, count in (("Hi {{ first_name }}", 0), ("Hi {{ shift }}", 1)):
        send(agent, campaign, body)
        asked.clear()
        with app.app_context():
            broadcast = session.scalars(select(Broadcast.id).order_by(Broadcast.id.desc())).first()
            session.commit()
            assert len(claim.claim(db.engine, broadcast_id=broadcast)) == 2
        assert sum("own_value" in statement for statement in asked) == count


WORDS = ["", "x", "Zoë", "李", "a" * 40, "Ω" * 9, "€uro", "{x}", "’"]


def test_segments_are_counted_as_each_would_get_it(session: Session, campaign: Campaign) -> None:
    draws = random.Random(5)
    size = ["S", "Größe L", "ẞ" * 20]
    made = [
        add(session, "Shift"),
        add(session, "Day", FieldKind.DAY),
        add(session, "Size", FieldKind.CHOICE, *size),
        add(session, "Dogs", FieldKind.NUMBER),
    ]
    for index in range(24):
        number = f"+1415556{index:04d}"
        person = world.person(session, f"Name{index} X", number)
        scene.member(session, campaign, person)
        scene.opts_in(session, number, campaign.keyword)
        day = (date(2026, 1, 1) + timedelta(days=draws.randrange(400))).isoformat()
        texts = (draws.choice(WORDS), day, draws.choice(size), draws.choice(["1", "22", "3.5"]))
        for field, typed in zip(made, texts, strict=True):
            if typed and draws.random() < 0.8:
                put(session, field, person, typed)
    for body in (
        "{{ shift }}{{ day }}" + "x" * 128,
        "{{ size | none }} {{ dogs }} {{ first_name }}" + "y" * 140,
        "{{ shift }}{{ size }}" + "z" * 40,
    ):
        people = list(session.scalars(select(Person)))
        own = merging.of_people(session, people, body)
        given = [{"first_name": each.first_name, **own.get(each.id, {})} for each in people]
        sizes = [segments.count(merge_fields.render(body, each)) for each in given]
        worst = broadcast_text.longest(session, campaign.id, body, "us")
        assert worst.segments == max(each.segments for each in sizes)
        asked = audience.ask(session, campaign, "", Channel.SMS, cache.policy(session))
        found = broadcast_cost.segment_spread(session, asked, body, len(people), worst)
        counts = [each.segments for each in sizes]
        assert found.people == {count: counts.count(count) for count in sorted(set(counts))}


def test_sql_says_what_the_message_says(session: Session, campaign: Campaign) -> None:
    fields = [
        (add(session, "Day", FieldKind.DAY), ["2026-01-01", "0999-12-31", "1990-10-20", "2024-02-29", ""]),
        (add(session, "Size", FieldKind.CHOICE, "S", "it’s"), ["S", "it’s", ""]),
        (add(session, "Drives", FieldKind.YES_NO), ["yes", "no", ""]),
        (add(session, "Dogs", FieldKind.NUMBER), ["-1.5", "100000000000000", ""]),
        (add(session, "Empty list", FieldKind.TEXT), ["a 'b'", ""]),
    ]
    for field, texts in fields:
        [cached] = merging.used_in(session, f"{{{{ {field.key} }}}}")
        column = merging.column(cached)
        for text in texts:
            held = values.held(session, [f"own-{field.key}"])
            values.write(session, held, [(maya(session).id, {f"own-{field.key}": text})])
            said = session.scalar(
                merging.join(select(column.text), [column]).select_from(Person).where(Person.mobile == MAYA)
            )
            assert said == kinds.shown(cached.kind, text)


def test_a_field_is_not_deleted_under_a_text_that_is_just_being_sent(
    app: Flask, session: Session, campaign: Campaign
) -> None:
    """Of a deletion and a broadcast at the same moment one is refused, whichever comes first."""
    with app.app_context():
        engine = db.engine
    for turn in range(6):
        field = add(session, f"Shift {turn}").id
        start, refused = threading.Barrier(2), dict[str, bool]()

        def end(field: int = field, start: threading.Barrier = start, refused: dict[str, bool] = refused) -> None:
            start.wait()
            with writing(engine) as own:
                mine = definitions.locked(own, field)
                assert mine is not None
                refused["deletion"] = deleting.begin(own, mine, "", None) is not None

        def send_it(turn: int = turn, start: threading.Barrier = start, refused: dict[str, bool] = refused) -> None:
            order = BroadcastOrder(f"At {{{{ shift_{turn} }}}}", None, str(uuid4()), None)
            start.wait()
            with writing(engine) as own:
                answer = sending.start(own, campaign.id, order)
                refused["broadcast"] = isinstance(answer, Refused)
                if isinstance(answer, Refused):
                    own.rollback()

        threads = [threading.Thread(target=end), threading.Thread(target=send_it)]
        for thread in threads if turn % 2 else reversed(threads):
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(refused.values()) == [False, True]
    assert session.scalars(select(OwnValue)).all() == []
    assert len(session.scalars(select(OwnField)).all()) == 6
