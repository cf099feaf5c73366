"""STOP, then the keyword again: opted in, yet Twilio refuses until START. Over real HTTP, texted from a phone."""

import pytest
import urllib3

from optin.clock import now
from optin.models import Keyword, KeywordWord
from optin.provider.gateway import GatewayError
from tests.support.servers import LiveServer
from tests.support.story import MAYA, OURS
from tests.test_story import signed_in

OPTED_IN, BLOCKED = "Opted in with volunteer", "Blocked at Twilio"


def test_opted_in_again_but_blocked_until_start(live_server: LiveServer) -> None:
    with live_server.session() as session:
        words = [KeywordWord(word="volunteer", normal="volunteer", is_main=True)]
        session.add(Keyword(word="volunteer", created_at=now(), words=words))
        session.commit()
    visitor = signed_in(live_server)
    for body in ("volunteer", "STOP", "volunteer"):
        text(live_server, body)
    again = visitor.open("/opt-ins/2").text
    assert OPTED_IN in again
    assert BLOCKED in again
    with pytest.raises(GatewayError) as refused:
        send(live_server)
    assert refused.value.code == 21610
    text(live_server, "START")
    after = visitor.open("/opt-ins/2").text
    assert OPTED_IN in after
    assert BLOCKED not in after
    assert send(live_server).startswith("SM")


def text(server: LiveServer, body: str) -> None:
    """Text us as Maya, from a phone of the simulator: Twilio's own behaviour comes with it."""
    config = server.app.config["OPTIN"]
    answer = urllib3.PoolManager().request(
        "POST",
        f"{config.twilio_api_url}/phones/{MAYA}/messages",
        fields={"To": OURS, "Body": body},
        encode_multipart=False,
        headers=urllib3.make_headers(basic_auth=f"{config.twilio_account_sid}:{config.twilio_auth_token}"),
    )
    assert answer.json()["webhook"]["status"] == 200


def send(server: LiveServer) -> str:
    """Send to Maya through the SDK, past our own rules; return the SID."""
    callback = f"{server.url}/webhooks/twilio/status"
    sent = server.app.extensions["gateway"].send(to=MAYA, sender=OURS, body="Hi", status_callback=callback)
    return str(sent.sid)
