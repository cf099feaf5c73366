"""Which state's hours or limit a message of a broadcast waits for."""

from optin.consent import hours, state_hours, state_wording
from optin.enums import MessageStatus, Reason
from optin.models import Message
from optin.web.current import current_policy


def waits_for(message: Message) -> str:
    """Say for which state's hours or limit a message waits, "" where it does not, or for none."""
    if message.status != MessageStatus.QUEUED or message.decided_at is None:
        return ""
    policy, us_state = current_policy(), message.us_state or ""
    if message.reason == Reason.OUTSIDE_HOURS:
        zones = (message.zones or "").split(hours.GROUP_SEPARATOR)
        return state_wording.why_closed(policy, message.number, zones, message.decided_at, us_state)
    if message.reason == Reason.CAP_REACHED:
        most = state_hours.bound(policy, message.number, us_state).day_cap
        return state_wording.why_capped(policy, message.number, most, us_state)
    return ""
