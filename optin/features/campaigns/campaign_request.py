"""A campaign as a request asks about it: with the sender that the request names, and what follows from the two."""

from dataclasses import replace
from datetime import datetime
from functools import cached_property

from flask import request
from sqlalchemy.orm import Session

from optin.consent import audience, audience_counts, deliverability, facts
from optin.consent.audience import AudienceQuestion, Deliverability
from optin.consent.empty_fields import EmptyFields
from optin.consent.follow_up import FollowUp
from optin.database.session import db
from optin.models import Campaign, Sender
from optin.provider import senders
from optin.queries.cached_counts import CachedCount
from optin.web.current import current_policy


class CampaignRequest:
    """What the parts of a campaign's page ask about it; each is read when it is first needed, and once."""

    def __init__(
        self,
        session: Session,
        campaign: Campaign,
        sender_id: int | None = None,
        follow_up: FollowUp | None = None,
        empty_fields: EmptyFields | None = None,
        *,
        leaves_out_often: bool = False,
    ) -> None:
        """Ask about a campaign that was loaded, or a part of it; `sender_id` is for a request that names no sender.

        For whom one of the `empty_fields` is empty, is left out; so is, if it says so, who got many texts lately.
        """
        self.session, self.campaign, self._sender_id = session, campaign, sender_id
        self.follow_up, self.empty_fields, self.leaves_out_often = follow_up, empty_fields, leaves_out_often

    @cached_property
    def senders(self) -> list[Sender]:
        return senders.all_in_use(self.session)

    @cached_property
    def sender(self) -> Sender | None:
        """The one that the request names, else the one given, else the first; None when there is none at all."""
        return senders.choose(self.senders, _asked() or self._sender_id)

    @cached_property
    def question(self) -> AudienceQuestion:
        """Whom a message from the sender would reach now."""
        asked = question(self.session, self.campaign, self.sender, follow_up=self.follow_up)
        return replace(asked, empty_fields=self.empty_fields, leaves_out_often=self.leaves_out_often)

    @cached_property
    def members(self) -> CachedCount:
        """How many members there are."""
        return deliverability.MEMBERS.of(self.session, self.campaign.id)

    @cached_property
    def counts(self) -> Deliverability | None:
        """How many of them would receive a message from the sender now; None before the first count of very many."""
        if self.members.is_exact:
            return audience_counts.deliverability(self.session, self.question)
        return deliverability.counted(self.session, self.campaign, self.sender, self.follow_up)


def chosen_sender() -> Sender | None:
    """Return the sender in use that the request names, else the first; None when there is none at all."""
    return senders.choose(senders.all_in_use(db.session()), _asked())


def question(
    session: Session,
    campaign: Campaign,
    sender: Sender | None,
    at: datetime | None = None,
    not_after: datetime | None = None,
    *,
    follow_up: FollowUp | None = None,
) -> AudienceQuestion:
    """Ask for the campaign's members and a sender, now or at a moment to come, of a broadcast with a last time or none.

    `follow_up`: only for a part of them. Without a sender no block counts.
    """
    asked = audience.ask(session, campaign, *facts.scope_and_channel(sender), current_policy(), at, not_after=not_after)
    return replace(asked, follow_up=follow_up)


def _asked() -> int | None:
    return request.values.get("sender", type=int)
