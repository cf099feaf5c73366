"""What is counted, for Prometheus: no personal data, read from this machine only."""

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest

from optin.access import public

WEBHOOKS = Counter("optin_webhooks_total", "Webhook requests by what became of them", ["webhook", "result"])

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Show the counters as Prometheus text, to this machine only."""
    if request.remote_addr not in ("127.0.0.1", "::1"):
        abort(403)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
