"""The blueprint that the modules with routes share, and how a request names a campaign."""

from flask import Blueprint, abort
from sqlalchemy.orm import joinedload

from optin.consent import often
from optin.database.session import db
from optin.enums import (
    BroadcastState,
    CampaignStatus,
    MessageStatus,
    RecurrenceState,
    SenderKind,
    SeriesState,
)
from optin.models import Campaign

blueprint = Blueprint("campaigns", __name__)

CAMPAIGN = "/campaigns/<int:campaign_id>"
SHOWN_WITH = [joinedload(Campaign.keyword), joinedload(Campaign.owner)]


@blueprint.context_processor
def terms() -> dict[str, object]:
    """Let the templates read what is stored as the terms that people see."""
    return {
        "campaign_status": CampaignStatus,
        "broadcast_state": BroadcastState,
        "many_texts": often,
        "message_status": MessageStatus,
        "recurrence_state": RecurrenceState,
        "sender_kind": SenderKind,
        "series_state": SeriesState,
    }


def load(campaign_id: int) -> Campaign:
    """Return the campaign with its keyword and owner, or answer 404."""
    return db.session.get(Campaign, campaign_id, options=SHOWN_WITH) or abort(404)
