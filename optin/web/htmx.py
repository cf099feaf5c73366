"""Answers to requests that HTMX may have sent: a fragment for HTMX, a redirect for a plain form."""

from typing import Any

from flask import Flask, make_response, render_template, request
from flask import redirect as plain_redirect
from werkzeug.wrappers import Response

REDIRECTS = range(300, 400)


def init_app(app: Flask) -> None:
    """Lead the browser itself where an answer to HTMX redirects: else the page would end up inside the fragment."""
    app.after_request(_redirect_the_browser)


def is_htmx() -> bool:
    """Tell whether HTMX sent this request. Only for answers to POST: a GET never answers differently because of it."""
    return request.headers.get("HX-Request") == "true"


def respond(fragment_template: str, *, redirect_to: str, status: int = 200, **context: Any) -> Response:
    """Answer a POST: to HTMX the fragment with the notices beside it, to a plain form a 303 to `redirect_to`.

    `context` goes to the fragment. `status` is that of the fragment: 422 for a form that is refused (HTMX swaps it);
    a plain form's refusal is a full page, which the route renders itself.
    """
    if not is_htmx():
        return plain_redirect(redirect_to, 303)
    fragment = render_template(fragment_template, **context)
    return make_response(fragment + render_template("_flash_oob.html"), status)


def redirect(url: str) -> Response:
    """Lead the browser to another page after a POST, whoever sent it; the notices wait there."""
    return plain_redirect(url, 303)


def _redirect_the_browser(response: Response) -> Response:
    if is_htmx() and response.status_code in REDIRECTS and response.location:
        response.headers["HX-Redirect"] = response.location
        response.status_code = 204
        del response.headers["Location"]
        response.set_data(b"")
    return response
