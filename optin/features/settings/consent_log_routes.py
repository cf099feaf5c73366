"""The consent log: its name and key, how far it is, and its newest checkpoint as a file. None of it is secret."""

from flask import Response, abort, render_template

from optin.consent.proof import origins, stored
from optin.consent.proof.origins import Cause
from optin.database.session import db
from optin.features.settings.blueprint import blueprint


@blueprint.get("/settings/consent-log")
def consent_log() -> str:
    """Show what others need to check the log, since when it is watched, and whether it ever had to go on anew."""
    session = db.session()
    known = origins.all_origins(session)
    return render_template(
        "settings/consent_log.html",
        origins=known,
        last=stored.latest_checkpoint(session),
        size=stored.size_and_last(session)[0],
        waiting=stored.waiting(session),
        many=stored.MANY,
        sentence_of={cause.value: cause.sentence for cause in Cause},
    )


@blueprint.get("/settings/consent-log/checkpoint")
def consent_log_checkpoint() -> Response:
    """Give the newest checkpoint as it was signed."""
    last = stored.latest_checkpoint(db.session())
    if last is None:
        abort(404)
    answer = Response(last.note, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="consent-log-{last.size}.txt"'
    return answer
