"""The people's side: text as a person, and see what a phone shows. Same credentials as the API."""

from flask import Blueprint, Response, jsonify, request

from twilio_simulator import fault_store, faults, inbound, messages, opt_outs, phones, webhooks
from twilio_simulator.account import current_account
from twilio_simulator.errors import Refusal, answer
from twilio_simulator.webhook_client import Delivery

blueprint = Blueprint("control", __name__)

MOST = 1000


@blueprint.post("/phones/<phone>/messages")
def send(phone: str) -> tuple[Response, int]:
    """Text To, Body and MediaUrl from `phone`; answers after the webhook was delivered unless `?wait=0`."""
    account, form = current_account(), request.form
    wait = request.args.get("wait") != "0"
    received = inbound.receive(
        account, phone, form.get("To", "").strip(), form.get("Body", ""), tuple(form.getlist("MediaUrl")), wait=wait
    )
    if isinstance(received, Refusal):
        return answer(received), received.status
    message, now = received
    delivery = webhooks.deliver(account, message) if now else Delivery(None, 0)
    webhook = {"status": delivery.status, "attempts": delivery.attempts, "error": delivery.error}
    return jsonify({**messages.resource(message, account.sid), "webhook": webhook}), 201


@blueprint.get("/phones/<phone>/messages")
def thread(phone: str) -> Response:
    """Return a phone's thread, oldest first: what follows `?after=<id>`, or else the newest `?limit=`."""
    after = request.args.get("after", type=int)
    with current_account().store.read() as connection:
        version = phones.version(connection)  # read first: a change in between is then seen by the next poll
        entries = phones.thread(connection, phone, after, _limit(100))
    return jsonify(phone=phone, version=version, messages=entries)


@blueprint.get("/phones")
def index() -> Response:
    """Return the phones with their last entry, newest first."""
    with current_account().store.read() as connection:
        version = phones.version(connection)
        return jsonify(version=version, phones=phones.newest(connection, _limit(20)))


@blueprint.get("/phones/version")
def version() -> Response:
    """Return a number that changes whenever a phone has something new to show."""
    with current_account().store.read() as connection:
        return jsonify(version=phones.version(connection))


@blueprint.get("/blocks")
def blocks() -> Response:
    """Return the pairs of our number and a phone that Twilio or the toll-free network blocks."""
    with current_account().store.read() as connection:
        return jsonify(blocks=opt_outs.blocks(connection, _limit(MOST)))


@blueprint.get("/faults")
def show_faults() -> Response:
    """Return the fault plan in force, and how often each fault has struck since."""
    with current_account().store.read() as connection:
        return jsonify(**fault_store.plan(connection).as_json(), struck=fault_store.counts(connection))


@blueprint.post("/faults")
def set_faults() -> Response:
    """Put a fault plan in force: the form has what the plan has, what is left out is off."""
    try:
        plan = faults.read(request.form)
    except ValueError as problem:
        return answer(Refusal(20001, str(problem)))
    with current_account().store.write() as connection:
        fault_store.keep(connection, plan)
    return show_faults()


@blueprint.delete("/faults")
def clear_faults() -> Response:
    """Return to a faultless network."""
    with current_account().store.write() as connection:
        fault_store.keep(connection, faults.FaultPlan())
    return show_faults()


def _limit(default: int) -> int:
    return min(max(request.args.get("limit", default, type=int), 1), MOST)
