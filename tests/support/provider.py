"""A stand-in for Twilio's API that fails on demand, on a port of its own; the official SDK talks to it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from werkzeug.serving import make_server

from optin import clock
from optin.hosts import asked_on_this_machine
from optin.provider.twilio import TwilioGateway
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN, close_simulator, create_simulator

ACCEPT, DROP = (201, 0), (0, 0)
Answer = tuple[int, int]
"""HTTP status and Twilio error code; DROP closes the connection after the text was accepted."""


@dataclass(frozen=True)
class Raw:
    """An answer as it stands; in `body` {sid} is a new SID and {account} our account."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


@dataclass
class Provider:
    """What arrived, in order. The next answers are taken from `answers`, then from what stands `at` the number or our
    sender, then `always` where it is set; else every text is accepted.

    An answer takes `seconds`, and to the `slow` numbers until they are taken off the list.
    """

    url: str = ""
    seconds: float = 0.0
    slow: set[str] = field(default_factory=set)
    answers: list[Answer | Raw] = field(default_factory=list)
    always: Answer | Raw | None = None
    at: dict[str, Answer | Raw] = field(default_factory=dict)
    accepted: list[dict[str, str]] = field(default_factory=list)
    accepted_at: list[datetime] = field(default_factory=list)
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, form: dict[str, str]) -> Raw:
        """Take in a request and say what is answered; status 0 drops the connection."""
        with self.lock:
            self.requests += 1
            answer = self.answers.pop(0) if self.answers else self._standing(form)
            if answer in (ACCEPT, DROP):
                self.accepted.append(form)
                self.accepted_at.append(clock.now())
            sid = f"SM{'e' * 8}{self.requests:024x}"  # no other text of a test has it
        time.sleep(self.seconds)
        while form["To"] in self.slow:
            time.sleep(0.02)
        if isinstance(answer, Raw):
            body = answer.body.replace("{sid}", sid).replace("{account}", SIMULATOR_ACCOUNT_SID)
            return replace(answer, body=body)
        status, code = answer
        if status == ACCEPT[0]:
            return Raw(status, json.dumps({"sid": sid, "status": "queued", "num_segments": "1"}))
        said = {"code": code or None, "message": f"refused with {code or status}", "status": status}
        return Raw(status, json.dumps(said))

    def _standing(self, form: dict[str, str]) -> Answer | Raw:
        ours = form.get("From") or form.get("MessagingServiceSid", "")
        return self.at.get(form["To"]) or self.at.get(ours) or self.always or ACCEPT

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Return number and text of what was accepted."""
        return [(form["To"], form["Body"]) for form in self.accepted]


@contextmanager
def serve_provider(port: int = 0) -> Iterator[Provider]:
    """Run a provider until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            raw = self.rfile.read(length).decode()
            if len(raw) < length:  # killed in the middle of its request
                self.close_connection = True
                return
            answer = provider.take({name: values[0] for name, values in parse_qs(raw).items()})
            if not answer.status:
                self.close_connection = True
                return
            self._answer(answer)

        def do_GET(self) -> None:
            """List no messages."""
            self._answer(Raw(200, json.dumps({"messages": [], "next_page_uri": None})))

        def _answer(self, answer: Raw) -> None:
            body = answer.body.encode()
            with suppress(ConnectionError):  # who asked may have been killed
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", port), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def gateway_to(url: str) -> TwilioGateway:
    """Return the app's door to the provider at `url`."""
    return TwilioGateway(SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN, api_url=url)


@contextmanager
def serve_simulator(folder: Path, number: str) -> Iterator[str]:
    """Run the project's simulator with one number of ours, and nothing that happens by itself; give its address."""
    simulator = create_simulator(
        store_path=str(folder / "simulator.db"),
        account_sid=SIMULATOR_ACCOUNT_SID,
        auth_token=SIMULATOR_AUTH_TOKEN,
        numbers={number: "long_code"},
        webhook_url="http://127.0.0.1:9/",
        asked_here=asked_on_this_machine,
        start_pump=False,
    )
    server = make_server("127.0.0.1", 0, simulator, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        close_simulator(simulator)
