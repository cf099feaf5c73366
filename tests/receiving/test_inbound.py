"""What inbound texts do to consent, told as the person on the phone lives it; every test on both databases."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent.events import Act, payload_hash
from optin.consent.ledger import OptInOutcome, end_opt_in, keep, opt_in
from optin.enums import Direction, OptInSource, OptInStatus, ReplyKind, SenderKind
from optin.models import (
    ConsentEvent,
    ConsentPayload,
    Conversation,
    Hold,
    Keyword,
    Message,
    OptIn,
    OptInPerson,
    Person,
    ProviderBlock,
    Sender,
    Suppression,
)
from optin.policy import policy
from optin.provider import senders
from optin.reading.words import OPT_OUT_WORDS
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from tests.conftest import Clock
from tests.support.texting import MAYA, OURS, Phone, add_keyword


@pytest.fixture
def phone(session: Session) -> Phone:
    for word, double in (("volunteer", False), ("donate", True), ("old", False)):
        add_keyword(session, word, double)
    session.scalars(select(Keyword).where(Keyword.word == "old")).one().archived_at = the_clock.now()
    session.commit()
    return Phone(session)


def a_person(session: Session, kind: str, number: str | None = MAYA) -> Person:
    now = the_clock.now()
    person = Person(kind=kind, sort_name="", mobile=number, created_at=now, updated_at=now)
    session.add(person)
    session.commit()
    return person


def test_a_keyword_opts_in_once_and_is_confirmed_once(phone: Phone) -> None:
    assert phone.text("Volunteer!") == "opted in with volunteer"
    assert phone.text("VOLUNTEER") == "already opted in with volunteer"
    assert phone.states() == ["volunteer active"]
    assert phone.answers() == ["confirmation"]
    assert phone.events() == ["activated", "reaffirmed"]


def test_the_same_keyword_is_answered_again_after_a_day(phone: Phone, clock: object) -> None:
    phone.text("volunteer")
    clock.forward(hours=25)  # type: ignore[attr-defined]
    phone.text("volunteer")
    assert phone.answers() == ["confirmation", "confirmation"]
    opt_in = phone.session.scalars(select(OptIn)).one()
    assert opt_in.reaffirmed_at is not None
    assert opt_in.activated_at is not None
    assert opt_in.activated_at < opt_in.reaffirmed_at


@pytest.mark.parametrize(
    ("body", "preview"),
    [
        ("Volunteer!", "Opted in with volunteer"),
        ("STOP", "Opted out of everything, 0 opt-ins ended"),
        ("see you", "see you"),
        ("volunteer please", "volunteer please"),
        ("", "Picture or file"),
    ],
)
def test_the_inbox_shows_the_effect_of_a_consent_text(phone: Phone, body: str, preview: str) -> None:
    phone.text(body)
    assert phone.session.scalars(select(Conversation.preview)).one() == preview


def test_a_repeated_message_sid_has_no_effect(phone: Phone) -> None:
    given = InboundText(sid="SM" + "a" * 32, number=MAYA, address=OURS, body="volunteer")
    assert inbound.receive(phone.session, given) is not None
    phone.session.commit()
    assert inbound.receive(phone.session, given) is None
    phone.session.commit()
    assert phone.states() == ["volunteer active"]
    assert phone.session.scalars(select(Conversation)).one().unread == 1


def test_stop_ends_every_opt_in_suppresses_and_blocks(phone: Phone) -> None:
    add_keyword(phone.session, "second")
    phone.text("volunteer")
    phone.text("second")
    assert phone.text("STOP") == "opted out of everything, 2 opt-ins ended"
    assert phone.states() == ["volunteer inactive opted_out", "second inactive opted_out"]
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (1, 1)
    assert phone.answers() == ["confirmation cancelled opted_out"] * 2  # Twilio itself answers a plain STOP


def test_every_opt_out_word_in_any_dress_ends_every_opt_in(phone: Phone) -> None:
    add_keyword(phone.session, "second")
    dresses = (str.upper, str.title, "{}!!".format, "“{}.”".format, "  {} 🙏".format, wide, "\u200b{}\u200d".format)
    for index, (word, dress) in enumerate(itertools.product(sorted(OPT_OUT_WORDS), dresses)):
        person = Phone(phone.session, f"+1415556{index:04d}")
        person.text("volunteer")
        person.text("second")
        person.text(dress(word))
        assert person.states() == ["volunteer inactive opted_out", "second inactive opted_out"], dress(word)
        assert person.open(Suppression) == 1, dress(word)


def wide(word: str) -> str:
    """Write a word in full-width letters, as some keyboards do."""
    return "".join("\u3000" if letter == " " else chr(ord(letter) + 0xFEE0) for letter in word)


def test_stop_works_twice_and_from_strangers(phone: Phone) -> None:
    assert phone.text("stop") == "opted out of everything, 0 opt-ins ended"
    assert phone.text("STOP") == "already opted out"
    assert phone.open(Suppression) == 1


@pytest.mark.parametrize("body", ["Stop. Thank you", "opt out", "stop all", "please remove me from this list"])
def test_what_twilio_does_not_answer_is_confirmed_by_us_once(phone: Phone, body: str) -> None:
    phone.text("volunteer")
    phone.text(body)
    phone.text(body)
    assert phone.open(ProviderBlock) == 0
    assert phone.answers() == ["confirmation cancelled opted_out", "opt_out", "opt_out skipped opted_out"]


def test_a_short_code_answers_stop_and_help_itself(phone: Phone) -> None:
    phone.text("help", to="40404")
    phone.text("stop", to="40404")
    assert phone.answers() == ["help", "opt_out"]
    assert phone.open(ProviderBlock) == 0


def test_opt_out_type_means_that_twilio_has_answered(phone: Phone) -> None:
    phone.text("volunteer")
    assert phone.text("basta", opt_out_type="STOP") == "opted out of everything, 1 opt-in ended"
    assert phone.text("ayuda", opt_out_type="HELP") == "asked for help"
    assert phone.answers() == ["confirmation cancelled opted_out"]
    assert phone.open(ProviderBlock) == 1


def test_start_by_opt_out_type_that_is_a_keyword_also_opts_in(phone: Phone) -> None:
    phone.text("volunteer")
    phone.text("stop")
    effect = phone.text("volunteer", opt_out_type="START")
    assert effect == "texts allowed again; a keyword is needed for each campaign; opted in with volunteer"
    assert phone.states() == ["volunteer inactive opted_out", "volunteer active"]
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (0, 0)


def test_a_keyword_after_stop_opts_in_but_the_block_at_twilio_stays_until_start(phone: Phone) -> None:
    phone.text("volunteer")
    phone.text("STOP")
    phone.text("volunteer")
    assert phone.states() == ["volunteer inactive opted_out", "volunteer active"]
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (0, 1)
    assert phone.answers()[-1] == "confirmation skipped blocked"
    phone.text("START")
    assert phone.open(ProviderBlock) == 0


def test_start_alone_ends_the_suppression_and_restores_nothing(phone: Phone) -> None:
    phone.text("volunteer")
    phone.text("stop")
    assert phone.text("unstop") == "texts allowed again; a keyword is needed for each campaign"
    assert phone.states() == ["volunteer inactive opted_out"]
    assert phone.open(Suppression) == 0


def test_a_setting_lets_start_restore(phone: Phone) -> None:
    policy.change(phone.session, None, start_restores_opt_ins=True)
    phone.text("volunteer")
    phone.text("stop")
    assert phone.text("start") == "texts allowed again, earlier opt-ins restored"
    assert phone.states() == ["volunteer inactive opted_out", "volunteer active"]


def test_start_lifts_only_the_block_of_the_sender_that_received_it(phone: Phone) -> None:
    other = "+12065550100"
    phone.text("stop")
    phone.text("stop", to=other)
    assert phone.open(ProviderBlock) == 2
    phone.text("start")
    rows = phone.session.scalars(select(ProviderBlock.scope).where(ProviderBlock.ended_at.is_(None)))
    assert list(rows) == [other]


def test_yes_without_a_question_is_start_but_not_on_toll_free(phone: Phone) -> None:
    phone.text("stop")
    phone.text("yes", to="+18005550100")
    assert phone.open(Suppression) == 1
    phone.text("Yes")
    assert (phone.open(Suppression), phone.open(ProviderBlock)) == (0, 0)


@pytest.mark.parametrize("answer", ["YES", "y", "Yes!", "donate"])
def test_a_double_opt_in_asks_and_is_confirmed(phone: Phone, clock: Clock, answer: str) -> None:
    assert phone.text("donate") == "asked to confirm donate"
    assert phone.states() == ["donate pending"]
    phone.question()
    clock.forward(minutes=1)
    assert phone.text(answer) == "confirmed, opted in with donate"
    row = phone.session.scalars(select(OptIn)).one()
    assert row.message_sid != row.confirming_message_sid
    assert row.confirming_message_sid
    assert phone.answers() == ["question", "confirmation"]


def test_a_question_is_answered_only_to_the_sender_that_asked(phone: Phone) -> None:
    phone.text("donate")
    phone.question()
    phone.text("yes", to="+12065550100")
    assert phone.states() == ["donate pending"]


def test_a_question_expires_and_yes_is_then_late(phone: Phone, clock: object) -> None:
    phone.text("donate")
    phone.question()
    clock.forward(hours=25)  # type: ignore[attr-defined]
    phone.text("yes")
    assert phone.states() == ["donate pending"]
    phone.text("donate")
    assert phone.states() == ["donate expired", "donate pending"]


def test_stop_ends_a_pending_question(phone: Phone) -> None:
    phone.text("donate")
    phone.text("stop")
    assert phone.states() == ["donate inactive opted_out"]
    assert phone.answers() == ["question cancelled opted_out"]


def test_under_a_suppression_only_the_question_passes_and_yes_ends_it(phone: Phone) -> None:
    phone.text("please remove me from this list")
    phone.text("donate")
    assert phone.states() == ["donate pending"]
    assert phone.open(Suppression) == 1
    assert phone.answers() == ["opt_out", "question"]
    phone.question()
    phone.text("yes")
    assert phone.states() == ["donate active"]
    assert phone.open(Suppression) == 0


def test_stop_with_a_keyword_ends_that_keyword_only(phone: Phone) -> None:
    add_keyword(phone.session, "second")
    phone.text("volunteer")
    phone.text("second")
    assert phone.text("STOP volunteer") == "opted out of volunteer"
    assert phone.states() == ["volunteer inactive opted_out", "second active"]
    assert phone.open(Suppression) == 0
    assert phone.answers()[-1] == "keyword_ended"
    assert phone.text("stop old") == "asked to end old, but was not opted in"


@pytest.mark.parametrize("body", ["we have to stop this bill", "stpo"])
def test_doubt_holds_the_number_and_opts_nobody_out(phone: Phone, body: str) -> None:
    phone.text("volunteer")
    assert phone.text(body) == "on hold for review"
    assert phone.states() == ["volunteer active"]
    held = phone.session.scalars(select(Hold)).one()
    assert held.trigger
    assert held.trigger in body


@pytest.mark.parametrize(("body", "resolution"), [("stop", "stop"), ("start", "start"), ("volunteer", "keyword")])
def test_the_person_resolves_the_hold(phone: Phone, body: str, resolution: str) -> None:
    phone.text("stpo")
    phone.text(body)
    assert phone.session.scalars(select(Hold)).one().resolution == resolution


@pytest.mark.parametrize("left", ["second", "volunteer"])
def test_leaving_one_keyword_does_not_resolve_the_hold(phone: Phone, left: str) -> None:
    """It says nothing about the doubtful text before it, which may have meant all of them."""
    add_keyword(phone.session, "second")
    for word in ("volunteer", "second"):
        phone.text(word)
    phone.text("we have to stop this bill")
    assert phone.text(f"STOP {left}") == f"opted out of {left}"
    assert phone.open(Hold) == 1


def test_a_user_keeps_a_held_number(phone: Phone) -> None:
    phone.text("volunteer")
    phone.text("we have to stop this bill")
    act = Act(source=OptInSource.USER, at=the_clock.now())
    assert keep(phone.session, MAYA, act)
    assert not keep(phone.session, MAYA, act)
    assert phone.states() == ["volunteer active"]
    assert phone.open(Hold) == 0


@pytest.mark.parametrize("body", ["volunter", "volunteer please", "I'd like to volunteer"])
def test_a_near_keyword_is_marked_and_opts_nobody_in(phone: Phone, body: str) -> None:
    assert phone.text(body) == "looks like VOLUNTEER, not opted in"
    assert phone.states() == []
    message = phone.session.scalars(select(Message)).one()
    assert message.near_keyword_id is not None


def test_an_archived_keyword_opts_nobody_in(phone: Phone) -> None:
    assert phone.text("old") == ""
    assert phone.states() == []


def test_an_opt_in_links_everybody_with_the_number(phone: Phone) -> None:
    people = [a_person(phone.session, "lead"), a_person(phone.session, "contact")]
    a_person(phone.session, "contact", "+14155550999")
    phone.text("volunteer")
    linked = set(phone.session.scalars(select(OptInPerson.person_id)))
    assert linked == {person.id for person in people}
    message = phone.session.scalars(select(Message).where(Message.direction == Direction.INBOUND)).one()
    assert message.person_id == people[1].id  # the contact comes before the lead


def test_a_user_or_file_cannot_revive_what_the_person_ended(phone: Phone) -> None:
    phone.text("volunteer")
    phone.text("stop")
    keyword = phone.session.scalars(select(Keyword).where(Keyword.word == "volunteer")).one()
    for source in (OptInSource.USER, OptInSource.IMPORT, OptInSource.API):
        result = opt_in(phone.session, MAYA, keyword, Act(source=source, at=the_clock.now()))
        assert result.outcome == OptInOutcome.NOT_REVIVED
    phone.text("start")
    result = opt_in(phone.session, MAYA, keyword, Act(source=OptInSource.IMPORT, at=the_clock.now()))
    assert result.outcome == OptInOutcome.NOT_REVIVED


def test_a_user_records_and_ends_an_opt_in(phone: Phone) -> None:
    keyword = phone.session.scalars(select(Keyword).where(Keyword.word == "donate")).one()
    act = Act(source=OptInSource.USER, at=the_clock.now(), text="asked us to stop calling")
    made = opt_in(phone.session, MAYA, keyword, act, comment="signed at the fair")
    assert made.outcome == OptInOutcome.ACTIVATED
    assert made.reply is None
    assert made.opt_in_id is not None
    assert end_opt_in(phone.session, made.opt_in_id, act)
    assert phone.states() == ["donate inactive by_user"]
    assert phone.session.scalars(select(OptIn)).one().end_comment == "asked us to stop calling"


LATE = [
    # (minute by Twilio's clock, text) in the order it reached us | the states at the end | held | suppressed
    ([(0, "volunteer"), (5, "stop"), (3, "volunteer")], ["volunteer inactive opted_out"], 0, 1),
    ([(0, "volunteer"), (5, "stop"), (5, "volunteer")], ["volunteer inactive opted_out"], 0, 1),
    ([(0, "volunteer"), (5, "donate"), (3, "stop")], ["volunteer inactive opted_out", "donate pending"], 1, 0),
    ([(0, "volunteer"), (3, "stop")], ["volunteer inactive opted_out"], 0, 1),
    ([(0, "stop"), (5, "start"), (3, "stop")], [], 1, 0),
    ([(0, "stop"), (6, "stop"), (3, "start")], [], 0, 1),
]


@pytest.mark.parametrize(("story", "states", "held", "suppressed"), LATE)
def test_the_order_of_dates_decides(
    phone: Phone, story: list[tuple[int, str]], states: list[str], held: int, suppressed: int
) -> None:
    start = the_clock.now() - timedelta(hours=1)
    for minute, body in story:
        phone.text(body, provider_at=start + timedelta(minutes=minute))
    assert phone.states() == states
    assert (phone.open(Hold), phone.open(Suppression)) == (held, suppressed)


def test_the_ledger_keeps_the_text_apart_and_provable(phone: Phone) -> None:
    phone.text("Volunteer 😀")
    event = phone.session.scalars(select(ConsentEvent)).one()
    payload = phone.session.scalars(select(ConsentPayload)).one()
    assert (payload.number, payload.text) == (MAYA, "Volunteer 😀")
    assert event.payload_hash == payload_hash(payload.salt, payload.number, payload.text)
    assert MAYA not in "".join(str(getattr(event, column.key)) for column in ConsentEvent.__table__.columns)


def test_each_of_many_events_of_one_text_has_its_own_payload(phone: Phone) -> None:
    words = [add_keyword(phone.session, f"word{index}").word for index in range(40)]
    for word in words:
        phone.text(word)
    assert phone.text("STOP") == "opted out of everything, 40 opt-ins ended"
    rows = phone.session.execute(
        select(ConsentEvent, ConsentPayload)
        .join(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .where(ConsentPayload.text == "STOP")
        .order_by(ConsentEvent.id)
    ).all()
    assert [event.kind for event, _ in rows] == [*["opted_out"] * 41, "blocked"]
    assert rows[40][0].detail == "ended 40"
    assert len({payload.salt for _, payload in rows}) == 42
    for event, payload in rows:
        assert event.payload_hash == payload_hash(payload.salt, payload.number, payload.text)


def test_a_new_address_of_ours_is_learned(phone: Phone) -> None:
    phone.text("hello", to="+18335550100")
    kinds = dict(phone.session.execute(select(Sender.address, Sender.kind)).all())
    assert kinds == {"+18335550100": SenderKind.TOLL_FREE}
    assert senders.kind_of("MG" + "0" * 32) == SenderKind.SERVICE


def test_expired_questions_are_swept(phone: Phone, clock: object) -> None:
    from optin.consent.ledger import expire_questions

    phone.text("donate")
    assert expire_questions(phone.session, Act(source=OptInSource.SMS, at=the_clock.now())) == 0
    clock.forward(hours=25)  # type: ignore[attr-defined]
    assert expire_questions(phone.session, Act(source=OptInSource.SMS, at=the_clock.now())) == 1
    phone.session.commit()
    assert phone.states() == ["donate expired"]
    assert phone.session.scalars(select(OptIn.status)).one() == OptInStatus.EXPIRED
    assert ReplyKind.QUESTION in phone.answers()


def test_a_stop_counts_for_every_spelling_of_the_phone(session: Session) -> None:
    phone = Phone(session, "+5215512345678")
    phone.text("STOP")
    assert set(session.scalars(select(Suppression.number))) == {"+5215512345678", "+525512345678"}


def test_a_number_that_joined_a_messaging_service_is_unblocked_by_start(phone: Phone) -> None:
    service = "MG" + "1" * 32
    phone.text("hello")
    phone.text("STOP", messaging_service_sid=service)
    assert phone.session.scalars(select(ProviderBlock.scope)).one() == service
    phone.text("START", messaging_service_sid=service)
    assert phone.open(ProviderBlock) == 0
