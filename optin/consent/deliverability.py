"""Deliverability on pages: counted at once for campaigns of some thousands, else as counted last, with its age."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, select
from sqlalchemy.orm import Session

from optin.consent import audience, audience_counts, facts
from optin.consent.audience import Deliverability
from optin.consent.conditions import WILL_RECEIVE
from optin.consent.follow_up import FollowUp
from optin.database.steering import is_any
from optin.enums import Audience, Reason
from optin.models import Campaign, CampaignMember, Sender
from optin.models.index_conditions import is_not_removed
from optin.policy import cache
from optin.queries import cached_counts
from optin.queries.cached_counts import CachedCount


def known_counts(
    session: Session, campaign: Campaign, sender: Sender | None, members: CachedCount
) -> Deliverability | None:
    """Return how many of so many `members` would receive a message from the sender (None: no block counts).

    None before the first count.
    """
    return _now(session, campaign, sender) if members.is_exact else counted(session, campaign, sender)


def counted(
    session: Session, campaign: Campaign, sender: Sender | None, follow_up: FollowUp | None = None
) -> Deliverability | None:
    """Return it as it was counted last, of a part of the campaign if one is given; None before the first count."""
    by = sender.id if sender else None
    if follow_up:
        seen = _OF_PARTS.seen(session, campaign.id, by, follow_up.audience, follow_up.broadcast_id)
    else:
        seen = _COUNTED.seen(session, campaign.id, by)
    if seen is None:
        return None
    reasons = {reason: seen.value[reason] for reason in Reason if reason in seen.value}
    will_receive = int(seen.value[WILL_RECEIVE])
    return Deliverability(will_receive + sum(reasons.values()), will_receive, reasons, seen.at)


def member_counts(session: Session, campaign_ids: Collection[int]) -> dict[int, CachedCount]:
    """Count the members of each campaign, by its id; very many are as last counted."""
    return MEMBERS.of_each(session, Campaign.id, campaign_ids)


def _now(
    session: Session, campaign: Campaign, sender: Sender | None, follow_up: FollowUp | None = None
) -> Deliverability:
    asked = audience.ask(session, campaign, *facts.scope_and_channel(sender), cache.policy(session))
    return audience_counts.deliverability(session, replace(asked, follow_up=follow_up))


def _counts_of_part(session: Session, campaign_id: int, sender_id: int, part: str, broadcast_id: int) -> dict[str, int]:
    return _counts(session, campaign_id, sender_id, FollowUp(Audience(part), broadcast_id))


def _counts(session: Session, campaign_id: int, sender_id: int, follow_up: FollowUp | None = None) -> dict[str, int]:
    campaign, sender = session.get_one(Campaign, campaign_id), session.get(Sender, sender_id)
    found = _now(session, campaign, sender, follow_up)
    return {WILL_RECEIVE: found.will_receive} | {str(why): count for why, count in found.reasons.items()}


def _rows(campaign_id: int | SQLColumnExpression[int]) -> Select[Any]:
    mine = (CampaignMember.campaign_id == campaign_id, is_not_removed(CampaignMember))
    return select(CampaignMember.id).where(*mine, is_any(CampaignMember.id))


MEMBERS = cached_counts.RowCounter("members", _rows)
_COUNTED = cached_counts.CountKind("deliverability", _counts)
_OF_PARTS = cached_counts.CountKind("deliverability-of-part", _counts_of_part)
