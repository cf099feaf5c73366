"""Members of another campaign as people to add: all, or those whom its messages reach or its last broadcast did."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from optin.campaign_members import sources
from optin.campaign_members.sources import People
from optin.consent import audience, deliverability, facts
from optin.consent.follow_up import GOT, FollowUp
from optin.enums import Audience, LabelledEnum
from optin.models import Broadcast, Campaign, CampaignMember, Message
from optin.models.index_conditions import is_not_removed
from optin.policy import cache
from optin.provider import senders

SOURCE = "campaign"


class Which(LabelledEnum):
    """Which of the members; the label follows the name of their campaign."""

    ALL = "all", "All members"
    RECEIVING = "receiving", "Those who would receive its messages"
    GOT = "got", "Those who got its last broadcast"
    MISSED = "missed", "Those who did not get its last broadcast"


def about(campaign_id: int, which: Which, broadcast: Broadcast | None) -> dict[str, Any]:
    """Return by what the source finds the members; the broadcast that counts stays the same whatever is sent later."""
    return {"campaign_id": campaign_id, "which": str(which), "broadcast_id": broadcast.id if broadcast else None}


def last_broadcast(session: Session, campaign_id: int) -> Broadcast | None:
    """Return the campaign's newest broadcast that has begun."""
    begun = select(Broadcast).where(Broadcast.campaign_id == campaign_id, Broadcast.started_at.is_not(None))
    return session.scalars(begun.order_by(Broadcast.id.desc()).limit(1)).first()


@sources.source(SOURCE)
def people(session: Session, about: Mapping[str, Any]) -> People | None:
    """Select the people whom `about` tells of."""
    campaign, which = session.get(Campaign, about["campaign_id"]), Which(about["which"])
    if campaign is None:
        return None
    mine: Select[int] = select(CampaignMember.person_id).where(CampaignMember.campaign_id == campaign.id)
    chosen = mine.where(is_not_removed(CampaignMember))
    broadcast_id = about["broadcast_id"]
    if which is Which.RECEIVING:
        chosen = chosen.where(_is_reached(session, campaign))
    elif which is Which.GOT:
        chosen = chosen.where(_got(broadcast_id))
    elif which is Which.MISSED:
        chosen = chosen.where(FollowUp(Audience.MISSED, broadcast_id).includes(CampaignMember.number))
    total = deliverability.MEMBERS.of(session, campaign.id).value
    return People(f"{which.label} of “{campaign.name}”", chosen, mine, total)


def _is_reached(session: Session, campaign: Campaign) -> ColumnElement[bool]:
    """The member receives what the campaign sends, at once or in sending hours."""
    sender = next(iter(senders.all_in_use(session)), None)
    question = audience.ask(session, campaign, *facts.scope_and_channel(sender), cache.policy(session))
    return audience.reason(question).in_(audience.taken_in(question))


def _got(broadcast_id: int) -> ColumnElement[bool]:
    """The member's message of the broadcast was sent."""
    mine = (Message.person_id == CampaignMember.person_id, Message.broadcast_id == broadcast_id)
    return exists().where(*mine, Message.status.in_(GOT))
