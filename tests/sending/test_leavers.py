"""How many people leave after many texts: which opt-out is the doing of which text, and what is said before sending."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.enums import MessageStatus
from optin.models import Campaign
from optin.queries import cached_counts
from optin.sending import leavers
from optin.sending.leavers import Loss, Losses
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser

DAY = timedelta(days=1)
BEGIN = datetime(2026, 3, 2, 18, tzinfo=UTC)


def texts(*days: float, number: str = "a") -> list[tuple[str, datetime]]:
    return [(number, BEGIN + day * DAY) for day in days]


@pytest.mark.parametrize(
    ("sent", "left", "often", "others"),
    [
        ([0, 1, 2, 3], [], Loss(1, 0), Loss(3, 0)),
        ([0, 1, 2, 7], [], Loss(1, 0), Loss(3, 0)),
        ([0, 1, 2, 7.1], [], Loss(0, 0), Loss(4, 0)),
        ([0, 1, 2, 3], [3.5], Loss(1, 1), Loss(3, 0)),
        ([0, 1, 2, 3], [2.9], Loss(1, 0), Loss(3, 1)),
        ([0, 1, 2, 3], [3], Loss(1, 1), Loss(3, 0)),
        ([0, 1, 2, 3], [4.1], Loss(1, 0), Loss(3, 0)),
        ([0, 1, 2, 3, 4, 5], [5.2], Loss(3, 1), Loss(3, 0)),
        ([0, 0.5], [0.7], Loss(0, 0), Loss(2, 1)),
        ([], [1], Loss(), Loss()),
    ],
)
def test_an_opt_out_belongs_to_the_last_text_within_a_day(
    sent: list[float], left: list[float], often: Loss, others: Loss
) -> None:
    assert leavers.of_texts(texts(*sent), {"a": [BEGIN + at * DAY for at in left]}) == Losses(often, others)


def test_numbers_are_counted_each_by_itself() -> None:
    sent = [*texts(0, 1, number="a"), *texts(2, 3, number="b")]
    assert leavers.of_texts(sent, {"b": [BEGIN + 3.5 * DAY]}) == Losses(Loss(), Loss(4, 1))


def test_little_is_not_said_to_be_known() -> None:
    assert not Losses(Loss(500, 29), Loss(1000, 10)).is_known
    assert Losses(Loss(500, 30), Loss(1000, 10)).is_known
    assert str(Loss(1000, 24).interval) == "1.6 to 3.5 %"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Maya got four broadcasts this week, Tom one, and one more failed."""
    now = clock.now()
    with clock.at(now - 30 * DAY):
        made = scene.two_of_three(session)
    for days, numbers in ((6, [world.MAYA]), (5, [world.MAYA]), (4, [world.MAYA]), (3, [world.MAYA, world.TOM])):
        with clock.at(now - days * DAY):
            outbox.reached(session, *numbers)
    outbox.reached(session, world.TOM, status=MessageStatus.FAILED)
    return made


def asked(agent: Browser, campaign: Campaign) -> str:
    page = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": "Bring gloves"}).text
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_question_before_sending_says_how_many_got_many(campaign: Campaign, agent: Browser) -> None:
    said = asked(agent, campaign)
    assert "1 of 2 people got 3 or more of your texts within the last 7 days." in said
    assert "How many of such people leave is not known yet: too few have left." in said


def test_the_database_counts_as_the_rule_does(session: Session, campaign: Campaign, agent: Browser) -> None:
    asked(agent, campaign)
    with clock.at(clock.now() - timedelta(days=2.5)):
        ledger.opt_out(session, world.MAYA, outbox.act("STOP"))
        session.commit()
    assert leavers.known(session) is None
    session.commit()
    cached_counts.refresh(session.get_bind())
    assert leavers.known(session) == Losses(Loss(1, 1), Loss(4, 0))


def test_what_is_known_is_said_with_its_interval(
    campaign: Campaign, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leavers, "known", lambda _session: Losses(Loss(2000, 48), Loss(9000, 72)))
    said = asked(agent, campaign)
    assert "After a text to such people, 2.4 % opted out within a day (in truth 1.8 to 3.2 %)" in said
    assert "after all others, 0.8 %." in said
