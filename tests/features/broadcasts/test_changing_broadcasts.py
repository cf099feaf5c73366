"""Changing a broadcast that waits for its time: filled in, checked, kept; two at once; against its start."""

import html
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState
from optin.features.broadcasts import changing, sending
from optin.features.broadcasts.changing import ChangedMeanwhile
from optin.features.broadcasts.sending import BroadcastOrder
from optin.models import AuditEntry, Broadcast, Campaign
from optin.refused import Refused, done
from optin.sending import scheduled
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
START = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
FRIDAY, SATURDAY = "2026-11-27T10:00", "2026-11-28T11:30"
OLD, NEW = "Hi {{ first_name }}", "Hello {{ first_name }}, see you at the pier"


@pytest.fixture
def campaign(session: Session, agent: Browser, clock: Clock) -> Campaign:
    """A campaign with Maya and Tom, who opted in, and two numbers to send from; the agent is in Los Angeles."""
    clock.set(NOW)
    agent.user.time_zone = "America/Los_Angeles"
    made = scene.with_opted_in(session, {"Maya Chen": world.MAYA, "Tom Reyes": world.TOM})
    scene.sender(session, "+14155550101")
    return made


@pytest.fixture
def broadcast(session: Session, campaign: Campaign, agent: Browser) -> Broadcast:
    """A broadcast that is scheduled for Friday at ten in Los Angeles."""
    return _plan(session, campaign, agent.user.id)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def _plan(session: Session, campaign: Campaign, user_id: int, key: str = "one") -> Broadcast:
    order = BroadcastOrder(OLD, None, key, user_id, starts_at=START)
    made = done(sending.start(session, campaign.id, order))
    session.commit()
    return session.get_one(Broadcast, made.broadcast_id)


def save(browser: Browser, broadcast: Broadcast, version: int = 1, **more: str) -> Any:
    """Save a change as the confirm page does."""
    form = {"body": NEW, "when": "later", "at": FRIDAY, "zone": "America/Los_Angeles", "sender": broadcast.sender_id}
    form |= {"changes": broadcast.id, "version": version, **more}
    return browser.post(f"/broadcasts/{broadcast.id}/edit", data=form)


def lines(session: Session, broadcast: Broadcast) -> dict[str, tuple[str, str]]:
    """Return what the trail says was changed."""
    found = select(AuditEntry).where(AuditEntry.subject_kind == "broadcast", AuditEntry.action == "changed")
    rows = session.scalars(found.where(AuditEntry.subject_id == broadcast.id).order_by(AuditEntry.id))
    return {entry.field: (entry.before, entry.after) for entry in rows}


def test_the_composer_is_filled_with_what_is_there(
    session: Session, campaign: Campaign, broadcast: Broadcast, agent: Browser
) -> None:
    broadcast.sender_id += 1
    broadcast.not_after = START + timedelta(hours=2)
    session.commit()
    assert f"/broadcasts/{broadcast.id}/edit" in agent.get(f"/broadcasts/{broadcast.id}").text
    page = html.unescape(agent.get(f"/broadcasts/{broadcast.id}/edit").text)
    for piece in (
        f"{OLD}</textarea>",
        f'name="at" value="{FRIDAY}"',
        'name="until" value="2026-11-27T12:00"',
        f'<option value="{broadcast.sender_id}" selected>',
        f'name="changes" value="{broadcast.id}"',
        'name="version" value="1"',
        f'data-draft="campaign-{campaign.id}-changes-{broadcast.id}-version-1"',
        "Save, and send to 2 people on 27 Nov, 10:00 (Los Angeles)",
    ):
        assert piece in page, piece
    assert 'name="last"' in page
    assert '<option value="by" selected>' in page


def test_the_question_before_saving_keeps_what_it_is_for(
    session: Session, campaign: Campaign, broadcast: Broadcast, agent: Browser
) -> None:
    form = {"body": OLD, "when": "later", "at": SATURDAY, "zone": "America/Los_Angeles"}
    form |= {"changes": str(broadcast.id), "version": "1"}
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=form).text
    assert f'action="/broadcasts/{broadcast.id}/edit"' in asked
    assert f'name="changes" value="{broadcast.id}"' in asked
    assert "Save, and send to 2 people on 28 Nov, 11:30 (Los Angeles)" in asked
    assert "The same text" not in asked, "it warns of itself"
    back = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={**form, "do": "edit"}).text
    assert f'name="changes" value="{broadcast.id}"' in back


def test_a_change_is_saved_kept_and_shown(
    session: Session, campaign: Campaign, broadcast: Broadcast, agent: Browser
) -> None:
    answer = save(
        agent, broadcast, at=SATURDAY, sender=str(broadcast.sender_id + 1), last="by", until="2026-11-28T20:00"
    )
    assert answer.status_code == 303
    session.expire_all()
    assert (broadcast.body, broadcast.version, broadcast.state) == (NEW, 2, BroadcastState.SCHEDULED)
    assert broadcast.starts_at == datetime(2026, 11, 28, 19, 30, tzinfo=UTC)
    assert broadcast.not_after == datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
    assert lines(session, broadcast) == {
        "Message": (OLD, NEW),
        "From": ("+14155550100", "+14155550101"),
        "Starts": ("2026-11-27 18:00 UTC", "2026-11-28 19:30 UTC"),
        "Send until": ("", "2026-11-29 04:00 UTC"),
    }
    page = html.unescape(agent.get(f"/broadcasts/{broadcast.id}").text)
    for piece in ("Saved. It is scheduled for 28 Nov, 11:30 (Los Angeles).", "Changes", OLD, NEW, agent.user.name):
        assert piece in page, piece
    assert "Broadcast changed: Message" in agent.get(f"/campaigns/{campaign.id}?tab=history").text


def test_what_is_the_same_is_no_new_version(session: Session, broadcast: Broadcast, agent: Browser) -> None:
    save(agent, broadcast, body=OLD)
    session.expire_all()
    assert (broadcast.version, lines(session, broadcast)) == (1, {})


def test_the_same_change_twice_is_one(session: Session, broadcast: Broadcast, agent: Browser) -> None:
    save(agent, broadcast)
    again = save(agent, broadcast)
    assert again.status_code == 303
    assert "This change was already saved." in agent.get(f"/broadcasts/{broadcast.id}").text
    session.expire_all()
    assert broadcast.version == 2


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"body": ""}, "Write a message first."),
        ({"body": "{{ nickname }}"}, "There is no merge field"),
        ({"at": "2026-11-25T08:59"}, "That time has passed."),
        ({"last": "by", "until": "2026-11-27T09:00"}, "is before the broadcast starts"),
        ({"sender": "999"}, "That number is no longer in use."),
        ({"body": "x" * 5000}, "Shorten it"),
    ],
)
def test_what_a_composer_refuses_is_refused(
    session: Session, broadcast: Broadcast, agent: Browser, more: dict[str, str], sentence: str
) -> None:
    answer = save(agent, broadcast, **more)
    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert f'name="changes" value="{broadcast.id}"' in answer.text
    session.expire_all()
    assert (broadcast.body, broadcast.version) == (OLD, 1)


def test_of_two_at_once_the_second_is_shown_the_first_and_loses_nothing(
    session: Session, broadcast: Broadcast, agent: Browser, admin: Browser
) -> None:
    save(admin, broadcast, body="The admin was first")
    answer = save(agent, broadcast)
    page = html.unescape(answer.text)
    assert answer.status_code == 409
    for piece in ("Somebody else changed it", "The admin was first", admin.user.name, f"{NEW}</textarea>"):
        assert piece in page, piece
    assert 'name="version" value="2"' in page
    session.expire_all()
    assert broadcast.body == "The admin was first"
    assert save(agent, broadcast, version=2).status_code == 303
    session.expire_all()
    assert (broadcast.body, broadcast.version) == (NEW, 3)


@pytest.mark.parametrize("ended", ["sent", "cancelled"])
def test_what_has_begun_or_ended_is_not_changed(
    session: Session, broadcast: Broadcast, agent: Browser, ended: str
) -> None:
    if ended == "sent":
        agent.post(f"/broadcasts/{broadcast.id}/start")
    else:
        agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "cancelled"})
    answer = save(agent, broadcast)
    assert answer.status_code == 422
    assert "It is no longer scheduled" in answer.text
    session.expire_all()
    assert broadcast.body == OLD
    assert agent.get(f"/broadcasts/{broadcast.id}/edit").status_code == 303
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    assert "It can no longer be changed" in page
    assert f"/broadcasts/{broadcast.id}/edit" not in page


def test_it_can_be_changed_and_sent_at_once(session: Session, broadcast: Broadcast, agent: Browser) -> None:
    answer = save(agent, broadcast, when="now")
    assert answer.status_code == 303
    session.expire_all()
    assert (broadcast.state, broadcast.body, broadcast.starts_at) == (BroadcastState.SENDING, NEW, START)
    assert len(scene.messages(session, broadcast.id)) == 2
    assert "Sending to 2 people." in agent.get(f"/broadcasts/{broadcast.id}").text
    assert save(agent, broadcast, when="now").status_code == 303, "the same twice"


def test_what_can_not_be_sent_at_once_is_not_changed(
    session: Session, campaign: Campaign, broadcast: Broadcast, agent: Browser
) -> None:
    campaign.keyword.archived_at = NOW
    session.commit()
    assert save(agent, broadcast, when="now").status_code == 422
    session.expire_all()
    assert (broadcast.state, broadcast.body, broadcast.version) == (BroadcastState.SCHEDULED, OLD, 1)


def test_a_new_time_is_the_one_at_which_it_starts(
    session: Session, broadcast: Broadcast, agent: Browser, engine: Engine, clock: Clock
) -> None:
    broadcast_id = broadcast.id
    save(agent, broadcast, at=SATURDAY)
    session.commit()
    clock.set(START)
    assert not scheduled.start_or_end(engine, broadcast_id)
    clock.set(datetime(2026, 11, 28, 19, 30, tzinfo=UTC))
    assert scheduled.start_or_end(engine, broadcast_id)


def test_a_page_that_is_open_learns_of_a_change(broadcast: Broadcast, agent: Browser) -> None:
    address = f"/broadcasts/{broadcast.id}/progress?version="
    shown = re.search(r"progress\?version=([\w-]+)", agent.get(f"/broadcasts/{broadcast.id}").text)
    assert shown
    assert agent.get(address + shown[1]).status_code == 204
    save(agent, broadcast, at=SATURDAY)
    assert "28 Nov, 11:30" in agent.get(address + shown[1]).text


def test_a_form_without_its_broadcast_changes_nothing(session: Session, broadcast: Broadcast, agent: Browser) -> None:
    for wrong in ("", "x", "9" * 30, str(broadcast.id + 1)):
        assert save(agent, broadcast, changes=wrong).status_code == 422
    session.expire_all()
    assert broadcast.body == OLD


def test_a_viewer_changes_nothing(broadcast: Broadcast, viewer: Browser) -> None:
    assert save(viewer, broadcast).status_code == 403
    assert "/edit" not in viewer.get(f"/broadcasts/{broadcast.id}").text


def _at_once(*acts: Any) -> None:
    """Do these in threads that begin at the same moment."""
    barrier, errors = threading.Barrier(len(acts), timeout=30), []

    def run(act: Any) -> None:
        try:
            barrier.wait()
            act()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def _changed(engine: Engine, broadcast_id: int, body: str, found: list[Any]) -> None:
    with Session(engine) as own:
        order = BroadcastOrder(body, None, "", 1, starts_at=START)
        result = changing.change(own, broadcast_id, 1, order)
        found.append(result)
        own.rollback() if isinstance(result, Refused) else own.commit()


def test_a_change_against_the_start_goes_into_it_or_is_refused(
    session: Session, campaign: Campaign, agent: Browser, engine: Engine, clock: Clock
) -> None:
    ids = [_plan(session, campaign, agent.user.id, f"form {number}").id for number in range(8)]
    clock.set(START)
    for broadcast_id in ids:
        found: list[Any] = []
        session.commit()
        _at_once(
            lambda broadcast_id=broadcast_id: scheduled.start_or_end(engine, broadcast_id),
            lambda broadcast_id=broadcast_id, found=found: _changed(engine, broadcast_id, NEW, found),
        )
        session.expire_all()
        broadcast = session.get_one(Broadcast, broadcast_id)
        assert broadcast.state == BroadcastState.SENDING
        assert len(scene.messages(session, broadcast_id)) == 2
        refused = isinstance(found[0], Refused)
        assert (broadcast.body, broadcast.version) == ((OLD, 1) if refused else (NEW, 2))
        assert bool(lines(session, broadcast)) is not refused
        if refused:
            assert found[0].sentence == changing.OVER


def test_a_cancel_that_comes_between_is_seen_by_the_statement(session: Session, broadcast: Broadcast) -> None:
    behind = update(Broadcast).values(state=BroadcastState.CANCELLED).execution_options(synchronize_session=False)
    session.execute(behind)
    order = BroadcastOrder(NEW, None, "", 1, starts_at=START)
    assert not changing._store(session, broadcast, broadcast.sender, order)
    session.expire_all()
    assert (broadcast.body, lines(session, broadcast)) == (OLD, {})


def test_of_eight_changes_at_once_one_is_saved_and_the_others_are_told(
    session: Session, broadcast: Broadcast, engine: Engine
) -> None:
    session.commit()
    found: list[Any] = []
    _at_once(*[lambda n=n: _changed(engine, broadcast.id, f"Text {n}", found) for n in range(8)])
    session.expire_all()
    assert sum(isinstance(result, ChangedMeanwhile) for result in found) == 7
    assert broadcast.version == 2
    assert lines(session, broadcast)["Message"] == (OLD, broadcast.body)


def test_the_time_over_which_it_is_spread_can_be_changed(
    session: Session, campaign: Campaign, broadcast: Broadcast, agent: Browser
) -> None:
    assert save(agent, broadcast, spread="120").status_code == 303
    session.refresh(broadcast)
    assert broadcast.spread_over == 7200
    assert lines(session, broadcast)["Spread over"] == ("No time: as fast as the sender may", "2 hours")
    assert '<option value="120" selected>2 hours</option>' in agent.get(f"/broadcasts/{broadcast.id}/edit").text
    assert save(agent, broadcast, version=2, spread="").status_code == 303
    session.refresh(broadcast)
    assert (broadcast.version, broadcast.spread_over) == (3, None)


def test_who_comes_first_can_be_changed(
    session: Session, campaign: Campaign, broadcast: Broadcast, agent: Browser
) -> None:
    assert save(agent, broadcast, first="few").status_code == 303
    session.refresh(broadcast)
    assert broadcast.canary is not None
    assert lines(session, broadcast)["Who first"] == ("Everybody at once", "A few people")
    assert '<option value="few" selected>' in agent.get(f"/broadcasts/{broadcast.id}/edit").text
    assert save(agent, broadcast, version=2, first="all").status_code == 303
    session.refresh(broadcast)
    assert broadcast.canary is None
