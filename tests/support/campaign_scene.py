"""What tests of campaigns arrange besides world.py: campaigns, members, opt-ins without a text, senders."""

from collections.abc import Mapping
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock, phone
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import CampaignStatus, OptInSource
from optin.models import Broadcast, Campaign, CampaignMember, Keyword, Message, Person, Sender
from optin.policy import policy
from optin.provider import senders
from tests.support import world

NOON_IN_THE_US = "2026-11-23T18:00:00+00:00"


def sender(session: Session, address: str = "+14155550100") -> Sender:
    """Have a number to send from."""
    made = senders.ensure(session, address)
    session.commit()
    return made


def campaign(session: Session, keyword: Keyword | None = None, name: str = "Volunteer Campaign") -> Campaign:
    """Store a campaign."""
    now = clock.now()
    made = Campaign(
        name=name,
        keyword_id=keyword.id if keyword else None,
        status=CampaignStatus.IN_PROGRESS,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.commit()
    return made


def two_of_three(session: Session) -> Campaign:
    """Have a campaign of Maya and Tom, who opted in with its keyword, and Ines with another; without sending hours."""
    policy.change(session, None, sending_hours=False)
    keyword, other = world.keyword(session), world.keyword(session, "donate")
    sender(session)
    made = campaign(session, keyword)
    for name, number, with_keyword in (
        ("Maya Chen", world.MAYA, keyword),
        ("Tom Reyes", world.TOM, keyword),
        ("Ines Roy", world.INES, other),
    ):
        member(session, made, world.person(session, name, number))
        opts_in(session, number, with_keyword)
    return made


def member(session: Session, campaign: Campaign, person: Person, *, removed: bool = False) -> CampaignMember:
    """Put a person into a campaign, or take them out of it by hand."""
    person.zones = phone.zone_group(person.mobile, "US") if person.mobile else ""
    now = clock.now()
    made = CampaignMember(
        campaign_id=campaign.id,
        person_id=person.id,
        number=person.mobile,
        zones=person.zones,
        added_at=now,
        removed_at=now if removed else None,
    )
    session.add(made)
    session.commit()
    return made


def with_opted_in(session: Session, people: Mapping[str, str]) -> Campaign:
    """Store a campaign whose members, by name with their numbers, all opted in; there is a number to send from.

    Sending hours are off.
    """
    policy.change(session, None, sending_hours=False)
    keyword = world.keyword(session)
    sender(session)
    made = campaign(session, keyword)
    for name, number in people.items():
        member(session, made, world.person(session, name, number))
        opts_in(session, number, keyword)
    return made


def opts_in(session: Session, number: str, keyword: Keyword, source: OptInSource = OptInSource.SMS) -> int:
    """Let a number opt in, by whatever way; return the id of the opt-in."""
    result = ledger.opt_in(session, number, keyword, Act(source=source, at=clock.now(), text=keyword.word))
    session.commit()
    assert result.opt_in_id is not None
    return result.opt_in_id


def members(session: Session, campaign: Campaign) -> list[CampaignMember]:
    """Return who is in the campaign now."""
    found = select(CampaignMember).where(CampaignMember.campaign_id == campaign.id, CampaignMember.removed_at.is_(None))
    return list(session.scalars(found.order_by(CampaignMember.number, CampaignMember.id)))


def broadcast(session: Session, campaign: Campaign, sender: Sender, state: str, body: str = "Hello") -> Broadcast:
    """Store a broadcast in a state, without messages."""
    now = clock.now()
    made = Broadcast(
        campaign_id=campaign.id,
        keyword_id=campaign.keyword_id,
        sender_id=sender.id,
        body=body,
        state=state,
        form_key=str(uuid4()),
        created_at=now,
        started_at=now,
    )
    session.add(made)
    session.commit()
    return made


def messages(session: Session, broadcast_id: int) -> list[Message]:
    """Return what a broadcast has in the outbox."""
    found = select(Message).where(Message.broadcast_id == broadcast_id).order_by(Message.number)
    return list(session.scalars(found))
