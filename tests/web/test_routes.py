"""Every address of the app: closed to strangers, to forged forms and to roles that it is not for."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from optin.enums import Role
from optin.web.access import is_public
from tests.support.clients import Browser

# What anybody may ask for. Twilio's doors look at its signature, /metrics at where the request comes from.
PUBLIC = {
    "static",
    "bootstrap.static",
    "health.healthz",
    "health.readyz",
    "metrics.metrics",
    "auth.sign_in",
    "auth.use_link",
    "auth.redeem_link",
}
SIGNED = ("/webhooks/twilio/sms", "/webhooks/twilio/status")
# What a viewer may post: nothing but what concerns the viewer alone.
OF_ONES_OWN = {
    "people.default_contact_view",
    "people.default_lead_view",
    "auth.sign_out",
    "auth.save_account",
    "auth.change_password",
    "auth.end_sessions",
    "auth.end_session",
    "auth.end_all_sessions",
    "home.show_or_hide",
}
# What ends the session of who asks: nothing could be asked after it.
ENDING = {"auth.sign_out", "auth.end_all_sessions", "auth.end_session", "auth.end_user_sessions", "auth.disable_user"}
ADMINS_READ = (
    "/settings/users",
    "/settings/move",
    "/settings/twilio",
    "/settings/audit",
    "/settings/fields",
    "/settings/replies/words",
    "/settings/export",
)
ADMINS_WRITE = "/settings/"
ADMINS_ALONE = ("/imports/<int:run_id>/consent", "/stop-sending/lift")


def requests(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Yield each rule with each of its methods and an address that matches it."""
    for rule in app.url_map.iter_rules():
        values = {
            name: 1 if isinstance(converter, IntegerConverter) else "x" for name, converter in rule._converters.items()
        }
        built = rule.build(values)
        assert built is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, built[1]


def ask(browser: Browser, method: str, path: str, csrf: bool = True) -> int:
    return browser.open(path, method=method, csrf=csrf, lint=False).status_code


def needed(rule: Rule, method: str) -> Role:
    """Say who may ask, from the address alone: viewers read, agents write, admins change settings and see users."""
    writes = method != "GET"
    if rule.rule.startswith((*ADMINS_ALONE, *((ADMINS_WRITE,) if writes else ADMINS_READ))):
        return Role.ADMIN
    return Role.AGENT if writes and rule.endpoint not in OF_ONES_OWN else Role.VIEWER


def test_the_public_addresses_are_these(app: Flask) -> None:
    assert {rule.endpoint for rule, _, _ in requests(app) if is_public(app, rule.endpoint)} == PUBLIC


def test_strangers_are_sent_to_sign_in(app: Flask, client: Browser) -> None:
    let_in = []
    for rule, method, path in requests(app):
        if rule.endpoint not in PUBLIC:
            response = client.open(path, method=method)
            if response.status_code != 303 or not response.location.startswith("/sign-in"):
                let_in.append((method, path, response.status_code))
    assert let_in == []


def test_the_short_way_leads_to_twilios_doors_alone(app: Flask) -> None:
    """Nothing there asks who is signed in: each door looks at Twilio's signature instead."""
    assert {rule.rule for rule in app.extensions["webhooks"].url_map.iter_rules()} == set(SIGNED)
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/webhooks")]


@pytest.mark.parametrize("path", SIGNED)
def test_twilios_doors_ask_for_its_signature(client: Browser, path: str) -> None:
    form = {"MessageSid": "SM" + "0" * 32, "From": "+14155550134", "To": "+14155550100", "Body": "STOP"}
    assert client.post(path, data=form, csrf=False).status_code == 403
    assert client.post(path, data=form, csrf=False, headers={"X-Twilio-Signature": "AAAA"}).status_code == 403
    assert client.get(path).status_code == 405


def test_metrics_are_for_this_machine(client: Browser) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 403


def test_every_change_asks_for_the_token_of_its_form(app: Flask, admin: Browser) -> None:
    changes = [(rule, path) for rule, method, path in requests(app) if method == "POST"]
    assert len(changes) > 30
    taken = {path for rule, path in changes if ask(admin, "POST", path, csrf=False) != 400}
    assert taken == set()


def test_nothing_is_changed_by_other_methods(app: Flask) -> None:
    assert {method for _, method, _ in requests(app)} <= {"GET", "POST"}


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_what_is_its_own(app: Flask, browse_as: Callable[[Role | None], Browser], role: Role) -> None:
    browser = browse_as(role)
    wrong = []
    for rule, method, path in requests(app):
        if rule.endpoint in PUBLIC | ENDING:
            continue
        status, refused = ask(browser, method, path), not role.covers(needed(rule, method))
        # Reading may ask for more than a viewer: a page that is nothing but a form for agents is no use to them.
        if refused and status != 403:
            wrong.append((method, path, status))
        if not refused and ((status == 403 and not (method == "GET" and role is Role.VIEWER)) or status == 500):
            wrong.append((method, path, status))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_everybody_reads_the_lists(browse_as: Callable[[Role | None], Browser], role: Role) -> None:
    browser = browse_as(role)
    lists = ("/", "/keywords", "/campaigns", "/contacts", "/leads", "/inbox", "/review", "/settings/sms", "/account")
    assert {path: browser.get(path).status_code for path in lists} == dict.fromkeys(lists, 200)
    if not Role(role).covers(Role.ADMIN):
        assert {browser.get(path).status_code for path in ADMINS_READ} == {403}


def test_a_refusal_says_why(viewer: Browser) -> None:
    refused = viewer.post("/settings/sms")
    assert refused.status_code == 403
    assert "Your role does not allow this. An admin can change your role under Settings › Users." in refused.text
