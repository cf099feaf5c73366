"""May this be sent? The one rule, over plain facts: asked for a page, at queueing, and when a message is started.

Pure: facts in, Decision out. consent/audience.py holds the same rule as SQL; a test proves that the two agree.
"""

from dataclasses import dataclass

from optin.enums import MessageStatus, Reason, ReplyKind


@dataclass(frozen=True)
class Facts:
    """What is known of one number, for one campaign's keyword and one sender.

    `has_number` is true of a phone's number only: not of a short code, a name or an address of another channel. `lost`:
    the carrier or a user says that it is not theirs any more. `opted_in` and `pending` are about the campaign's keyword
    (for 1:1, which has none, about any keyword). `too_late`: the broadcast's last time has come, or comes before the
    number's sending hours begin.
    """

    has_number: bool = True
    suppressed: bool = False
    lost: bool = False
    held: bool = False
    duplicate: bool = False
    pending: bool = False
    opted_in: bool = False
    any_opt_in: bool = False
    blocked: bool = False
    too_late: bool = False
    outside_hours: bool = False
    cap_reached: bool = False


@dataclass(frozen=True)
class Decision:
    """Allowed, or not and why; `waits`: it goes later by itself; `notice` is said although allowed."""

    allowed: bool
    reason: Reason | None = None
    waits: bool = False
    notice: Reason | None = None


ALLOWED = Decision(True)
REPLIES_AN_HOUR = 10
"""So many automatic answers a number gets in a rolling hour; an opt-out confirmation may be one more."""


def _refused(reason: Reason) -> Decision:
    return Decision(False, reason)


def ends_as(reason: Reason) -> MessageStatus:
    """Return what becomes of a message that waited and is refused for good: an opt-out takes it back."""
    return MessageStatus.CANCELLED if reason == Reason.OPTED_OUT else MessageStatus.SKIPPED


def decide_campaign(facts: Facts, *, has_keyword: bool, keywordless_needs_opt_in: bool, cap_waits: bool) -> Decision:
    """Decide about one member of a campaign.

    `has_keyword` tells whether the campaign requires one; the two policies are those of optin/policy/policy.py.
    """
    if not facts.has_number:
        return _refused(Reason.NO_NUMBER)
    if facts.suppressed:
        return _refused(Reason.OPTED_OUT)
    if facts.lost:
        return _refused(Reason.NUMBER_LOST)
    if facts.held:
        return _refused(Reason.ON_HOLD)
    if facts.duplicate:
        return _refused(Reason.DUPLICATE)
    if has_keyword and not facts.opted_in:
        return _refused(Reason.PENDING if facts.pending else Reason.NOT_OPTED_IN)
    if not has_keyword and keywordless_needs_opt_in and not facts.any_opt_in:
        return _refused(Reason.NO_OPT_IN)
    if facts.blocked:
        return _refused(Reason.BLOCKED)
    if facts.too_late:
        return _refused(Reason.TOO_LATE)
    if facts.outside_hours:
        return Decision(False, Reason.OUTSIDE_HOURS, waits=True)
    if facts.cap_reached:
        return Decision(False, Reason.CAP_REACHED, waits=cap_waits)
    return ALLOWED


def decide_one_to_one(facts: Facts, *, require_opt_in: bool) -> Decision:
    """Decide about a 1:1 message; `require_opt_in` is the setting Require Opt-In for 1:1 SMS Messaging."""
    if not facts.has_number:
        return _refused(Reason.NO_NUMBER)
    if facts.suppressed:
        return _refused(Reason.OPTED_OUT)
    if facts.lost:
        return _refused(Reason.NUMBER_LOST)
    if require_opt_in and not facts.any_opt_in:
        return _refused(Reason.NO_OPT_IN)
    if facts.blocked:
        return _refused(Reason.BLOCKED)
    return Decision(True, notice=Reason.ON_HOLD) if facts.held else ALLOWED


def decide_reply(
    facts: Facts, kind: ReplyKind, *, answered: bool = False, replies: int = 0, confirmed: bool = False
) -> Decision:
    """Decide about the automatic answer to the person's own text.

    It needs no opt-in and no sending hours. Under a suppression only the opt-out confirmation and help may go, once
    each (`answered` tells that this kind went out since the suppression began), and the double opt-in question while
    it waits for an answer (`pending`), since the person's own newer act asked for it; a block at Twilio stops all.

    `replies` is how many automatic answers the number got within the last hour, `confirmed` whether an opt-out
    confirmation was among them: another automaton that answers ours must not keep the two talking.
    """
    if not facts.has_number:
        return _refused(Reason.NO_NUMBER)
    asked_for = kind == ReplyKind.QUESTION and facts.pending
    passes = asked_for or (kind in (ReplyKind.OPT_OUT, ReplyKind.HELP) and not answered)
    if facts.suppressed and not passes:
        return _refused(Reason.OPTED_OUT)
    if facts.blocked:
        return _refused(Reason.BLOCKED)
    if replies >= REPLIES_AN_HOUR and (kind != ReplyKind.OPT_OUT or confirmed):
        return _refused(Reason.TOO_MANY_REPLIES)
    return ALLOWED


def decide_verification(facts: Facts) -> Decision:
    """Decide about a double opt-in question that the person did not text for (a user's "ask them to confirm")."""
    if not facts.has_number:
        return _refused(Reason.NO_NUMBER)
    if facts.suppressed:
        return _refused(Reason.OPTED_OUT)
    if facts.lost:
        return _refused(Reason.NUMBER_LOST)
    if facts.blocked:
        return _refused(Reason.BLOCKED)
    return ALLOWED


def decide_own(facts: Facts, *, own: bool) -> Decision:
    """Decide about a text to a user's own number: a test, or before it the code that verifies the number.

    `own` tells that it is the verified number of the user who sends the test, or the one that they verify with this
    code. It needs no opt-in and no sending hours and counts towards no cap.
    """
    if not facts.has_number:
        return _refused(Reason.NO_NUMBER)
    if not own:
        return _refused(Reason.NOT_OWN)
    if facts.suppressed:
        return _refused(Reason.OPTED_OUT)
    if facts.blocked:
        return _refused(Reason.BLOCKED)
    return ALLOWED
