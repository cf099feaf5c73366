"""What came back to each of a broadcast's two texts while they were tested, from the people in the test."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from optin import clock
from optin.consent import phrase_opt_outs
from optin.enums import EventKind, Meaning, Variant
from optin.models import Broadcast, ConsentEvent, ConsentPayload, Message, VariantMessage
from optin.models.index_conditions import has_started, is_inbound
from optin.texts.text_test import VariantFigures


def figures(session: Session, broadcast: Broadcast) -> tuple[VariantFigures, VariantFigures]:
    """Count for each text the messages started, who wrote a text of their own, and who opted out, until the test's end.

    What counts is the same as in the results of a broadcast: a keyword, START, STOP and HELP are no answers, and what a
    user corrected is no opt-out. Each person counts from their own message on, so that both texts have the same time.
    """
    end = min(clock.now(), broadcast.test_ends_at or clock.now())
    answer = aliased(Message)
    answered = exists().where(
        answer.conversation_id == Message.conversation_id,
        is_inbound(answer),
        answer.meaning == Meaning.ORDINARY,
        answer.created_at >= Message.started_at,
        answer.created_at < end,
    )
    left = exists().where(
        ConsentPayload.number == Message.number,
        ConsentEvent.id == ConsentPayload.event_id,
        ConsentEvent.kind == EventKind.OPTED_OUT,
        ConsentEvent.at >= Message.started_at,
        ConsentEvent.at < end,
        ~phrase_opt_outs.was_corrected(),
    )
    counted = (
        select(VariantMessage.variant, func.count(), func.count().filter(answered), func.count().filter(left))
        .join(Message, Message.id == VariantMessage.message_id)
        .where(VariantMessage.broadcast_id == broadcast.id, has_started(Message))
        .group_by(VariantMessage.variant)
    )
    found = {row[0]: VariantFigures(Variant(row[0]), *row[1:]) for row in session.execute(counted)}
    return found.get(Variant.A, VariantFigures(Variant.A)), found.get(Variant.B, VariantFigures(Variant.B))
