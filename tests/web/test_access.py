"""Who may ask for what: strangers for what is public, users for what their role covers."""

from collections.abc import Callable

import pytest
from flask import Blueprint, Flask
from flask_login import current_user
from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.models import User, UserSession
from optin.web.access import public, requires
from tests.support.clients import Browser


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The app with a few addresses that say who asks."""
    app = make_app()
    probe = Blueprint("probe", __name__)

    @probe.route("/probe/open", methods=["GET", "POST"])
    @public
    def open_to_all() -> str:
        return "stranger" if current_user.is_anonymous else str(current_user.email)

    @probe.route("/probe/usual", methods=["GET", "POST"])
    def usual() -> str:
        return str(current_user.email)

    @probe.route("/probe/admin", methods=["GET", "POST"])
    @requires(Role.ADMIN)
    def for_admins() -> str:
        return str(current_user.email)

    app.register_blueprint(probe)
    return app


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        (None, "GET", "/probe/open", 200),
        (None, "POST", "/probe/open", 200),
        (None, "GET", "/probe/usual", 303),
        (None, "POST", "/probe/usual", 303),
        (None, "GET", "/probe/admin", 303),
        (Role.VIEWER, "GET", "/probe/usual", 200),
        (Role.VIEWER, "POST", "/probe/usual", 403),
        (Role.VIEWER, "GET", "/probe/admin", 403),
        (Role.AGENT, "POST", "/probe/usual", 200),
        (Role.AGENT, "GET", "/probe/admin", 403),
        (Role.ADMIN, "GET", "/probe/admin", 200),
        (Role.ADMIN, "POST", "/probe/admin", 200),
    ],
)
def test_who_may_ask(
    browse_as: Callable[[Role | None], Browser], who: Role | None, method: str, path: str, status: int
) -> None:
    assert browse_as(who).open(path, method=method, lint=False).status_code == status


def test_strangers_come_back_to_the_page_they_asked_for(client: Browser) -> None:
    assert client.get("/probe/usual?tab=related").location == "/sign-in?next=/probe/usual?tab%3Drelated"
    assert client.post("/probe/usual").location == "/sign-in"


def test_a_script_loads_the_sign_in_page_as_a_page(client: Browser) -> None:
    response = client.get("/probe/usual", headers={"HX-Request": "true"}, lint=False)
    assert (response.status_code, response.headers["HX-Redirect"]) == (401, "/sign-in")


def test_a_form_without_its_token_is_refused(agent: Browser) -> None:
    assert agent.post("/probe/usual", csrf=False, lint=False).status_code == 400


ENDINGS = [update(UserSession).values(ended_at=clock.now()), update(User).values(disabled_at=clock.now())]


@pytest.mark.parametrize("change", ENDINGS)
def test_a_session_ends_at_once(agent: Browser, session: Session, change: Update) -> None:
    assert agent.get("/probe/usual", lint=False).status_code == 200
    session.execute(change)
    assert agent.get("/probe/usual").status_code == 303


@pytest.mark.parametrize("kept", ["", "x", "1", "1:", "1:key", "²" * 43, "a" * 43, "\0" * 43])
def test_a_cookie_that_makes_no_sense_signs_nobody_in(client: Browser, kept: str) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = kept
    assert client.get("/probe/usual").status_code == 303


def test_the_cookie_is_secure_over_https(agent: Browser) -> None:
    with agent.session_transaction(base_url="https://localhost") as kept:
        kept["x"] = "y"
    assert next(iter(agent._cookies.values())).secure


def test_static_files_and_health_are_for_everybody(client: Browser) -> None:
    assert client.get("/static/app.css").status_code == 200
    assert client.get("/bootstrap/static/css/bootstrap.min.css").status_code == 200
    assert client.get("/healthz").json == {"status": "ok"}


@pytest.mark.parametrize("url", ["/keywords/new", "/campaigns/new", "/contacts/new", "/leads/new", "/opt-ins/new"])
def test_who_may_not_save_a_form_is_not_shown_it(viewer: Browser, agent: Browser, url: str) -> None:
    assert (viewer.get(url).status_code, agent.get(url).status_code) == (403, 200)
