"""The pages that say why, as people read them: of messages at each of their ends, of members, and of texts."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.database.session import db
from optin.enums import BlockCause, Direction, EventKind, HoldCause, MessageStatus, Reason, ReplyKind
from optin.models import AuditEntry, Broadcast, CampaignMember, ConsentEvent, ConsentPayload, Keyword, LeftOut, Message
from optin.policy import policy
from optin.sending import delivery, put_out
from tests.conftest import Clock
from tests.support import campaign_scene, outbox, world
from tests.support.clients import Browser
from tests.support.outbox import MAYA, OURS

NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)
"""In the middle of the day everywhere in the United States."""


def shown(moment: datetime | None) -> str:
    """Write a moment as the pages do."""
    assert moment is not None
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def logged(session: Session, kind: EventKind) -> str:
    """Return when an event of a kind was written."""
    return shown(session.scalars(select(ConsentEvent.at).where(ConsentEvent.kind == kind)).first())


def changed(session: Session) -> str:
    """Return when a setting was changed last."""
    return shown(session.scalar(select(func.max(AuditEntry.at)).where(AuditEntry.subject_kind == "setting")))


def words(page: str) -> str:
    """Return what a page says, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.partition('id="why"')[2])))


def why(browser: Browser, message: Message) -> str:
    answer = browser.get(f"/messages/{message.id}/why")
    assert answer.status_code == 200
    return words(answer.text)


def rows(page: str) -> dict[str, str]:
    """Return the answer of each row of the rule, by its reason."""
    found = re.findall(r'<td>(?:\d+\. )?([^<]*)</td>\s*<td data-label="Answer">(.*?)</td>', page, re.S)
    return {html.unescape(name): re.sub(r"<[^>]+>", "", answer).strip() for name, answer in found}


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture(autouse=True)
def _noon(clock: Clock) -> None:
    clock.forward(seconds=(NOON - clock.now()).total_seconds())


@pytest.fixture
def sent_out(session: Session, clock: Clock) -> Callable[..., Message]:
    """Have a broadcast put out to Maya, who opted in with the keyword an hour before; return her message."""

    def put(**fields: object) -> Message:
        keyword = outbox.keyword(session, "volunteer")
        outbox.opted_in(session, MAYA, keyword)
        clock.forward(hours=1)
        return _put(session, keyword.id, **fields)

    return put


def _put(session: Session, keyword_id: int | None, **fields: object) -> Message:
    made = outbox.broadcast(session, body="Hello")
    made.keyword_id = made.campaign.keyword_id = keyword_id
    for name, value in fields.items():
        setattr(made, name, value)
    person = world.person(session, "Maya Cole", MAYA)
    campaign_scene.member(session, made.campaign, person)
    put_out.begin(session, made.campaign, made, None)
    session.commit()
    return session.scalars(select(Message).where(Message.broadcast_id == made.id)).one()


def start(engine: Engine, message: Message, session: Session) -> Message:
    """Let the start be asked for."""
    broadcast_id = message.broadcast_id
    session.commit()
    delivery.start(engine, delivery.claim(engine, broadcast_id=broadcast_id))
    session.refresh(message)
    return message


def test_a_message_that_started_says_at_which_moments_it_was_allowed_and_by_which_opt_in(
    viewer: Browser, session: Session, engine: Engine, clock: Clock, sent_out: Callable[..., Message]
) -> None:
    message = sent_out()
    clock.forward(minutes=2)
    started = start(engine, message, session)
    assert started.started_at is not None
    session.scalars(select(CampaignMember)).one().zones = "America/New_York"
    session.commit()
    said = why(viewer, started)
    assert "May be sent: no row of the rule speaks against it." in said
    assert re.search(r"Audience shown .* May be sent .* Worked out from the log now", said)
    assert f"Queued {shown(started.created_at)} May be sent Recorded at the time" in said
    assert f"Started {shown(started.started_at)} May be sent Recorded at the time" in said
    assert f"OI-000001 with “volunteer”: Active then, since {logged(session, EventKind.ACTIVATED)}" in said
    assert said.count("Passed") == 14
    assert "By the log and the audit trail" not in said
    assert re.search(r"America/Los Angeles 23 Nov 2026, 11:02:\d\d PST Inside", said)
    assert "The time zone is by the number’s area code or country. Recorded at the time" in said
    assert "Frequency cap a day no cap Never changed by then" in said


def test_a_message_of_before_the_columns_says_what_was_not_recorded(
    viewer: Browser, session: Session, engine: Engine, sent_out: Callable[..., Message]
) -> None:
    message = start(engine, sent_out(), session)
    message.queued_reason = message.zones = None
    session.commit()
    said = why(viewer, message)
    assert f"Queued {shown(message.created_at)} May be sent Worked out from the log now" in said
    assert re.search(r"The time zone is by the number’s area code or country\. Worked out from the log now", said)


def test_a_stop_between_queue_and_start_is_named_with_its_text(
    viewer: Browser, session: Session, engine: Engine, clock: Clock, sent_out: Callable[..., Message]
) -> None:
    message = sent_out()
    clock.forward(minutes=1)
    world.text(session, "STOP")
    clock.forward(minutes=1)
    session.refresh(message)
    said = why(viewer, message)
    assert "May not be sent: opted out (row 2 of the rule)." in said
    assert f"Queued {shown(message.created_at)} May be sent Recorded" in said
    assert f"Before its start {shown(message.decided_at)} May not be sent: opted out Recorded" in said
    assert f"Opted out of everything, {logged(session, EventKind.OPTED_OUT)} “STOP”" in said
    assert f"OI-000001 with “volunteer”: Inactive then, since {logged(session, EventKind.OPTED_OUT)}" in said
    page = viewer.get(f"/messages/{message.id}/why").text
    answers = rows(page)
    assert answers["No valid mobile number"] == "Passed"
    assert answers["Opted out"] == "Decided: may not be sent"
    assert set(list(answers.values())[2:]) == {"Not reached"}


def test_an_erased_payload_is_said_to_be_erased(
    viewer: Browser, session: Session, sent_out: Callable[..., Message], clock: Clock
) -> None:
    message = sent_out()
    clock.forward(minutes=1)
    world.text(session, "STOP")
    session.execute(delete(ConsentPayload))
    session.commit()
    said = why(viewer, message)
    assert "May not be sent: opted out (row 2 of the rule)." in said
    assert "What was written with it has been erased." in said
    assert "“STOP”" not in said


REFUSALS: dict[str, tuple[Callable[[Session], object], Reason, int]] = {
    "lost": (lambda s: ledger.lose_number(s, MAYA, outbox.act(), error_code=30005), Reason.NUMBER_LOST, 3),
    "hold": (lambda s: ledger.hold(s, MAYA, outbox.act(), HoldCause.SENTENCE, "stop"), Reason.ON_HOLD, 4),
    "ended": (lambda s: ledger.opt_out_keyword(s, MAYA, 1, outbox.act()), Reason.NOT_OPTED_IN, 7),
    "block": (lambda s: ledger.block(s, OURS, MAYA, BlockCause.ERROR_21610, outbox.act()), Reason.BLOCKED, 10),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_each_refusal_before_the_start_names_its_row(
    viewer: Browser, session: Session, engine: Engine, sent_out: Callable[..., Message], clock: Clock, what: str
) -> None:
    act, reason, row = REFUSALS[what]
    message = sent_out()
    clock.forward(minutes=1)
    act(session)
    session.commit()
    clock.forward(minutes=1)
    start(engine, message, session)
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, reason)
    said = why(viewer, message)
    assert f"(row {row} of the rule)." in said
    assert "By the log and the audit trail" not in said
    clock.forward(minutes=1)
    member = session.scalars(select(CampaignMember)).one()
    said = words(viewer.get(f"/campaigns/{member.campaign_id}/members/{member.id}/why").text)
    assert f"(row {row} of the rule)." in said


def test_outside_sending_hours_it_says_the_hour_and_the_zone_on_the_day_of_the_change(
    viewer: Browser, session: Session, engine: Engine, clock: Clock, sent_out: Callable[..., Message]
) -> None:
    """On 14 March 2027 Los Angeles is at UTC-8 until 2:00 and at UTC-7 after it."""
    policy.change(session, None, sending_from="09:00")
    clock.forward(seconds=(datetime(2027, 3, 14, 14, 30, tzinfo=UTC) - clock.now()).total_seconds())
    message = sent_out()  # an hour later: 8:30 in summer time, 7:30 had the clocks not changed
    start(engine, message, session)
    assert message.reason == Reason.OUTSIDE_HOURS
    said = why(viewer, message)
    assert "Waits: wait for sending hours (row 15 of the rule)." in said
    assert f"Queued {shown(message.created_at)} Waits: wait for sending hours Recorded" in said
    assert "08:30 in America/Los Angeles. Sending hours were 09:00 to 20:00." in said
    assert re.search(r"14 Mar 2027, 08:30:\d\d PDT Outside", said)


def test_a_setting_that_was_changed_since_is_shown_as_it_was_then_and_since_when(
    viewer: Browser, session: Session, clock: Clock
) -> None:
    policy.change(session, None, require_opt_in_for_one_to_one=True)
    first = changed(session)
    world.keyword(session)
    world.text(session, "volunteer")
    clock.forward(hours=1)
    message = outbox.one_to_one(session)
    session.commit()
    clock.forward(hours=1)
    policy.change(session, None, require_opt_in_for_one_to_one=False)
    session.commit()
    said = why(viewer, message)
    assert f"Require Opt-In for 1:1 SMS Messaging On Today: Off {first}" in said
    assert re.search(r"9\. No opt-in Passed", said)
    clock.forward(hours=1)
    later = outbox.one_to_one(session, "+14155550199")
    session.commit()
    said = why(viewer, later)
    assert f"Require Opt-In for 1:1 SMS Messaging Off {changed(session)}" in said
    assert "None: no opt-in was needed." in said


def test_a_held_number_may_get_a_reply_with_a_notice(viewer: Browser, session: Session, clock: Clock) -> None:
    ledger.hold(session, MAYA, outbox.act("please stop"), HoldCause.SENTENCE, "stop")
    clock.forward(minutes=1)
    message = outbox.one_to_one(session)
    session.commit()
    said = why(viewer, message)
    assert "4. On hold for review Passed, with a notice On hold for review," in said
    assert "“please stop”" in said


def test_what_a_user_takes_back_and_what_the_number_ended_is_no_row_of_the_rule(
    viewer: Browser, session: Session, sent_out: Callable[..., Message], clock: Clock
) -> None:
    message = sent_out()
    clock.forward(minutes=1)
    message.status, message.decided_at = MessageStatus.CANCELLED, clock.now()
    session.commit()
    assert "A user took it back before it started. The rule did not refuse it." in why(viewer, message)
    message.reason = Reason.NUMBER_CHANGED
    session.commit()
    assert "It was cancelled when the person’s number changed" in why(viewer, message)


def test_a_message_that_was_moved_in_was_not_decided_by_optin(viewer: Browser, session: Session) -> None:
    now = clock.now()
    moved = Message(id=-7, direction=Direction.OUTBOUND, number=MAYA, status=MessageStatus.DELIVERED)
    moved.purpose, moved.created_at, moved.updated_at = "campaign", now, now
    session.add(moved)
    session.commit()
    assert "Optin did not decide about this one." in why(viewer, moved)


@pytest.mark.parametrize("id_", [0, 999, 2**70])
def test_no_message_has_no_page(viewer: Browser, id_: int) -> None:
    assert viewer.get(f"/messages/{id_}/why").status_code == 404


READ = [
    ("STOP", 4, "Opted out of everything"),
    ("remove me from your list", 6, "“remove me” was read as a request to stop"),
    ("volunteer", 10, "Opted in : volunteer"),
    ("STOP volunteer", 5, "It asks to stop one keyword"),
    ("HELP", 7, "Nothing: it changed no consent."),
    ("we have to stop this bill", 11, "On hold for review"),
    ("volunter", 12, "nearly the keyword “volunteer”"),
    ("See you on Saturday", 14, "nothing but appear in the inbox"),
]


@pytest.mark.parametrize(("body", "row", "says"), READ)
def test_a_text_that_came_in_says_which_step_read_it(
    viewer: Browser, session: Session, body: str, row: int, says: str
) -> None:
    world.keyword(session)
    message = world.text(session, body)
    said = why(viewer, message)
    assert f"Step {row} of reading a text" in said
    assert says in said


def test_the_answer_to_a_keyword_is_explained_too(viewer: Browser, session: Session) -> None:
    world.keyword(session)
    came = world.text(session, "volunteer")
    assert "Keyword confirmation" in why(viewer, came)
    answer = session.scalars(select(Message).where(Message.reply_kind == ReplyKind.CONFIRMATION)).one()
    assert f"/messages/{answer.id}/why" in viewer.get(f"/messages/{came.id}/why").text
    said = why(viewer, answer)
    assert "May be sent: no row of the rule speaks against it." in said
    assert "OI-000001 with “volunteer”" in said


def test_rows_lead_to_it(viewer: Browser, session: Session, sent_out: Callable[..., Message]) -> None:
    message = sent_out()
    came = world.text(session, "Hello there")
    assert f"/messages/{message.id}/why" in viewer.get(f"/broadcasts/{message.broadcast_id}").text
    assert f"/messages/{came.id}/why" in viewer.get(f"/inbox/{came.conversation_id}").text
    made = session.get_one(Broadcast, message.broadcast_id)
    member = session.scalars(select(CampaignMember)).one()
    listed = viewer.get(f"/campaigns/{made.campaign_id}?tab=members").text
    assert f"/campaigns/{made.campaign_id}/members/{member.id}/why" in listed


def test_a_member_whom_a_broadcast_left_out_says_what_was_recorded_or_what_the_log_says(
    viewer: Browser, session: Session, clock: Clock
) -> None:
    keyword = outbox.keyword(session, "volunteer")
    outbox.opted_in(session, MAYA, keyword)
    other = world.person(session, "Tom Reed", world.TOM)
    clock.forward(minutes=1)
    made = outbox.broadcast(session, to=keyword, body="Hello")
    campaign_scene.member(session, made.campaign, other)
    campaign_scene.member(session, made.campaign, world.person(session, "Maya Cole", MAYA))
    made.started_at = clock.now()
    put_out.begin(session, made.campaign, made, None)
    session.commit()
    clock.forward(hours=1)
    outbox.opted_in(session, world.TOM, keyword)
    session.commit()
    clock.forward(hours=1)
    member = session.scalars(select(CampaignMember).where(CampaignMember.person_id == other.id)).one()
    address = f"/campaigns/{made.campaign_id}/members/{member.id}/why"
    said = words(viewer.get(address).text)
    assert "May be sent: no row of the rule speaks against it." in said
    kept = session.scalars(select(LeftOut)).one()
    assert f"Left out: Not opted in with the campaign's keyword, {shown(kept.asked_at)}. Why?" in said
    assert "Worked out from the log now No message" not in said
    session.delete(kept)
    session.commit()
    said = words(viewer.get(address).text)
    assert "No message. May not be sent: not opted in with the campaign's keyword. Worked out from the log now" in said


@pytest.mark.parametrize("number", [world.TOM, None])
def test_who_was_left_out_says_the_recorded_reason_and_the_row_of_the_rule(
    viewer: Browser, session: Session, clock: Clock, number: str | None
) -> None:
    keyword = outbox.keyword(session, "volunteer")
    made = outbox.broadcast(session, to=keyword, body="Hello")
    other = world.person(session, "Tom Reed", number)
    campaign_scene.member(session, made.campaign, other)
    put_out.begin(session, made.campaign, made, None)
    session.commit()
    clock.forward(hours=1)
    if number:
        outbox.opted_in(session, number, keyword)
        session.commit()
    kept = session.scalars(select(LeftOut)).one()
    page = viewer.get(f"/broadcasts/{made.id}/left-out/{other.id}/why").text
    said, label = words(page), Reason(kept.reason).label
    why_not = label[0].lower() + label[1:]
    assert f"Left out {shown(kept.asked_at)} May not be sent: {why_not} Recorded at the time" in said
    assert rows(page)[label] == "Decided: may not be sent"
    assert "By the log and the audit trail" not in said
    assert viewer.get(f"/broadcasts/{made.id}/left-out/{other.id + 1}/why").status_code == 404


def _alone(session: Session, _keyword: int, _campaign: int) -> None:
    """Nothing happens: they never opted in."""


def _in(session: Session, _keyword: int, _campaign: int) -> None:
    outbox.opted_in(session, MAYA, outbox.keyword(session, "volunteer"))


def _asked(session: Session, keyword_id: int, _campaign: int) -> None:
    session.get_one(Keyword, keyword_id).double_opt_in = True
    session.flush()
    _in(session, keyword_id, 0)


def _and(act: Callable[[Session], object]) -> Callable[[Session, int, int], None]:
    """Let something happen to who opted in."""

    def happen(session: Session, keyword_id: int, campaign_id: int) -> None:
        _in(session, keyword_id, campaign_id)
        act(session)

    return happen


def _second(session: Session, keyword_id: int, campaign_id: int) -> None:
    _in(session, keyword_id, campaign_id)
    member = session.scalars(select(CampaignMember)).one()
    first = CampaignMember(id=member.id - 1, campaign_id=campaign_id, number=MAYA, added_at=member.added_at)
    first.person_id = world.person(session, "Tom Reed", MAYA).id
    session.add(first)


def _without_number(session: Session, _keyword: int, _campaign: int) -> None:
    session.scalars(select(CampaignMember)).one().number = None


def _capped(session: Session) -> None:
    policy.change(session, None, cap_per_day=1)
    outbox.reached(session, MAYA)


def _skipped_at_cap(session: Session) -> None:
    _capped(session)
    policy.change(session, None, cap_waits=False)


STOP = _and(lambda session: ledger.opt_out(session, MAYA, outbox.act("STOP")))
MEMBERS: dict[str, tuple[Callable[[Session, int, int], None], str]] = {
    "no number": (_without_number, "May not be sent: no valid mobile number (row 1 of the rule)."),
    "stop": (STOP, "May not be sent: opted out (row 2 of the rule)."),
    "lost": (_and(REFUSALS["lost"][0]), "May not be sent: number not in use (row 3 of the rule)."),
    "hold": (_and(REFUSALS["hold"][0]), "May not be sent: on hold for review (row 4 of the rule)."),
    "second": (_second, "May not be sent: duplicate number (row 5 of the rule)."),
    "asked": (_asked, "May not be sent: waiting for confirmation (row 6 of the rule)."),
    "alone": (_alone, "May not be sent: not opted in with the campaign's keyword (row 7 of the rule)."),
    "block": (_and(REFUSALS["block"][0]),
              "May not be sent: blocked at Twilio: they must text START (row 10 of the rule)."),
    "night": (_and(lambda session: policy.change(session, None, sending_from="19:00")),
              "Waits: wait for sending hours (row 15 of the rule)."),
    "cap": (_and(_capped), "Waits: frequency cap reached (row 16 of the rule)."),
    "cap, skipped": (_and(_skipped_at_cap), "May not be sent: frequency cap reached (row 16 of the rule)."),
    "in": (_in, "May be sent: no row of the rule speaks against it."),
}  # fmt: skip


@pytest.mark.parametrize("what", MEMBERS)
def test_each_row_that_a_member_may_meet(viewer: Browser, session: Session, clock: Clock, what: str) -> None:
    act, says = MEMBERS[what]
    campaign_scene.sender(session)
    keyword = outbox.keyword(session, "volunteer")
    campaign = campaign_scene.campaign(session, keyword)
    member = campaign_scene.member(session, campaign, world.person(session, "Maya Cole", MAYA))
    member_id = member.id = 7
    session.commit()
    clock.forward(minutes=1)
    act(session, keyword.id, campaign.id)
    session.commit()
    clock.forward(minutes=1)
    said = words(viewer.get(f"/campaigns/{campaign.id}/members/{member_id}/why").text)
    assert says in said


@pytest.mark.parametrize(("needs", "says"), [(True, "no opt-in (row 8 of the rule)"), (False, "May be sent")])
def test_without_a_keyword_the_setting_decides(viewer: Browser, session: Session, needs: bool, says: str) -> None:
    policy.change(session, None, keywordless_needs_opt_in=needs)
    campaign = campaign_scene.campaign(session)
    member = campaign_scene.member(session, campaign, world.person(session, "Maya Cole", MAYA))
    said = words(viewer.get(f"/campaigns/{campaign.id}/members/{member.id}/why").text)
    assert says in said
    assert f"Campaigns without a keyword need any opt-in {'On' if needs else 'Off'}" in said


def test_too_late_is_said_of_a_message_that_was_skipped_when_it_was_queued(
    viewer: Browser, session: Session, clock: Clock, sent_out: Callable[..., Message]
) -> None:
    policy.change(session, None, sending_from="15:00")
    sent_out(not_after=NOON + timedelta(hours=2))
    message = session.scalars(select(Message)).one()
    said = why(viewer, message)
    assert "May not be sent: too late: its time to send had passed (row 11 of the rule)." in said
    assert "It never came to a start." in said


ONE_TO_ONE: dict[str, tuple[Callable[[Session], object], MessageStatus, str]] = {
    "stop": (lambda s: ledger.opt_out(s, MAYA, outbox.act("STOP")), MessageStatus.CANCELLED, "opted out (row 2"),
    "block": (REFUSALS["block"][0], MessageStatus.SKIPPED, "they must text START (row 10"),
    "lost": (REFUSALS["lost"][0], MessageStatus.SKIPPED, "number not in use (row 3"),
    "required": (lambda s: policy.change(s, None, require_opt_in_for_one_to_one=True), MessageStatus.SKIPPED,
                 "no opt-in (row 9"),
}  # fmt: skip


@pytest.mark.parametrize("what", ONE_TO_ONE)
def test_a_1_to_1_message_that_was_refused_at_its_start_names_its_row(
    viewer: Browser, session: Session, engine: Engine, clock: Clock, what: str
) -> None:
    act, status, says = ONE_TO_ONE[what]
    message = outbox.one_to_one(session)
    session.commit()
    clock.forward(minutes=1)
    act(session)
    session.commit()
    clock.forward(minutes=1)
    assert start(engine, message, session).status == status
    said = why(viewer, message)
    assert says in said
    assert "Composer shown – Not asked Not recorded" in said
    assert "By the log and the audit trail" not in said


def test_an_automatic_reply_says_what_its_own_rows_said(viewer: Browser, session: Session, clock: Clock) -> None:
    world.keyword(session)
    for _ in range(11):
        world.text(session, "STOP volunteer")
    answers = session.scalars(select(Message).where(Message.reply_kind == ReplyKind.KEYWORD_ENDED)).all()
    refused = [each for each in answers if each.status == MessageStatus.SKIPPED]
    assert [each.reason for each in refused] == [Reason.TOO_MANY_REPLIES]
    said = why(viewer, refused[0])
    assert "May not be sent: too many automatic replies within an hour (a row for messages of this kind)." in said
    assert "As recorded. It can’t be worked out afterwards." in said
