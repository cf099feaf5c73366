"""What people and programs get when something is wrong: a page in the usual layout, a notice, JSON or a plain line."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable
from werkzeug.wrappers import Response

from optin.storage import write_check
from optin.storage.troubles import Trouble, trouble_of
from optin.web.htmx import is_htmx

RETRY_SECONDS = 5
PROGRAMS = ("/webhooks/", "/healthz", "/readyz", "/metrics")
# Statuses whose routes may add why: abort(404, "…"). Elsewhere the text comes from libraries and helps nobody.
EXPLAINED = (400, 403, 404, 413, 422)


@dataclass(frozen=True)
class Page:
    """What an error page says: a title, and a sentence that tells what to do next."""

    title: str
    sentence: str


PAGES = {
    400: Page("The request could not be read", "Part of it was missing or unreadable. Go back and send it again."),
    401: Page("Please sign in", "You are not signed in, or you have been signed out. Sign in and try again."),
    403: Page(
        "You can’t do that", "Your role does not allow this. An admin can change your role under Settings › Users."
    ),
    404: Page("Page not found", "The address is wrong, or the record no longer exists. Check the address, or search."),
    405: Page("This address can’t be used that way", "Go back and use the buttons on the page."),
    413: Page("That is too large", "Send a smaller file, or split it and send the parts one by one."),
    422: Page(
        "Something you entered can’t be used",
        "Nothing was changed. Go back, correct what you entered and send it again.",
    ),
    429: Page("Too many attempts", "Wait a minute, then try again. This protects the accounts of everyone here."),
    500: Page(
        "Something went wrong", "The error is ours and has been logged. Go back, check what was saved, then try again."
    ),
    503: Page(Trouble.AWAY.heading, "Nothing was saved in part. Wait a moment, then try again."),
}
LASTING = (Trouble.FULL, Trouble.READ_ONLY, Trouble.DENIED, Trouble.FAILING, Trouble.DAMAGED)
"""What does not go away by itself."""
FORM_EXPIRED = Page(
    "The form expired", "It was open too long, or you have signed in again since. Go back and send it again."
)


def init_app(app: Flask) -> None:
    """Answer what goes wrong, and keep in mind whether anything can be stored."""
    write_check.init_app(app)
    answer_errors(app)


def answer_errors(app: Flask) -> None:
    """Register the handlers for refusals, for a database that can't be used, and for our own faults."""

    @app.errorhandler(CSRFError)
    def expired(_: CSRFError) -> Response:
        return answer(app, 400, FORM_EXPIRED)

    @app.errorhandler(DBAPIError)
    @app.errorhandler(PoolTimeout)
    @app.errorhandler(OSError)
    def unusable(error: Exception) -> Response:
        trouble = _trouble(error)
        if trouble is None:
            raise error
        app.logger.error("the database can't be used: %s", trouble.sentence, exc_info=error)
        write_check.checks().note(trouble)
        response = answer(app, ServiceUnavailable.code, page_of(trouble))
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        if error.response is not None:
            return make_response(error.response)
        status = error.code or InternalServerError.code
        page = PAGES.get(status) or Page(error.name, "Go back and try again.")
        detail = str(vars(error).get("description") or "") if status in EXPLAINED else ""
        response = answer(app, status, page, detail)
        response.headers.extend(header for header in error.get_headers() if header[0] in ("Allow", "Retry-After"))
        return response


def page_of(trouble: Trouble) -> Page:
    """Say what keeps the database from working, and what to do."""
    todo = "Ask the person who runs Optin to fix it" if trouble in LASTING else "Wait a moment"
    if trouble is Trouble.FULL:
        todo = "Ask the person who runs Optin to free up disk space"
    return Page(trouble.heading, f"Nothing was saved in part. {todo}, then try again.")


def _trouble(error: Exception) -> Trouble | None:
    """Return what keeps requests from working; a file of ours that may not be read is our own fault."""
    trouble = trouble_of(error)
    if isinstance(error, OSError):
        return trouble if trouble in (Trouble.FULL, Trouble.READ_ONLY, Trouble.FAILING) else None
    return trouble or (Trouble.AWAY if isinstance(error, OperationalError | InterfaceError) else None)


def answer(app: Flask, status: int, page: Page, detail: str = "") -> Response:
    """Say `page` in the form that the asker understands; `detail` is one more sentence about this case."""
    sentence = detail or page.sentence
    if request.path.startswith("/api/"):
        return make_response(jsonify(error={"status": status, "title": page.title, "message": sentence}), status)
    if request.path.startswith(PROGRAMS):
        return make_response((f"{page.title}. {sentence}\n", status, {"Content-Type": "text/plain; charset=utf-8"}))
    if is_htmx():
        return make_response(_render_bare(app, "errors/_notice.html", sentence=sentence), status)
    context = {"status": status, "title": page.title, "sentence": page.sentence, "detail": detail, **_way_back()}
    if status >= InternalServerError.code:
        return make_response(_render_bare(app, "errors/error.html", **context), status)
    return make_response(render_template("errors/error.html", **context), status)


def _render_bare(app: Flask, template: str, **context: Any) -> str:
    """Render without context processors: whose user or whose counts may be just what cannot be read."""
    return app.jinja_env.get_template(template).render(**context)


def _way_back() -> dict[str, str]:
    """Return the link on the page: to where the person came from if that was us, else home."""
    origin = urlsplit(request.referrer or "")
    if origin.netloc != request.host or origin.path.startswith("//") or origin.path in ("", "/", request.path):
        return {"back_url": "/", "back_text": "Home"}
    return {"back_url": origin.path + (f"?{origin.query}" if origin.query else ""), "back_text": "Go back"}
