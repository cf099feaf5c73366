"""The headers that every answer carries."""

import base64
import hashlib
from pathlib import Path

import pytest
from flask import Flask

from optin import ROOT
from tests.support.frame_app import frame_app


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The frame's app."""
    return frame_app(tmp_path)


@pytest.mark.parametrize("path", ["/sample", "/nowhere", "/fail/1", "/webhooks/fail/403", "/static/app.css"])
def test_every_answer_is_guarded(app: Flask, path: str) -> None:
    headers = app.test_client().get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    content = hashlib.sha384((ROOT / "static/vendor/htmx.min.js").read_bytes()).digest()
    assert policy["script-src"] == f"'self' 'sha384-{base64.b64encode(content).decode()}'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_script_of_our_own_needs_no_other_source(tmp_path: Path) -> None:
    app = frame_app(tmp_path, OPTIN_HTMX_URL="/static/vendor/htmx.min.js")
    assert "script-src 'self';" in app.test_client().get("/sample").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/sample", "/nowhere", "/api/v1/fail/404"])
def test_nobody_keeps_what_only_the_signed_in_may_see(app: Flask, path: str) -> None:
    assert app.test_client().get(path).headers["Cache-Control"] == "private, no-store"


def test_static_files_may_be_kept(app: Flask) -> None:
    assert "no-store" not in app.test_client().get("/static/app.css").headers["Cache-Control"]


@pytest.mark.parametrize(("address", "held"), [("https://optin.example.org", True), ("http://127.0.0.1:5000", False)])
def test_https_is_insisted_on_only_where_it_is_used(tmp_path: Path, address: str, held: bool) -> None:
    app = frame_app(tmp_path, OPTIN_PUBLIC_URL=address)
    assert ("Strict-Transport-Security" in app.test_client().get("/sample").headers) is held
