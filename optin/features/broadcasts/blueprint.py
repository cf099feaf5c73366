"""The blueprint that the modules with routes share, and how a request names a broadcast."""

from flask import Blueprint, abort

from optin.consent import often
from optin.database.session import db
from optin.enums import Audience, BroadcastState, CanaryState, MessageStatus, Reason, RecurrenceState, SeriesState
from optin.features.broadcasts import by_state, not_sent, queries, stopped
from optin.models import Broadcast
from optin.provider import statuses
from optin.sending import brakes
from optin.texts import send_time
from optin.web import navigation

blueprint = Blueprint("broadcasts", __name__)
blueprint.record_once(lambda state: navigation.warn(state.app, stopped.is_any, stopped.warning))

BROADCAST = "/broadcasts/<int:broadcast_id>"


@blueprint.context_processor
def terms() -> dict[str, object]:
    """Let the templates read what is stored as the terms that people see."""
    return {
        "audiences": Audience,
        "broadcast_state": BroadcastState,
        "many_texts": often,
        "message_status": MessageStatus,
        "reasons": Reason,
        "starts_in": queries.starts_in,
        "canary_state": CanaryState,
        "recurrence_state": RecurrenceState,
        "series_state": SeriesState,
        "wilson": brakes.wilson,
        "meaning": statuses.meaning,
        "reason_label": not_sent.label,
        "waits_for": by_state.waits_for,
        "spread_words": send_time.spread_words,
    }


def load(broadcast_id: int) -> Broadcast:
    """Return the broadcast, or answer 404."""
    return db.session.get(Broadcast, broadcast_id) or abort(404)
