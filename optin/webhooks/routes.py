"""Twilio's doors: inbound texts and status callbacks. A request that could not be stored never gets a 200."""

from typing import cast

from flask import Blueprint, Response, current_app, request

from optin.database.together import Together
from optin.metrics import WEBHOOKS
from optin.receiving.inbound import InboundText
from optin.sending.status_callbacks import StatusCallback
from optin.webhooks import requests

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
PREFIX = "/webhooks/"

blueprint = Blueprint("webhooks", __name__, url_prefix=f"{PREFIX}twilio")


@blueprint.post("/sms")
def sms() -> Response:
    """Take in one text; answer once it is stored. The same MessageSid again gets the same answer and has no effect."""
    requests.check(request, "sms")
    texts = cast("Together[InboundText, int | None]", current_app.extensions["texts"])
    received = texts.do(requests.inbound_text(request))
    WEBHOOKS.labels("sms", "repeated" if received is None else "handled").inc()
    return Response(EMPTY_TWIML, content_type="text/xml")


@blueprint.post("/status")
def status() -> Response:
    """Take in what Twilio says of a message that we sent; answer once it is stored."""
    requests.check(request, "status")
    callbacks = cast("Together[StatusCallback, bool]", current_app.extensions["callbacks"])
    new = callbacks.do(requests.status_callback(request))
    WEBHOOKS.labels("status", "handled" if new else "repeated").inc()
    return Response(status=204)
