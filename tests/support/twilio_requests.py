"""Requests as Twilio makes them: its fields, its signature (made by the official SDK's validator)."""

import itertools
from typing import Any
from urllib.parse import urlencode

import urllib3
from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

OURS = "+14155550100"
_SIDS = itertools.count(1)


def new_sid() -> str:
    """Return a MessageSid that was not used before in this process."""
    return f"SM{next(_SIDS):032x}"


def text_form(app: Flask, body: str, *, number: str = "+14155550134", to: str = OURS, **fields: str) -> dict[str, str]:
    """Return the form of an inbound text; keyword arguments add or replace fields by Twilio's names."""
    sid = fields.get("MessageSid", new_sid())
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": app.config["OPTIN"].twilio_account_sid,
        "From": number,
        "To": to,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "FromCity": "",
        "FromCountry": "US",
        **fields,
    }


def signature(app: Flask, path: str, form: Any) -> str:
    """Sign a request to `path` as Twilio does: over the public address and all fields."""
    config = app.config["OPTIN"]
    return str(RequestValidator(config.twilio_auth_token).compute_signature(config.public_url + path, form))


def post(client: FlaskClient, path: str, form: Any) -> TestResponse:
    """Post a signed request through a test client; repeated fields are given as lists."""
    fields = MultiDict(form)
    return client.post(
        path,
        data=urlencode(list(fields.items(multi=True)), errors="surrogatepass"),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature(client.application, path, fields)},
    )


def post_to(pool: urllib3.PoolManager, app: Flask, path: str, form: dict[str, str]) -> urllib3.BaseHTTPResponse:
    """Post a signed request over real HTTP to the app's public address."""
    return pool.request(
        "POST",
        app.config["OPTIN"].public_url + path,
        fields=form,
        encode_multipart=False,
        headers={"X-Twilio-Signature": signature(app, path, form)},
        retries=False,
    )
