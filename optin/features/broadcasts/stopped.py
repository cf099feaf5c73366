"""What every page and the page of a broadcast say of one that paused by itself, or waits after its first few."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import url_for
from markupsafe import Markup
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, joinedload

from optin.enums import BroadcastState, CanaryState
from optin.models import Broadcast, CanaryMessage
from optin.sending import canary
from optin.sending.brakes import Figures, Limits
from optin.web.current import current_policy

_STOPPED = (Broadcast.state == BroadcastState.PAUSED, Broadcast.paused_because.is_not(None))


@dataclass(frozen=True)
class CanaryReport:
    """What became of the first `size` people, with the limits and the usual share of opt-outs (None: unknown).

    From `ready_at` on enough has come in to judge it; None while they are being sent. `goes_on`: by itself then.
    """

    size: int
    figures: Figures
    limits: Limits
    usual: float | None
    ready_at: datetime | None
    goes_on: bool


def is_any() -> ColumnElement[bool]:
    """Tell whether a broadcast stopped by itself: a column of the statement that reads what every page shows."""
    return exists().where(*_STOPPED)


def warning(session: Session) -> str:
    """Return what every page says of the broadcasts that stopped by themselves, each with its link."""
    found = select(Broadcast).where(*_STOPPED).options(joinedload(Broadcast.campaign)).order_by(Broadcast.id)
    said = [
        Markup('The <a href="{}">broadcast to {}</a> paused by itself: {}.').format(
            url_for("broadcasts.show", broadcast_id=row.id), row.campaign.name, row.paused_because
        )
        for row in session.scalars(found)
    ]
    return Markup(" ").join(said)


def canary_report(session: Session, broadcast: Broadcast) -> CanaryReport | None:
    """Return what the page says of the first few while the others wait for it, None for a broadcast that has none."""
    if broadcast.canary != CanaryState.WAITING:
        return None
    size = session.scalar(select(func.count()).where(CanaryMessage.broadcast_id == broadcast.id)) or 0
    given, ended = current_policy(), broadcast.canary_ended_at
    return CanaryReport(
        size=size,
        figures=canary.figures(session, broadcast),
        limits=canary.limits_of(given),
        usual=canary.usual(session, broadcast),
        ready_at=ended + timedelta(minutes=given.canary_minutes) if ended else None,
        goes_on=given.canary_goes_on,
    )
