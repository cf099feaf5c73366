"""Series after a keyword on pages: written, started, with figures of each text, changed, paused and ended."""

import html
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from optin import clock as the_clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.database.session import db
from optin.enums import HoldCause, MessageStatus, OptInSource
from optin.features.broadcasts import series_form
from optin.features.broadcasts.series_form import TypedText
from optin.models import AuditEntry, Broadcast, Campaign, Message, Series, SeriesStep
from optin.policy import policy
from optin.sending import broadcast_text, delivery, series
from optin.sending.series_turns import DAY, HOUR, Wait
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import series_scene, world
from tests.support.clients import Browser
from tests.support.clockwork import looking
from tests.support.clockwork import start as start_messages

NOON = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
FORM = {
    "name": "Welcome",
    "texts": "2",
    "body-1": "Hi {{ first_name | there }}",
    "count-1": "1",
    "unit-1": "hours",
    "at-1": "",
    "body-2": "How is it going?",
    "count-2": "2",
    "unit-2": "days",
    "at-2": "10:30",
    "takes": "new",
    "do": "save",
}


@pytest.fixture
def campaign(session: Session, agent: Browser, clock: Clock) -> Campaign:
    clock.set(NOON)
    policy.change(session, None, sending_hours=False)
    scene.sender(session)
    return scene.campaign(session, world.keyword(session))


@pytest.fixture
def go_on(app: Flask, session: Session, clock: Clock) -> Callable[[float], None]:
    """Let hours pass, and put out and send what is due then."""
    chores = looking(app, session)

    def do(hours: float) -> None:
        clock.forward(hours=hours, seconds=1)
        chores()
        session.expire_all()
        with app.app_context():
            for broadcast in session.scalars(select(Broadcast)).all():
                for claimed in start_messages(session, db.engine, broadcast):
                    session.get_one(
                        Message, claimed.message_id, populate_existing=True
                    ).status = MessageStatus.DELIVERED
                session.commit()
                delivery.finish(db.engine, broadcast.id)
        session.expire_all()

    return do


def page(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(answer.text).split())


def saved(session: Session, agent: Browser, campaign: Campaign, **more: str) -> Series:
    assert agent.post(f"/campaigns/{campaign.id}/series", data=FORM | more).status_code == 303
    session.rollback()
    return session.scalars(select(Series).order_by(Series.id.desc())).first()  # type: ignore[return-value]


def bring_to(agent: Browser, made: Series, state: str) -> None:
    answer = agent.post(f"/series/{made.id}/state", data={"state": state})
    assert answer.status_code == 303


def test_a_series_is_written_started_and_listed(session: Session, agent: Browser, campaign: Campaign) -> None:
    assert "No series yet" in page(agent, f"/campaigns/{campaign.id}?tab=broadcasts&view=series")
    assert "view=series" in page(agent, f"/campaigns/{campaign.id}?tab=broadcasts"), "also where nobody is a member"
    assert "Everyone who opts in after the start" in page(agent, f"/campaigns/{campaign.id}/series/new")
    made = saved(session, agent, campaign)
    steps = series.steps(session, made.id)
    assert [(step.body, series.wait_of(step)) for step in steps] == [
        ("Hi {{ first_name | there }}", Wait(HOUR)),
        ("How is it going?", Wait(2 * DAY, 10 * HOUR + 30)),
    ]
    own = page(agent, f"/series/{made.id}")
    assert "Not started" in own
    assert "2 days after text 1, then at 10:30 where they are" in own
    bring_to(agent, made, "active")
    assert "Paused" not in page(agent, f"/series/{made.id}")
    listed = page(agent, f"/campaigns/{campaign.id}?tab=broadcasts&view=series")
    assert f'href="/series/{made.id}"' in listed
    assert "Series started" in page(agent, f"/campaigns/{campaign.id}?tab=history")
    assert agent.get("/series/999").status_code == 404
    assert agent.post(f"/series/{made.id}/state", data={"state": "draft"}).status_code == 422


@pytest.mark.parametrize("number", ["9" * 20, "9" * 5000, "-1", "²"])
@pytest.mark.parametrize("field", ["sender", "version", "texts", "count-1", "at-1", "do"])
def test_a_number_that_names_nothing_is_no_error_of_ours(
    session: Session, agent: Browser, campaign: Campaign, field: str, number: str
) -> None:
    agent.post(f"/campaigns/{campaign.id}/series", data=FORM)
    made = session.scalars(select(Series)).one()
    given = FORM | {field: f"remove-{number}" if field == "do" else number}
    for address in (f"/campaigns/{campaign.id}/series", f"/series/{made.id}"):
        assert agent.post(address, data=given).status_code in (200, 303, 422)
    assert agent.post(f"/campaigns/{campaign.id}/series/preview?text={number}", data=FORM).status_code in (200, 422)


def test_buttons_of_the_form_add_and_remove_texts(session: Session, agent: Browser, campaign: Campaign) -> None:
    more = agent.post(f"/campaigns/{campaign.id}/series", data=FORM | {"do": "add"})
    assert more.status_code == 200
    assert 'name="body-3"' in more.text
    assert "How is it going?" in more.text
    less = agent.post(f"/campaigns/{campaign.id}/series", data=FORM | {"do": "remove-1"})
    assert 'name="body-2"' not in less.text
    assert "How is it going?" in less.text
    checked = html.unescape(agent.post(f"/campaigns/{campaign.id}/series", data=FORM | {"do": "check"}).text)
    assert "Somebody without a record reads: “Hi there”" in checked
    shown = agent.post(f"/campaigns/{campaign.id}/series/preview?text=2", data=FORM)
    assert "16 characters" in shown.text
    assert agent.post(f"/campaigns/{campaign.id}/series/preview?text=9", data=FORM).status_code == 422
    assert session.scalars(select(Series)).all() == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": " "}, "Give the series a name"),
        ({"count-1": "0"}, "Enter how long text 1 waits: 1 hour to 365 days."),
        ({"count-2": "366"}, "Enter how long text 2 waits"),
        ({"count-2": "x"}, "Enter how long text 2 waits"),
        ({"at-2": "25:00"}, "Enter the time of day of text 2"),
        ({"body-1": ""}, "Text 1: Write a message first."),
        ({"body-2": "Hi {{ nobody }}"}, "Text 2: "),
        ({"sender": "99"}, "That number is no longer in use"),
    ],
)
def test_what_can_not_be_is_refused_with_what_was_typed(
    session: Session, agent: Browser, campaign: Campaign, more: dict[str, str], said: str
) -> None:
    answer = agent.post(f"/campaigns/{campaign.id}/series", data=FORM | more)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
    assert (FORM | more)["body-2"] in html.unescape(answer.text)
    assert session.scalars(select(Series)).all() == []


def test_a_campaign_without_a_keyword_has_none(session: Session, agent: Browser, campaign: Campaign) -> None:
    campaign.keyword_id = None
    session.commit()
    assert "this campaign has none" in page(agent, f"/campaigns/{campaign.id}?tab=broadcasts&view=series")
    assert agent.post(f"/campaigns/{campaign.id}/series", data=FORM).status_code == 422


def test_its_page_has_the_figures_of_each_text(
    session: Session, agent: Browser, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = saved(session, agent, campaign)
    bring_to(agent, made, "active")
    for number in (world.MAYA, world.TOM, world.INES):
        world.text(session, "volunteer", number)
    ledger.hold(session, world.INES, Act(source=OptInSource.SMS, at=the_clock.now()), HoldCause.SENTENCE, "stop")
    go_on(0)
    own = page(agent, f"/series/{made.id}")
    assert figures(own)[0][:5] == ["3", "0", "0", "0", "0"]
    go_on(1)
    world.text(session, "great, thanks", world.MAYA)
    world.text(session, "STOP", world.TOM)
    own = page(agent, f"/series/{made.id}")
    assert figures(own)[0] == ["0", "2", "2", "1", "1"]
    assert figures(own)[1] == ["2", "0", "0", "0", "0"], "who has left does not wait"
    assert "1</a> On hold for review" in own
    broadcast_id = session.scalars(select(SeriesStep.broadcast_id).where(SeriesStep.place == 1)).one()
    result = page(agent, f"/broadcasts/{broadcast_id}")
    assert f'<a href="/series/{made.id}">Text 1 of Welcome</a>' in result
    assert "Within 24 hours" not in result


def figures(text: str) -> list[list[str]]:
    """Return the numbers in the rows of the table."""
    rows = text.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    return [[cell.partition(">")[2].partition("<")[0].strip() for cell in row.split('class="num"')[1:]] for row in rows]


def test_once_started_only_its_texts_change_for_who_has_not_got_them(
    session: Session, agent: Browser, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = saved(session, agent, campaign)
    shorter = FORM | {"texts": "1", "version": "1"}
    assert agent.post(f"/series/{made.id}", data=shorter).status_code == 303
    assert agent.post(f"/series/{made.id}", data=FORM | {"version": "2"}).status_code == 303
    bring_to(agent, made, "active")
    world.text(session, "volunteer")
    go_on(1)
    edit = page(agent, f"/series/{made.id}/edit")
    assert 'type="hidden" name="count-1"' in edit
    assert "do=" not in edit
    assert agent.post(f"/series/{made.id}", data=shorter | {"version": "3"}).status_code == 422
    other = FORM | {"version": "3", "body-1": "Hello", "body-2": "Hey"}
    for _ in range(2):  # a double click
        assert agent.post(f"/series/{made.id}", data=other).status_code == 303
    late = agent.post(f"/series/{made.id}", data=other | {"body-1": "Hola"})
    assert late.status_code == 422
    assert "Somebody else changed it" in late.text
    world.text(session, "volunteer", world.TOM)
    go_on(1)
    assert [each.body for each in series_scene.messages(session, made)] == ["Hi there", "Hello"]
    trail = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "series", AuditEntry.field == "Text 1"))
    assert [(each.before, each.after) for each in trail] == [("Hi {{ first_name | there }}", "Hello")]
    assert "Text 2" in page(agent, f"/series/{made.id}")


def test_paused_what_waits_stays_and_the_end_cancels_it(
    session: Session, agent: Browser, campaign: Campaign, go_on: Callable[[float], None], app: Flask, clock: Clock
) -> None:
    made = saved(session, agent, campaign)
    bring_to(agent, made, "active")
    world.text(session, "volunteer")
    clock.forward(hours=1, seconds=1)
    looking(app, session)()
    bring_to(agent, made, "paused")
    go_on(3)
    assert [each.status for each in series_scene.messages(session, made)] == ["queued"]
    assert "It is paused" in page(agent, f"/series/{made.id}")
    bring_to(agent, made, "active")
    go_on(0)
    assert [each.status for each in series_scene.messages(session, made)] == ["delivered"]
    world.text(session, "volunteer", world.TOM)
    clock.forward(hours=1, seconds=1)
    looking(app, session)()
    bring_to(agent, made, "ended")
    go_on(90)
    assert session.scalars(select(Broadcast.state)).all() == ["cancelled"]
    assert len(series_scene.messages(session, made)) == 2
    assert (
        "can no longer be paused"
        in agent.post(f"/series/{made.id}/state", data={"state": "paused"}, follow_redirects=True).text
    )
    assert agent.post(f"/series/{made.id}", data=FORM | {"version": "1"}).status_code == 422


def test_what_paused_by_itself_stays_paused_when_the_series_goes_on(
    session: Session, agent: Browser, campaign: Campaign, go_on: Callable[[float], None]
) -> None:
    made = saved(session, agent, campaign)
    bring_to(agent, made, "active")
    world.text(session, "volunteer")
    go_on(1)
    broadcast = session.scalars(select(Broadcast)).one()
    broadcast.state, broadcast.paused_because = "paused", "too many failed"
    session.commit()
    bring_to(agent, made, "paused")
    bring_to(agent, made, "active")
    world.text(session, "volunteer", world.TOM)
    go_on(1)
    assert [each.status for each in series_scene.messages(session, made)] == ["delivered", "queued"]


def test_what_keeps_it_back_is_said(session: Session, agent: Browser, campaign: Campaign) -> None:
    made = saved(session, agent, campaign)
    bring_to(agent, made, "active")
    assert campaign.keyword is not None
    campaign.keyword.archived_at = the_clock.now()
    session.commit()
    assert "Nothing goes out: the campaign’s opt-in keyword was archived." in page(agent, f"/series/{made.id}")
    bring_to(agent, made, "paused")
    refused = agent.post(f"/series/{made.id}/state", data={"state": "active"}, follow_redirects=True)
    assert "It can’t be started: the campaign’s opt-in keyword was archived." in html.unescape(refused.text)


@pytest.mark.parametrize(
    ("typed", "wait"),
    [
        (TypedText("", "3", "hours"), Wait(3 * HOUR)),
        (TypedText("", "3", "days", "09:05"), Wait(3 * DAY, 9 * HOUR + 5)),
        (TypedText("", "-3", "days"), Wait(0)),
        (TypedText("", "²", "days"), Wait(0)),
        (TypedText("", "99999", "days"), Wait(0)),
        (TypedText("", "1", "days", "24:00"), Wait(DAY)),
        (TypedText("", "1", "days", "9:5"), Wait(DAY)),
    ],
)
def test_a_wait_is_read(typed: TypedText, wait: Wait) -> None:
    assert typed.text.wait == wait
    assert typed.at_fault is (typed.at in ("24:00", "9:5"))


def test_a_form_without_fields_is_read_too() -> None:
    typed = series_form.of_form(MultiDict({"texts": "x", "unit-1": "years", "version": "-1"}), broadcast_text.clean)
    assert [text.unit for text in typed.texts] == ["days"]
    assert len(series_form.of_form(MultiDict({"texts": "99"}), broadcast_text.clean).texts) == 20
    assert len(typed.without_text(1).texts) == 1
