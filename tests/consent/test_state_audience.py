"""Hours and caps by state in SQL, for whole audiences, say what they say of single numbers; on both databases."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import audience, audience_counts, hours, state_hours
from optin.enums import Channel, Direction, MessageStatus, Purpose, Reason
from optin.models import Broadcast, Campaign, CampaignMember, Message
from optin.phone import us_states
from optin.policy.policy import Policy
from tests.support import audience_scene, outbox

AREAS = ("212", "512", "915", "850", "305", "270", "219", "308", "401", "334", "207", "907", "808", "800", "999", "787")
ADDRESSES = ("TX", "FL", "RI", "ME", "AK", "OH")
ELSEWHERE = ("+14165550134", "+447700900123", "+81312345678")
POLICIES = (
    Policy(state_rules=True),
    Policy(state_rules=True, sending_hours=False),
    Policy(state_rules=True, state_strictest=True, sending_from="10:00", sending_to="23:00"),
    Policy(state_rules=True, state_by_address=True, sending_hours=False),
    Policy(sending_hours=False),
)
GOT_BEFORE = (1, 2, 3)
SUNDAY = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign whose members live everywhere; one of each place has got three broadcast messages in the last day."""
    made = outbox.broadcast(session)
    for area in AREAS:
        for last in (0, 1):
            number = f"+1{area}555013{last}"
            _lives(session, made, number, "")
            if last:
                session.add_all(_got(number, hour) for hour in GOT_BEFORE)
        for last, state in enumerate(ADDRESSES, start=2):
            number = f"+1{area}55501{last:02d}1"
            _lives(session, made, number, state)
            session.add_all(_got(number, hour) for hour in GOT_BEFORE)
    for number in ELSEWHERE:
        for state in ("", "TX"):
            _lives(session, made, number.removesuffix("4") + str(len(state)), state)
    audience_scene.member(session, made, None, "")
    session.flush()
    return session.get_one(Campaign, made.campaign_id)


def _lives(session: Session, of: Broadcast, number: str, state: str) -> None:
    """Have a member with a number and an address."""
    person_id = audience_scene.member(session, of, number, us_states.zone_group(number, "US", state))
    mine = select(CampaignMember).where(CampaignMember.person_id == person_id)
    session.scalars(mine).one().us_state = state


def _got(number: str, hour: int) -> Message:
    at = SUNDAY - timedelta(hours=hour)
    return Message(
        direction=Direction.OUTBOUND, purpose=Purpose.CAMPAIGN, number=number, status=MessageStatus.DELIVERED,
        sender_id=1, created_at=at, updated_at=at, started_at=at,
    )  # fmt: skip


def _expected(policy: Policy, member: CampaignMember, now: datetime, not_after: datetime | None) -> str:
    if member.number is None:
        return str(Reason.NO_NUMBER)
    bound = state_hours.bound(policy, member.number, member.us_state)
    zones = member.zones.split("|")
    opens = hours.next_open(zones, now, bound.hours) if bound.hours else now
    if not_after and (opens is None or opens >= not_after):
        return str(Reason.TOO_LATE)
    if opens != now:
        return str(Reason.OUTSIDE_HOURS)
    mine = (SUNDAY - timedelta(hours=hour) for hour in GOT_BEFORE) if member.number.endswith("1") else ()
    got = sum(at > now - timedelta(hours=24) for at in mine)
    return str(Reason.CAP_REACHED) if bound.day_cap and got >= bound.day_cap else ""


@pytest.mark.slow
def test_the_audience_says_of_each_member_what_binds_their_number(session: Session, campaign: Campaign) -> None:
    chance = Random(12)
    members = session.scalars(select(CampaignMember).where(CampaignMember.campaign_id == campaign.id)).all()
    seen: Counter[str] = Counter()
    for turn in range(24):
        now = SUNDAY + timedelta(minutes=chance.randrange(0, 2 * 24 * 60) if turn else 30)
        not_after = now + timedelta(hours=chance.choice((3, 9, 20, 40))) if turn % 2 else None
        for given in POLICIES:
            lenient = Policy(**{**vars(given), "keywordless_needs_opt_in": False})
            asked = audience.ask(session, campaign, "", Channel.SMS, lenient, now, not_after=not_after)
            said = dict(session.execute(select(CampaignMember.id, audience.reason(asked))).all())
            expected = {each.id: _expected(lenient, each, now, not_after) for each in members}
            assert said == expected
            seen.update(said.values())
            for why in (None, Reason.OUTSIDE_HOURS, Reason.TOO_LATE, Reason.CAP_REACHED):
                having = set(session.scalars(select(CampaignMember.id).where(*audience.having(asked, why))))
                assert having == {id_ for id_, reason in said.items() if reason == (why or "")}
            counts = audience_counts.deliverability(session, asked)
            counted = {"": counts.will_receive, **{str(reason): count for reason, count in counts.reasons.items()}}
            assert Counter(said.values()) == counted
            with_number = [(each, each.number) for each in members if each.number]
            assert all(
                asked.is_closed(number, each.zones, each.us_state) != _is_open(lenient, each, now)
                for each, number in with_number
            )
    assert set(seen) >= {"", "outside_hours", "too_late", "cap_reached"}


def _is_open(policy: Policy, member: CampaignMember, now: datetime) -> bool:
    bound = state_hours.bound(policy, member.number or "", member.us_state)
    return bound.hours is None or hours.is_open(member.zones.split("|"), now, bound.hours)
