"""A part of a campaign's members by what became of an earlier broadcast: who got none of it, or who did not answer.

The rule decides of them as ever; this only says of whom it is asked. It goes by numbers, as consent does.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, exists, select
from sqlalchemy.orm import aliased

from optin.enums import Audience, BroadcastState, Direction, EventKind, Meaning, MessageStatus
from optin.models import Broadcast, ConsentEvent, ConsentPayload, Message

NOT_GOT = (MessageStatus.SKIPPED, MessageStatus.CANCELLED, MessageStatus.FAILED, MessageStatus.UNDELIVERED)
"""What has no message in another state got nothing; what still waits, is unknown or not found may yet arrive."""
GOT = (MessageStatus.SENT, MessageStatus.DELIVERED)
LEFT = (EventKind.OPTED_OUT, EventKind.OPTED_OUT_KEYWORD)
NOBODY = {
    Audience.MISSED: "Every member got that broadcast, or may still get it.",
    Audience.SILENT: "Nobody is left to text: whoever got that broadcast has answered or left since.",
}


@dataclass(frozen=True)
class FollowUp:
    """Members who missed a broadcast, or who got it and were silent since it began."""

    audience: Audience
    broadcast_id: int

    def includes(self, number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
        """The condition that the member with a number belongs to the part; who has none got nothing."""
        mine = (Message.broadcast_id == self.broadcast_id, Message.number == number)
        if self.audience is Audience.MISSED:
            return ~exists().where(*mine, Message.status.not_in(NOT_GOT))
        began = select(Broadcast.started_at).where(Broadcast.id == self.broadcast_id).scalar_subquery()
        return exists().where(*mine, Message.status.in_(GOT), ~_answered(), ~_left(began))


def follow_up_of(broadcast: Broadcast) -> FollowUp | None:
    """Return to which part of its campaign a broadcast goes, None for all."""
    if broadcast.of_broadcast_id is None:
        return None
    return FollowUp(Audience(broadcast.audience), broadcast.of_broadcast_id)


def fault(broadcast: Broadcast | None, campaign_id: int) -> str:
    """Say what forbids to follow up a broadcast in a campaign, "" for nothing."""
    if broadcast is None or broadcast.campaign_id != campaign_id:
        return "That broadcast did not go to this campaign. Open its page, and begin there."
    if broadcast.started_at is None:
        return "That broadcast has not been sent, so nobody has missed or answered it."
    if broadcast.state == BroadcastState.QUEUEING:
        return "That broadcast is still being prepared. Wait until it is on its way."
    return ""


def _answered() -> ColumnElement[bool]:
    """After the message its number wrote a text of its own; START, a keyword, STOP or HELP are none.

    By ids, in the order in which they were stored: an index has those of a number so. By time, PostgreSQL went through
    all texts that had come in since, for each member.
    """
    answer = aliased(Message)
    return exists().where(
        answer.number == Message.number,
        answer.id > Message.id,
        answer.direction == Direction.INBOUND,
        answer.meaning == Meaning.ORDINARY,
    )


def _left(began: ScalarSelect[datetime | None]) -> ColumnElement[bool]:
    """Since then the number of the message left."""
    return exists().where(
        ConsentPayload.number == Message.number,
        ConsentEvent.id == ConsentPayload.event_id,
        ConsentEvent.kind.in_(LEFT),
        ConsentEvent.at >= began,
    )
