"""Where a number stands: the strongest fact wins, Twilio's door is told beside it, many numbers cost one statement."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from optin.clock import now
from optin.consent import consent_status
from optin.consent.consent_status import StatusKind
from optin.enums import OptInStatus, SenderKind
from optin.models import Hold, Keyword, NumberLoss, OptIn, ProviderBlock, Sender, Suppression

NUMBER = "+14155550101"
SENDER = "+14155550100"
LOST_AT = datetime(2026, 6, 3, 19, tzinfo=UTC)


def store(session: Session, facts: str, number: str = NUMBER) -> None:
    """Store the named facts about the number."""
    keywords = {keyword.word: keyword for keyword in session.query(Keyword)}
    for fact in facts.split():
        match fact.split(":"):
            case ["suppressed"]:
                session.add(Suppression(number=number, started_at=now(), asked_at=now()))
            case ["was-suppressed"]:
                session.add(Suppression(number=number, started_at=now(), asked_at=now(), ended_at=now()))
            case ["lost"]:
                session.add(NumberLoss(number=number, started_at=LOST_AT))
            case ["found"]:
                session.add(NumberLoss(number=number, started_at=LOST_AT, ended_at=now()))
            case ["held"]:
                session.add(Hold(number=number, started_at=now(), cause="sentence"))
            case ["blocked", scope]:
                session.add(ProviderBlock(scope=scope, number=number, cause="word", started_at=now()))
            case [status, word]:
                session.add(
                    OptIn(
                        number=number,
                        keyword=keywords[word],
                        status=OptInStatus(status),
                        source="sms",
                        requested_at=now(),
                    )
                )
    session.flush()


@pytest.fixture(autouse=True)
def place(session: Session) -> None:
    """Two keywords, a sender in use, one of a Messaging Service and one that was retired."""
    for word in ("volunteer", "donate2026"):
        session.add(Keyword(word=word, confirmation="Hi", question="Sure?", created_at=now()))
    session.add(Sender(address=SENDER, kind=SenderKind.LONG_CODE, created_at=now()))
    session.add(Sender(address="+14155550102", kind="long_code", messaging_service_sid="MG1", created_at=now()))
    session.add(Sender(address="+14155550109", kind="long_code", created_at=now(), retired_at=now()))
    session.flush()


@pytest.mark.parametrize(
    ("facts", "label", "tone", "kind", "blocked"),
    [
        ("", "No opt-in", "off", StatusKind.NONE, False),
        ("inactive:volunteer", "No opt-in", "off", StatusKind.NONE, False),
        ("expired:volunteer was-suppressed", "No opt-in", "off", StatusKind.NONE, False),
        ("active:volunteer", "Opted in with volunteer", "ok", StatusKind.OPTED_IN, False),
        ("active:volunteer active:donate2026", "Opted in with volunteer, donate2026", "ok", StatusKind.OPTED_IN, False),
        ("pending:volunteer active:donate2026", "Opted in with donate2026", "ok", StatusKind.OPTED_IN, False),
        ("pending:volunteer", "Waiting for confirmation", "warn", StatusKind.PENDING, False),
        ("pending:volunteer blocked:+14155550100", "Waiting for confirmation", "warn", StatusKind.PENDING, True),
        ("blocked:+14155550100", "No opt-in", "off", StatusKind.NONE, True),
        ("blocked:MG1", "No opt-in", "off", StatusKind.NONE, True),
        ("blocked:+14155550109", "No opt-in", "off", StatusKind.NONE, False),
        ("active:volunteer blocked:+14155550100", "Opted in with volunteer", "ok", StatusKind.OPTED_IN, True),
        ("held active:volunteer blocked:+14155550100", "On hold", "warn", StatusKind.ON_HOLD, True),
        ("lost held", "Not in use since 3 Jun 2026", "bad", StatusKind.LOST, False),
        ("lost active:volunteer blocked:MG1", "Not in use since 3 Jun 2026", "bad", StatusKind.LOST, True),
        ("found active:volunteer", "Opted in with volunteer", "ok", StatusKind.OPTED_IN, False),
        ("lost suppressed", "Opted out", "bad", StatusKind.OPTED_OUT, False),
        ("suppressed held active:volunteer", "Opted out", "bad", StatusKind.OPTED_OUT, False),
    ],
)
def test_the_strongest_fact_wins_beside_twilios_door(
    session: Session, facts: str, label: str, tone: str, kind: StatusKind, blocked: bool
) -> None:
    store(session, facts)
    found = consent_status.of_numbers(session, [NUMBER, None])
    assert found == {NUMBER: consent_status.ConsentStatus(label, tone, kind, blocked)}
    assert consent_status.of_number(session, NUMBER) == found[NUMBER]
    assert found[NUMBER].badges == [(label, tone), *([consent_status.BLOCKED] if blocked else [])]


def test_numbers_do_not_mix(session: Session) -> None:
    store(session, "suppressed", "+14155550103")
    store(session, "active:volunteer", "+14155550104")
    found = consent_status.of_numbers(session, ["+14155550103", "+14155550104", "+14155550105"])
    assert [found[number].kind for number in sorted(found)] == [
        StatusKind.OPTED_OUT,
        StatusKind.OPTED_IN,
        StatusKind.NONE,
    ]
    assert consent_status.of_number(session, None) == consent_status.NO_OPT_IN


def test_a_page_of_numbers_costs_one_statement(session: Session, count: Callable[[], int]) -> None:
    consent_status.of_numbers(session, [f"+1415555{last:04}" for last in range(400)])
    assert count() == 1


@pytest.fixture
def count(session: Session) -> Callable[[], int]:
    """Count the statements from here on."""
    seen: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: seen.append(given[2]))
    return lambda: len(seen)
