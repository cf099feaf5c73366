"""For histories at random what is explained is what was recorded, of messages as of members, and the log agrees."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import phone
from optin.consent import audience, facts, ledger
from optin.database.session import db
from optin.enums import BroadcastState, Channel, Direction, MessageStatus, OptInSource, Purpose, Reason
from optin.features.why import member, message
from optin.features.why.explanation import Explanation, Knowledge
from optin.features.why.message import NOT_THE_RULE
from optin.models import Broadcast, Campaign, CampaignMember, Message, Sender
from optin.policy import policy
from optin.refused import Refused
from optin.sending import delivery, put_out, queueing
from tests.conftest import Clock
from tests.support import outbox, world
from tests.support.history import NUMBERS, History

SETTINGS = {
    "sending_hours": (False, False, True),
    "sending_from": ("08:00", "11:00"),
    "keywordless_needs_opt_in": (True, False),
    "require_opt_in_for_one_to_one": (True, False),
    "cap_per_day": (0, 0, 2),
    "cap_waits": (True, False),
}
NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)
PEOPLE = (*NUMBERS, NUMBERS[0], None)
"""One number twice, and somebody without one."""


class Sending(History):
    """Besides what happens to consent, admins change settings, and users send."""

    def __init__(self, session: Session, engine: Engine, draw: random.Random, clock: Clock) -> None:
        super().__init__(session, draw, clock)
        self.engine = engine
        people = [world.person(session, f"Person {index}", number) for index, number in enumerate(PEOPLE)]
        now = clock.now()
        self.campaigns = [
            Campaign(name="A", keyword_id=each and each.id, created_at=now, updated_at=now)
            for each in (*self.keywords, None)
        ]
        session.add_all(self.campaigns)
        session.flush()
        for campaign in self.campaigns:
            for person in people:
                zones = phone.zone_group(person.mobile, "US") if person.mobile else ""
                row = CampaignMember(campaign_id=campaign.id, person_id=person.id, number=person.mobile, zones=zones)
                row.added_at = now
                session.add(row)
        session.commit()

    def change_a_setting(self) -> None:
        name = self.draw.choice(list(SETTINGS))
        policy.change(self.session, self.user, **{name: self.draw.choice(SETTINGS[name])})

    def broadcast(self) -> None:
        campaign, now = self.draw.choice(self.campaigns), self.clock.now()
        made = Broadcast(
            campaign_id=campaign.id, keyword_id=campaign.keyword_id, sender_id=outbox.sender(self.session).id,
            body="Hello", state=BroadcastState.SENDING, form_key=str(self.draw.random()), created_at=now,
            started_at=now,
        )  # fmt: skip
        self.session.add(made)
        self.session.flush()
        put_out.begin(self.session, campaign, made, self.user)

    def come_back(self) -> None:
        number = self.number
        by_phone = self.act(provider_at=None, channel=Channel.SMS)
        ledger.find_number(self.session, number, by_phone, asks=False)
        ledger.keep(self.session, number, replace(by_phone, source=OptInSource.USER, actor_id=self.user))
        ledger.opt_in(self.session, number, self.keywords[0], by_phone)

    def one_to_one(self) -> None:
        queued = queueing.queue_one_to_one(
            self.session, number=self.number, body="Hello", sender=outbox.sender(self.session),
            policy=policy.load(self.session), author_id=self.user, form_key=str(self.draw.random()),
        )  # fmt: skip
        assert isinstance(queued, Message | Refused)

    def send(self) -> None:
        self.session.commit()
        for broadcast_id in (None, *delivery.waiting_broadcasts(self.engine)):
            delivery.start(self.engine, delivery.claim(self.engine, broadcast_id=broadcast_id))
        self.session.expire_all()
        started = update(Message).where(Message.status == MessageStatus.SENDING).values(status=MessageStatus.SENT)
        self.session.execute(started)

    def go_on(self) -> None:
        super().go_on()
        for act in self.draw.sample(
            [self.change_a_setting, self.broadcast, self.one_to_one, self.send, self.come_back], 3
        ):
            self.clock.forward(minutes=self.draw.randrange(1, 30))
            act()
            self.session.commit()


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2])
def test_what_is_explained_is_what_was_recorded(session: Session, engine: Engine, clock: Clock, seed: int) -> None:
    clock.set(NOON)
    happening = Sending(session, engine, random.Random(seed), clock)
    for _ in range(50):
        happening.go_on()
    now = policy.load(session)
    seen: Counter[str] = Counter()
    found = select(Message).where(Message.direction == Direction.OUTBOUND).order_by(Message.id)
    for row in session.scalars(found).all():
        told = message.explain(session, row, now)
        _assert_it_is_what_was_recorded(row, told)
        seen[f"{row.purpose} {row.reason or row.status}"] += 1
        recorded = row.queued_reason
        row.queued_reason = row.zones = None
        older = message.explain(session, row, now)
        if row.purpose != Purpose.REPLY:
            assert _queued(older).known is Knowledge.WORKED_OUT
            assert _reason(_queued(older)) == (Reason(recorded) if recorded else None), _about(row, older)
    session.rollback()
    assert {"campaign sent", "one_to_one sent"} <= set(seen), seen
    assert len({reason for reason in seen if reason.startswith("campaign")}) > 3, seen


def test_of_members_it_is_what_deliverability_shows(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(NOON)
    happening = Sending(session, engine, random.Random(9), clock)
    seen = set()
    for _ in range(25):
        happening.go_on()
        now, sender = policy.load(session), session.scalars(select(Sender)).first()
        for campaign in happening.campaigns:
            asked = audience.ask(session, campaign, *facts.scope_and_channel(sender), now)
            shown = select(CampaignMember, audience.reason(asked)).where(audience.stays(campaign.id))
            for row, reason in session.execute(shown).all():
                told = member.explain(session, row, sender, now)
                assert _reason(told.now.deciding) == (Reason(reason) if reason else None)
                decided = told.now.decided
                assert (decided.asked.step.reason if decided else None) == (Reason(reason) if reason else None)
                seen.add(reason)
    assert {"", "opted_out", "duplicate", "no_number", "not_opted_in"} <= seen, seen


def _assert_it_is_what_was_recorded(row: Message, told: Explanation) -> None:
    assert _reason(_queued(told)) == (Reason(row.queued_reason) if row.queued_reason else None)
    assert told.differs == "", _about(row, told)
    if row.started_at is not None:
        assert told.decided is None
    elif row.status in (MessageStatus.SKIPPED, MessageStatus.CANCELLED) and row.reason not in NOT_THE_RULE:
        assert told.decided is not None
        assert told.decided.asked.step.reason == row.reason, _about(row, told)


def _queued(told: Explanation) -> object:
    return next(each for each in told.moments if each.name == "Queued")


def _reason(moment: object) -> Reason | None:
    return moment.decision.reason  # type: ignore[attr-defined]


def _about(row: Message, told: Explanation) -> str:
    return f"{row.id} {row.purpose} {row.status} {row.reason} {row.number} {told.moments} {told.then.facts}"
