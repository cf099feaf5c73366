"""Members by pasted numbers: an import of one column, whose columns need no choice."""

import re

from flask import abort, make_response, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms.validators import DataRequired, Length

from optin.database.session import db
from optin.enums import Role
from optin.features.imports import runs
from optin.features.imports.blueprint import PASTED, blueprint, to_run
from optin.features.imports.terms import ImportKind
from optin.jobs import engine
from optin.models import Campaign, ImportRun
from optin.refused import Refused
from optin.web import refusals
from optin.web.access import requires
from optin.web.fields import Text
from optin.web.record_ids import record_id

LONGEST = 2_000_000
_BETWEEN = re.compile(r"[\n\r,;]+")


class NumbersForm(FlaskForm):  # type: ignore[misc]
    """Numbers that are typed or pasted."""

    numbers = Text(
        "Numbers",
        [
            DataRequired("Enter a number."),
            Length(max=LONGEST, message=f"Paste at most {LONGEST:,} characters, or import a file."),
        ],
    )


@blueprint.get("/campaigns/<int:campaign_id>/members/numbers")
@requires(Role.AGENT)
def numbers(campaign_id: int) -> str:
    """Ask for the numbers; those of a `run` in the address stand there already."""
    campaign, session = db.session.get(Campaign, campaign_id) or abort(404), db.session()
    run = session.get(ImportRun, request.args.get("run", 0, type=record_id))
    again = run is not None and run.campaign_id == campaign_id
    form = NumbersForm(data={"numbers": "\n".join(runs.pasted(session, run))} if run and again else None)
    return _page(campaign, form)


@blueprint.post("/campaigns/<int:campaign_id>/members/numbers")
def paste(campaign_id: int) -> Response:
    """Keep the numbers and lead to what will happen; each piece counts once, and what is no number is listed there."""
    request.max_form_memory_size = 3 * LONGEST
    campaign, form = db.session.get(Campaign, campaign_id) or abort(404), NumbersForm()
    if not form.validate():
        return make_response(_page(campaign, form), 422)
    pieces = list(dict.fromkeys(piece for each in _BETWEEN.split(form.numbers.data) if (piece := each.strip())))
    if not pieces:
        form.numbers.errors = ["Enter a number."]
        return make_response(_page(campaign, form), 422)
    run = runs.paste(db.session(), campaign.id, PASTED, pieces, current_user.id)
    if isinstance(run, Refused):
        refusals.show(run, form)
        return make_response(_page(campaign, form), 422)
    db.session.commit()
    engine.nudge()
    return to_run(run.id)


def _page(campaign: Campaign, form: NumbersForm) -> str:
    back = url_for("campaigns.new_members", campaign_id=campaign.id)
    return render_template("imports/numbers.html", campaign=campaign, form=form, kind=ImportKind.MEMBER, back_url=back)
