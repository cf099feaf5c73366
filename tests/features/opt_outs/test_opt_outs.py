"""Opting a number out by hand: what it ends and cancels, what it says, and what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as clocks
from optin.consent import consent_status
from optin.enums import EventKind, MessageStatus
from optin.models import ConsentEvent, ConsentPayload, Hold, OptIn, Suppression, User
from tests.conftest import Clock
from tests.support import outbox, world
from tests.support.clients import Browser

NOOR = "+12065550147"
GIVEN = {"number": "(206) 555-0147", "way": "By telephone", "words": "take me off your list"}


def out(session: Session, number: str = NOOR) -> str:
    return consent_status.of_number(session, number).label


def test_it_ends_everything_and_says_what_was_said(agent: Browser, session: Session) -> None:
    world.keyword(session)
    noor = world.person(session, "Noor Haddad", NOOR)
    world.text(session, "volunteer", NOOR)
    waiting = outbox.one_to_one(session, NOOR)
    session.commit()
    assert 'href="/opt-outs/new?number=%2B12065550147"' in agent.get(f"/contacts/{noor.id}").text
    page = agent.post("/opt-outs", data=GIVEN, follow_redirects=True).text
    assert "(206) 555-0147 is opted out of everything: 1 opt-in ended. No text was sent." in page
    assert "Recorded by Agent" in page
    assert "“By telephone: take me off your list”" in page
    assert "Opt out…" not in page
    session.refresh(waiting)
    assert waiting.status == MessageStatus.CANCELLED
    assert session.scalars(select(OptIn.status)).all() == ["inactive"]
    events = select(ConsentEvent.kind, ConsentEvent.source, ConsentPayload.text, User.name)
    joined = events.join(ConsentPayload).join(User, User.id == ConsentEvent.actor_id)
    told = session.execute(joined.order_by(ConsentEvent.id.desc()).limit(1)).one()
    assert (told.kind, told.source, told.text) == (EventKind.OPTED_OUT, "user", "By telephone: take me off your list")


def test_a_number_without_a_person_is_taken_to_the_list(agent: Browser, session: Session) -> None:
    response = agent.post("/opt-outs", data={"number": "206 555 0147", "way": "By letter"})
    assert response.location == "/settings/opted-out?q=%2B12065550147"
    page = agent.get(response.location).text
    assert "By letter (recorded by " in page
    assert out(session) == "Opted out"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"number": ""}, "Enter the number that is not to be texted."),
        ({"number": "555-0199"}, "That number is too short"),
        ({"number": "(415) 555-0199 ext. 3"}, "without an extension"),
        ({"way": ""}, "Choose how they asked."),
        ({"way": "By smoke"}, "Not a valid choice."),
        ({"day": "2999-01-01"}, "Choose today or an earlier day."),
        ({"day": "3 May"}, "Not a valid date value."),
        ({"words": "w" * 901}, "Field cannot be longer than 900 characters."),
    ],
)
def test_what_is_wrong_comes_back_as_typed(
    agent: Browser, session: Session, changed: dict[str, str], sentence: str
) -> None:
    sent = {**GIVEN, **changed}
    response = agent.post("/opt-outs", data=sent)
    assert response.status_code == 422
    assert sentence in response.text
    assert f'value="{sent["words"]}"' in response.text
    assert f'value="{sent["number"]}"' in response.text
    assert session.scalars(select(Suppression)).all() == []


@pytest.mark.parametrize(("days", "label"), [(0, "Opted out"), (2, "On hold")])
def test_an_earlier_day_counts_from_then(agent: Browser, session: Session, clock: Clock, days: int, label: str) -> None:
    """Who opted in again after that day did so last: a person decides."""
    world.keyword(session)
    world.text(session, "volunteer", NOOR)
    clock.forward(hours=1)
    day = (clocks.now() - timedelta(days=days)).date()
    page = agent.post("/opt-outs", data={**GIVEN, "day": day.isoformat()}, follow_redirects=True).text
    assert out(session) == label
    if days:
        assert "on hold: decide in Review what counts" in page
        assert session.scalars(select(Hold.cause)).one() == "late_stop"


def test_what_began_on_that_day_ends(agent: Browser, session: Session, clock: Clock) -> None:
    world.keyword(session)
    world.text(session, "volunteer", NOOR)
    day = clocks.now().date()
    clock.forward(days=2)
    agent.post("/opt-outs", data={**GIVEN, "day": day.isoformat()})
    assert out(session) == "Opted out"


def test_twice_adds_the_note_and_says_so(agent: Browser, session: Session) -> None:
    agent.post("/opt-outs", data=GIVEN)
    page = agent.post("/opt-outs", data={**GIVEN, "words": "again"}, follow_redirects=True).text
    assert "was opted out already. Your note was added to its ledger" in page
    assert len(session.scalars(select(Suppression)).all()) == 1


def test_every_spelling_of_the_phone_is_out(agent: Browser, session: Session) -> None:
    agent.post("/opt-outs", data={**GIVEN, "number": "+225 07 08 09 10 11"})
    assert len(session.scalars(select(Suppression)).all()) == 2


def test_the_form_shows_who_has_the_number(agent: Browser, session: Session) -> None:
    noor = world.person(session, "Noor Haddad", NOOR)
    page = agent.get("/opt-outs/new", query_string={"number": NOOR}).text
    assert f'<a href="/contacts/{noor.id}">Noor Haddad</a>' in page
    assert 'value="(206) 555-0147"' in page
