"""Assembles the simulator's Flask app."""

import hmac
import threading
import uuid
from collections.abc import Sequence
from functools import partial

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from twilio_simulator import api, control, pricing
from twilio_simulator.account import EXTENSION, Account, check_sid, current_account
from twilio_simulator.errors import Refusal, answer
from twilio_simulator.local_only import AskedHere, refuse_strangers
from twilio_simulator.scheduler import Scheduler
from twilio_simulator.sender_numbers import NumberKind, Service
from twilio_simulator.store import Store
from twilio_simulator.webhook_client import Transport, WebhookClient

_PUMP = EXTENSION + ".pump"


class _InOrder(DefaultJSONProvider):
    sort_keys = False


def create_simulator(
    *,
    store_path: str,
    account_sid: str,
    auth_token: str,
    numbers: dict[str, str],
    services: Sequence[Service] = (),
    webhook_url: str,
    asked_here: AskedHere,
    transport: Transport | None = None,
    start_pump: bool = True,
    status_delay: float = 0.4,
    region: str = "US",
) -> Flask:
    """Make the server as a Flask app.

    `numbers` maps our addresses to their kind (`long_code`, `toll_free`, `short_code`), those in the pools of
    `services` among them. `webhook_url` gets inbound texts; its fragment may hold connection overrides. `asked_here`
    tells who is on this machine; nobody else is answered. `transport` posts webhooks instead of HTTP. Without
    `start_pump` nothing happens by itself: call `run_due`. `status_delay` is the seconds between statuses; `region` the
    country that webhooks name. Raises ValueError for an account SID that is not a simulator's, or an unknown kind of
    number.
    """
    check_sid(account_sid)
    senders = {address: NumberKind(kind) for address, kind in numbers.items()}
    courier = WebhookClient(auth_token, transport)
    app = Flask(__name__, static_folder=None)
    account = Account(
        sid=account_sid,
        token=auth_token,
        senders=senders,
        services=tuple(services),
        webhook_url=webhook_url,
        status_delay=status_delay,
        region=region,
        store=Store(store_path),
        courier=courier,
    )
    app.extensions[EXTENSION] = account
    app.extensions[_PUMP] = pump = Scheduler(account)
    app.json = _InOrder(app)
    app.before_request(partial(refuse_strangers, asked_here))
    _say_what_is_under_way(app)
    if start_pump:
        app.before_request(pump.ensure_started)
    app.before_request(authenticate)
    app.register_error_handler(HTTPException, refuse)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(control.blueprint)
    app.register_blueprint(pricing.blueprint)
    return app


def close_simulator(app: Flask) -> None:
    """Stop what the simulator does by itself and close its file."""
    app.extensions[_PUMP].stop()
    app.extensions[EXTENSION].store.close()


def authenticate() -> Response | None:
    """Refuse whoever does not bring the account's SID and token (HTTP Basic)."""
    account, given = current_account(), request.authorization
    if given is not None and given.type == "basic":
        pair = f"{given.username}:{given.password}"
        if hmac.compare_digest(pair.encode(), f"{account.sid}:{account.token}".encode()):
            return None
    return answer(Refusal(20003))


def refuse(problem: HTTPException) -> Response:
    """Answer what Flask itself refuses in Twilio's form."""
    code = {404: 20404, 405: 20004}.get(problem.code or 500, 20500 if (problem.code or 500) >= 500 else 20001)
    return answer(Refusal(code, request.path))


def _say_what_is_under_way(app: Flask) -> None:
    lock, requests = threading.Lock(), 0

    @app.before_request
    def enter() -> None:
        nonlocal requests
        with lock:
            requests += 1
            g.requests = requests
            g.counted = True

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["Twilio-Request-Id"] = "RQ" + uuid.uuid4().hex
        response.headers["Twilio-Concurrent-Requests"] = str(g.get("requests", 0))
        return response

    @app.teardown_request
    def leave(_problem: BaseException | None) -> None:
        nonlocal requests
        if g.pop("counted", False):
            with lock:
                requests -= 1
