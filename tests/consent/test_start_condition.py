"""The condition of the start statement: each obstacle alone forbids the start, whatever else protects the number."""

import pytest
from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from optin.clock import now
from optin.consent import conditions
from optin.enums import Channel, OptInStatus
from optin.models import Hold, Keyword, NumberLoss, OptIn, ProviderBlock, Suppression
from optin.policy.policy import Policy

NUMBER, SCOPE = "+14155550134", "+14155550100"


@pytest.mark.parametrize("needs_opt_in", [True, False])
@pytest.mark.parametrize(
    ("obstacle", "holds"),
    [
        (None, True),
        (Suppression(number=NUMBER, started_at=now(), asked_at=now()), False),
        (Suppression(number=NUMBER, started_at=now(), asked_at=now(), ended_at=now()), True),
        (NumberLoss(number=NUMBER, started_at=now()), False),
        (NumberLoss(number=NUMBER, started_at=now(), ended_at=now()), True),
        (Hold(number=NUMBER, started_at=now(), cause="sentence"), False),
        (ProviderBlock(scope=SCOPE, number=NUMBER, started_at=now(), cause="word"), False),
        (ProviderBlock(scope="another sender", number=NUMBER, started_at=now(), cause="word"), True),
    ],
    ids=[
        "nothing",
        "suppressed",
        "suppression ended",
        "lost",
        "found",
        "held",
        "blocked",
        "blocked for another sender",
    ],
)
def test_an_obstacle_forbids_the_start_although_an_opt_in_is_active(
    session: Session, obstacle: object, holds: bool, needs_opt_in: bool
) -> None:
    keyword = Keyword(word="volunteer", created_at=now())
    session.add(keyword)
    session.flush()
    given = {"number": NUMBER, "keyword_id": keyword.id, "source": "sms", "requested_at": now()}
    session.add(OptIn(status=OptInStatus.ACTIVE, **given))
    if obstacle is not None:
        kept = {column.key: getattr(obstacle, column.key) for column in type(obstacle).__table__.columns}
        session.add(type(obstacle)(**{name: value for name, value in kept.items() if value is not None}))
    session.flush()
    policy, keyword_id = Policy(keywordless_needs_opt_in=False), keyword.id if needs_opt_in else None
    condition = conditions.consent_holds(
        literal(NUMBER), policy, keyword_id=keyword_id, scope=SCOPE, channel=Channel.SMS
    )
    assert bool(session.scalar(select(condition))) is holds


@pytest.mark.parametrize(("status", "holds"), [("active", True), ("pending", False), ("inactive", False)])
def test_only_an_active_opt_in_lets_a_message_start(session: Session, status: str, holds: bool) -> None:
    keyword = Keyword(word="volunteer", created_at=now())
    session.add(keyword)
    session.flush()
    session.add(OptIn(number=NUMBER, keyword_id=keyword.id, status=status, source="sms", requested_at=now()))
    session.flush()
    condition = conditions.consent_holds(
        literal(NUMBER), Policy(), keyword_id=keyword.id, scope=SCOPE, channel=Channel.SMS
    )
    assert bool(session.scalar(select(condition))) is holds
