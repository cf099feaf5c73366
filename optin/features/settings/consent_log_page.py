"""What the page of the consent log shows, and its files."""

from flask import Response, current_app, render_template

from optin import clock
from optin.consent.proof import origins, stored, troubles
from optin.consent.proof.origins import Cause
from optin.database.session import db
from optin.features.settings.witness_forms import NewWitnessForm
from optin.witnesses import records


def page(form: NewWitnessForm) -> str:
    """Show what others need to check the log, how far it is, who cosigns it, and whether it ever had to go on anew."""
    session, now = db.session(), clock.now()
    known, states = origins.all_origins(session), records.states(session)
    return render_template(
        "settings/consent_log.html",
        form=form,
        origins=known,
        is_news=len(known) > 0 and known[-1].because != Cause.FIRST and not origins.is_seen(session),
        last=stored.latest_checkpoint(session),
        cosigned=stored.latest_cosigned(session),
        size=stored.size_and_last(session)[0],
        waiting=stored.waiting(session),
        many=stored.MANY,
        troubles=[*troubles.of_sealing(session, now), *troubles.of_file(session, _checkpoint_file(), now)],
        sentence_of={cause.value: cause.sentence for cause in Cause},
        witnesses=states,
        disputed=[state.witness for state in states if state.witness.dispute],
    )


def text_file(text: str, name: str) -> Response:
    """Answer with a text as a file."""
    answer = Response(text, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _checkpoint_file() -> str:
    return str(current_app.config["OPTIN"].checkpoint_file)
