"""Who had agreed at a moment: the same as a replay of the events so far, for any history and any moment."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import as_of, ledger
from optin.consent.as_of import Counted, Known
from optin.consent.replay import replay, when
from optin.enums import OptInStatus
from optin.models import Campaign, CampaignMember, ConsentEvent
from tests.conftest import Clock
from tests.support import outbox, world
from tests.support.history import History

ACTS, MOMENTS, ALL = 200, 250, 1000


def by_replay(events: list[ConsentEvent], keyword_id: int, moment: datetime, known: Known) -> set[int]:
    """Return the opt-ins that were active, by reading all events anew."""
    time = (lambda event: event.at) if known is Known.THEN else when
    opt_ins = replay(event for event in events if time(event) <= moment).opt_ins
    return {
        opt_in_id
        for opt_in_id, state in opt_ins.items()
        if state.status == OptInStatus.ACTIVE and state.keyword_id == keyword_id
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_what_a_replay_of_the_events_says(session: Session, clock: Clock, seed: int) -> None:
    clock.forward(days=-30)
    draw = random.Random(seed)
    history = History(session, draw, clock)
    begin = clock.now()
    for _ in range(ACTS):
        history.go_on()
    events = list(session.scalars(select(ConsentEvent).order_by(ConsentEvent.id)))
    length = (clock.now() - begin).total_seconds()
    seen = set[bool]()
    for _ in range(MOMENTS):
        moment, keyword = begin + timedelta(seconds=draw.random() * length), history.keyword.id
        asked = as_of.of_keyword(keyword, moment)
        then, now = (by_replay(events, keyword, moment, known) for known in (Known.THEN, Known.NOW))
        seen.add(then == now)
        counted = as_of.count(session, asked, ALL)
        assert (counted.then, counted.now, counted.differ) == (len(then), len(now), len(then ^ now))
        for known, expected in ((Known.THEN, then), (Known.NOW, now), (Known.DIFFERS, then ^ now)):
            assert as_of.find(session, asked, known).ids == sorted(expected)
    assert seen == {True, False}  # else no late event was among them


def test_a_late_stop_differs_between_then_and_now(session: Session, clock: Clock) -> None:
    keyword = outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    noon = clock.forward(hours=1)
    clock.forward(hours=2)
    late = replace(outbox.act("STOP"), provider_at=noon - timedelta(minutes=1))
    ledger.opt_out(session, world.MAYA, late)
    counted = as_of.count(session, as_of.of_keyword(keyword.id, noon), ALL)
    assert (counted.then, counted.now, counted.differ) == (1, 0, 1)
    counted = as_of.count(session, as_of.of_keyword(keyword.id, the_clock.now()), ALL)
    assert (counted.then, counted.now, counted.differ) == (0, 0, 0)


def test_it_is_counted_and_listed_in_steps(session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    keyword = outbox.keyword(session)
    for number in outbox.numbers(7):
        world.text(session, "VOLUNTEER", number)
    world.text(session, "STOP", outbox.numbers(7)[3])
    monkeypatch.setattr(as_of, "LOOKED_AT", 1)
    asked = as_of.of_keyword(keyword.id, clock.now())
    counted, steps = Counted(), list[tuple[int, int]]()
    while counted.last is not None:
        counted = as_of.count(session, asked, 3, counted)
        steps.append((counted.looked_at, counted.then))
    assert steps == [(3, 3), (6, 5), (7, 6)]
    after: int | None = 0
    pages = []
    while after is not None:
        found = as_of.find(session, asked, Known.THEN, after, size=2)
        pages.append(len(found.ids))
        after = found.last
    assert sum(pages) == 6
    assert max(pages) == 2


def test_members_of_then_count_by_what_their_number_had_agreed_to(session: Session, clock: Clock) -> None:
    keyword = outbox.keyword(session)
    campaign = Campaign(name="Beach cleanup", keyword=keyword, created_at=clock.now(), updated_at=clock.now())
    session.add(campaign)
    session.flush()
    clock.forward(minutes=1)
    for number in (world.MAYA, world.TOM, world.INES):
        person = world.person(session, f"Person {number[-4:]}", number)
        member = CampaignMember(campaign_id=campaign.id, person_id=person.id, number=number, added_at=clock.now())
        if number == world.INES:
            member.removed_at = clock.now() + timedelta(minutes=30)
        session.add(member)
    world.text(session, "VOLUNTEER")
    world.text(session, "VOLUNTEER", world.INES)
    session.commit()
    begun, later = clock.now(), clock.forward(hours=1)
    counted = [
        as_of.count(session, as_of.of_campaign(campaign.id, keyword.id, moment), ALL).now
        for moment in (begun - timedelta(minutes=2), begun, later)
    ]
    assert counted == [0, 2, 1]
