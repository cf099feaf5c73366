"""Figures that take long are shown as they were counted last, and counted again behind."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import deliverability
from optin.database.session import db
from optin.database.transactions import reading
from optin.models import Campaign, Figure
from optin.queries import cached_counts
from tests.conftest import Clock
from tests.support.campaign_scene import campaign, member, opts_in
from tests.support.clients import Browser
from tests.support.world import keyword, person


@pytest.fixture
def large(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """A campaign of four, where three are many."""
    monkeypatch.setattr(cached_counts, "FEW", 2)
    volunteer = keyword(session, "volunteer")
    made = campaign(session, volunteer)
    for index in range(4):
        number = f"+1415555013{index}"
        member(session, made, person(session, f"Ada{index}", mobile=number))
        opts_in(session, number, volunteer)
    return made


def counted(app: Flask) -> int:
    """Let the schedule count what was asked for."""
    with app.app_context():
        return cached_counts.refresh(db.engine)


def test_few_are_counted_at_once(session: Session) -> None:
    made = campaign(session)
    member(session, made, person(session, "Ada", mobile="+14155550134"))
    count = deliverability.MEMBERS.of(session, made.id)
    assert (count.value, count.is_exact) == (1, True)
    assert session.scalars(select(Figure)).all() == []


def test_many_are_counted_behind(app: Flask, session: Session, large: Campaign) -> None:
    with reading(session.get_bind().engine) as reader:
        before = deliverability.MEMBERS.of(reader, large.id)
    assert (before.value, before.more) == (2, True)
    session.rollback()
    assert counted(app) == 1
    assert counted(app) == 0
    after = deliverability.MEMBERS.of(session, large.id)
    assert (after.value, after.more, after.is_exact) == (4, False, False)
    each = deliverability.member_counts(session, [large.id, campaign(session).id])
    assert [count.value for count in each.values()] == [4, 0]
    assert each[large.id].at == after.at


def test_an_old_figure_is_shown_and_counted_again(app: Flask, session: Session, large: Campaign, clock: Clock) -> None:
    with reading(session.get_bind().engine) as reader:
        deliverability.MEMBERS.of(reader, large.id)
    session.rollback()
    counted(app)
    member(session, large, person(session, "Noor", mobile="+14155550139"))
    with reading(session.get_bind().engine) as reader:
        assert deliverability.MEMBERS.of(reader, large.id).value == 4
    session.rollback()
    assert counted(app) == 0
    clock.forward(seconds=2 * cached_counts.FRESH.total_seconds())
    with reading(session.get_bind().engine) as reader:
        assert deliverability.MEMBERS.of(reader, large.id).value == 4
    session.rollback()
    assert counted(app) == 1
    assert deliverability.MEMBERS.of(session, large.id).value == 5


def test_who_writes_asks_for_nothing(session: Session, large: Campaign) -> None:
    deliverability.MEMBERS.of(session, large.id)
    assert session.scalars(select(Figure)).all() == []


def test_the_page_of_a_large_campaign_tells_the_age(app: Flask, agent: Browser, large: Campaign, clock: Clock) -> None:
    url = f"/campaigns/{large.id}?tab=broadcasts"
    first = agent.get(url).get_data(as_text=True)
    assert "2+" in first
    assert "being counted" in first
    counted(app)
    clock.forward(seconds=timedelta(minutes=3).total_seconds())
    shown = agent.get(url).get_data(as_text=True)
    assert "4 members, counted" in shown
    assert "3 minutes ago" in shown
    fragment = agent.get(f"/campaigns/{large.id}/deliverability").get_data(as_text=True)
    assert "every 5s" in fragment


def test_pages_with_large_figures_answer_before_and_after_the_count(
    app: Flask, admin: Browser, large: Campaign
) -> None:
    for _ in range(2):
        for url in ("/", "/campaigns", "/keywords", f"/keywords/{large.keyword_id}?tab=related"):
            assert admin.get(url).status_code == 200
        counted(app)
    assert ">4<" in admin.get("/keywords").get_data(as_text=True)
