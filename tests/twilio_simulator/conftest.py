"""The simulator and an application that keeps what it is sent, each a real HTTP server on a free port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, Response, request
from twilio.rest import Client
from werkzeug.datastructures import MultiDict
from werkzeug.serving import make_server

from optin.hosts import asked_on_this_machine
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN, close_simulator, create_simulator
from twilio_simulator.account import EXTENSION
from twilio_simulator.sender_numbers import AdvancedOptOut, Service
from twilio_simulator.store import Store

LONG_CODE, TOLL_FREE, SHORT_CODE = "+14155550100", "+18335550100", "40404"
ONE, TWO = "+14155550111", "+14155550112"
ADVANCED_LONG, ADVANCED_TOLL_FREE, ADVANCED_SHORT = "+14155550121", "+18335550121", "40405"
NUMBERS = {
    **dict.fromkeys((LONG_CODE, ONE, TWO, ADVANCED_LONG), "long_code"),
    **dict.fromkeys((TOLL_FREE, ADVANCED_TOLL_FREE), "toll_free"),
    **dict.fromkeys((SHORT_CODE, ADVANCED_SHORT), "short_code"),
}
PLAIN = Service("MGdead51" + "1" * 26, (ONE, TWO))
ADVANCED = Service(
    "MGdead51" + "2" * 26, (ADVANCED_LONG, ADVANCED_TOLL_FREE, ADVANCED_SHORT), AdvancedOptOut(stop_text="Bye.")
)
CREDENTIALS = (SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN)


@dataclass(frozen=True)
class Received:
    """One request that reached the application."""

    url: str
    form: MultiDict[str, str]
    headers: dict[str, str]


@dataclass
class Application:
    """Where Optin stands otherwise: keeps requests, gives the next of `answers` and then empty TwiML."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)

    def webhook(self, rest: str) -> Response:
        self.received.append(Received(request.url, request.form, dict(request.headers)))
        status, body = self.answers.pop(0) if self.answers else (200, "<Response/>")
        return Response(body, status, mimetype="text/xml")


@dataclass
class Simulator:
    """A running simulator: the app, its address, the official SDK pointed at it, and people with phones."""

    app: Flask
    url: str
    client: Client

    @property
    def store(self) -> Store:
        """Return what it keeps, for arranging what takes hours to come about."""
        return self.app.extensions[EXTENSION].store

    def text(self, phone: str, body: str, to: str = LONG_CODE, query: str = "", **more: Any) -> dict[str, Any]:
        """Text `body` as a person and return the answer."""
        form = {"To": to, "Body": body, **more}
        answer = requests.post(f"{self.url}/phones/{phone}/messages{query}", data=form, auth=CREDENTIALS, timeout=20)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, path: str) -> dict[str, Any]:
        """Return what the control API says at `path`."""
        answer = requests.get(self.url + path, auth=CREDENTIALS, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, **plan: Any) -> dict[str, Any]:
        """Put a fault plan in force and return what the control API says."""
        answer = requests.post(f"{self.url}/faults", data=plan, auth=CREDENTIALS, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def thread(self, phone: str) -> list[tuple[str, str, str | None]]:
        """Return (kind, body, who answered) of all that a phone shows."""
        rows = self.get(f"/phones/{phone}/messages")["messages"]
        return [(row["kind"], row["body"], row["answered_by"]) for row in rows]


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free port and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running(store: Path, webhook_url: str, **options: Any) -> Iterator[Simulator]:
    """Run a simulator whose store is the file `store`; it does nothing by itself unless told so."""
    app = create_simulator(
        store_path=str(store),
        account_sid=SIMULATOR_ACCOUNT_SID,
        auth_token=SIMULATOR_AUTH_TOKEN,
        numbers=NUMBERS,
        webhook_url=webhook_url,
        asked_here=asked_on_this_machine,
        **{"start_pump": False, "services": (PLAIN, ADVANCED), **options},
    )
    with served(app) as url:
        client = Client(*CREDENTIALS)
        client.api.base_url = url
        try:
            yield Simulator(app, url, client)
        finally:
            close_simulator(app)


@pytest.fixture
def application() -> Iterator[Application]:
    app, application = Flask("application"), Application()
    app.add_url_rule("/<path:rest>", view_func=application.webhook, methods=["POST"])
    with served(app) as application.url:
        yield application


@pytest.fixture
def simulator(tmp_path: Path, application: Application) -> Iterator[Simulator]:
    with running(tmp_path / "simulator.db", application.url + "/sms", status_delay=10) as simulator:
        yield simulator


@pytest.fixture
def run_simulator(tmp_path: Path) -> Any:
    """Give `running`, always with the same store: a second run is a restart."""
    return lambda webhook_url, **options: running(tmp_path / "simulator.db", webhook_url, **options)
