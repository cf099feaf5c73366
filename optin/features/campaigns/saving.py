"""Storing a campaign, with its trail."""

from sqlalchemy.orm import Session

from optin import clock
from optin.enums import CampaignStatus
from optin.features.campaigns import queries
from optin.features.campaigns.forms import CampaignForm
from optin.models import Campaign, Keyword, User
from optin.policy import audit
from optin.refused import Refused

FROZEN = "The keyword can’t be changed while a broadcast of this campaign is unfinished."


def create(session: Session, form: CampaignForm, user_id: int) -> Campaign:
    """Store a new campaign from a valid form."""
    now = clock.now()
    campaign = Campaign(created_at=now, updated_at=now)
    _fill(campaign, form)
    session.add(campaign)
    session.flush()
    audit.record(session, user_id, "created", "campaign", campaign.id)
    return campaign


def change(session: Session, campaign: Campaign, form: CampaignForm, user_id: int) -> list[str] | Refused:
    """Store what a valid form changes; return the labels of the fields that changed.

    While a broadcast has not ended another keyword is refused. The campaign must have been loaded with its lock: no
    broadcast can then start before the change is stored.
    """
    if form.keyword_id != campaign.keyword_id and queries.unfinished(session, campaign.id):
        return Refused(FROZEN, field="keyword")
    before = _words(session, campaign)
    _fill(campaign, form)
    changes = audit.differences(before, _words(session, campaign))
    if changes:
        campaign.updated_at = clock.now()
        audit.record(session, user_id, "changed", "campaign", campaign.id, changes)
    return list(changes)


def _fill(campaign: Campaign, form: CampaignForm) -> None:
    campaign.name = form.name.data
    campaign.keyword_id = form.keyword_id
    campaign.description = form.description.data
    campaign.status = form.status.data
    campaign.owner_id = form.owner_id


def _words(session: Session, campaign: Campaign) -> dict[str, object]:
    """Return the fields as people read them."""
    keyword = session.get(Keyword, campaign.keyword_id) if campaign.keyword_id else None
    owner = session.get(User, campaign.owner_id) if campaign.owner_id else None
    return {
        "Name": campaign.name,
        "Opt-in keyword": keyword.word if keyword else None,
        "Description": campaign.description,
        "Status": CampaignStatus(campaign.status).label,
        "Owner": owner.name if owner else None,
    }
