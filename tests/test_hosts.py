"""Only our own names are answered: a page on the web must not read a developer's machine by leading its name here."""

import json
from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPConnection

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from optin import hosts
from optin.config import SIMULATOR_PATH, Config
from tests.support.clients import Browser
from tests.support.servers import LiveServer
from twilio_simulator import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN

ACCOUNT = {
    "OPTIN_MODE": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "f" * 32,
    "OPTIN_PUBLIC_URL": "https://optin.example.org",
}
BASIC = "Basic " + b64encode(f"{SIMULATOR_ACCOUNT_SID}:{SIMULATOR_AUTH_TOKEN}".encode()).decode()
FOREIGN = ("evil.example", "evil.example:{}", "localhost.evil.example", "127.0.0.1.evil.example:{}", "0.0.0.0:{}")
PATHS = ("/", "/sign-in", "/metrics", "/readyz", "/static/app.css", "/nowhere", "/simulator/phones")
API = tuple(
    f"{SIMULATOR_PATH}{path}" for path in ("/faults", f"/2010-04-01/Accounts/{SIMULATOR_ACCOUNT_SID}/Messages.json")
)

OF_PROXIES = """
    X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Server X-Forwarded-Prefix
    X-Forwarded Forwarded Via X-Real-IP CF-Connecting-IP CF-Ray CDN-Loop True-Client-IP X-Client-IP X-Cluster-Client-IP
    Fastly-Client-IP Fly-Client-IP X-Envoy-External-Address X-Amzn-Trace-Id X-Azure-ClientIP X-ARR-SSL X-Original-Host
    X-Original-URL CloudFront-Viewer-Address X-Varnish Max-Forwards Proxy-Connection
"""


def ask(server: LiveServer, path: str, *named: str) -> tuple[int, str]:
    """Ask over HTTP with exactly these Host headers."""
    connection = HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=30)
    connection.putrequest("GET", path, skip_host=True)
    for host in named:
        connection.putheader("Host", host)
    connection.putheader("Authorization", BASIC)
    connection.endheaders()
    answer = connection.getresponse()
    status, text = answer.status, answer.read().decode(errors="replace")
    connection.close()
    return status, text


def test_over_http_nothing_answers_to_a_foreign_name(live_server: LiveServer) -> None:
    port = live_server.url.rpartition(":")[2]
    for path in (*PATHS, *API):
        for host in FOREIGN:
            status, text = ask(live_server, path, host.format(port))
            assert (status, text) == (400, hosts.REFUSAL), (path, host)
        assert ask(live_server, path)[0] == 400, "without any"
        assert ask(live_server, path, "localhost", "evil.example")[0] == 400, "with two"
    for path in ("/sign-in", "/metrics", "/readyz", *API):
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LocalHost.:{port}", f"[::1]:{port}"):
            assert ask(live_server, path, host)[0] == 200, (path, host)
    assert ask(live_server, "/healthz", "10.1.2.3:5000") == (200, ask(live_server, "/healthz", "localhost")[1])
    assert json.loads(ask(live_server, "/healthz", "evil.example")[1]) == {"status": "ok"}


@pytest.mark.parametrize("path", ["/healthz/", "//healthz", "/x/healthz", "/healthz/../metrics"])
def test_nothing_else_passes_as_the_sign_of_life(client: Browser, path: str) -> None:
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("host", "forwarded", "status"),
    [
        ("optin.example.org", None, 200),
        ("OPTIN.example.org:443", None, 200),
        ("optin.example.org.", None, 200),
        ("optin.internal:8080", None, 200),
        ("127.0.0.1:5000", "optin.example.org", 200),
        ("127.0.0.1:5000", "evil.example, optin.example.org", 200),
        ("evil.example", None, 400),
        ("evil.example", "optin.example.org", 400),
        ("optin.example.org", "evil.example", 400),
        ("optin.example.org", "optin.example.org, evil.example", 400),
        ("optin.example.org.evil.example", None, 400),
        ("user@optin.example.org", None, 400),
        ("optin.example.org/x", None, 400),
        ("optin.example.org:", None, 400),
        ("optin.example.org, evil.example", None, 400),
        ("", None, 400),
        ("é.example", None, 400),
    ],
)
def test_the_names_of_an_installation(
    make_app: Callable[..., Flask], host: str, forwarded: str | None, status: int
) -> None:
    client = make_app(**ACCOUNT, OPTIN_ALLOWED_HOSTS="optin.internal, Other.example").test_client()
    headers = {"Host": host, **({"X-Forwarded-Host": forwarded} if forwarded else {})}
    assert client.get("/sign-in", headers=headers).status_code == status


def test_twilios_texts_are_known_by_their_signature(make_app: Callable[..., Flask], client: Browser) -> None:
    form = {"MessageSid": "SM" + "0" * 32}
    real = make_app(**ACCOUNT).test_client()
    for host, status in (("web:5000", 403), ("optin.example.org", 403)):
        for path in ("/webhooks/twilio/sms", "//webhooks/twilio/sms"):
            asked = {"PATH_INFO": path}
            assert real.post("/", data=form, headers={"Host": host}, environ_overrides=asked).status_code == status
    refused = client.post("/webhooks/twilio/sms", data=form, headers={"Host": "evil.example"})
    assert refused.status_code == 400, "the simulator's token is known to everybody"


def test_a_name_in_other_letters(make_app: Callable[..., Flask]) -> None:
    client = make_app(**{**ACCOUNT, "OPTIN_PUBLIC_URL": "https://über.example"}).test_client()
    assert client.get("/sign-in", headers={"Host": "xn--ber-goa.example"}).status_code == 200


@pytest.mark.parametrize("header", OF_PROXIES.split())
def test_any_sign_of_a_proxy_closes_the_figures(make_app: Callable[..., Flask], client: Browser, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403
    api = {header: "localhost", "Authorization": BASIC}
    assert client.get(API[0], headers=api).status_code == 403
    token = "a-token-of-sixteen"
    real = make_app(**ACCOUNT, OPTIN_METRICS_TOKEN=token).test_client()
    value = "optin.example.org" if header == "X-Forwarded-Host" else "127.0.0.1"
    headers = {header: value, "Host": "optin.example.org"}
    assert real.get("/metrics", headers=headers).status_code == 403
    assert real.get("/metrics", headers={**headers, "Authorization": f"Bearer {token}"}).status_code == 200


def test_a_proxy_that_says_only_the_public_name_closes_the_figures(make_app: Callable[..., Flask]) -> None:
    client = make_app(**ACCOUNT).test_client()
    assert client.get("/metrics", headers={"Host": "optin.example.org"}).status_code == 403
    assert client.get("/metrics", headers={"Host": "127.0.0.1:5000"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "host", "is_here"),
    [
        ("127.0.0.1", "localhost:5000", True),
        ("::1", "[::1]", True),
        ("192.168.1.7", "localhost", False),
        ("127.0.0.1", "optin.example.org", False),
        ("127.0.0.1", "", False),
        ("", "localhost", False),
    ],
)
def test_who_asks_on_this_machine(address: str, host: str, is_here: bool) -> None:
    assert hosts.asked_on_this_machine(address, Headers({"Host": host})) is is_here
    assert not hosts.asked_on_this_machine(address, Headers({"Host": host, "Via": "1.1 proxy"}))


def test_an_address_that_is_not_known_reads_no_figures(client: Browser) -> None:
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": None}).status_code == 403


@pytest.mark.parametrize("given", ["a.example", "A.example,b.example", "10.0.0.7", "fe80::1", "[fe80::1]", "web", ""])
def test_further_names(tmp_path, given: str) -> None:  # type: ignore[no-untyped-def]
    config = Config.from_environ({"OPTIN_ALLOWED_HOSTS": given}, tmp_path)
    expected = {part.lower().strip("[]") for part in given.split(",") if part}
    assert set(config.allowed_hosts) == expected
    assert config.hosts == {"127.0.0.1", *expected}
