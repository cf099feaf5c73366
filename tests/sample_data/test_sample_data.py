"""The sample data: made by real events, complete, finished, and never twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import consent_status
from optin.consent.consent_status import StatusKind
from optin.database.session import Base, db
from optin.enums import (
    BroadcastState,
    CampaignStatus,
    Direction,
    EndReason,
    EventKind,
    HoldResolution,
    MessageStatus,
    OptInStatus,
    Purpose,
    Reason,
)
from optin.models import (
    Broadcast,
    Campaign,
    CampaignMember,
    ConsentEvent,
    Hold,
    Keyword,
    Message,
    OptIn,
    Person,
    ProviderBlock,
    StatusEvent,
)
from optin.sample_data import seed
from optin.sample_data.cast import PEOPLE, TEXTS
from tests.support.clients import Browser


def count(session: Session, *given: ColumnElement[bool]) -> int:
    return session.scalars(select(func.count()).where(*given)).one()


def rows(session: Session) -> dict[str, int]:
    """Count the rows of every table."""
    tables = Base.metadata.sorted_tables
    return {table.name: session.scalars(select(func.count()).select_from(table)).one() for table in tables}


@pytest.mark.slow
def test_the_sample_holds_every_kind_of_state_and_nothing_waits(app: Flask, session: Session, agent: Browser) -> None:
    config = app.config["OPTIN"]
    started = clock.now()
    session.commit()
    assert seed(config)
    every_state_is_there(session)
    nothing_waits(session)
    consent_is_proven(session)
    nothing_is_from_the_future(session)
    the_phones_show_the_same(app, session)
    before = rows(session)
    session.commit()
    assert not seed(config)
    assert rows(session) == before
    assert clock.now() - started < timedelta(minutes=2), "the clock is where it was"
    pages_can_be_read(agent, session)
    the_word_of_the_readme_is_free(agent)


def every_state_is_there(session: Session) -> None:
    assert {status: count(session, OptIn.status == status) > 0 for status in OptInStatus} == dict.fromkeys(
        OptInStatus, True
    )
    assert {EndReason.OPTED_OUT, EndReason.NUMBER_CHANGED} <= set(session.scalars(select(OptIn.end_reason)))
    assert set(session.scalars(select(Campaign.status))) == {
        CampaignStatus.PLANNED,
        CampaignStatus.IN_PROGRESS,
        CampaignStatus.COMPLETED,
    }
    assert count(session, Hold.ended_at.is_(None)) == 3
    assert session.scalars(select(Hold.resolution).where(Hold.ended_at.is_not(None))).all() == [HoldResolution.KEEP]
    assert count(session, Message.near_keyword_id.is_not(None)) >= 4
    assert count(session, Message.purpose == Purpose.ONE_TO_ONE) == 2
    assert count(session, Person.id > 0) == len(PEOPLE)
    found = consent_status.of_numbers(session, session.scalars(select(Message.number).distinct()))
    assert {one.kind for one in found.values()} >= set(StatusKind) - {StatusKind.LOST}, "its network has no faults"
    assert count(session, Message.status == MessageStatus.SKIPPED, Message.reason == Reason.BLOCKED) == 1
    assert count(session, ProviderBlock.ended_at.is_(None)) >= 1
    shared = select(Person.mobile).where(Person.mobile.is_not(None)).group_by(Person.mobile).having(func.count() > 1)
    assert len(session.scalars(shared).all()) == 2
    planned = session.scalars(select(Campaign).where(Campaign.status == CampaignStatus.PLANNED)).one()
    assert count(session, CampaignMember.campaign_id == planned.id) == 0
    assert count(session, OptIn.keyword_id == planned.keyword_id, OptIn.status == OptInStatus.ACTIVE) > 10


def nothing_waits(session: Session) -> None:
    assert count(session, Message.direction == Direction.INBOUND) == len(TEXTS)
    assert set(session.scalars(select(Message.status).where(Message.direction == Direction.OUTBOUND))) == {
        MessageStatus.DELIVERED,
        MessageStatus.SKIPPED,
    }
    assert session.scalars(select(Broadcast.state)).all() == [BroadcastState.SENT] * 3
    delivered = count(session, Message.status == MessageStatus.DELIVERED)
    assert count(session, StatusEvent.id > 0) == 2 * delivered, "each text was reported as sent and as delivered"


def consent_is_proven(session: Session) -> None:
    proven = select(ConsentEvent.opt_in_id).where(
        ConsentEvent.kind.in_((EventKind.ACTIVATED, EventKind.CONFIRMED)), ConsentEvent.message_sid.is_not(None)
    )
    active = session.scalars(select(OptIn.id).where(OptIn.status == OptInStatus.ACTIVE)).all()
    assert len(active) > 25
    assert set(active) <= set(session.scalars(proven))
    moments = session.scalars(select(ConsentEvent.at).order_by(ConsentEvent.id)).all()
    assert moments == sorted(moments), "the ledger was written in the order of events"
    assert moments[0] < clock.now() - timedelta(days=28)


def nothing_is_from_the_future(session: Session) -> None:
    now = clock.now()
    for column in (Message.updated_at, ConsentEvent.at, Keyword.created_at, Broadcast.finished_at):
        latest = session.scalars(select(func.max(column))).one()
        assert latest <= now


def the_phones_show_the_same(app: Flask, session: Session) -> None:
    config = app.config["OPTIN"]
    phones = app.extensions["simulator"].test_client()
    credentials = (config.twilio_account_sid, config.twilio_auth_token)
    maya = phones.get("/phones/+14155550134/messages", auth=credentials).json["messages"]
    assert [entry["body"] for entry in maya if entry["kind"] == "sent"] == ["Riverteam", "Great, see you there!"]
    assert "the river clean-up is on Saturday" in maya[-2]["body"]
    assert maya[-2]["body"].startswith("Hi Maya,")
    sids = {entry["sid"] for entry in maya}
    assert sids <= set(session.scalars(select(Message.sid)))


def pages_can_be_read(agent: Browser, session: Session) -> None:
    """The page linter reads what the sample shows, too."""
    campaign_id = session.scalars(select(Campaign.id).order_by(Campaign.id)).first()
    for page in ("/", "/inbox", "/review", "/keywords/1", f"/campaigns/{campaign_id}", "/contacts"):
        assert agent.get(page).status_code == 200, page


def the_word_of_the_readme_is_free(agent: Browser) -> None:
    """A newcomer is led to make this keyword first."""
    assert agent.post("/keywords", data={"word": "volunteer", "opt_in": "single"}).status_code == 303


def test_a_database_with_a_keyword_of_its_own_is_left_alone(app: Flask, session: Session) -> None:
    session.add(Keyword(word="ours", created_at=clock.now()))
    session.commit()
    before = rows(session)
    session.commit()
    assert not seed(app.config["OPTIN"])
    assert rows(session) == before


def test_a_real_account_never_gets_sample_data(make_app: Callable[..., Flask]) -> None:
    app = make_app(
        OPTIN_MODE="twilio",
        TWILIO_ACCOUNT_SID="AC" + "1" * 32,
        TWILIO_AUTH_TOKEN="2" * 32,
        TWILIO_FROM="+14155550100",
        OPTIN_PUBLIC_URL="https://optin.example.org",
    )
    with pytest.raises(ValueError, match="strangers"):
        seed(app.config["OPTIN"])
    refused = app.test_cli_runner().invoke(args=["seed"])
    assert refused.exit_code == 1
    assert "OPTIN_MODE=simulator" in refused.output


def test_the_command_says_what_it_did(app: Flask, session: Session) -> None:
    session.add(Keyword(word="ours", created_at=clock.now()))
    session.commit()
    with app.app_context():
        db.session.remove()
    said = app.test_cli_runner().invoke(args=["seed"])
    assert (said.exit_code, said.output) == (0, "The database already has data. Nothing was added.\n")


def test_without_a_number_to_text_there_is_no_sample(make_app: Callable[..., Flask]) -> None:
    app = make_app(TWILIO_FROM="MG" + "1" * 32)
    assert not seed(app.config["OPTIN"])
