"""Texts from where we can't answer: other channels of a phone, names, short codes. Leaving counts, joining does not."""

import itertools
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.consent import consent_status, facts
from optin.enums import Channel, Direction, Meaning, OptInStatus, SenderKind
from optin.models import Conversation, Hold, Message, OptIn, ProviderBlock, Sender, Suppression
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from tests.support import world
from tests.support.world import MAYA, OURS

SIDS = itertools.count(0xC0DE)
SERVICE = "MG" + "7" * 32
BY_PHONE = ["rcs", "whatsapp", "carrierpigeon"]
NO_PHONES = ["SUPPORT", "40404", "Acme & Co", "Café-News", "Привет", "messenger:10158431276", "rcs:brand_x_agent"]


@dataclass
class Sent:
    """What came of a text: its row, and how the tables stand."""

    session: Session
    message: Message

    def count(self, table: type, *where: object) -> int:
        return self.session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]

    @property
    def answers(self) -> int:
        return self.count(Message, Message.direction == Direction.OUTBOUND)


def send(session: Session, body: str, number: str, to: str = OURS, **fields: str) -> Sent:
    given = InboundText(sid=f"SM{next(SIDS):032x}", number=number, address=to, body=body, **fields)  # type: ignore[arg-type]
    message = inbound.receive(session, given)
    assert message is not None
    session.commit()
    return Sent(session, message)


@pytest.mark.parametrize("scheme", BY_PHONE)
@pytest.mark.parametrize("body", ["STOP", "unsubscribe", "take me off your list", "Stop. Thank you"])
def test_a_request_to_stop_by_any_channel_holds_for_sms(session: Session, scheme: str, body: str) -> None:
    word = world.keyword(session)
    world.text(session, "volunteer")
    sent = send(session, body, f"{scheme}:{MAYA}", f"{scheme}:agent")
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.INACTIVE
    assert facts.of_number(session, MAYA, scope=OURS, keyword_id=word.id).suppressed
    assert sent.message.meaning == Meaning.OPT_OUT
    assert sent.answers == 1  # the confirmation of the keyword, by SMS


@pytest.mark.parametrize("scheme", BY_PHONE)
def test_a_doubtful_text_by_any_channel_is_held(session: Session, scheme: str) -> None:
    world.keyword(session)
    world.text(session, "volunteer")
    sent = send(session, "we have to stop this some day", f"{scheme}:{MAYA}", f"{scheme}:agent")
    assert sent.count(Hold, Hold.number == MAYA, Hold.ended_at.is_(None)) == 1


@pytest.mark.parametrize("scheme", [*BY_PHONE, "messenger"])
@pytest.mark.parametrize("body", ["volunteer", "START", "UNSTOP", "YES", "HELP"])
def test_consent_never_crosses_to_sms(session: Session, scheme: str, body: str) -> None:
    world.keyword(session)
    world.text(session, "volunteer")
    world.text(session, "STOP")
    answers = send(session, "hello", MAYA).answers
    sent = send(session, body, f"{scheme}:{MAYA}", f"{scheme}:agent", messaging_service_sid=SERVICE)
    assert session.scalars(select(OptIn.status)).all() == [OptInStatus.INACTIVE]
    assert sent.count(Suppression, Suppression.ended_at.is_(None)) == 1
    assert sent.count(ProviderBlock, ProviderBlock.ended_at.is_(None)) == 1
    assert sent.answers == answers
    assert sent.message.meaning == Meaning.ORDINARY
    assert sent.message.effect


def test_yes_by_another_channel_confirms_no_question(session: Session) -> None:
    world.keyword(session, "donate", double_opt_in=True)
    world.text(session, "donate")
    for body in ("YES", "donate"):
        send(session, body, f"rcs:{MAYA}", OURS)
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.PENDING


def test_start_with_an_opt_out_type_lifts_nothing_by_rcs(session: Session) -> None:
    world.text(session, "STOP")
    sent = send(session, "START", f"rcs:{MAYA}", "rcs:agent", opt_out_type="START", messaging_service_sid=SERVICE)
    assert sent.count(Suppression, Suppression.ended_at.is_(None)) == 1


@pytest.mark.parametrize(
    ("to", "service", "scope"), [("rcs:agent", SERVICE, SERVICE), ("rcs:agent", None, "rcs:agent")]
)
def test_a_stop_word_by_rcs_blocks_the_service(session: Session, to: str, service: str | None, scope: str) -> None:
    fields = {"messaging_service_sid": service} if service else {}
    send(session, "STOP", f"rcs:{MAYA}", to, **fields)
    assert session.scalars(select(ProviderBlock.scope).where(ProviderBlock.number == MAYA)).all() == [scope]
    assert session.scalars(select(Sender.kind).where(Sender.address == to)).one() == SenderKind.RCS


def test_twilio_keeps_no_list_for_whatsapp(session: Session) -> None:
    sent = send(session, "STOP", f"whatsapp:{MAYA}", f"whatsapp:{OURS}")
    assert sent.count(ProviderBlock) == 0
    assert sent.count(Suppression, Suppression.number == MAYA) == 1


def test_each_channel_of_a_phone_has_a_thread_of_its_own(session: Session) -> None:
    send(session, "hello", MAYA)
    for scheme in BY_PHONE:
        send(session, "hello", f"{scheme}:{MAYA}", f"{scheme}:agent")
    found = session.execute(select(Conversation.channel, Conversation.number)).all()
    assert sorted(found) == sorted((c, MAYA) for c in ("sms", "rcs", "whatsapp", "other"))
    assert session.scalars(select(Message.written).where(Message.channel == "rcs")).one() == f"rcs:{MAYA}"
    assert session.scalars(select(Message.written).where(Message.channel == "sms")).one() is None


def test_a_plain_number_that_wrote_to_an_agent_did_not_write_by_sms(session: Session) -> None:
    world.keyword(session)
    sent = send(session, "volunteer", MAYA, "rcs:agent")
    assert (sent.message.channel, sent.count(OptIn)) == ("rcs", 0)


@pytest.mark.parametrize("name", NO_PHONES)
@pytest.mark.parametrize("body", ["volunteer", "START", "YES", "HELP", "your code is 123", "please stop by our shop"])
def test_what_is_no_phone_is_stored_and_neither_subscribed_nor_answered(session: Session, name: str, body: str) -> None:
    world.keyword(session)
    sent = send(session, body, name)
    assert (sent.message.body, sent.message.meaning) == (body, Meaning.ORDINARY)
    assert (sent.count(OptIn), sent.count(Hold), sent.answers) == (0, 0, 0)
    assert sent.count(Conversation, Conversation.number == name, Conversation.unread == 1) == 1


@pytest.mark.parametrize("name", NO_PHONES)
def test_a_stop_of_what_is_no_phone_is_kept_and_not_answered(session: Session, name: str) -> None:
    sent = send(session, "STOP", name)
    assert sent.count(Suppression, Suppression.number == name) == 1
    assert consent_status.of_number(session, name).kind == consent_status.StatusKind.OPTED_OUT
    assert sent.answers == 0


def test_we_send_from_no_address_of_another_channel(session: Session) -> None:
    from optin.provider import senders

    world.text(session, "hello")
    send(session, "hello", f"rcs:{MAYA}", "rcs:agent")
    send(session, "hello", f"whatsapp:{MAYA}", "whatsapp:+14155550100")
    assert {each.channel for each in senders.in_use(session)} == {Channel.SMS}
    assert session.scalar(select(func.count()).select_from(Sender)) == 3
