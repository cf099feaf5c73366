"""Numbers that the simulator's carrier does not know: the second broadcast goes to none of them. Over real HTTP."""

from collections import Counter

import urllib3
from sqlalchemy import select

from optin.enums import Reason
from optin.jobs import engine
from optin.models import Message
from tests.support import outbox
from tests.support.faults.processes import until
from tests.support.servers import LiveServer

GONE = ["+14155550135", "+14155550136", "+14155550137"]
THERE = "+14155550134"


def test_the_second_broadcast_goes_to_no_lost_number(live_server: LiveServer) -> None:
    strike(live_server, carrier="100", code="30005")
    first = send(live_server, GONE)
    until(lambda: outcomes(live_server, first) == {("undelivered", None): 3})
    strike(live_server)
    second = send(live_server, [*GONE, THERE])
    until(lambda: outcomes(live_server, second) == {("delivered", None): 1, ("skipped", Reason.NUMBER_LOST): 3})
    with live_server.session() as session:
        assert Counter(
            session.scalars(select(Message.number).where(Message.number == GONE[0], Message.sid.is_not(None)))
        ) == {"+14155550135": 1}


def strike(server: LiveServer, **plan: str) -> None:
    """Set the simulator's faults; without any it has none."""
    config = server.app.config["OPTIN"]
    answer = urllib3.PoolManager().request(
        "POST",
        f"{config.twilio_api_url}/faults",
        fields=plan,
        encode_multipart=False,
        headers=urllib3.make_headers(basic_auth=f"{config.twilio_account_sid}:{config.twilio_auth_token}"),
    )
    assert answer.status == 200


def send(server: LiveServer, numbers: list[str]) -> int:
    """Put a broadcast without keyword into the outbox, to whoever has these numbers and whatever they opted in to."""
    with server.session() as session:
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        broadcast = outbox.broadcast(session)
        outbox.add_people(session, broadcast, numbers)
        session.commit()
    engine.nudge()
    return broadcast.id


def outcomes(server: LiveServer, broadcast_id: int) -> Counter[tuple[str, str | None]]:
    with server.session() as session:
        rows = session.execute(select(Message.status, Message.reason).where(Message.broadcast_id == broadcast_id))
        return Counter((row.status, row.reason) for row in rows)
