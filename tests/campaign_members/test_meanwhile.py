"""People text STOP while very many members are added from another campaign: each counts at once, and nobody waits."""

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from optin import clock
from optin.campaign_members import tasks
from optin.consent import audience_counts
from optin.consent.audience import ask
from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.features.campaigns import other_campaign
from optin.features.campaigns.other_campaign import Which
from optin.jobs import background
from optin.models import Campaign, CampaignMember, OptIn, Person, Suppression
from optin.policy import cache, policy
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from tests.support import campaign_scene as scene
from tests.support import world

QUICK = 1.0
"""Seconds that no STOP may wait; a part of adding takes a tenth of that, on a busy machine half."""


def arrange(session: Session, people: int) -> tuple[Campaign, Campaign, list[str]]:
    """Have a campaign with so many members who all opted in, and an empty one; return both, and the numbers."""
    policy.change(session, None, sending_hours=False)
    scene.sender(session, world.OURS)
    keyword = world.keyword(session)
    other, target = scene.campaign(session, keyword, "Other"), scene.campaign(session, keyword, "Target")
    now = clock.now()
    numbers = [f"+1415{number}" for number in range(2_000_000, 2_000_000 + people)]
    given = {"kind": "contact", "created_at": now, "updated_at": now}
    session.execute(insert(Person), [{"sort_name": number, "mobile": number, **given} for number in numbers])
    ids = session.execute(select(Person.id, Person.mobile)).all()
    mine = {"campaign_id": other.id, "added_at": now}
    session.execute(insert(CampaignMember), [{"person_id": row[0], "number": row[1], **mine} for row in ids])
    opted_in = {"keyword_id": keyword.id, "status": "active", "source": "sms", "requested_at": now, "activated_at": now}
    session.execute(insert(OptIn), [{"number": number, **opted_in} for number in numbers])
    session.commit()
    return other, target, numbers


@pytest.mark.parametrize(("people", "stops"), [(1500, 20), pytest.param(200_000, 400, marks=pytest.mark.soak)])
def test_stops_count_at_once_while_members_are_added(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, people: int, stops: int
) -> None:
    if people < tasks.ADDED_AT_ONCE:
        monkeypatch.setattr(tasks, "ADDED_AT_ONCE", 100)
    other, target, numbers = arrange(session, people)
    about = other_campaign.about(other.id, Which.ALL, None)
    with app.app_context():
        task_id = tasks.begin(session, target.id, other_campaign.SOURCE, about, None)
        session.commit()
        engine = db.engine
    adding = threading.Thread(target=background.run, args=(engine, task_id, 600, threading.Event()))
    waited, during = [], 0
    leaving = numbers[:: people // stops]
    adding.start()
    for index, number in enumerate(leaving):
        during += adding.is_alive()
        begun = time.monotonic()
        with writing(engine) as own:
            text = InboundText(sid=f"SM{index:032x}", number=number, address=world.OURS, body="STOP")
            inbound.receive(own, text)
        waited.append(time.monotonic() - begun)
    adding.join()
    assert during > len(leaving) / 10
    assert max(waited) < QUICK, sorted(waited)[-5:]
    with reading(engine) as own:
        assert own.scalar(select(func.count()).select_from(Suppression)) == len(leaving)
        asked = ask(own, own.get_one(Campaign, target.id), "", "sms", cache.policy(own))
        after = audience_counts.deliverability(own, asked)
    assert (after.total, after.will_receive) == (people, people - len(leaving))
