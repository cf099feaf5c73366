"""The campaign rule for one number as things are now: for the start of a message, and for one that waits."""

from datetime import datetime

from sqlalchemy.orm import Session

from optin.consent import conditions, facts, rules
from optin.consent.rules import Decision
from optin.enums import Purpose
from optin.policy.policy import Policy


def of_campaign(
    session: Session,
    number: str,
    policy: Policy,
    *,
    keyword_id: int | None,
    scope: str,
    channel: str,
    now: datetime | None = None,
    too_late: bool = False,
) -> Decision:
    """Decide about a broadcast message to a number (E.164) that needs a keyword (None: any), from a sender's
    block scope by its channel.

    The cap is asked for only at a moment `now`; sending hours are the caller's, who knows the zones, and so is whether
    it is too late.
    """
    known = facts.of_number(
        session,
        number,
        scope=scope,
        channel=channel,
        keyword_id=keyword_id,
        policy=policy,
        now=now,
        too_late=too_late,
    )
    return rules.decide(conditions.case_of(Purpose.CAMPAIGN, policy, keyword_id=keyword_id), known)
