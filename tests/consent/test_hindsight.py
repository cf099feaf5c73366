"""What speaks against a message in hindsight: since when, and how it came that it started."""

from datetime import UTC, datetime, timedelta

import pytest

from optin.consent.hindsight import Breach, StartedMessage, breach
from optin.consent.rules import Case
from optin.enums import EventKind, FindingCause, Purpose, Reason, ReplyKind
from optin.models import ConsentEvent

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
KEYWORD = 7


def event(kind: EventKind, minutes: float, *, heard: float | None = None, opt_in: int | None = 1) -> ConsentEvent:
    """Return an event so many minutes before noon, which we heard of then or at another time."""
    at = NOON - timedelta(minutes=minutes)
    recorded = at if heard is None else NOON - timedelta(minutes=heard)
    provider_at = None if heard is None else at
    keyword_id = KEYWORD if opt_in else None
    return ConsentEvent(
        kind=kind,
        channel="sms",
        at=recorded,
        provider_at=provider_at,
        keyword_id=keyword_id,
        opt_in_id=opt_in,
        detail="",
    )


def asked(purpose: Purpose, reply: ReplyKind | None = None, keyword_id: int | None = KEYWORD) -> StartedMessage:
    """Return a message that started at noon."""
    is_campaign = purpose is Purpose.CAMPAIGN
    case = Case(purpose, has_keyword=is_campaign and keyword_id is not None, reply_kind=reply)
    return StartedMessage(case, keyword_id if is_campaign else None, NOON)


JOINED = event(EventKind.ACTIVATED, 60)
LEFT = [event(EventKind.OPTED_OUT, 30), event(EventKind.OPTED_OUT, 30, opt_in=None)]
FOUND_LATER = [event(EventKind.OPTED_OUT, 30, heard=-90), event(EventKind.OPTED_OUT, 30, heard=-90, opt_in=None)]
JUST_NOW = [event(EventKind.OPTED_OUT, 0.02), event(EventKind.OPTED_OUT, 0.02, opt_in=None)]
AFTERWARDS = [event(EventKind.OPTED_OUT, -1), event(EventKind.OPTED_OUT, -1, opt_in=None)]


@pytest.mark.parametrize(
    ("events", "message", "reason", "cause"),
    [
        ([JOINED], asked(Purpose.CAMPAIGN), None, None),
        ([JOINED, *LEFT], asked(Purpose.CAMPAIGN), Reason.OPTED_OUT, FindingCause.KNOWN),
        ([JOINED, *FOUND_LATER], asked(Purpose.CAMPAIGN), Reason.OPTED_OUT, FindingCause.LEARNED),
        ([JOINED, *JUST_NOW], asked(Purpose.CAMPAIGN), Reason.OPTED_OUT, FindingCause.CROSSED),
        ([JOINED, *AFTERWARDS], asked(Purpose.CAMPAIGN), None, None),
        ([], asked(Purpose.CAMPAIGN), Reason.NOT_OPTED_IN, FindingCause.NO_CONSENT),
        ([event(EventKind.ACTIVATED, -1)], asked(Purpose.CAMPAIGN), Reason.NOT_OPTED_IN, FindingCause.NO_CONSENT),
        ([JOINED, event(EventKind.ENDED_BY_USER, 5)], asked(Purpose.CAMPAIGN), Reason.NOT_OPTED_IN, FindingCause.KNOWN),
        ([event(EventKind.REQUESTED, 60)], asked(Purpose.CAMPAIGN), Reason.PENDING, FindingCause.KNOWN),
        ([JOINED, event(EventKind.HELD, 9, opt_in=None)], asked(Purpose.CAMPAIGN), Reason.ON_HOLD, FindingCause.KNOWN),
        ([JOINED, event(EventKind.HELD, 9, opt_in=None)], asked(Purpose.ONE_TO_ONE), None, None),
        ([JOINED, *LEFT], asked(Purpose.ONE_TO_ONE), Reason.OPTED_OUT, FindingCause.KNOWN),
        ([], asked(Purpose.ONE_TO_ONE), None, None),
        ([], asked(Purpose.CAMPAIGN, keyword_id=None), None, None),
        ([JOINED, *LEFT], asked(Purpose.REPLY, ReplyKind.OPT_OUT), None, None),
        ([JOINED, *LEFT], asked(Purpose.REPLY, ReplyKind.HELP), None, None),
        ([JOINED, *LEFT], asked(Purpose.REPLY, ReplyKind.CONFIRMATION), Reason.OPTED_OUT, FindingCause.KNOWN),
        ([*LEFT, event(EventKind.SUPPRESSION_ENDED, 9, opt_in=None), event(EventKind.ACTIVATED, 9, opt_in=2)],
         asked(Purpose.CAMPAIGN), None, None),
    ],
)  # fmt: skip
def test_what_speaks_against_a_message(
    events: list[ConsentEvent], message: StartedMessage, reason: Reason | None, cause: FindingCause | None
) -> None:
    found = breach(events, message)
    assert (found and found.reason, found and found.cause(NOON)) == (reason, cause)


def test_it_is_since_the_event_that_made_it_so() -> None:
    found = breach([JOINED, *LEFT, event(EventKind.HELD, 5, opt_in=None)], asked(Purpose.CAMPAIGN))
    assert found == Breach(Reason.OPTED_OUT, LEFT[1])
    assert found is not None
    assert found.since == NOON - timedelta(minutes=30)
