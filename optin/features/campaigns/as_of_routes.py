"""Which members of a campaign were opted in at a moment with its keyword: count, list and file."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from flask import Response, abort
from sqlalchemy.orm import Session

from optin.consent import as_of
from optin.consent.as_of import AsOf
from optin.enums import Role
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.models import Campaign, CampaignMember
from optin.web.access import downloads, requires
from optin.web.as_of import ANSWERS, Answer, AsOfPages
from optin.web.lists import Column

URL = f"{CAMPAIGN}/as-of"


class AsOfRow(NamedTuple):
    """A member, and whether their number was opted in."""

    member: CampaignMember
    then: bool
    now: bool


COLUMNS: tuple[Column[AsOfRow], ...] = (
    Column("Member", cell="member", name="member", keys=[CampaignMember.id]),
    Column("First name", lambda row: row.member.person.first_name, in_table=False),
    Column("Last name", lambda row: row.member.person.last_name, in_table=False),
    Column("Mobile phone", lambda row: row.member.number, is_phone=True),
    *ANSWERS,
    Column("Added", lambda row: row.member.added_at, is_moment=True),
)


def rows(_session: Session, answers: Sequence[Answer]) -> list[AsOfRow]:
    """Return answers as rows of the list."""
    return [AsOfRow(*answer) for answer in answers]


PAGES = AsOfPages("campaigns/as_of.html", "campaigns.as_of", "campaign_id", COLUMNS, rows)


@blueprint.get(URL, endpoint="as_of")
def show(campaign_id: int) -> str:
    """Ask for a moment, and show who was opted in."""
    campaign = load(campaign_id)
    return PAGES.show(campaign_id, _ask(campaign), campaign=campaign)


@blueprint.get(f"{URL}/count", endpoint="as_of_count")
def count(campaign_id: int) -> str:
    """Count on (fragment)."""
    return PAGES.count(campaign_id, _ask(load(campaign_id)))


@blueprint.get(f"{URL}/file", endpoint="as_of_file")
@requires(Role.AGENT)
@downloads
def file(campaign_id: int) -> Response:
    return PAGES.file(campaign_id, _ask(load(campaign_id)))


def _ask(campaign: Campaign) -> Callable[[datetime], AsOf]:
    """Return what asks, or answer 404: without a keyword there is no consent to ask for."""
    return partial(as_of.of_campaign, campaign.id, campaign.keyword_id or abort(404))
