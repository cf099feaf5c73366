"""Our own addresses as admins see them: adding, describing, retiring, each change in the audit trail."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import channels
from optin.enums import SenderKind
from optin.models import Sender
from optin.policy import audit
from optin.provider import senders

# Appended to the webhook's address: three retries, on answers of 5xx, and when connecting or reading takes too long.
# Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
CONNECTION_OVERRIDES = "#rc=3&rp=5xx,ct,rt"

# What Twilio passes on: a long code to Canada, a toll-free number in the US and Canada, a short code. A long code to
# the US goes by the trust score of its campaign, a service as fast as its numbers together.
# Source: https://help.twilio.com/articles/115002943027
SEGMENTS_PER_SECOND = {SenderKind.LONG_CODE: 1.0, SenderKind.TOLL_FREE: 3.0, SenderKind.SHORT_CODE: 100.0}


def everyone(session: Session) -> list[Sender]:
    """List all senders: those in use, the default one first, then the retired ones."""
    return list(session.scalars(select(Sender).order_by(Sender.retired_at.is_not(None), Sender.id)))


def who_answers(sender: Sender) -> str:
    """Say who answers a STOP to this sender: the same rule that decides whether the app does."""
    kind = SenderKind(sender.kind)
    if not sender.sends:
        return "Texts to it are received, and a STOP counts. Nothing is sent from it."
    if not channels.rules_of(sender.channel).stop_filter.answers("STOP", sender):
        return "The app answers STOP and HELP."
    if sender.advanced_opt_out:
        return "Twilio answers STOP and HELP with the texts of its Advanced Opt-Out."
    who = "The network" if kind is SenderKind.TOLL_FREE else "Twilio"
    return f"{who} answers STOP; the app answers what only it understands, such as “take me off”."


def add(session: Session, user_id: int, address: str) -> tuple[Sender, bool]:
    """Return the sender with this address (E.164, short code, Messaging Service SID), and whether it is new.

    A new one sends as fast as one of its kind usually may.
    """
    known = session.scalar(select(Sender.id).where(Sender.address == address)) is not None
    sender = senders.ensure(session, address)
    if not known:
        sender.segments_per_second = SEGMENTS_PER_SECOND.get(SenderKind(sender.kind))
        audit.record(session, user_id, "added", "sender", sender.id, {"kind": ("", SenderKind(sender.kind).label)})
    return sender, not known


def change(
    session: Session,
    user_id: int,
    sender: Sender,
    *,
    kind: str,
    messaging_service_sid: str | None,
    advanced_opt_out: bool,
    segments_per_second: float | None,
) -> bool:
    """Describe the sender anew and tell whether anything is different."""
    after = {
        "kind": kind,
        "messaging_service_sid": messaging_service_sid,
        "advanced_opt_out": advanced_opt_out,
        "segments_per_second": segments_per_second,
    }
    changes = audit.differences({name: getattr(sender, name) for name in after}, after)
    if changes:
        for name in changes:
            setattr(sender, name, after[name])
        audit.record(session, user_id, "changed", "sender", sender.id, changes)
    return bool(changes)


def retire(session: Session, user_id: int, sender: Sender, now: datetime) -> bool:
    """Send nothing more from it, and tell whether another sender is left to send from."""
    if sender.retired_at is None:
        sender.retired_at = now
        audit.record(session, user_id, "retired", "sender", sender.id)
        session.flush()
    return bool(senders.all_in_use(session))


def use_again(session: Session, user_id: int, sender: Sender) -> None:
    """Take a retired sender back into use; with one in use there is nothing to do."""
    if sender.retired_at is not None:
        sender.retired_at = None
        audit.record(session, user_id, "took back into use", "sender", sender.id)
