"""Status callbacks: stored first, applied by rank, whatever the order; none is lost for coming before its message."""

import itertools

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin.clock import now
from optin.enums import Direction, MessageStatus, Purpose, SenderKind
from optin.models import Message, ProviderBlock, Sender, StatusEvent
from tests.support.twilio_requests import new_sid, post

SID = "SM" + "b" * 32


@pytest.fixture
def message(session: Session) -> Message:
    sender = Sender(address="+14155550100", kind=SenderKind.LONG_CODE, created_at=now())
    session.add(sender)
    session.flush()
    message = Message(
        direction=Direction.OUTBOUND,
        purpose=Purpose.ONE_TO_ONE,
        number="+14155550134",
        sender_id=sender.id,
        sid=SID,
        status=MessageStatus.SENT,
        created_at=now(),
        updated_at=now(),
    )
    session.add(message)
    session.commit()
    return message


def call(client: FlaskClient, status: str, *, sid: str = SID, query: str = "", **fields: str) -> int:
    form = {
        "MessageSid": sid,
        "MessageStatus": status,
        "AccountSid": client.application.config["OPTIN"].twilio_account_sid,
        "From": "+14155550100",
        "To": "+14155550134",
        **fields,
    }
    return post(client, f"/webhooks/twilio/status{query}", form).status_code


@pytest.mark.parametrize("order", [*itertools.permutations(["queued", "sent", "delivered"])])
def test_in_any_order_the_furthest_wins(
    client: FlaskClient, session: Session, message: Message, order: tuple[str, ...]
) -> None:
    assert [call(client, word) for word in (*order, *order)] == [204] * 6
    assert message.status == MessageStatus.DELIVERED
    assert len(list(session.scalars(select(StatusEvent)))) == 3


def test_a_failure_keeps_code_and_words(client: FlaskClient, message: Message) -> None:
    call(client, "undelivered", ErrorCode="30005")
    call(client, "sent")
    assert (message.status, message.error_code) == (MessageStatus.UNDELIVERED, 30005)
    assert message.error_text


@pytest.mark.parametrize(("given", "told"), [("3", 3), ("0", 2), ("many", 2), ("-1", 2), ("", 2), ("9" * 20, 2)])
def test_segments_in_a_callback_are_kept_where_it_tells_any(
    client: FlaskClient, session: Session, message: Message, given: str, told: int
) -> None:
    message.segments_told = 2
    session.commit()
    assert call(client, "delivered", NumSegments=given) == 204
    assert (message.status, message.segments, message.segments_told) == (MessageStatus.DELIVERED, 1, told)


def test_21610_in_a_callback_is_a_block_at_twilio(client: FlaskClient, session: Session, message: Message) -> None:
    call(client, "failed", ErrorCode="21610")
    block = session.scalars(select(ProviderBlock)).one()
    assert (block.scope, block.number, block.ended_at) == ("+14155550100", "+14155550134", None)


@pytest.mark.parametrize("state", [MessageStatus.SENDING, MessageStatus.UNKNOWN])
def test_our_id_in_the_address_settles_a_message_without_sid(
    client: FlaskClient, session: Session, message: Message, state: MessageStatus
) -> None:
    message.sid, message.status = None, state
    session.commit()
    assert call(client, "delivered", query=f"?message={message.id}") == 204
    assert (message.sid, message.status) == (SID, MessageStatus.DELIVERED)


def test_our_id_never_moves_a_message_that_has_another_sid(
    client: FlaskClient, session: Session, message: Message
) -> None:
    assert call(client, "failed", sid=new_sid(), query=f"?message={message.id}") == 204
    assert message.status == MessageStatus.SENT


@pytest.mark.parametrize(
    ("status", "query", "fields", "answer"),
    [
        ("brand_new_word", "", {}, 204),
        ("delivered", "?message=abc", {}, 204),
        ("delivered", "?message=" + "9" * 40, {}, 204),
        ("delivered", "", {"ErrorCode": "9" * 40}, 204),
        ("delivered", "", {"ErrorCode": "x"}, 204),
        ("", "", {}, 400),
        ("DROP TABLE", "", {}, 400),
    ],
)
def test_odd_callbacks(client: FlaskClient, status: str, query: str, fields: dict[str, str], answer: int) -> None:
    assert call(client, status, query=query, **fields) == answer


def test_a_forged_callback_is_refused(client: FlaskClient, session: Session) -> None:
    assert client.post("/webhooks/twilio/status", data={"MessageSid": SID}).status_code == 403
    assert session.scalars(select(StatusEvent)).first() is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("rcs:brand_x_agent", "rcs:+14155550134"), ("whatsapp:+14155550100", "whatsapp:+14155550134"), ("", "x" * 500)],
)
def test_the_addresses_of_a_callback_may_be_of_any_channel(
    client: FlaskClient, message: Message, ours: str, theirs: str
) -> None:
    assert call(client, "read", From=ours, To=theirs) == 204
    assert message.status == MessageStatus.DELIVERED


def test_a_sid_is_the_message_that_has_it_whatever_id_the_address_names(
    client: FlaskClient, session: Session, message: Message
) -> None:
    other = Message(
        direction=Direction.OUTBOUND,
        number="+14155550135",
        status=MessageStatus.UNKNOWN,
        created_at=now(),
        updated_at=now(),
    )
    session.add(other)
    session.flush()
    session.execute(update(Message).where(Message.id == message.id).values(updated_at=now()))
    session.commit()
    assert call(client, "delivered", query=f"?message={other.id}") == 204
    session.refresh(message)
    session.refresh(other)
    assert (message.status, other.status, other.sid) == (MessageStatus.DELIVERED, MessageStatus.UNKNOWN, None)
