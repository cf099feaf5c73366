"""The list of campaigns: its columns, its filters, and the same as a file."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.consent import deliverability
from optin.enums import CampaignStatus
from optin.features.campaigns import queries
from optin.models import Campaign
from optin.queries.cached_counts import CachedCount
from optin.web import lists
from optin.web.lists import Column, Listing


class CampaignRow(NamedTuple):
    """A campaign with the number of its members."""

    campaign: Campaign
    members: CachedCount


COLUMNS: tuple[Column[CampaignRow], ...] = (
    Column("Name", lambda row: row.campaign.name, cell="name", name="name", keys=[Campaign.name, Campaign.id]),
    Column("Opt-in keyword", lambda row: row.campaign.keyword.word if row.campaign.keyword else "", cell="keyword"),
    Column("Members", lambda row: row.members, is_number=True),
    Column("Status", lambda row: CampaignStatus(row.campaign.status).label, cell="status"),
    Column("Owner", lambda row: row.campaign.owner.name if row.campaign.owner else ""),
    Column(
        "Changed",
        lambda row: row.campaign.updated_at,
        is_moment=True,
        name="changed",
        keys=[Campaign.updated_at, Campaign.id],
        descending=True,
    ),
)


def listing() -> Listing:
    """Return the list that the request asks for."""
    filters = {"q": lists.search(), "status": lists.one_of("status", list(CampaignStatus))}
    return Listing(COLUMNS, "name", "campaigns.index", filters=filters, file_endpoint="campaigns.index_file")


def query(listing: Listing) -> Select[Campaign]:
    """Select what the list shows on all its pages."""
    return queries.listed(listing.filters["q"], listing.filters["status"])


def file() -> Response:
    """Answer with all pages of the list as a file."""
    asked = listing()
    return lists.download("campaigns", asked, query(asked), rows)


def rows(session: Session, campaigns: Sequence[Campaign]) -> list[CampaignRow]:
    """Return the campaigns as rows of the list, each with how many members it has."""
    counts = deliverability.member_counts(session, [campaign.id for campaign in campaigns])
    return [CampaignRow(campaign, counts.get(campaign.id, CachedCount(0))) for campaign in campaigns]
