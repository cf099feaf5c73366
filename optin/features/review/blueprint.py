"""The blueprint that the modules with routes share, and the sentences that say why something can't be taken back."""

from flask import Blueprint

from optin.consent.ledger import Correction, Withdrawal, WithdrawalRefusal
from optin.enums import EventKind
from optin.features.review import records
from optin.models import User
from optin.web import filters, navigation

blueprint = Blueprint("review", __name__)
blueprint.record_once(lambda state: navigation.badge(state.app, "/review", records.open_holds))


def why_it_stands(
    found: Correction | Withdrawal, what: str, undone: str, by: User | None, limit: str, *, opted_out: bool = True
) -> str:
    """Say why `what` (a decision, an opt-out) can't be taken back, "" where the ledger does not refuse it.

    `undone` begins the sentence that says who (`by`) took it back already; `limit` is how long that is possible;
    `opted_out` tells whether it ended consent, which only the person can give again.
    """
    match found.refused:
        case WithdrawalRefusal.ALREADY:
            return f"{undone} by {by.name if by else 'another user'}."
        case WithdrawalRefusal.TOO_LATE:
            only_they = " Only they can opt in again, by texting a keyword." if opted_out else ""
            return f"{what} is more than {limit} old and stands.{only_they}"
        case WithdrawalRefusal.OVERTAKEN if found.overtaken_by:
            since, when = EventKind(found.overtaken_by.kind).label, filters.when(found.overtaken_by.at)
            return f"{what} stands: “{since}” came after it, {when}, and must not be undone."
    return ""
