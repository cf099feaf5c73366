"""The page on which the columns of a file get their fields."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role
from optin.features.imports import own_columns, runs, tables
from optin.features.imports.blueprint import RUN, blueprint, context, load, to_run
from optin.features.imports.fields import CONSENT, CONSENT_FIELDS, fields_of
from optin.features.imports.forms import COLUMN, chosen
from optin.features.imports.terms import ImportKind, ImportState
from optin.jobs import engine
from optin.models import ImportRun
from optin.refused import Refused
from optin.spreadsheets.guess import Field
from optin.web import own_fields
from optin.web.access import requires

OPEN = (ImportState.COLUMNS, ImportState.CHECKING, ImportState.CHECKED)
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}


@blueprint.get(f"{RUN}/columns")
@requires(Role.AGENT)
def columns(run_id: int) -> str | Response:
    """Show the columns with what was guessed, and how the file was read."""
    run = load(run_id)
    if run.state not in OPEN:
        return to_run(run_id)
    return _page(run, {int(index): name for index, name in run.mapping.items()})


@blueprint.post(f"{RUN}/columns")
def choose_columns(run_id: int) -> Response | tuple[str, int]:
    """Read the file in another way, or check all rows with these columns."""
    run, session = load(run_id, to_change=True), db.session()
    if run.state not in OPEN:
        flash(runs.WRONG_STATE, "warn")
        return to_run(run_id)
    given = (request.form.get("encoding", ""), request.form.get("delimiter", ""), request.form.get("sheet", ""))
    if given != (run.encoding or "", run.delimiter or "", run.sheet or ""):
        refused = runs.reread(session, run, *given, consent=_may_consent())
        if refused is None:
            session.commit()
            flash("The file was read again. Check the columns.", "ok")
            return redirect(url_for(".columns", run_id=run_id), 303)
    else:
        mapping = _chosen(run)
        refused = runs.choose(session, run, mapping)
        if refused is None and _asks_for_consent(run):
            run.state = ImportState.COLUMNS
            session.commit()
            return redirect(url_for(".consent", run_id=run_id), 303)
        refused = refused or runs.check(session, run, mapping, current_user.id)
        if refused is None:
            session.commit()
            engine.nudge()
            return to_run(run_id)
    return _page(run, _chosen(run), refused), 422


def _may_consent() -> bool:
    return bool(current_user.may(Role.ADMIN))


def _more() -> tuple[Field, ...]:
    """Return what a column may be besides: fields of one's own, and for an admin what people agreed to."""
    own = own_columns.offered(own_fields.current_fields())
    return (*own, *CONSENT) if _may_consent() else own


def _chosen(run: ImportRun) -> Mapping[int, str]:
    return chosen(ImportKind(run.kind), request.form, len(run.headers), _more())


def _asks_for_consent(run: ImportRun) -> bool:
    """Tell whether an admin has to say yet what the consent is."""
    has_columns = any(field in CONSENT_FIELDS for field in run.mapping.values())
    return run.attested_name is None and (run.kind == ImportKind.OPT_IN or (has_columns and _may_consent()))


def _page(run: ImportRun, mapping: Mapping[int, str], refused: Refused | None = None) -> str:
    table = tables.table_of(db.session(), run)
    if isinstance(table, Refused):
        return render_template("imports/gone.html", **context(run), sentence=table.sentence)
    return render_template(
        "imports/columns.html",
        **context(run),
        table=table,
        samples=runs.samples(table),
        mapping=mapping,
        fields=fields_of(ImportKind(run.kind), _more()),
        column=COLUMN,
        delimiters=DELIMITERS,
        refused=refused,
    )
