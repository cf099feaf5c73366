"""The Messages resource: /2010-04-01/Accounts/<AccountSid>/Messages."""

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict

from optin.simulator import messages, outbound, paging
from optin.simulator.account import current_account
from optin.simulator.errors import Refusal, answer
from optin.simulator.messages import API_VERSION

blueprint = Blueprint("api", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account_sid>")

FORM = "application/x-www-form-urlencoded"


@blueprint.before_request
def refuse_other_accounts() -> Response | None:
    """Answer 20404 for any account but ours."""
    sid = (request.view_args or {}).get("account_sid")
    return None if sid == current_account().sid else answer(Refusal(20404, request.path))


@blueprint.post("/Messages.json")
def create(account_sid: str) -> tuple[Response, int]:
    """Queue a text; a body that is not a form counts as empty, as it does at Twilio."""
    form = request.form if request.mimetype == FORM else MultiDict[str, str]()
    message = outbound.create(current_account(), form)
    if isinstance(message, Refusal):
        return answer(message), message.status
    return jsonify(messages.resource(message, account_sid)), 201


@blueprint.get("/Messages.json")
def index(account_sid: str) -> Response:
    """List texts, newest first."""
    with current_account().store.read() as connection:
        page = paging.page(connection, account_sid, request.args)
    return answer(page) if isinstance(page, Refusal) else jsonify(page)


@blueprint.get("/Messages/<sid>.json")
def show(account_sid: str, sid: str) -> Response:
    """Fetch one text."""
    with current_account().store.read() as connection:
        message = messages.find(connection, sid)
    if message is None:
        return answer(Refusal(20404, request.path))
    return jsonify(messages.resource(message, account_sid))
