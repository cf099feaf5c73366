"""The rule as of a moment: the log, the settings, the caps and the clocks of then, and nothing of later."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from optin.consent import asked_then, ledger
from optin.consent.asked_then import AskedAbout
from optin.enums import Channel, Purpose, Reason
from optin.models import ConsentEvent
from optin.policy import policy
from tests.conftest import Clock
from tests.support import outbox
from tests.support.outbox import MAYA, OURS

NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)
ZONES = "America/Los_Angeles|America/New_York"


def about(keyword_id: int | None = None, not_after: datetime | None = None) -> AskedAbout:
    return AskedAbout(MAYA, Purpose.CAMPAIGN, Channel.SMS, OURS, keyword_id, not_after=not_after)


def test_each_moment_has_the_answer_of_its_time(session: Session, clock: Clock) -> None:
    clock.set(NOON)
    keyword = outbox.keyword(session)
    moments = [clock.now()]
    for act in (
        lambda: outbox.opted_in(session, MAYA, keyword),
        lambda: policy.change(session, None, cap_per_day=1, cap_waits=False),
        lambda: outbox.reached(session, MAYA),
        lambda: policy.change(session, None, cap_per_day=2),
        lambda: ledger.opt_out(session, MAYA, outbox.act("STOP")),
    ):
        clock.forward(minutes=1)
        act()
        session.commit()
        moments.append(clock.now())
    history = asked_then.load(session, about(keyword.id), policy.load(session), moments[0], moments[-1])
    reasons = [history.at(moment, ZONES).decision.reason for moment in moments]
    assert reasons == [Reason.NOT_OPTED_IN, None, None, Reason.CAP_REACHED, None, Reason.OPTED_OUT]
    assert history.got(moments[3]) == (1, 1)
    assert history.at(moments[3], ZONES).policy.policy.cap_per_day == 1
    assert history.at(moments[1], ZONES).policy.policy.cap_per_day == 0
    assert set(history.at(moments[1], ZONES).policy.since) == set()
    assert set(history.at(moments[2], ZONES).policy.since) == {"cap_per_day", "cap_waits"}


def test_the_log_says_since_when_and_a_late_stop_only_since_it_was_heard(session: Session, clock: Clock) -> None:
    clock.set(NOON)
    keyword = outbox.keyword(session)
    outbox.opted_in(session, MAYA, keyword)
    clock.forward(hours=2)
    before = clock.now()
    clock.forward(hours=1)
    late = outbox.act("STOP")
    ledger.opt_out(
        session, MAYA, type(late)(late.source, late.at, provider_at=late.at - timedelta(hours=2), text="STOP")
    )
    session.commit()
    history = asked_then.load(session, about(keyword.id), policy.load(session), NOON, clock.now())
    assert history.at(before, ZONES).decision.allowed
    assert history.at(clock.now(), ZONES).decision.reason == Reason.OPTED_OUT
    found = history.log.since(clock.now(), lambda state: bool(state.suppressed))
    assert found is not None
    assert (found.text, found.event.at) == ("STOP", late.at)
    assert history.log.since(before, lambda state: bool(state.suppressed)) is None
    assert isinstance(found.event, ConsentEvent)


@pytest.mark.parametrize(
    ("hour", "open_", "reason"), [(13, [False, True], Reason.OUTSIDE_HOURS), (18, [True, True], None)]
)
def test_the_clocks_of_all_zones_count(
    session: Session, clock: Clock, hour: int, open_: list[bool], reason: Reason | None
) -> None:
    clock.set(NOON.replace(hour=1))
    outbox.opted_in(session, MAYA)
    session.commit()
    then = asked_then.load(session, about(), policy.load(session), NOON, NOON).at(NOON.replace(hour=hour), ZONES)
    assert [each.is_open for each in then.clocks] == open_
    assert [each.at.hour for each in then.clocks] == [hour - 8, hour - 5]
    assert then.decision.reason == reason


def test_it_is_too_late_when_the_hours_begin_after_the_last_time(session: Session, clock: Clock) -> None:
    clock.set(NOON.replace(hour=1))
    outbox.opted_in(session, MAYA)
    session.commit()
    asked = about(not_after=NOON.replace(hour=15))
    history = asked_then.load(session, asked, policy.load(session), NOON, NOON)
    assert history.at(NOON.replace(hour=13), ZONES).decision.reason == Reason.TOO_LATE
    assert history.at(NOON.replace(hour=14), "America/New_York").decision.allowed


def test_before_there_is_any_log_nothing_is_in_it(session: Session) -> None:
    history = asked_then.load(session, about(), policy.load(session), NOON, NOON)
    assert history.log.entries == []
    assert history.at(NOON, "").decision.reason == Reason.NO_OPT_IN
