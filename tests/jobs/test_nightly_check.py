"""The nightly check, as it runs: what was learned later is found, in the night in which it was learned."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.enums import FindingCause, Reason, ReplyKind
from optin.jobs import background, nightly_check
from optin.jobs.nightly_check import CheckState
from optin.models import BackgroundTask, Message, SendingFinding
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.importing import work


def check(app: Flask, session: Session, clock: Clock) -> CheckState:
    """Let a night pass."""
    night = (clock.now() + timedelta(days=1)).replace(hour=nightly_check.HOUR)
    nightly_check.begin_at_night(session, clock.set(night))
    session.commit()
    work(app, session)
    session.expire_all()
    found = nightly_check.state(session)
    assert found is not None
    return found


def sent(session: Session, *numbers: str) -> None:
    """Send a broadcast to people who opted in a while ago."""
    broadcast = outbox.broadcast(session, to=outbox.keyword(session))
    outbox.add_people(session, broadcast, numbers)
    for message in session.scalars(select(Message).where(Message.broadcast_id == broadcast.id)):
        outbox.went(message)
    session.commit()


@pytest.fixture
def numbers(session: Session, clock: Clock) -> list[str]:
    """Five numbers that opted in an hour before they got a broadcast."""
    clock.set((clock.now() - timedelta(days=10)).replace(hour=1))
    found = outbox.numbers(5)
    for number in found:
        outbox.opted_in(session, number)
    clock.forward(hours=1)
    sent(session, *found)
    return found


def test_what_went_by_the_rules_is_not_found(app: Flask, session: Session, clock: Clock, numbers: list[str]) -> None:
    clock.forward(minutes=1)
    ledger.opt_out(session, numbers[0], outbox.act("STOP"))
    outbox.went(outbox.reply(session, ReplyKind.OPT_OUT, numbers[0]))
    session.commit()
    found = check(app, session, clock)
    assert (found.checked, found.found, found.crossed) == (6, 0, 0)
    assert found.sentence == "0 of 6 messages should not have gone."


def test_a_stop_that_is_found_later_is_found_in_the_next_night(
    app: Flask, session: Session, clock: Clock, numbers: list[str]
) -> None:
    assert check(app, session, clock).found == 0
    sent(session, numbers[1])
    early = session.scalars(select(Message.started_at).order_by(Message.id)).first()
    assert early is not None
    late = replace(outbox.act("STOP"), provider_at=early - timedelta(minutes=2))
    ledger.opt_out(session, numbers[0], late)
    session.commit()
    found = check(app, session, clock)
    assert (found.checked, found.found) == (6, 1)
    finding = session.scalars(select(SendingFinding)).one()
    assert (finding.reason, finding.cause) == (Reason.OPTED_OUT, FindingCause.LEARNED)
    assert finding.since == late.provider_at
    assert check(app, session, clock).found == 1  # it is not forgotten by a night that finds nothing new


def test_a_message_that_started_against_the_log_is_found(
    app: Flask, session: Session, clock: Clock, numbers: list[str]
) -> None:
    ledger.opt_out(session, numbers[2], outbox.act("STOP"))
    clock.forward(seconds=2)
    sent(session, numbers[2])
    clock.forward(seconds=60)
    sent(session, numbers[2], "+14155550199")
    found = check(app, session, clock)
    assert (found.checked, found.found, found.crossed) == (8, 2, 1)
    causes = session.scalars(select(SendingFinding.cause).order_by(SendingFinding.message_id)).all()
    assert sorted(causes) == sorted([FindingCause.CROSSED, FindingCause.KNOWN, FindingCause.NO_CONSENT])


def test_what_had_not_ended_is_counted_once_and_looked_at_again(
    app: Flask, session: Session, clock: Clock, numbers: list[str]
) -> None:
    waiting = outbox.one_to_one(session, numbers[0])
    session.commit()
    sent(session, numbers[1])
    assert check(app, session, clock).checked == 6
    ledger.opt_out(session, numbers[0], outbox.act("STOP"))
    clock.forward(minutes=1)
    outbox.went(session.get_one(Message, waiting.id))
    session.commit()
    found = check(app, session, clock)
    assert (found.checked, found.found) == (7, 1)
    assert check(app, session, clock).checked == 7


def test_it_goes_on_in_steps_over_thousands_of_messages(
    app: Flask, session: Session, clock: Clock, numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly_check, "AT_ONCE", 2)
    ledger.opt_out(session, numbers[4], replace(outbox.act("STOP"), provider_at=clock.now() - timedelta(hours=2)))
    session.commit()
    found = check(app, session, clock)
    assert (found.checked, found.found) == (5, 1)


def test_a_check_that_did_not_come_to_its_end_says_nothing_and_is_made_up_for(
    app: Flask, session: Session, clock: Clock, numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly_check, "AT_ONCE", 2)
    task = session.get_one(BackgroundTask, nightly_check.begin(session, {}))
    while task.state["settled"] < 2:
        nightly_check.step(session, task)
    background.finish(task, background.FAILED)
    session.commit()
    assert nightly_check.state(session) is None
    ledger.opt_out(session, numbers[0], replace(outbox.act("STOP"), provider_at=clock.now() - timedelta(hours=2)))
    session.commit()
    found = check(app, session, clock)
    assert (found.checked, found.found) == (5, 1)


def test_a_night_has_one_check(app: Flask, session: Session, clock: Clock, numbers: list[str]) -> None:
    check(app, session, clock)
    done = session.scalars(select(BackgroundTask.id)).all()
    for hours in (1, 10):
        nightly_check.begin_at_night(session, clock.forward(hours=hours))
    assert session.scalars(select(BackgroundTask.id)).all() == done


def test_home_and_the_page_say_what_was_found(
    app: Flask, session: Session, clock: Clock, numbers: list[str], agent: Browser
) -> None:
    for page in ("/", "/sending-check"):
        assert "The first check has not ended yet." in agent.get(page).text
    assert "Nothing found" not in agent.get("/sending-check").text
    check(app, session, clock)
    assert "0 of 5 messages should not have gone." in agent.get("/").text
    assert "Nothing found" in agent.get("/sending-check").text
    start = session.scalars(select(Message.started_at).order_by(Message.id)).first()
    assert start is not None
    ledger.opt_out(session, numbers[0], replace(outbox.act("STOP"), provider_at=start - timedelta(seconds=90)))
    session.commit()
    check(app, session, clock)
    assert "1 of 5 messages should not have gone." in agent.get("/").text
    page = agent.get("/sending-check").text
    for said in ("Opted out", "2 minutes", "Learned only after it had started"):
        assert said in page
    assert "Learned only after it had started" in agent.get("/sending-check/file").text
    metrics = agent.get("/metrics").text
    assert "optin_check_found 1.0" in metrics
    assert "optin_check_messages 5.0" in metrics
