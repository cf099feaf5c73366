"""A user's own mobile number: shown to be theirs by a code that is texted to it, and texted tests from then on."""

import hmac
import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from optin import clock, phone
from optin.database.statements import insert
from optin.enums import Purpose, Reason
from optin.models import Message, NumberCode, Sender, User
from optin.policy import audit, cache
from optin.provider import senders
from optin.refused import Refused
from optin.sending import gate, queueing

HOLDS = timedelta(minutes=10)
TRIES = 5
TEXT = "{{ brand }}: {{ code }} is your code. It is valid for 10 minutes. If you did not ask for it, ignore this text."
RUN_OUT = "That code has expired. Ask for a new one."
WRONG = "That code is wrong. Check the latest text from us."


def waiting(session: Session, user_id: int) -> NumberCode | None:
    """Return the code that the user can still enter, if there is one."""
    open_still = (NumberCode.tries < TRIES, NumberCode.expires_at > clock.now())
    return session.scalars(select(NumberCode).where(NumberCode.user_id == user_id, *open_still)).first()


def text_code(session: Session, user: User, number: str) -> Refused | None:
    """Text a new code to a number (E.164); say why if that can't be.

    The caller commits, or rolls back a refusal. The message keeps its text without the code.
    """
    sender = next(iter(senders.in_use(session)), None)
    if sender is None:
        return Refused(senders.NONE_YET, field="mobile")
    if shut := gate.why_closed(session):
        return Refused(shut, field="mobile")
    new = {
        "number": number,
        "code": f"{secrets.randbelow(1_000_000):06d}",
        "tries": 0,
        "expires_at": clock.now() + HOLDS,
    }
    statement = insert(NumberCode).values(user_id=user.id, **new)
    session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=new))
    body = TEXT.replace("{{ brand }}", cache.policy(session).brand)
    done = queueing.queue_own(session, Purpose.CODE, user_id=user.id, number=number, body=body, sender=sender)
    return _told(session, done, sender) if isinstance(done, Refused) else None


def enter_code(session: Session, user: User, typed: str) -> Refused | None:
    """Try a code: the number is now verified, or why not. The caller commits either way.

    The try is counted before the code is looked at, so that many at once are no more than five.
    """
    tried = session.execute(
        update(NumberCode)
        .where(NumberCode.user_id == user.id, NumberCode.tries < TRIES, NumberCode.expires_at > clock.now())
        .values(tries=NumberCode.tries + 1)
        .returning(NumberCode.code, NumberCode.number, NumberCode.tries)
        .execution_options(synchronize_session=False)
    ).first()
    if tried is None:
        return Refused(RUN_OUT)
    digits = "".join(ch for ch in typed if ch.isdigit())
    if not hmac.compare_digest(digits.encode(), tried.code.encode()):
        return Refused(WRONG, field="code") if tried.tries < TRIES else Refused(RUN_OUT)
    change(session, user, tried.number)
    return None


def change(session: Session, user: User, number: str | None) -> None:
    """Store the user's verified number, or None for no more; open codes are worth nothing then."""
    session.execute(delete(NumberCode).where(NumberCode.user_id == user.id))
    changes = audit.differences({"Mobile number": user.mobile}, {"Mobile number": number})
    user.mobile, user.mobile_verified_at = number, clock.now() if number else None
    if changes:
        audit.record(session, user.id, "verified" if number else "removed", "user", user.id, changes)


def text_test(session: Session, user: User, sender: Sender, text: str) -> Message | Refused:
    """Put a test of a text, its merge fields filled in, into the outbox for the user's number, or say why not."""
    if shut := gate.why_closed(session):
        return Refused(shut)
    done = queueing.queue_own(session, Purpose.TEST, user_id=user.id, number=user.mobile, body=text, sender=sender)
    return _told(session, done, sender) if isinstance(done, Refused) else done


def _told(session: Session, refused: Refused, sender: Sender) -> Refused:
    """Say why a text to oneself was refused, and the way out."""
    ours = phone.display(sender.address, cache.policy(session).default_region)
    label = refused.reason.label if refused.reason else ""
    why = f"{label[:1].lower()}{label[1:]}."
    if refused.reason is Reason.OPTED_OUT:
        why = f"this number opted out of all messages. Text START from it to {ours} first."
    if refused.reason is Reason.BLOCKED:
        why = f"Twilio refuses to send to this number. Text START from it to {ours} first."
    return replace(refused, sentence=f"Nothing was sent: {why}", field="mobile")
