"""Its token is known to everybody, so the simulator answers programs on this machine alone."""

import pytest
from flask.testing import FlaskClient

from tests.twilio_simulator.conftest import CREDENTIALS, LONG_CODE
from twilio_simulator import SIMULATOR_ACCOUNT_SID

MAYA = "+14155550134"
MESSAGES = f"/2010-04-01/Accounts/{SIMULATOR_ACCOUNT_SID}/Messages.json"


@pytest.fixture
def client(simulator) -> FlaskClient:
    return simulator.app.test_client()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", None])
def test_this_machine_is_answered(client, address):
    assert client.get("/faults", auth=CREDENTIALS, environ_overrides={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", ["192.168.1.7", "8.8.8.8", "::ffff:10.0.0.1", "2001:db8::1", "", "unix"])
@pytest.mark.parametrize("path", ["/faults", "/phones", MESSAGES, "/nowhere"])
def test_others_are_refused_whatever_they_know(client, address, path):
    answer = client.get(path, auth=CREDENTIALS, environ_overrides={"REMOTE_ADDR": address})
    assert (answer.status_code, answer.json["code"]) == (403, 20006)


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-For": "8.8.8.8"},
        {"Forwarded": "for=8.8.8.8"},
        {"X-Forwarded-Host": "optin.example.org"},
        {"X-Real-IP": "8.8.8.8"},
        {"Via": "1.1 proxy"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_what_comes_through_a_proxy_or_from_a_browser_is_refused(client, simulator, header):
    form = {"To": LONG_CODE, "Body": "STOP"}
    answer = client.post(f"/phones/{MAYA}/messages", data=form, auth=CREDENTIALS, headers=header)
    assert answer.status_code == 403
    assert simulator.thread(MAYA) == []
