"""A POST answers HTMX with a fragment and the notices, a plain form with a redirect."""

from pathlib import Path

import pytest
from flask import Flask, flash
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from optin.web import htmx
from tests.support.frame_app import frame_app

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """A client of the frame's app, which needs no CSRF token here."""
    app = frame_app(tmp_path)
    app.config["WTF_CSRF_ENABLED"] = False
    app.add_url_rule("/leave", "leave", lambda: htmx.redirect("/contacts"), methods=["POST"])
    app.add_url_rule("/refuse", "refuse", _refuse, methods=["POST"])
    return app.test_client()


def _refuse() -> Response:
    flash("Enter a text.", "bad")
    return htmx.respond("_sample.html", redirect_to="/sample", status=422, text="as typed")


def test_a_plain_form_is_redirected_and_the_next_page_tells_what_happened(client: FlaskClient) -> None:
    response = client.post("/sample", data={"text": "hello"})
    assert (response.status_code, response.location) == (303, "/sample")
    assert "12 members added" in client.get("/sample").text


def test_htmx_gets_the_fragment_and_the_notices_out_of_band(client: FlaskClient) -> None:
    response = client.post("/sample", data={"text": "<b>"}, headers=HTMX)
    fragment, notices = response.text.split('<div hx-swap-oob="innerHTML:#live-notices">')
    assert response.status_code == 200
    assert fragment.strip() == '<p id="sample">You sent: &lt;b&gt;</p>'
    assert "12 members added" in notices
    assert "12 members added" not in client.get("/sample").text


def test_a_refused_form_keeps_its_status(client: FlaskClient) -> None:
    response = client.post("/refuse", headers=HTMX)
    assert response.status_code == 422
    assert "as typed" in response.text
    assert 'class="notice bad" role="alert"' in response.text


def test_a_redirect_that_answers_htmx_leads_the_browser_itself(client: FlaskClient) -> None:
    response = client.post("/leave", headers=HTMX)
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/contacts")
    assert "Location" not in response.headers
    plain = client.post("/leave")
    assert (plain.status_code, plain.location) == (303, "/contacts")


def test_a_get_does_not_differ(client: FlaskClient, tmp_path: Path) -> None:
    app: Flask = client.application
    app.add_url_rule("/fixed", "fixed", lambda: "the same")
    assert client.get("/fixed").data == client.get("/fixed", headers=HTMX).data
