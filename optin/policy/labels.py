"""What settings are called, and their values as people read them."""

import json

from optin import phone
from optin.phone import area_code_states
from optin.policy import state_choices
from optin.policy.state_choices import PREFIX

SMS = {
    "require_opt_in_for_one_to_one": "Require Opt-In for 1:1 SMS Messaging",
    "keywordless_needs_opt_in": "Campaigns without a keyword need any opt-in",
    "start_restores_opt_ins": "START restores earlier opt-ins",
    "holds_short_refusals": "Short refusals after a broadcast",
    "cap_per_day": "Frequency cap a day",
    "cap_per_week": "Frequency cap a week",
    "cap_waits": "Above the cap",
    "most_per_hour": "Broadcast messages an hour",
    "most_per_day": "Broadcast messages a day",
    "tries_before_lost": "Failed messages until a number is not in use",
    "undo_minute": "A minute to undo a broadcast",
    "canary": "Broadcasts go to a few people first",
    "canary_least": "At least so many people first",
    "canary_percent": "Or so many percent first",
    "canary_minutes": "Minutes to wait after the first",
    "canary_goes_on": "Goes on by itself after the first",
    "limit_failed": "Percent of failed messages that pause a broadcast",
    "limit_filtered": "Percent of filtered messages that pause a broadcast",
    "limit_opt_outs": "Times the usual opt-outs that pause a broadcast",
    "default_region": "Default country of numbers",
    "brand": "Brand name",
}
REPLIES = {
    "opt_out_reply": "Opt-out confirmation",
    "keyword_ended_reply": "Reply when one keyword ended",
    "help_reply": "Help reply",
    "how_to_confirm_reply": "Reply to an unclear answer",
    "first_line": "First line after a long silence",
    "first_line_days": "Days of silence before the first line",
    "extra_opt_out_words": "Extra opt-out words",
    "question_hours": "Hours that a double opt-in question stays open",
}
STATES = {
    "state_rules": "Hours and limits by state",
    "state_strictest": "Every US number by the strictest states",
    "state_by_address": "By the address alone where it has a state",
}
OF_STATES = {f"{PREFIX}{state}": f"Hours and limit of {name}" for state, name in area_code_states.NAMES.items()}
"""The settings of single states."""
HOURS = {"sending_hours": "Sending hours", "sending_from": "Sending hours from", "sending_to": "Sending hours to"}
SHORT_LINKS = {"short_domain": "Domain of short links", "former_short_domains": "Former domains of short links"}
LABELS = {**SMS, **REPLIES, **HOURS, **STATES, **SHORT_LINKS}


def value(name: str, stored: str) -> str:
    """Return the value of the setting `name`, stored as JSON text, as people read it."""
    if name in OF_STATES:
        return _of_state(stored)
    found: object = json.loads(stored)
    if name == "cap_waits":
        return "Wait" if found else "Skip"
    if name == "holds_short_refusals":
        return "Put on hold" if found else "Leave in the inbox"
    if isinstance(found, bool):
        return "On" if found else "Off"
    if isinstance(found, list):
        return ", ".join(map(str, found)) or "none"
    if name == "default_region":
        return dict(phone.regions()).get(str(found), str(found))
    if name.startswith("most_per_"):
        return f"{found:,}" if isinstance(found, int) and found else "no limit"
    if name == "short_domain":
        return str(found) or "none"
    return "no cap" if name.startswith("cap_") and found == 0 else str(found)


def _of_state(stored: str) -> str:
    choice = state_choices.read(stored)
    if choice is None:
        return "not confirmed"
    if choice.days is None:
        return f"confirmed as of {choice.read}"
    days = ", ".join(day or "none" for day in choice.days)
    said = f"{days} (Monday to Sunday){'' if choice.holidays else ', not on holidays'}"
    return f"{said}; {choice.cap or 'no limit'} in 24 hours" + (f": {choice.reason}" if choice.reason else "")
