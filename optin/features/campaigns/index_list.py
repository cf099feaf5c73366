"""The list of campaigns: its columns, its filters, and the same as a file."""

from collections.abc import Iterator, Sequence

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.consent import deliverability
from optin.enums import CampaignStatus
from optin.features.campaigns import queries
from optin.models import Campaign
from optin.web import lists
from optin.web.lists import Column, Listing

COLUMNS = (
    Column("Name", "name", [Campaign.name, Campaign.id]),
    Column("Opt-in keyword"),
    Column("Members", is_number=True),
    Column("Status"),
    Column("Owner"),
    Column("Changed", "changed", [Campaign.updated_at, Campaign.id], descending=True),
)


def listing() -> Listing:
    """Return the list that the request asks for."""
    filters = {"q": lists.search(), "status": lists.one_of("status", list(CampaignStatus))}
    return Listing(COLUMNS, "name", "campaigns.index", filters=filters, file_endpoint="campaigns.index_file")


def query(listing: Listing) -> Select[Campaign]:
    """Select what the list shows."""
    return queries.listed(listing.filters["q"], listing.filters["status"])


def file() -> Response:
    """Answer with all pages of the list as a file."""
    asked = listing()

    def cells(session: Session, campaigns: Sequence[Campaign]) -> Iterator[Sequence[object]]:
        counts = deliverability.member_counts(session, [campaign.id for campaign in campaigns])
        for campaign in campaigns:
            word = campaign.keyword.word if campaign.keyword else ""
            owner = campaign.owner.name if campaign.owner else ""
            status = CampaignStatus(campaign.status).label
            yield (campaign.name, word, counts.get(campaign.id, 0), status, owner, campaign.updated_at)

    titles = [column.label for column in COLUMNS]
    return lists.download("campaigns", titles, asked, query(asked), cells)
