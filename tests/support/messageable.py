"""Who may be texted: asked of the rule, for numbers, keywords and purposes, before something and after it."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from optin.consent import conditions, facts, rules
from optin.enums import Channel, Purpose
from optin.models import Keyword
from optin.policy import cache
from optin.policy.policy import Policy

SCOPE = "+14155550100"


def may_be_texted(session: Session, numbers: Iterable[str], keywords: Sequence[Keyword]) -> set[tuple[str, str]]:
    """Return which numbers may get a broadcast with each keyword, one without, or a 1:1 message."""
    policy, found = cache.policy(session), set()
    for number in numbers:
        for name, keyword_id in (("none", None), *((keyword.word, keyword.id) for keyword in keywords)):
            for purpose in (Purpose.CAMPAIGN, Purpose.ONE_TO_ONE):
                if may_get(session, policy, number, purpose, keyword_id):
                    found.add((f"{purpose} {name}", number))
    return found


def may_get(session: Session, policy: Policy, number: str, purpose: Purpose, keyword_id: int | None) -> bool:
    """Tell whether a number may get a message of a purpose; the keyword is that of its campaign."""
    known = facts.of_number(session, number, scope=SCOPE, channel=Channel.SMS, keyword_id=keyword_id, policy=policy)
    return rules.decide(conditions.case_of(purpose, policy, keyword_id=keyword_id), known).reason is None
