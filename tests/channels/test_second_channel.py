"""What holds as soon as we send by a second channel: WhatsApp, which only these tests make one.

Consent is that of a number and a keyword by one channel. Who leaves by any leaves all, and comes back by the channel
by which they left.
"""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.channels.address import Address
from optin.consent import conditions, facts, ledger, rules
from optin.consent.events import Act
from optin.consent.ledger import OptInOutcome
from optin.database.session import db
from optin.enums import (
    Channel,
    Direction,
    HoldCause,
    HoldResolution,
    MessageStatus,
    OptInSource,
    OptInStatus,
    Purpose,
    Reason,
    ReplyKind,
    SenderKind,
)
from optin.features.campaigns import add_opt_ins
from optin.models import Campaign, Conversation, Hold, Message, OptIn, PhraseOptOut, Sender, Suppression
from optin.policy import policy
from optin.policy.policy import Policy
from optin.provider.gateway import SentMessage
from optin.sending import conversations, delivery, queueing, unknown_outcomes
from optin.texts import segments
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.world import MAYA, OURS, TOM

BY_WHATSAPP = Address(Channel.WHATSAPP, MAYA)
AGENT = f"whatsapp:{OURS}"


@pytest.fixture(autouse=True)
def whatsapp_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let WhatsApp be a channel that we send by, of which a text is one piece however long."""
    by_whatsapp = replace(
        channels.CHANNELS[Channel.WHATSAPP],
        sends=True,
        is_ours=channels.CHANNELS[Channel.SMS].is_ours,
        measure=lambda text: replace(segments.count(text), segments=1, longest=2000),
    )
    monkeypatch.setitem(channels.CHANNELS, Channel.WHATSAPP, by_whatsapp)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


class Phone:
    """Maya's, which texts by both channels."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def sms(self, body: str) -> Message:
        return world.text(self.session, body)

    def whatsapp(self, body: str) -> Message:
        return world.text(self.session, body, BY_WHATSAPP.written, AGENT)

    def opt_ins(self) -> list[tuple[str, str]]:
        rows = self.session.execute(select(OptIn.channel, OptIn.status).order_by(OptIn.id)).all()
        return [(row.channel, row.status) for row in rows]

    def answers(self) -> list[tuple[str, str]]:
        given = select(Message.channel, Message.reply_kind).where(Message.status == MessageStatus.QUEUED)
        return [(row.channel, row.reply_kind) for row in self.session.execute(given.order_by(Message.id))]

    def suppressions(self) -> list[str]:
        found = select(Suppression.channel).where(Suppression.ended_at.is_(None)).order_by(Suppression.channel)
        return list(self.session.scalars(found))


@pytest.fixture
def phone(session: Session) -> Phone:
    world.keyword(session)
    scene.sender(session)
    return Phone(session)


@pytest.fixture
def agent_address(session: Session) -> Sender:
    return scene.sender(session, AGENT)


def why(session: Session, sender: Sender, given: Policy | None = None) -> Reason | None:
    return queueing.decide_one_to_one(session, MAYA, sender, given or policy.load(session)).reason


ACTIVE, INACTIVE = OptInStatus.ACTIVE, OptInStatus.INACTIVE
STRICT = Policy(require_opt_in_for_one_to_one=True)


def test_a_keyword_makes_an_opt_in_for_its_channel_alone(phone: Phone) -> None:
    phone.whatsapp("volunteer")
    assert phone.opt_ins() == [("whatsapp", ACTIVE)]
    assert phone.answers() == [("whatsapp", ReplyKind.CONFIRMATION)]
    phone.sms("volunteer")
    assert phone.opt_ins() == [("whatsapp", ACTIVE), ("sms", ACTIVE)]
    assert phone.whatsapp("volunteer").effect.startswith("already opted in")
    assert len(phone.opt_ins()) == 2


def test_consent_by_one_channel_allows_nothing_by_the_other(phone: Phone, agent_address: Sender) -> None:
    by_sms = phone.session.scalars(select(Sender).where(Sender.channel == "sms")).one()
    phone.sms("volunteer")
    assert why(phone.session, by_sms, STRICT) is None
    assert why(phone.session, agent_address, STRICT) is Reason.NO_OPT_IN
    phone.whatsapp("volunteer")
    assert why(phone.session, agent_address, STRICT) is None


@pytest.mark.parametrize("by", ["sms", "whatsapp"])
@pytest.mark.parametrize("body", ["STOP", "take me off your list"])
def test_who_stops_by_either_stops_all(phone: Phone, agent_address: Sender, by: str, body: str) -> None:
    phone.sms("volunteer")
    phone.whatsapp("volunteer")
    getattr(phone, by)(body)
    assert phone.opt_ins() == [("sms", INACTIVE), ("whatsapp", INACTIVE)]
    for sender in phone.session.scalars(select(Sender)):
        assert why(phone.session, sender) is Reason.OPTED_OUT


@pytest.mark.parametrize(("left", "other"), [("sms", "whatsapp"), ("whatsapp", "sms")])
@pytest.mark.parametrize("word", ["START", "volunteer", "YES"])
def test_who_stopped_comes_back_by_the_same_channel(phone: Phone, left: str, other: str, word: str) -> None:
    getattr(phone, left)("volunteer")
    getattr(phone, left)("STOP")
    getattr(phone, other)(word)
    assert phone.suppressions() == [left]
    assert facts.of_number(phone.session, MAYA, scope=None, channel=other).suppressed
    getattr(phone, left)("volunteer")
    assert phone.suppressions() == []


def test_who_stopped_by_both_is_stopped_until_both_are_taken_back(phone: Phone) -> None:
    phone.sms("STOP")
    phone.whatsapp("STOP")
    phone.sms("START")
    assert phone.suppressions() == ["whatsapp"]
    phone.whatsapp("STOP")
    assert phone.answers() == [("whatsapp", ReplyKind.OPT_OUT)]  # by SMS it was Twilio that answered
    phone.whatsapp("START")
    assert phone.suppressions() == []


def test_start_restores_what_ended_by_its_channel(phone: Phone) -> None:
    policy.change(phone.session, None, start_restores_opt_ins=True)
    phone.sms("volunteer")
    phone.whatsapp("volunteer")
    phone.sms("STOP")
    phone.sms("START")
    assert sorted(phone.opt_ins()) == [("sms", ACTIVE), ("sms", INACTIVE), ("whatsapp", INACTIVE)]


def test_a_doubt_is_resolved_by_the_channel_on_which_it_arose(phone: Phone) -> None:
    phone.sms("we have to stop this some day")
    phone.whatsapp("volunteer")
    held = select(Hold.channel).where(Hold.ended_at.is_(None))
    assert phone.session.scalars(held).all() == ["sms"]
    phone.sms("volunteer")
    assert phone.session.scalars(held).all() == []


def doubts(phone: Phone) -> None:
    phone.sms("we have to stop this some day")
    phone.whatsapp("I wonder when to stop this")


def open_holds(session: Session) -> list[tuple[str, str]]:
    found = select(Hold.channel, Hold.trigger).where(Hold.ended_at.is_(None)).order_by(Hold.channel)
    return [(row.channel, row.trigger) for row in session.execute(found)]


def decide(session: Session, channel: str, decision: HoldResolution, agent: Browser) -> Hold:
    held = session.scalars(select(Hold).where(Hold.channel == channel, Hold.ended_at.is_(None))).one()
    session.commit()
    assert agent.post(f"/review/{held.id}/decision", data={"decision": decision}).status_code == 303
    session.expire_all()
    return held


def test_who_keeps_a_number_decides_about_the_text_of_that_channel_alone(phone: Phone, agent: Browser) -> None:
    doubts(phone)
    by_sms = open_holds(phone.session)[0]
    decide(phone.session, "whatsapp", HoldResolution.KEEP, agent)
    assert open_holds(phone.session) == [by_sms]
    decide(phone.session, "sms", HoldResolution.KEEP, agent)
    assert open_holds(phone.session) == []


def test_a_withdrawn_decision_leaves_each_channel_on_hold_again(phone: Phone, agent: Browser) -> None:
    doubts(phone)
    before = open_holds(phone.session)
    assert [channel for channel, _ in before] == ["sms", "whatsapp"]
    held = decide(phone.session, "whatsapp", HoldResolution.OPT_OUT, agent)
    assert (open_holds(phone.session), phone.suppressions()) == ([], ["whatsapp"])
    agent.post(f"/review/{held.id}/withdrawal")
    phone.session.expire_all()
    assert (open_holds(phone.session), phone.suppressions()) == (before, [])


@pytest.mark.parametrize("by", ["sms", "whatsapp"])
def test_a_corrected_opt_out_leaves_each_channel_on_hold_again(phone: Phone, agent: Browser, by: str) -> None:
    doubts(phone)
    before = open_holds(phone.session)
    assert [channel for channel, _ in before] == ["sms", "whatsapp"]
    getattr(phone, by)("take me off your list")
    assert (open_holds(phone.session), phone.suppressions()) == ([], [by])
    opt_out_id = phone.session.scalars(select(PhraseOptOut.id)).one()
    phone.session.commit()
    agent.post(f"/review/opt-outs/{opt_out_id}/correction", data={"reason": "She told me on the phone."})
    phone.session.expire_all()
    assert (open_holds(phone.session), phone.suppressions()) == (before, [])


def test_nobody_revives_what_a_person_ended_because_they_came_back_by_another_channel(phone: Phone) -> None:
    phone.sms("volunteer")
    phone.whatsapp("volunteer")
    phone.whatsapp("STOP")
    phone.whatsapp("volunteer")
    assert phone.suppressions() == []
    keyword = phone.session.scalars(select(OptIn)).first().keyword  # type: ignore[union-attr]
    by_user = Act(source=OptInSource.USER, at=clock.now())
    assert ledger.opt_in(phone.session, MAYA, keyword, by_user).outcome is OptInOutcome.NOT_REVIVED
    assert phone.opt_ins() == [("sms", INACTIVE), ("whatsapp", INACTIVE), ("whatsapp", ACTIVE)]


def test_a_question_is_answered_by_its_channel(session: Session, phone: Phone) -> None:
    world.keyword(session, "donate", double_opt_in=True)
    phone.whatsapp("donate")
    world.question(session)
    phone.sms("YES")
    assert phone.opt_ins() == [("whatsapp", OptInStatus.PENDING)]
    phone.whatsapp("YES")
    assert phone.opt_ins() == [("whatsapp", ACTIVE)]


def test_a_lost_number_is_found_by_the_channel_on_which_it_was_lost(phone: Phone) -> None:
    act = Act(source=OptInSource.SMS, at=clock.now())
    ledger.lose_number(phone.session, MAYA, act)
    phone.whatsapp("hello")
    assert facts.of_number(phone.session, MAYA, scope=None, channel=Channel.WHATSAPP).lost
    phone.sms("hello")
    assert not facts.of_number(phone.session, MAYA, scope=None).lost


class Provider:
    """Takes every message and remembers to whom it went, from where."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    def send(self, *, to: str, sender: str, **_rest: object) -> SentMessage:
        self.taken.append((to, sender))
        return SentMessage(f"SM{uuid4().hex}", MessageStatus.SENT, 0)


@pytest.fixture
def campaign(session: Session, phone: Phone, agent_address: Sender) -> Iterator[Campaign]:
    """Maya opted in by WhatsApp, Tom by SMS."""
    policy.change(session, None, sending_hours=False)
    phone.whatsapp("volunteer")
    world.text(session, "volunteer", TOM)
    session.execute(update(Message).where(Message.status == MessageStatus.QUEUED).values(status="cancelled"))
    made = scene.campaign(session, session.scalars(select(OptIn)).first().keyword)  # type: ignore[union-attr]
    for name, number in (("Maya Chen", MAYA), ("Tom Reyes", TOM)):
        scene.member(session, made, world.person(session, name, number))
    return made


def broadcast(agent: Browser, campaign: Campaign, sender: Sender, body: str = "Hello") -> None:
    form = {"body": body, "form_key": str(uuid4()), "sender": sender.id}
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts", data=form)
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize(("by", "to"), [("sms", TOM), ("whatsapp", f"whatsapp:{MAYA}")])
def test_a_broadcast_reaches_who_opted_in_by_its_senders_channel(
    engine: Engine, session: Session, campaign: Campaign, agent: Browser, by: str, to: str
) -> None:
    sender = session.scalars(select(Sender).where(Sender.channel == by)).one()
    broadcast(agent, campaign, sender)
    provider = Provider()
    session.commit()
    for claimed in delivery.claim(engine, broadcast_id=1):
        delivery.deliver(engine, provider, claimed, "http://127.0.0.1:9")  # type: ignore[arg-type]
    assert provider.taken == [(to, sender.address)]
    sent = session.scalars(select(Message).where(Message.broadcast_id == 1)).one()
    assert (sent.channel, sent.opt_in_id is not None) == (by, True)
    thread = session.get_one(Conversation, sent.conversation_id)
    assert thread.address.written == to


def test_the_start_asks_for_consent_by_the_messages_channel(
    engine: Engine, session: Session, campaign: Campaign, agent: Browser, agent_address: Sender
) -> None:
    """Also of a row that nobody should have queued."""
    broadcast(agent, campaign, agent_address)
    session.execute(update(OptIn).where(OptIn.number == MAYA).values(channel="sms"))
    session.commit()
    started, held = delivery.start(engine, delivery.claim(engine, broadcast_id=1))
    assert (started, held) == ([], [])
    session.expire_all()
    skipped = session.scalars(select(Message).where(Message.broadcast_id == 1)).one()
    assert (skipped.status, skipped.reason) == (MessageStatus.SKIPPED, Reason.NOT_OPTED_IN)


def test_what_is_too_long_by_sms_may_go_by_whatsapp(
    session: Session, campaign: Campaign, agent: Browser, agent_address: Sender
) -> None:
    by_sms = session.scalars(select(Sender).where(Sender.channel == "sms")).one()
    form = {"body": "x" * 1601, "form_key": str(uuid4()), "sender": by_sms.id}
    assert "Shorten it to 1,600." in agent.post(f"/campaigns/{campaign.id}/broadcasts", data=form).text
    broadcast(agent, campaign, agent_address, "x" * 1601)


def test_one_who_opted_in_by_both_is_added_once(session: Session, phone: Phone) -> None:
    phone.sms("volunteer")
    phone.whatsapp("volunteer")
    campaign = scene.campaign(session, session.scalars(select(OptIn)).first().keyword)  # type: ignore[union-attr]
    assert add_opt_ins.preview(session, campaign).unknown == 1
    report = add_opt_ins.add(session, campaign.id, None, create_leads=True, include_removed=False)
    assert (report.members, report.leads, report.left_unknown) == (1, 1, 0)  # type: ignore[union-attr]
    assert [member.number for member in scene.members(session, campaign)] == [MAYA]


def test_a_conversation_by_whatsapp_is_answered_there(
    session: Session, phone: Phone, agent: Browser, agent_address: Sender
) -> None:
    phone.whatsapp("Is there parking?")
    talk = session.scalars(select(Conversation)).one()
    page = agent.get(f"/inbox/{talk.id}").text
    assert "You can’t reply here" not in page
    agent.post(f"/conversations/{talk.id}/messages", data={"body": "Yes, behind the hall.", "form_key": str(uuid4())})
    sent = session.scalars(select(Message).where(Message.direction == Direction.OUTBOUND)).one()
    assert (sent.channel, sent.sender_id, sent.conversation_id) == ("whatsapp", agent_address.id, talk.id)


def test_an_unknown_outcome_is_looked_for_by_its_channel(engine: Engine, session: Session, phone: Phone) -> None:
    phone.whatsapp("volunteer")
    old = clock.now() - unknown_outcomes.NOT_FOUND_AFTER * 2
    waiting = update(Message).where(Message.direction == Direction.OUTBOUND)
    session.execute(waiting.values(status=MessageStatus.UNKNOWN, updated_at=old, started_at=old))
    session.commit()
    asked: list[str] = []

    class Listing:
        def listed(self, *, to: str) -> list[object]:
            asked.append(to)
            return []

    assert unknown_outcomes.settle(engine, Listing()).not_found == 1  # type: ignore[arg-type]
    assert asked == [BY_WHATSAPP.written]


def test_an_address_of_ours_by_whatsapp_can_be_entered_and_used(session: Session, admin: Browser) -> None:
    admin.post("/settings/twilio/senders", data={"address": AGENT})
    made = session.scalars(select(Sender)).one()
    assert (made.address, made.channel, made.kind) == (AGENT, "whatsapp", SenderKind.ELSEWHERE)
    assert "Receives only" not in admin.get("/settings/twilio").text
    assert "The app answers STOP and HELP." in admin.get("/settings/twilio").text


def test_conversations_are_found_by_address(session: Session) -> None:
    both = [BY_WHATSAPP, Address(Channel.SMS, MAYA)]
    found = conversations.ensure(session, both, clock.now())
    assert len(set(found.values())) == 2
    assert conversations.ensure(session, both, clock.now()) == found


@pytest.mark.parametrize("purpose", [Purpose.CAMPAIGN, Purpose.ONE_TO_ONE])
@pytest.mark.parametrize("cause", list(HoldCause)[:1])
def test_a_hold_counts_for_every_channel(session: Session, phone: Phone, purpose: Purpose, cause: HoldCause) -> None:
    phone.whatsapp("volunteer")
    ledger.hold(session, MAYA, Act(source=OptInSource.SMS, at=clock.now()), cause, "stop it")
    known = facts.of_number(session, MAYA, scope=None, channel=Channel.WHATSAPP)
    decision = rules.decide(conditions.case_of(purpose, Policy()), known)
    assert Reason.ON_HOLD in (decision.reason, decision.notice)
