"""Opt-outs that were read from a phrase: the last ten days of them, and correcting one that was no request to stop."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms.validators import DataRequired, Length

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import Correction, Withdrawal
from optin.database.session import db
from optin.enums import OptInSource
from optin.features.review import corrections
from optin.features.review.blueprint import blueprint, why_it_stands
from optin.models import PhraseOptOut
from optin.web.fields import Line

OPT_OUT = "/review/opt-outs/<int:opt_out_id>"
LONGEST_REASON = 1000


class CorrectionForm(FlaskForm):  # type: ignore[misc]
    """Why it was no request to stop."""

    reason = Line(
        "Reason",
        [
            DataRequired("Say how you know that they did not ask to stop. It becomes part of the proof."),
            Length(max=LONGEST_REASON),
        ],
    )


@blueprint.get("/review/opt-outs")
def opt_outs() -> str:
    """List the opt-outs of the last ten days that were read from a phrase, newest first."""
    lines, page = corrections.recent(db.session(), request.args.get("page"))
    return render_template("review/opt_outs.html", lines=lines, page=page)


@blueprint.get(OPT_OUT)
def opt_out(opt_out_id: int) -> str:
    """Show what the person wrote, what was read in it, and what a correction would do."""
    return _page(_load(opt_out_id), CorrectionForm(formdata=None))


@blueprint.post(f"{OPT_OUT}/correction")
def correct(opt_out_id: int) -> Response:
    """Take the opt-out back, unless it is too old or the person has done something since."""
    found, form = _load(opt_out_id), CorrectionForm()
    if not form.validate():
        return make_response(_page(found, form), 422)
    act = Act(source=OptInSource.USER, at=clock.now(), actor_id=current_user.id, text=form.reason.data)
    done = ledger.correct(db.session(), opt_out_id, act)
    if done.refused:
        flash(f"{_stands(found, done)} Nothing was changed.", "warn")
        db.session.rollback()
    else:
        db.session.commit()
        flash(_corrected(len(done.restored)), "ok")
    return redirect(url_for(".opt_out", opt_out_id=opt_out_id), 303)


def _stands(opt_out: PhraseOptOut, found: Correction | Withdrawal) -> str:
    """Say why an opt-out stands, "" where it can be corrected."""
    return why_it_stands(found, "This opt-out", "It was already corrected", opt_out.corrected_by, "10 days")


def _corrected(restored: int) -> str:
    back = {0: "no opt-in had ended", 1: "1 opt-in was restored"}.get(restored, f"{restored} opt-ins were restored")
    return f"Corrected: {back}. Messages that were cancelled stay cancelled."


def _load(opt_out_id: int) -> PhraseOptOut:
    return db.session.get(PhraseOptOut, opt_out_id) or abort(404)


def _page(opt_out: PhraseOptOut, form: CorrectionForm) -> str:
    shown = corrections.shown(db.session(), opt_out)
    stands = _stands(opt_out, shown.correction)
    return render_template("review/opt_out.html", shown=shown, opt_out=opt_out, form=form, stands=stands)
