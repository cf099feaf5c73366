"""The headers of every response: what a page may load, who may frame it, who may cache it."""

from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.wrappers import Response

from optin.config import Config

TWO_YEARS = 2 * 365 * 24 * 3600
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def init_app(app: Flask) -> None:
    """Set the headers on every answer of the app. HSTS only where people reach it by https."""
    config: Config = app.config["OPTIN"]
    fixed = {
        "Content-Security-Policy": content_security_policy(config.htmx_url, config.htmx_integrity),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if config.public_url.startswith("https://"):
        fixed["Strict-Transport-Security"] = f"max-age={TWO_YEARS}"

    def add_headers(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        if not _is_static() and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response

    app.after_request(add_headers)


def content_security_policy(htmx_url: str, htmx_integrity: str) -> str:
    """Return the policy: everything from us, and besides that one script, HTMX, by the hash of its exact content.

    No inline script, no inline style, no eval. A browser that knows no hashes of outside scripts (CSP 2) refuses the
    CDN's; the page then loads our own copy.
    """
    elsewhere = f" '{htmx_integrity}'" if urlsplit(htmx_url).netloc else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{elsewhere}",
            "style-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _is_static() -> bool:
    return request.endpoint is not None and request.endpoint.split(".")[-1] == "static"
