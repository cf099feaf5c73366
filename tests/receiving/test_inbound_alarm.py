"""Whether nobody has texted for longer than usual: told by what came in here, never by texts that were moved here."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin.enums import Role
from optin.receiving import inbound_alarm
from tests.conftest import Clock, add_user
from tests.support import world
from tests.support.clients import Browser
from tests.support.moving import move
from tests.support.salesforce_export import OURS, Export, Style, phone, sid


def texts(session: Session, clock: Clock, count: int, every: timedelta) -> datetime:
    """Let so many texts come in, one after the other; return when the last one did."""
    at = clock.now()
    for index in range(count):
        clock.forward(seconds=every.total_seconds() if index else 0)
        at = world.text(session, "Hello", phone(index)).created_at
    return at


def moved(app: Flask, session: Session, clock: Clock, count: int, every: timedelta) -> None:
    """Move an export whose texts came in elsewhere, the last one just now."""
    export = Export(Style())
    for index in range(count):
        export.add(
            "Message__c",
            External_Id__c=sid(9_000 + index),
            Direction__c="Inbound",
            Body__c="Hello",
            To_Number__c=OURS,
            From_Number__c=phone(100 + index),
            CreatedDate=clock.now() - every * index,
        )
    result = move(app, session, export, add_user(session, Role.ADMIN).id)
    assert result.counts["message"]["moved"] == count


def test_a_silence_is_unusual_from_twice_the_longest_pause_on(session: Session, clock: Clock) -> None:
    texts(session, clock, 20, timedelta(hours=10))
    clock.forward(hours=19)
    assert inbound_alarm.warning(session) == ""
    clock.forward(hours=2)
    assert "Nobody has texted for 21 hours, which is longer than usual." in inbound_alarm.warning(session)


def test_twelve_hours_are_never_unusual_nor_is_anything_before_twenty_texts(session: Session, clock: Clock) -> None:
    texts(session, clock, 19, timedelta(minutes=5))
    clock.forward(days=3)
    assert inbound_alarm.unusual(session) is None
    texts(session, clock, 20, timedelta(minutes=5))
    clock.forward(hours=11)
    assert inbound_alarm.unusual(session) is None


def test_moved_texts_end_no_silence(app: Flask, session: Session, clock: Clock, agent: Browser) -> None:
    last = texts(session, clock, 20, timedelta(hours=1))
    clock.forward(hours=30)
    assert inbound_alarm.unusual(session) is not None
    moved(app, session, clock, 30, timedelta(minutes=1))
    assert inbound_alarm.last_text_at(session) == last
    assert inbound_alarm.unusual(session) is not None, "another system heard them"
    assert "Nobody has texted for 30 hours" in agent.get("/").text


@pytest.mark.parametrize("own", [0, 3])
def test_moved_texts_make_no_silence_unusual(app: Flask, session: Session, clock: Clock, own: int) -> None:
    moved(app, session, clock, 30, timedelta(minutes=1))
    assert inbound_alarm.last_text_at(session) is None
    last = texts(session, clock, own, timedelta(minutes=1)) if own else None
    clock.forward(hours=30)
    assert inbound_alarm.last_text_at(session) == last
    assert inbound_alarm.unusual(session) is None, "nothing is usual yet"


def test_the_metric_tells_of_texts_that_came_in_here(
    app: Flask, session: Session, clock: Clock, client: Browser
) -> None:
    moved(app, session, clock, 3, timedelta(minutes=1))
    assert "optin_seconds_since_last_text NaN" in client.get("/metrics").text
    world.text(session, "Hello")
    assert "optin_seconds_since_last_text NaN" not in client.get("/metrics").text
