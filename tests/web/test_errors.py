"""What is refused says so in the asker's own form, with a way back."""

from pathlib import Path

import pytest
from flask import Flask

from optin.web.errors import PAGES
from tests.support.frame_app import frame_app
from tests.support.hypermedia import check


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The frame's app."""
    return frame_app(tmp_path)


@pytest.mark.parametrize("status", PAGES)
def test_each_status_has_a_page_of_its_own(app: Flask, status: int) -> None:
    response = app.test_client().get(f"/fail/{status}", headers={"Referer": "http://localhost/contacts?q=maya"})
    assert response.status_code == status
    assert PAGES[status].title in response.text.replace("&#39;", "'")
    assert 'href="/contacts?q=maya"' in response.text
    assert check(response.text, app) == []


@pytest.mark.parametrize(
    "referrer", ["", "https://example.org/x", "http://localhost//example.org", "http://localhost/fail/404"]
)
def test_the_way_back_leads_home_when_nobody_came_from_us(app: Flask, referrer: str) -> None:
    page = app.test_client().get("/fail/404", headers={"Referer": referrer}).text
    assert '<a class="btn btn-primary" href="/">Home</a>' in page


def test_a_refused_method_names_the_allowed_ones(app: Flask) -> None:
    response = app.test_client().get("/sign-out")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_a_database_that_is_away_gives_503_and_no_bar_that_would_ask_it(app: Flask) -> None:
    response = app.test_client().get("/fail/1")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "The database can’t be reached right now" in response.text
    assert "Ana Ruiz" not in response.text
    assert check(response.text, app) == []


def test_our_own_fault_gives_500_and_tells_nothing_of_it(app: Flask) -> None:
    response = app.test_client().get("/fail/2")
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "ZeroDivision" not in response.text


def test_a_form_without_its_token_has_expired(app: Flask) -> None:
    response = app.test_client().post("/fail/404")
    assert response.status_code == 400
    assert "The form expired" in response.text
    assert "Go back and send it again" in response.text


def test_the_api_gets_json(app: Flask) -> None:
    error = app.test_client().get("/api/v1/fail/404").get_json()["error"]
    assert error == {"status": 404, "title": PAGES[404].title, "message": PAGES[404].sentence}


def test_webhooks_get_one_plain_line(app: Flask) -> None:
    response = app.test_client().get("/webhooks/fail/403")
    assert (response.status_code, response.mimetype) == (403, "text/plain")
    assert response.text.count("\n") == 1


def test_htmx_gets_a_notice(app: Flask) -> None:
    response = app.test_client().get("/fail/404", headers={"HX-Request": "true"})
    assert response.status_code == 404
    assert response.text.strip().startswith('<div class="notice bad" role="alert">')
    assert PAGES[404].sentence in response.text
