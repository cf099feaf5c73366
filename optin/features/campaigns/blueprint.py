"""The blueprint that the modules with routes share, and how a request names a campaign."""

from flask import Blueprint, abort, request

from optin.database import session
from optin.database.session import db
from optin.enums import BroadcastState, CampaignStatus, LabelledEnum, MessageStatus, SenderKind
from optin.models import Campaign, Sender
from optin.provider import senders

blueprint = Blueprint("campaigns", __name__)

LARGEST_ID = 2**31 - 1
CAMPAIGN = f"/campaigns/<int(max={LARGEST_ID}):campaign_id>"


@blueprint.context_processor
def terms() -> dict[str, type[LabelledEnum]]:
    """Let the templates read what is stored as the terms that people see."""
    return {
        "campaign_status": CampaignStatus,
        "broadcast_state": BroadcastState,
        "message_status": MessageStatus,
        "sender_kind": SenderKind,
    }


def load(campaign_id: int) -> Campaign:
    """Return the campaign, or answer 404."""
    return db.session.get(Campaign, campaign_id) or abort(404)


def only_reads() -> None:
    """Say that this POST changes nothing, so that on SQLite nobody waits for it while it counts.

    What has begun by then (who is signed in) is over with the commit.
    """
    db.session.commit()
    session.begin_reading()


def chosen_sender() -> Sender | None:
    """Return the sender that the request names, else the default; None when there is none at all."""
    usable = senders.in_use(db.session())
    asked = request.values.get("sender", type=int)
    return next((sender for sender in usable if sender.id == asked), usable[0] if usable else None)
