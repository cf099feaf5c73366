"""The sample's surroundings in one process: the simulator calls the app, the SDK the simulator, no socket is open."""

from contextlib import AbstractContextManager
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import Client

from optin import clock, make_simulator
from optin.config import Config
from optin.database.session import db
from optin.database.transactions import writing
from optin.jobs.worker import STATUS_WEBHOOK
from optin.provider.connections import Answer
from optin.provider.twilio import TwilioGateway
from optin.sending import delivery
from twilio_simulator import close_simulator, run_due

SIMULATOR = "http://simulator.invalid"
COURSE = timedelta(seconds=3)
"""Longer than the simulator takes to bring a text to its phone."""


class InProcess:
    """The SDK's transport, straight into a WSGI app."""

    is_async = False

    def __init__(self, app: Flask) -> None:
        """Answer with `app`, whatever host is asked for."""
        self._client = Client(app)

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  (the SDK passes it; nothing waits here)
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Answer:
        """Make one request as the SDK asks for it."""
        form = {name: str(value) for name, value in (data or {}).items() if value is not None}
        plain = {name: value for name, value in (headers or {}).items() if name.lower() != "content-type"}
        answer = self._client.open(
            urlsplit(url).path, method=method, query_string=params, data=form, headers=plain, auth=auth
        )
        return Answer(answer.status_code, answer.text, dict(answer.headers))


def number_of(config: Config) -> str | None:
    """Return the number of ours that people text, if there is one."""
    return next((address for address in config.twilio_from if not address.startswith("MG")), None)


class Town:
    """People with phones around one app; `user_id` is who works with it."""

    def __init__(self, app: Flask, user_id: int) -> None:
        """Open the simulator on the file that the phones will show; an app context must be there."""
        self.config: Config = app.config["OPTIN"]
        self.user_id = user_id
        self.ours = number_of(self.config) or ""
        self._engine = db.engine
        self._app = Client(app)
        self._simulator = make_simulator(self.config, transport=self._webhook, start_pump=False)
        self._phones = Client(self._simulator)
        self._gateway = TwilioGateway(
            self.config.twilio_account_sid,
            self.config.twilio_auth_token,
            api_url=SIMULATOR,
            http_client=InProcess(self._simulator),
        )

    def close(self) -> None:
        """Close the simulator's file."""
        close_simulator(self._simulator)

    def session(self) -> AbstractContextManager[Session]:
        """Work in the app's database; committed at the end."""
        return writing(self._engine)

    def text(self, phone: str, body: str) -> None:
        """Let a person text us, and everything that follows from it happen."""
        credentials = (self.config.twilio_account_sid, self.config.twilio_auth_token)
        form = {"To": self.ours, "Body": body}
        answer = self._phones.post(f"/phones/{phone}/messages", data=form, auth=credentials)
        sent = answer.json or {}
        if answer.status_code != 201 or sent["webhook"]["error"]:
            raise RuntimeError(f"the sample text {body!r} did not reach the app: {answer.text}")
        self.deliver()

    def deliver(self, broadcast_id: int | None = None) -> None:
        """Send what waits (of a broadcast, or replies and 1:1 messages) until it has reached its phones."""
        while posts := delivery.claim(self._engine, broadcast_id=broadcast_id):
            started, held = delivery.start(self._engine, posts)
            while held:
                more, held = delivery.start(self._engine, held)
                started += more
            callback = self.config.public_url + STATUS_WEBHOOK
            outcomes = [(post, delivery.attempt(self._gateway, post, callback)) for post in started]
            delivery.record(self._engine, outcomes)
        if broadcast_id is not None:
            delivery.finish(self._engine, broadcast_id)
        run_due(self._simulator, until=clock.now() + COURSE)

    def _webhook(self, url: str, headers: dict[str, str], body: bytes, _timeout: float) -> tuple[int, bytes]:
        """Carry a signed request of the simulator into the app."""
        parts = urlsplit(url)
        answer = self._app.post(parts.path, query_string=parts.query, data=body, headers=headers)
        return answer.status_code, answer.data
