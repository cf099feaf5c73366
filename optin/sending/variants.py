"""The test of a broadcast's two texts: some of the people get one or the other, and the better one goes to the rest.

The state is the broadcast's row. `test_state` is `choosing` until those in the test are drawn, `testing` while they are
sent, `measuring` until the hours for answers are over, `waiting` where a user is to decide then, and `decided` when
there is a winner; before that nothing of the rest can be claimed. Each act is one UPDATE that asks for the state before
it, with its line in the trail, so that of many processes one does it, and nothing that was decided is decided again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, case, exists, func, or_, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import change_rows, insert
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState, TextTestState, Variant, WinsBy
from optin.models import Broadcast, Message, VariantMessage
from optin.models.index_conditions import is_queued
from optin.policy import audit, cache
from optin.refused import Refused
from optin.sending import canary, variant_figures, variant_words
from optin.sending.canary import UNDER_WAY
from optin.short_links import keeping
from optin.short_links.keeping import Short
from optin.texts import links, text_test
from optin.texts.text_test import TextTest

DRAWN = (TextTestState.TESTING, TextTestState.MEASURING, TextTestState.WAITING)
UNDECIDED = (TextTestState.CHOOSING, *DRAWN)
FEW = "There were too few people for a test when it started, so everybody gets the first text."
PICKED = "Nothing was decided: it is decided already, or the broadcast has ended."
WAITS_FOR_A_CLICK = (BroadcastState.SENDING, BroadcastState.PAUSED)
_GOES_ON = (BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.SENT)


def columns(test: TextTest | None) -> dict[str, object]:
    """Return what the row of a broadcast says of a test that it begins with, None for none."""
    return {
        "other_body": test.other_body if test else None,
        "test_percent": test.percent if test else None,
        "wins_by": test.wins_by if test else None,
        "test_hours": test.hours if test else None,
        "test_goes_on": bool(test and test.goes_on),
        "test_state": TextTestState.CHOOSING if test else None,
    }


def test_of(broadcast: Broadcast) -> TextTest | None:
    """Return what was chosen for the test of a broadcast, None where it tests nothing."""
    if broadcast.other_body is None or not broadcast.test_percent or not broadcast.test_hours:
        return None
    by = WinsBy(broadcast.wins_by or WinsBy.ANSWERS)
    return TextTest(broadcast.other_body, broadcast.test_percent, by, broadcast.test_hours, broadcast.test_goes_on)


def text_of(broadcast: Broadcast, variant: str | None = None) -> str:
    """Return the text of a variant; None is that of a message that is not in the test: the winner, else the first."""
    chosen = variant or broadcast.winner
    return broadcast.other_body or "" if chosen == Variant.B else broadcast.body


def of_messages(session: Session, broadcast: Broadcast, message_ids: Collection[int]) -> dict[int, Variant]:
    """Return which of the two texts each message says, or is to say; those that it is not decided of are left out."""
    if broadcast.other_body is None:
        return {}
    drawn = select(VariantMessage.message_id, VariantMessage.variant)
    found = {
        id_: Variant(each) for id_, each in session.execute(drawn.where(VariantMessage.message_id.in_(message_ids)))
    }
    if broadcast.winner is None:
        return found
    return {id_: found.get(id_, Variant(broadcast.winner)) for id_ in message_ids}


def of_numbers(session: Session, broadcast: Broadcast, numbers: Collection[str]) -> dict[str, Variant]:
    """Return which of the two texts each number got or is to get, as `of_messages` does."""
    if broadcast.other_body is None:
        return {}
    mine = select(Message.id, Message.number).where(Message.broadcast_id == broadcast.id, Message.number.in_(numbers))
    by_id: dict[int, str] = dict(session.execute(mine).all())
    return {by_id[id_]: variant for id_, variant in of_messages(session, broadcast, by_id.keys()).items()}


def bodies(session: Session, messages: Sequence[tuple[int, Broadcast]]) -> dict[int, str]:
    """Return the text of each message of broadcasts, with its merge fields, and short links where it has them."""
    of: dict[Broadcast, list[int]] = {}
    for message_id, broadcast in messages:
        of.setdefault(broadcast, []).append(message_id)
    found: dict[int, str] = {}
    for broadcast, ids in of.items():
        said, short = of_messages(session, broadcast, ids), keeping.of_broadcast(session, broadcast)
        texts = {each: _sent_text(broadcast, each, short) for each in (None, *Variant)}
        found |= {id_: texts[said.get(id_)] for id_ in ids}
    return found


def goes_now(broadcast: Broadcast) -> ColumnElement[bool] | None:
    """Return what may be claimed of a broadcast before its test is decided, None where that is everything."""
    if broadcast.test_state not in UNDECIDED:
        return None
    return Message.id.in_(select(VariantMessage.message_id).where(VariantMessage.broadcast_id == broadcast.id))


def holds_back() -> ColumnElement[bool]:
    """Nothing of a Broadcast can be claimed now, because its test is not decided."""
    in_test = exists().where(
        VariantMessage.broadcast_id == Broadcast.id,
        Message.id == VariantMessage.message_id,
        is_queued(Message),
        or_(Message.not_before.is_(None), Message.not_before <= clock.now()),
    )
    return and_(Broadcast.test_state.is_not(None), Broadcast.test_state.in_(DRAWN), ~in_test)


def choose(engine: Engine, broadcast_id: int) -> None:
    """Draw who is in the test, by the form's key, which is random; where they are too few the first text has won."""
    chosen_for = (
        Broadcast.id == broadcast_id,
        Broadcast.state == BroadcastState.SENDING,
        Broadcast.test_state == TextTestState.CHOOSING,
    )
    with reading(engine) as session:
        broadcast = session.scalars(select(Broadcast).where(*chosen_for)).one_or_none()
        if broadcast is None:
            return
        waiting = select(Message.id).where(Message.broadcast_id == broadcast_id, is_queued(Message))
        people = session.scalar(select(func.count()).select_from(waiting.subquery())) or 0
        size = text_test.test_size(people, broadcast.test_percent or 0)
        drawn = text_test.places(people, size, broadcast.form_key)
        ids = session.scalars(waiting.order_by(Message.number).execution_options(yield_per=10_000))
        rows = [
            {"message_id": id_, "broadcast_id": broadcast_id, "variant": drawn[place]}
            for place, id_ in enumerate(ids)
            if place in drawn
        ]
    with writing(engine) as session:
        new: dict[str, object] = {"test_state": TextTestState.TESTING}
        if not rows:
            new = {"test_state": TextTestState.DECIDED, "winner": Variant.A, "winner_because": FEW}
        begun = update(Broadcast).where(*chosen_for).values(**new)
        if session.scalar(begun.returning(Broadcast.id)) is None:
            return
        if rows:
            session.execute(insert(VariantMessage), rows)
        else:
            _tell(session, broadcast_id, Variant.A, FEW)


def measure(engine: Engine, broadcast_id: int) -> None:
    """Begin to wait for what comes back, where nothing of the test waits or is under way any more."""
    in_test = (VariantMessage.broadcast_id == broadcast_id, Message.id == VariantMessage.message_id)
    sent = (
        Broadcast.id == broadcast_id,
        Broadcast.state.in_(_GOES_ON),
        Broadcast.test_state == TextTestState.TESTING,
        ~exists().where(*in_test, Message.status.in_(UNDER_WAY)),
    )
    with reading(engine) as session:
        hours = session.scalar(select(Broadcast.test_hours).where(*sent))
    if hours is None:
        return
    with writing(engine) as session:
        new = {"test_state": TextTestState.MEASURING, "test_ends_at": clock.now() + timedelta(hours=hours)}
        session.execute(update(Broadcast).where(*sent).values(**new).execution_options(synchronize_session=False))


def look(engine: Engine) -> None:
    """See of each test whether all of it is sent, and decide those whose hours are over."""
    with reading(engine) as session:
        testing = select(Broadcast.id).where(Broadcast.state.in_(_GOES_ON))
        sent = session.scalars(testing.where(Broadcast.test_state == TextTestState.TESTING)).all()
        over = session.scalars(testing.where(*_is_over(clock.now()))).all()
    for broadcast_id in sent:
        measure(engine, broadcast_id)
    for broadcast_id in over:
        decide(engine, broadcast_id)


def decide(engine: Engine, broadcast_id: int) -> bool:
    """Decide by what came back until the end of the test, as was chosen beforehand; tell whether this did it.

    The others get the winner at once, or when a user resumes the broadcast: where somebody has paused it, and where it
    is above the limits at which any broadcast stops. Where a click was chosen, it only waits for that from now on.
    """
    now = clock.now()
    with reading(engine) as session:
        broadcast = session.scalars(select(Broadcast).where(Broadcast.id == broadcast_id, *_is_over(now))).one_or_none()
        if broadcast is None:
            return False
        by, found = WinsBy(broadcast.wins_by or WinsBy.ANSWERS), variant_figures.figures(session, broadcast)
        stop = "" if broadcast.limits_off else canary.judge(session, broadcast, cache.policy(session))
    wins, why = text_test.winner(by, found), variant_words.because(by, found)
    goes_on = broadcast.test_goes_on
    new: dict[str, object] = {"test_state": TextTestState.WAITING}
    if goes_on:
        new = {"test_state": TextTestState.DECIDED, "winner": wins, "winner_because": why}
    if stop:
        new |= _paused(stop)
    with writing(engine) as session:
        decided = update(Broadcast).where(Broadcast.id == broadcast_id, *_is_over(now)).values(**new)
        state = session.scalar(decided.returning(Broadcast.state).execution_options(synchronize_session=False))
        if state is None:
            return False
        if goes_on:
            _tell(session, broadcast_id, wins, why)
        if stop and state == BroadcastState.PAUSED:
            audit.record(session, None, "paused", "broadcast", broadcast_id, {"Why": ("", stop)})
    return True


def pick(session: Session, broadcast_id: int, variant: Variant, user_id: int) -> Refused | None:
    """Let a user decide which text the others get, or say why that can't be; the caller commits.

    The reason that is kept compares both texts, and says so where the user decided against what came back.
    """
    broadcast = session.get_one(Broadcast, broadcast_id)
    by, found = WinsBy(broadcast.wins_by or WinsBy.ANSWERS), variant_figures.figures(session, broadcast)
    why = variant_words.because_picked(by, found, variant)
    picked = update(Broadcast).where(
        Broadcast.id == broadcast_id,
        Broadcast.state.in_(WAITS_FOR_A_CLICK),
        Broadcast.test_state == TextTestState.WAITING,
    )
    new = {"test_state": TextTestState.DECIDED, "winner": variant, "winner_because": why}
    if not change_rows(session, picked.values(**new)):
        return Refused(PICKED)
    _tell(session, broadcast_id, variant, why, user_id)
    return None


def _sent_text(broadcast: Broadcast, variant: Variant | None, short: Mapping[str, Short]) -> str:
    said = variant or broadcast.winner or Variant.A
    return links.shortened(text_of(broadcast, variant), short.get(said, {}))


def _paused(stop: str) -> Mapping[str, object]:
    """What pauses it for a reason, if it is being sent."""
    is_sent = Broadcast.state == BroadcastState.SENDING
    return {
        "state": case((is_sent, BroadcastState.PAUSED), else_=Broadcast.state),
        "paused_because": case((is_sent, stop), else_=Broadcast.paused_because),
    }


def _is_over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    measured = Broadcast.test_state == TextTestState.MEASURING
    return Broadcast.state.in_(_GOES_ON), measured, Broadcast.test_ends_at <= now


def _tell(session: Session, broadcast_id: int, wins: Variant, why: str, user_id: int | None = None) -> None:
    told = {"Text for the others": ("", wins.label), "Why": ("", why)}
    audit.record(session, user_id, "decided", "broadcast", broadcast_id, told)
