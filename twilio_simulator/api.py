"""The Messages resource: /2010-04-01/Accounts/<AccountSid>/Messages."""

import time
from collections.abc import Iterator

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.datastructures import MultiDict

from twilio_simulator import fault_store, messages, outbound, paging, updates
from twilio_simulator.account import current_account
from twilio_simulator.errors import Refusal, answer
from twilio_simulator.faults import Fault
from twilio_simulator.messages import API_VERSION, Message

blueprint = Blueprint("api", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account_sid>")

FORM = "application/x-www-form-urlencoded"


@blueprint.before_request
def refuse_other_accounts() -> Response | None:
    """Answer 20404 for any account but ours."""
    sid = (request.view_args or {}).get("account_sid")
    return None if sid == current_account().sid else answer(Refusal(20404, request.path))


@blueprint.before_request
def refuse_too_many_at_once() -> Response | None:
    """Answer 429 when more requests are under way than the fault plan allows; nothing of it was processed."""
    with current_account().store.read() as connection:
        most = fault_store.plan(connection).at_once
    return answer(Refusal(20429)) if most and g.requests > most else None


@blueprint.post("/Messages.json")
def create(account_sid: str) -> Response:
    """Queue a text; a body that is not a form counts as empty, as it does at Twilio."""
    form = request.form if request.mimetype == FORM else MultiDict[str, str]()
    account, phone = current_account(), form.get("To", "").strip()
    with account.store.read() as connection:
        plan = fault_store.plan(connection)
    draw = fault_store.draw(account.store, plan, phone)

    def struck(fault: Fault) -> bool:
        return plan.strikes(fault, phone, draw) and fault_store.count_now(account.store, fault)

    if struck(Fault.REFUSED):
        return answer(Refusal(20429))
    if struck(Fault.FAILED_BEFORE):
        return answer(Refusal(20503))
    message = outbound.create(account, form, draw)
    if isinstance(message, Refusal):
        return answer(message)
    if struck(Fault.SLOW):
        time.sleep(plan.seconds)
    if struck(Fault.FAILED_AFTER):
        return answer(Refusal(20500))
    response = _one(message, account_sid, 201)
    return _broken_off(response) if struck(Fault.DROPPED) else response


@blueprint.get("/Messages.json")
def index(account_sid: str) -> Response:
    """List texts, newest first."""
    with current_account().store.read() as connection:
        page = paging.read_page(connection, account_sid, request.args)
    return answer(page) if isinstance(page, Refusal) else jsonify(page)


@blueprint.get("/Messages/<sid>.json")
def show(account_sid: str, sid: str) -> Response:
    """Fetch one text."""
    with current_account().store.read() as connection:
        message = messages.find(connection, sid)
    return _one(message, account_sid) if message else answer(Refusal(20404, request.path))


@blueprint.post("/Messages/<sid>.json")
def update(account_sid: str, sid: str) -> Response:
    """Redact one text, or cancel a scheduled one."""
    changed = updates.update(current_account(), sid, request.form)
    return answer(changed) if isinstance(changed, Refusal) else _one(changed, account_sid)


@blueprint.delete("/Messages/<sid>.json")
def delete(account_sid: str, sid: str) -> Response:  # noqa: ARG001
    """Delete one text from the account's log."""
    refused = updates.delete(current_account(), sid)
    return answer(refused) if refused else Response(status=204)


def _one(message: Message, account_sid: str, status: int = 200) -> Response:
    response = jsonify(messages.resource(message, account_sid))
    response.status_code = status
    return response


def _broken_off(response: Response) -> Response:
    """Return an answer whose connection breaks after its first bytes; its length promises all of them."""
    whole = response.get_data()

    def body() -> Iterator[bytes]:
        yield whole[:9]
        raise ConnectionAbortedError("the fault plan breaks this answer off")

    return Response(body(), response.status, {"Content-Type": "application/json", "Content-Length": str(len(whole))})
