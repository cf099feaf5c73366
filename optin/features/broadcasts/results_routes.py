"""What came of a broadcast: replies and opt-outs with their texts, by hour, and beside earlier broadcasts."""

from datetime import datetime

from flask import abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import BroadcastState, Role
from optin.features.broadcasts import clicks, figures, queries, results_list, text_tests
from optin.features.broadcasts.blueprint import BROADCAST, blueprint, load
from optin.models import Broadcast
from optin.web.access import downloads, requires


@blueprint.get(f"{BROADCAST}/results")
def show_results(broadcast_id: int) -> str | Response:
    """Show the results; a broadcast that has not begun has none."""
    broadcast, session = load(broadcast_id), db.session()
    start = _start(broadcast)
    if start is None:
        return redirect(url_for(".show", broadcast_id=broadcast_id), 303)
    listing = results_list.listing(broadcast)
    page = listing.page(session, results_list.query(listing, broadcast, start))
    return render_template(
        "broadcasts/results.html",
        broadcast=broadcast,
        answers=queries.answers(session, broadcast),
        text_test=text_tests.report(session, broadcast),
        figures=figures.figures(session, broadcast),
        earlier=figures.comparison(session, broadcast),
        clicks=clicks.report(session, broadcast),
        listing=listing,
        page=page,
        rows=results_list.rows(broadcast, session, page.rows),
        shown=results_list.SHOWN,
    )


@blueprint.get(f"{BROADCAST}/results/file")
@requires(Role.AGENT)
@downloads
def results_file(broadcast_id: int) -> Response:
    broadcast = load(broadcast_id)
    return results_list.file(broadcast, _start(broadcast) or abort(404))


@blueprint.get(f"{BROADCAST}/clicks/file")
@requires(Role.AGENT)
def clicks_file(broadcast_id: int) -> Response:
    return clicks.file(load(broadcast_id))


def _start(broadcast: Broadcast) -> datetime | None:
    return None if broadcast.state == BroadcastState.QUEUEING else broadcast.started_at
