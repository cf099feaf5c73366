"""Deciding about each member of a campaign for a broadcast: a message in the outbox, or a row that says why not.

The rule is asked once of each member, and both are written by that one answer in the same transaction.
"""

from sqlalchemy import Column as TableColumn
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    MetaData,
    Select,
    Table,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from optin.consent import audience, audience_counts
from optin.consent.audience import AudienceQuestion
from optin.database.session import UTCDateTime
from optin.database.sqlite import roomy
from optin.database.statements import insert, is_postgresql
from optin.enums import Direction, MessageStatus, Purpose, Reason
from optin.models import Broadcast, CampaignMember, LeftOut, Message

_ANSWERS = Table(
    "member_answer",
    MetaData(),
    *(TableColumn(name, of.type) for name, of in (
        ("number", CampaignMember.number), ("person_id", CampaignMember.person_id), ("why", LeftOut.reason),
    )),
    prefixes=["TEMPORARY"],
)  # fmt: skip
"""On SQLite the answers of the rule stand here between the two statements that they are for."""
_HAVE_ANSWERS = CreateTable(_ANSWERS, if_not_exists=True)


def queue_broadcast(session: Session, broadcast: Broadcast, question: AudienceQuestion) -> int:
    """Decide about everybody (`decide`); return how many messages wait."""
    decide(session, broadcast, question)
    return count_waiting(session, broadcast)


def count_waiting(session: Session, broadcast: Broadcast) -> int:
    """Count the messages of a broadcast that wait for their turn."""
    queued = (Message.broadcast_id == broadcast.id, Message.status == MessageStatus.QUEUED)
    return session.scalar(select(func.count()).select_from(Message).where(*queued)) or 0


def decide(session: Session, broadcast: Broadcast, question: AudienceQuestion) -> None:
    """Put one message per deliverable number into the outbox, and keep of each other member why they are left out.

    Those for whom the broadcast's last time comes too early are put there as skipped, for its results. The text is
    made when each message starts, so that it says what the record says then; which opt-in allows it is seen then too.
    About whom an earlier part has decided, nothing is decided again.
    """
    each = audience_counts.each_member(session, question, CampaignMember.number, CampaignMember.person_id)
    if is_postgresql(session):
        answers = each.cte("answer")
        left_out = _left_out(broadcast, question, answers).cte("left_out")
        session.execute(_messages(broadcast, question, answers).add_cte(left_out))
        return
    session.execute(_HAVE_ANSWERS)
    with roomy(session):
        ordered = each.order_by(CampaignMember.number)
        session.execute(_ANSWERS.insert().from_select(["number", "person_id", "why"], ordered))
        session.execute(_left_out(broadcast, question, _ANSWERS))
        session.execute(_messages(broadcast, question, _ANSWERS))
    session.execute(_ANSWERS.delete())


def _messages(broadcast: Broadcast, question: AudienceQuestion, answers: FromClause) -> Insert:
    each = answers.c
    moment = literal(question.now, UTCDateTime())
    late = each.why == str(Reason.TOO_LATE)
    values = {
        "channel": literal(broadcast.channel),
        "direction": literal(str(Direction.OUTBOUND)),
        "number": each.number,
        "sender_id": literal(broadcast.sender_id),
        "body": literal(""),
        "segments": literal(0),
        "media_count": literal(0),
        "status": case((late, literal(str(MessageStatus.SKIPPED))), else_=literal(str(MessageStatus.QUEUED))),
        "queued_reason": each.why,
        "reason": case((late, literal(str(Reason.TOO_LATE))), else_=null()),
        "created_at": moment,
        "updated_at": moment,
        "effect": literal(""),
        "purpose": literal(str(Purpose.CAMPAIGN)),
        "broadcast_id": literal(broadcast.id),
        "person_id": each.person_id,
        "author_id": literal(broadcast.created_by_id) if broadcast.created_by_id else null(),
        "decided_at": moment,
        "attempts": literal(0),
        "error_text": literal(""),
    }
    rows = select(*values.values()).where(_is_taken_in(question, answers)).order_by(each.number)
    if question.numbers is not None:
        known = exists().where(LeftOut.person_id == each.person_id, LeftOut.broadcast_id == broadcast.id)
        rows = rows.where(~known)
    statement = insert(Message).from_select(list(values), rows)
    return statement.on_conflict_do_nothing(index_elements=["broadcast_id", "number"])


def _left_out(broadcast: Broadcast, question: AudienceQuestion, answers: FromClause) -> Insert:
    """Keep who gets no message; also who was given a number since that had its message in an earlier part."""
    each, taken_in = answers.c, _is_taken_in(question, answers)
    has_message: ColumnElement[bool] = false()
    if question.numbers is not None:
        has_message = exists().where(Message.broadcast_id == broadcast.id, Message.number == each.number)
    rows: Select[object] = select(
        each.person_id,
        literal(broadcast.id),
        each.number,
        case((taken_in, literal(str(Reason.DUPLICATE))), else_=each.why),
        literal(question.now, UTCDateTime()),
    )
    rows = rows.where(or_(~taken_in, has_message)).order_by(each.person_id)
    columns = ["person_id", "broadcast_id", "number", "reason", "asked_at"]
    return insert(LeftOut).from_select(columns, rows).on_conflict_do_nothing()


def _is_taken_in(question: AudienceQuestion, answers: FromClause) -> ColumnElement[bool]:
    return answers.c.why.in_([*audience.taken_in(question), Reason.TOO_LATE])
