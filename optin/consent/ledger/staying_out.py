"""Who opted out with an earlier number stays opted out with the next, unless they agreed there."""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.number_lock import lock_number
from optin.consent.ledger.opting_out import opt_out
from optin.enums import EventKind, OptInSource, OptInStatus
from optin.models import OptIn, Suppression
from optin.models.index_conditions import has_not_ended

BY_THE_PERSON = (OptInSource.SMS, OptInSource.FORM)


def stays_out_since(session: Session, earlier: str, number: str) -> datetime | None:
    """Return since when whoever had the number `earlier` is opted out, None where that says nothing about `number`.

    It says nothing when `number` is opted out itself, or when its holder texted START there after that, or joined with
    an opt-in that stands: one that ended with the number is no consent that could undo an opt-out.
    """
    joined = select(func.max(func.coalesce(OptIn.reaffirmed_at, OptIn.activated_at))).where(
        OptIn.number == number, OptIn.status == OptInStatus.ACTIVE, OptIn.source.in_(BY_THE_PERSON)
    )
    came_back = select(func.max(Suppression.ended_at)).where(
        Suppression.number == number, Suppression.withdrawn_at.is_(None)
    )
    asks = (_opted_out_since(earlier), _opted_out_since(number), joined, came_back)
    asked, out_there, *own_acts = session.execute(select(*(ask.scalar_subquery() for ask in asks))).one()
    came_later = asked is not None and any(moment is not None and moment > asked for moment in own_acts)
    return None if out_there or came_later or earlier == number else asked


def stay_out(session: Session, earlier: str, number: str, act: Act, agreed: str = "") -> bool:
    """Opt the number out when its holder opted out with an earlier one; tell whether that was so.

    `agreed` is how they agreed to be texted at the new number, in a user's words: then it is not opted out, and these
    words become an event of their own.
    """
    for each in sorted((earlier, number)):
        lock_number(session, each)
    if stays_out_since(session, earlier, number) is None:
        return False
    if agreed:
        events.write(session, EventKind.AGREED, number, _saying(act, agreed))
        return False
    opt_out(session, number, _saying(act, f"Opted out with an earlier number, {earlier}"))
    return True


def _opted_out_since(number: str) -> Select[datetime | None]:
    return select(func.max(Suppression.asked_at)).where(Suppression.number == number, has_not_ended(Suppression))


def _saying(act: Act, text: str) -> Act:
    return Act(source=act.source, at=act.at, actor_id=act.actor_id, text=text)
