"""The running app that other tests use: a text goes from a phone through simulator, webhook and jobs, and back."""

import base64
import json
import time
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from sqlalchemy import select

from optin.config import SIMULATOR_PATH, SIMULATOR_SENDERS
from optin.models import Sender, Suppression, User
from tests.support.servers import LiveServer
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN

PHONE = "+14155550123"


def test_it_is_ready_and_prepared(live_server: LiveServer) -> None:
    with urlopen(f"{live_server.url}/readyz") as answer:
        assert json.load(answer)["status"] == "ok"
    with live_server.session() as session:
        assert session.scalars(select(User.email)).all() == ["admin@example.org"]
        assert session.scalars(select(Sender.address).order_by(Sender.id)).all() == list(SIMULATOR_SENDERS)


def test_a_text_is_heard_and_answered(live_server: LiveServer) -> None:
    ask(live_server, {"To": SIMULATOR_SENDERS[0], "Body": "opt out"})
    with live_server.session() as session:
        assert session.scalars(select(Suppression.number)).all() == [PHONE]
    deadline = time.monotonic() + 20
    while "you are unsubscribed" not in (thread := ask(live_server)):
        assert time.monotonic() < deadline, thread
        time.sleep(0.1)


def ask(server: LiveServer, text: dict[str, str] | None = None) -> str:
    """Text from the phone, or read its thread without `text`."""
    request = Request(f"{server.url}{SIMULATOR_PATH}/phones/{quote(PHONE)}/messages")
    pair = f"{SIMULATOR_ACCOUNT_SID}:{SIMULATOR_AUTH_TOKEN}".encode()
    request.add_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    with urlopen(request, urlencode(text).encode() if text else None) as answer:
        return str(answer.read().decode())
