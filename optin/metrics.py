"""Counters and timings for Prometheus: by kind and result, never by person."""

import time

from flask import Flask, g, request
from prometheus_client import Counter, Histogram
from werkzeug.wrappers import Response

WEBHOOKS = Counter("optin_webhooks_total", "Webhook requests by outcome", ["webhook", "result"])
HTTP = Histogram(
    "optin_http_seconds",
    "Seconds from request to answer, by the template of the address",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def time_requests(app: Flask) -> None:
    """Time every request of the app; addresses count by their template, so that no id or number is among them."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        began: float | None = g.get("began")
        if began is not None:
            HTTP.labels(request.method, route, str(response.status_code)).observe(time.perf_counter() - began)
        return response
