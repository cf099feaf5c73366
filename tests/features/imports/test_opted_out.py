"""Importing a list of opted-out numbers, as an admin does."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import Direction, EndReason, EventKind, OptInSource, OptInStatus, ReplyKind
from optin.models import ConsentEvent, Message, OptIn, Person, Suppression
from tests.support import importing, outbox, world
from tests.support.clients import Browser
from tests.support.world import INES, MAYA, TOM

LIST = importing.table(
    "(415) 555-0134",
    "+1 646 555 0177",
    "001 312 555 0118",
    "415-555-0134",
    "12",
    headers="Phone",
)


def test_the_numbers_are_opted_out(app: Flask, admin: Browser, session: Session) -> None:
    """One opted in, one left before, one was never heard of; a second import changes nothing."""
    world.keyword(session)
    world.text(session, "volunteer", MAYA)
    world.text(session, "stop", TOM)
    assert "/imports/new/opted_out" in admin.get("/settings/opted-out").text
    run_id = importing.upload(admin, LIST, kind="opted_out")
    preview = importing.choose(admin, run_id)
    assert importing.shown(preview) == [
        ("2", "Opted out now"), ("1", "Opted out before"), ("1", "Left out"), ("1", "Can’t be read"),
    ]  # fmt: skip
    assert "Opt out 2 numbers" in preview
    importing.start(admin, run_id)
    assert set(session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None)))) == {MAYA, TOM, INES}
    assert session.scalars(select(OptIn.end_reason)).all() == [EndReason.OPTED_OUT]
    assert session.scalars(select(Person)).all() == []
    imported = select(ConsentEvent).where(ConsentEvent.source == OptInSource.IMPORT)
    events = session.scalars(imported.where(ConsentEvent.opt_in_id.is_(None))).all()
    assert [(event.kind, event.actor_id) for event in events] == [(EventKind.OPTED_OUT, admin.user.id)] * 2
    assert "Row 2 of people.csv" in admin.get("/settings/opted-out").text
    page = admin.get(f"/imports/{run_id}").text
    assert "Also take back 2 opt-outs" in page
    before = len(session.scalars(select(ConsentEvent)).all())
    importing.import_file(app, session, admin, LIST, kind="opted_out")
    assert len(session.scalars(select(ConsentEvent)).all()) == before
    replies = session.scalars(select(Message.reply_kind).where(Message.direction == Direction.OUTBOUND)).all()
    assert replies == [ReplyKind.CONFIRMATION]


def test_what_waits_for_them_is_taken_back(app: Flask, admin: Browser, session: Session) -> None:
    keyword = world.keyword(session)
    world.text(session, "volunteer", MAYA)
    broadcast = outbox.broadcast(session, to=keyword)
    outbox.add_people(session, broadcast, [MAYA])
    importing.import_file(app, session, admin, LIST, kind="opted_out")
    sent = session.scalars(select(Message).where(Message.broadcast_id == broadcast.id)).one()
    assert sent.reason == "opted_out"


def test_who_the_list_calls_active_is_left_alone(app: Flask, admin: Browser, session: Session) -> None:
    data = importing.table("4155550134;unsubscribed", "6465550177;subscribed", "3125550118;", headers="Phone;Opted out")
    run = importing.import_file(app, session, admin, data, kind="opted_out", columns="mobile opted_out")
    assert session.scalars(select(Suppression.number)).all() == [MAYA]
    assert (run.counts["new"], run.counts["left_out"]) == (1, 2)


def test_every_spelling_of_a_number_is_opted_out(app: Flask, admin: Browser, session: Session) -> None:
    """The forms of an older numbering plan too, as with a STOP."""
    importing.import_file(app, session, admin, importing.table("+5215512345678", headers="Phone"), kind="opted_out")
    assert set(session.scalars(select(Suppression.number))) >= {"+525512345678", "+5215512345678"}


def test_agents_import_people_and_no_lists_of_numbers(admin: Browser, agent: Browser, session: Session) -> None:
    run_id = importing.upload(admin, LIST, kind="opted_out")
    assert agent.get("/imports/new/opted_out").status_code == 403
    assert agent.post("/imports/new/opted_out").status_code == 403
    for way in ("", "/columns", "/rows", "/rows/file", "/progress"):
        assert agent.get(f"/imports/{run_id}{way}").status_code == 403
    for way in ("columns", "start", "undo", "cancellation", "pause", "resumption"):
        assert agent.post(f"/imports/{run_id}/{way}", data={"known": "fill"}).status_code == 403
    assert "people.csv" not in agent.get("/imports").text
    assert "/imports/new/opted_out" not in agent.get("/settings/opted-out").text


def test_a_question_that_waits_ends_as_well(app: Flask, admin: Browser, session: Session) -> None:
    """Who left and texted a keyword that asks first is opted out still; the answer to it would end that."""
    world.keyword(session, double_opt_in=True)
    world.text(session, "stop", TOM)
    world.text(session, "volunteer", TOM)
    assert session.scalars(select(OptIn.status)).all() == [OptInStatus.PENDING]
    importing.import_file(app, session, admin, LIST, kind="opted_out")
    assert session.scalars(select(OptIn.end_reason)).all() == [EndReason.OPTED_OUT]
