"""Twilio's doors: inbound texts and status callbacks. A request that could not be stored never gets a 200."""

from flask import Blueprint, Response, request

from optin.database.session import db
from optin.jobs import engine
from optin.metrics import WEBHOOKS
from optin.receiving import inbound
from optin.sending import status_callbacks
from optin.web.access import public
from optin.webhooks import requests

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks/twilio")


@blueprint.post("/sms")
@public
def sms() -> Response:
    """Take in one text. The same MessageSid again gets the same answer and has no effect."""
    requests.check(request, "sms")
    received = inbound.take_in(db.session(), requests.inbound_text(request))
    db.session.commit()
    WEBHOOKS.labels("sms", "repeated" if received is None else "handled").inc()
    engine.nudge()
    return Response(EMPTY_TWIML, content_type="text/xml")


@blueprint.post("/status")
@public
def status() -> Response:
    """Take in what Twilio says of a message that we sent."""
    requests.check(request, "status")
    sid, word = request.form.get("MessageSid", ""), request.form.get("MessageStatus", "")
    if not requests.SID.fullmatch(sid) or not requests.STATUS.fullmatch(word):
        requests.refuse("status", "fields", 400)
    new = status_callbacks.receive(
        db.session(),
        sid=sid,
        status=word,
        message_id=request.args.get("message", type=requests.our_id),
        error_code=request.form.get("ErrorCode", type=requests.provider_code),
    )
    db.session.commit()
    WEBHOOKS.labels("status", "handled" if new else "repeated").inc()
    return Response(status=204)
