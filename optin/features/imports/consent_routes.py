"""The consent step: an admin says what the consent of the people in a file is, and vouches for it."""

from collections.abc import Mapping, Sequence
from datetime import date

from flask import abort, flash, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role
from optin.evidence import documents
from optin.features.imports import evidence, runs
from optin.features.imports.blueprint import RUN, blueprint, context, load, to_run
from optin.features.imports.columns_routes import OPEN
from optin.features.imports.consent_form import DAY_FIRST, MONTH_FIRST, ConsentForm, answers
from optin.features.imports.fields import CONSENT_DATE, CONSENT_FIELDS
from optin.features.imports.terms import ImportKind
from optin.jobs import engine
from optin.models import EvidenceFile, ImportRun, Keyword
from optin.refused import Refused
from optin.spreadsheets.dates import day_first_of
from optin.web.access import requires
from optin.web.current import current_policy


@blueprint.get(f"{RUN}/consent")
@requires(Role.ADMIN)
def consent(run_id: int) -> str | Response:
    """Ask what the consent in the file is."""
    run = _load(run_id)
    return _page(run, _form(run), run.evidence) if run.state in OPEN else to_run(run_id)


@blueprint.post(f"{RUN}/consent")
@requires(Role.ADMIN)
def vouch(run_id: int) -> Response | tuple[str, int]:
    """Note what it is, and check all rows with it."""
    run, session = _load(run_id, to_change=True), db.session()
    if run.state not in OPEN:
        flash(runs.WRONG_STATE, "warn")
        return to_run(run_id)
    form = _form(run)
    is_valid, shown = form.validate(), evidence.chosen(run, form)
    if not is_valid:
        page = _page(run, form, shown)
        session.commit()
        return page, 422
    shown = None if form.remove_evidence.data else shown
    said = form.choice(current_user.time_zone, shown)
    runs.vouch(session, run, said, form.name.data, current_user.id, shown)
    return _checked(run, runs.check(session, run, _mapping(run), current_user.id))


@blueprint.post(f"{RUN}/consent/removal")
@requires(Role.ADMIN)
def import_without(run_id: int) -> Response:
    """Import the people without their consent."""
    run = _load(run_id, to_change=True)
    if run.state not in OPEN:
        flash(runs.WRONG_STATE, "warn")
        return to_run(run_id)
    runs.forget_consent(run)
    return _checked(run, runs.check(db.session(), run, _mapping(run), current_user.id))


def _load(run_id: int, *, to_change: bool = False) -> ImportRun:
    run = load(run_id, to_change=to_change)
    return abort(404) if run.kind == ImportKind.MEMBER else run  # members are imported without consent


def _checked(run: ImportRun, refused: Refused | None) -> Response:
    if refused is not None:
        flash(refused.sentence, "warn")
    db.session.commit()
    engine.nudge()
    return to_run(run.id)


def _mapping(run: ImportRun) -> Mapping[int, str]:
    return {int(index): field for index, field in run.mapping.items()}


def _form(run: ImportRun) -> ConsentForm:
    asked = select(Keyword).where(Keyword.archived_at.is_(None)).order_by(Keyword.word)
    keywords = db.session.scalars(asked.options(selectinload(Keyword.disclosures))).all()
    before = answers(run.consent)
    stored = run.consent or {}
    if stored.get("date"):
        before["date"] = date.fromisoformat(stored["date"])
    before["order"] = DAY_FIRST if stored.get("day_first", _day_first(run)) else MONTH_FIRST
    return ConsentForm(keywords, list(run.mapping.values()), current_user.name, data=before)


def _day_first(run: ImportRun) -> bool:
    """Tell how the dates in the file are probably meant: as they show themselves, else as in the default country."""
    columns = [int(index) for index, field in run.mapping.items() if field == CONSENT_DATE]
    shown = day_first_of(_samples(run)[columns[0]]) if columns else None
    return current_policy().default_region != "US" if shown is None else shown


def _samples(run: ImportRun) -> Sequence[Sequence[str]]:
    return runs.samples_of(db.session(), run)


def _page(run: ImportRun, form: ConsentForm, shown: EvidenceFile | None) -> str:
    samples = _samples(run)
    columns = {
        field: (run.headers[int(index)], samples[int(index)])
        for index, field in run.mapping.items()
        if field in CONSENT_FIELDS and int(index) < len(samples)
    }
    back = url_for(".columns", run_id=run.id)
    given = {"form": form, "columns": columns, "back": back, "shown": shown}
    return render_template(
        "imports/consent.html", **context(run), **given, largest=documents.LARGEST // 2**20, accepted=documents.ACCEPTED
    )
