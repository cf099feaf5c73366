"""An upgrade brings the numbers of older versions to one form, loses no consent, makes none, and forgets no opt-out."""

from datetime import UTC, datetime, timedelta

import flask_migrate
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.consent import consent_status, facts
from optin.consent.consent_status import StatusKind
from optin.enums import Direction, MessageStatus, OptInStatus
from optin.models import (
    Campaign,
    CampaignMember,
    Conversation,
    Hold,
    Message,
    OptIn,
    OptInPerson,
    Person,
    ProviderBlock,
    Suppression,
)
from tests.support import world
from tests.support.world import OURS

OLD, NEW = "+5215512345678", "+525512345678"
NOON = datetime(2026, 6, 3, 19, tzinfo=UTC)
BEFORE = "0016"


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def upgrade(app: Flask, session: Session) -> None:
    """Take the database back to the version before, and forward again."""
    session.commit()
    with app.app_context():
        flask_migrate.downgrade(revision=BEFORE)
        flask_migrate.upgrade()
    session.expire_all()


def opt_in(
    session: Session, number: str, keyword_id: int, since: float, status: str = "active", **more: object
) -> OptIn:
    moments = {"requested_at": at(since), "activated_at": at(since) if status == "active" else None}
    made = OptIn(number=number, keyword_id=keyword_id, status=status, **{"source": "sms", **moments, **more})
    session.add(made)
    session.flush()
    return made


def suppression(session: Session, number: str, since: float, until: float | None = None) -> None:
    ended_at = None if until is None else at(until)
    session.add(Suppression(number=number, started_at=at(since), asked_at=at(since), ended_at=ended_at))


def conversation(session: Session, number: str, last: float, preview: str, unread: int = 1) -> Conversation:
    made = Conversation(number=number, created_at=at(0), last_message_at=at(last), preview=preview, unread=unread)
    session.add(made)
    session.flush()
    return made


def message(session: Session, number: str, **more: object) -> Message:
    given = {"direction": Direction.INBOUND, "status": MessageStatus.RECEIVED, "created_at": NOON, "updated_at": NOON}
    made = Message(number=number, body="hello", **{**given, **more})
    session.add(made)
    session.flush()
    return made


def states(session: Session) -> list[tuple[str, str, str | None]]:
    return [(row.number, row.status, row.end_reason) for row in session.scalars(select(OptIn).order_by(OptIn.id))]


def test_an_opt_in_a_person_a_member_and_a_thread_move(app: Flask, session: Session) -> None:
    word = world.keyword(session)
    noor = world.person(session, "Noor Haddad", OLD)
    nameless = world.person(session, "", OLD)
    nameless.sort_name = OLD
    campaign = Campaign(name="All", keyword_id=word.id, created_at=NOON, updated_at=NOON)
    session.add(campaign)
    session.flush()
    session.add(CampaignMember(campaign_id=campaign.id, person_id=noor.id, number=OLD, zones="UTC", added_at=NOON))
    opt_in(session, OLD, word.id, 0)
    sami = world.person(session, "Sami Haddad", NEW)
    message(session, OLD, conversation_id=conversation(session, OLD, 1, "hello").id)
    upgrade(app, session)
    assert states(session) == [(NEW, OptInStatus.ACTIVE, None)]
    assert (noor.mobile, nameless.sort_name) == (NEW, NEW)
    for table in (CampaignMember, Conversation, Message):
        assert session.scalars(select(table.number)).all() == [NEW]
    assert facts.of_number(session, NEW, scope=OURS, keyword_id=word.id).opted_in
    assert set(session.scalars(select(OptInPerson.person_id))) == {noor.id, nameless.id, sami.id}


def test_of_two_opt_ins_one_stays_with_the_first_date(app: Flask, session: Session) -> None:
    word, other = world.keyword(session), world.keyword(session, "donate")
    first = opt_in(session, OLD, word.id, 0)
    second = opt_in(session, NEW, word.id, 5)
    opt_in(session, OLD, other.id, 1, "pending")
    opt_in(session, NEW, other.id, 2)
    upgrade(app, session)
    assert states(session) == [
        (NEW, OptInStatus.ACTIVE, None),
        (NEW, OptInStatus.INACTIVE, "number_changed"),
        (NEW, OptInStatus.INACTIVE, "number_changed"),
        (NEW, OptInStatus.ACTIVE, None),
    ]
    assert first.name in second.end_comment


def test_an_opt_out_under_one_spelling_holds_and_ends_the_opt_ins_of_the_other(app: Flask, session: Session) -> None:
    word = world.keyword(session)
    opt_in(session, OLD, word.id, 0)
    opt_in(session, NEW, word.id, 1)
    suppression(session, OLD, 2)
    suppression(session, NEW, 3)
    upgrade(app, session)
    assert {status for _, status, _ in states(session)} == {OptInStatus.INACTIVE}
    row = session.scalars(select(Suppression)).one()
    assert (row.number, row.started_at, row.asked_at, row.ended_at) == (NEW, at(2), at(3), None)
    assert consent_status.of_number(session, NEW).kind == StatusKind.OPTED_OUT


def test_who_came_back_under_one_spelling_is_back(app: Flask, session: Session) -> None:
    word = world.keyword(session)
    suppression(session, NEW, 1)
    suppression(session, OLD, 1, until=2)  # an older version wrote the STOP under both, the keyword under one
    opt_in(session, OLD, word.id, 2)
    upgrade(app, session)
    assert states(session) == [(NEW, OptInStatus.ACTIVE, None)]
    assert consent_status.of_number(session, NEW).kind == StatusKind.OPTED_IN


def test_who_left_after_coming_back_stays_away(app: Flask, session: Session) -> None:
    word = world.keyword(session)
    opt_in(session, OLD, word.id, 2)
    suppression(session, OLD, 1, until=2)
    suppression(session, NEW, 2)  # at the same moment: the opt-out wins
    upgrade(app, session)
    assert states(session) == [(NEW, OptInStatus.INACTIVE, "opted_out")]
    assert consent_status.of_number(session, NEW).kind == StatusKind.OPTED_OUT


def test_a_user_s_entry_ends_no_opt_out(app: Flask, session: Session) -> None:
    word = world.keyword(session)
    suppression(session, NEW, 1)
    opt_in(session, OLD, word.id, 2, source="user")
    upgrade(app, session)
    assert states(session) == [(NEW, OptInStatus.INACTIVE, "opted_out")]
    assert consent_status.of_number(session, NEW).kind == StatusKind.OPTED_OUT


def test_holds_and_blocks_are_joined(app: Flask, session: Session) -> None:
    for number, hour in ((OLD, 1), (NEW, 2)):
        session.add(Hold(number=number, started_at=at(hour), cause="sentence"))
        session.add(ProviderBlock(scope=OURS, number=number, cause="word", started_at=at(hour)))
    session.add(ProviderBlock(scope="another", number=OLD, cause="word", started_at=at(1)))
    upgrade(app, session)
    assert session.execute(select(Hold.number, Hold.started_at)).all() == [(NEW, at(1))]
    found = session.execute(select(ProviderBlock.scope, ProviderBlock.number).order_by(ProviderBlock.id)).all()
    assert found == [(OURS, NEW), ("another", NEW)]


def test_two_threads_become_one(app: Flask, session: Session) -> None:
    old, new = conversation(session, OLD, 2, "later", 2), conversation(session, NEW, 1, "earlier")
    for number, thread in ((OLD, old), (NEW, new), (OLD, old)):
        message(session, number, conversation_id=thread.id)
    upgrade(app, session)
    row = session.scalars(select(Conversation)).one()
    assert (row.number, row.preview, row.unread, row.last_message_at) == (NEW, "later", 3, at(2))
    assert session.scalars(select(Message.conversation_id)).all() == [row.id] * 3


def test_a_broadcast_to_both_spellings_goes_out_once(app: Flask, session: Session) -> None:
    from tests.support import outbox

    sending = outbox.broadcast(session)
    given = {"direction": Direction.OUTBOUND, "broadcast_id": sending.id, "purpose": "campaign"}
    first = message(session, NEW, status=MessageStatus.SENT, **given)
    second = message(session, OLD, status=MessageStatus.QUEUED, **given)
    upgrade(app, session)
    assert (first.number, first.status) == (NEW, MessageStatus.SENT)
    assert (second.status, second.reason) == (MessageStatus.SKIPPED, "duplicate")


def test_numbers_of_one_spelling_are_left_alone(app: Flask, session: Session) -> None:
    kept = ("+14155550134", "+5491123456789", "+551133334444", "40404", "SUPPORT", "+22997123456")
    for number in kept:
        world.person(session, "", number)
    upgrade(app, session)
    assert session.scalars(select(Person.mobile).order_by(Person.id)).all() == list(kept)


def test_zones_are_those_of_the_whole_area_code(app: Flask, session: Session) -> None:
    for number, zones, override in (
        ("+13645550134", "America/New_York", ""),
        ("+13645550135", "America/Denver", "America/Denver"),
        ("+14155550134", "America/Los_Angeles", ""),
        ("+447911123456", "Europe/London", ""),
    ):
        made = world.person(session, "", number)
        made.zones, made.time_zone = zones, override
    people = session.scalars(select(Person).order_by(Person.id)).all()
    campaign = Campaign(name="All", created_at=NOON, updated_at=NOON)
    session.add(campaign)
    session.flush()
    for each in people:
        given = {"campaign_id": campaign.id, "person_id": each.id, "number": each.mobile, "zones": each.zones}
        session.add(CampaignMember(**given, added_at=NOON))
    upgrade(app, session)
    wanted = ["America/Chicago|America/New_York", "America/Denver", "America/Los_Angeles", "Europe/London"]
    assert [each.zones for each in people] == wanted
    assert session.scalars(select(CampaignMember.zones).order_by(CampaignMember.person_id)).all() == wanted
    assert session.scalar(select(func.count()).select_from(CampaignMember)) == 4
