"""Imports: the file, and the page of a run, which shows how it stands; running, pausing, undoing it."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role
from optin.features.imports import (
    columns_routes,
    consent_routes,
    evidence,
    numbers_routes,
    preview,
    rows_list,
    runs,
    undo,
    work,
    writing,
)
from optin.features.imports.blueprint import RUN, TABS, back_url, blueprint, context, load, to_run
from optin.features.imports.forms import FileForm
from optin.features.imports.terms import (
    CONSENT,
    LISTED,
    UNDER_WAY,
    ImportKind,
    ImportState,
    Known,
    Outcome,
    labels,
    ways,
)
from optin.jobs import engine
from optin.models import Campaign, ImportRun
from optin.refused import Refused
from optin.web import fields, navigation, refusals
from optin.web.access import downloads, requires
from optin.web.record_ids import record_id

__all__ = ["blueprint", "columns_routes", "consent_routes", "evidence", "numbers_routes"]

RUNS = 50
FOLLOWED = (*UNDER_WAY, ImportState.PAUSED)


@blueprint.get("/imports")
@requires(Role.AGENT)
def index() -> str:
    """List the last imports of the kinds that the user may import."""
    kinds = [kind for kind in ImportKind if current_user.may(kind.role)]
    to_begin = [kind for kind in kinds if kind is not ImportKind.MEMBER]
    newest = select(ImportRun).where(ImportRun.kind.in_(kinds)).options(joinedload(ImportRun.created_by))
    found = db.session.scalars(newest.order_by(ImportRun.id.desc()).limit(RUNS)).all()
    return render_template("imports/index.html", runs=found, kinds=to_begin, context=context)


@blueprint.get("/imports/new/<kind>")
@requires(Role.AGENT)
def new(kind: str) -> str:
    """Ask for the file."""
    return _file_page(_kind(kind), FileForm())


@blueprint.post("/imports/new/<kind>")
def create(kind: str) -> Response | tuple[str, int]:
    """Keep the file and lead to its columns."""
    wanted, form, campaign = _kind(kind), FileForm(), _campaign(kind)
    if not form.validate():
        return _file_page(wanted, form), 422
    given, keyword = form.file.data, request.args.get("keyword", type=int)
    consent = {"keyword_id": keyword} if keyword else {}
    run = runs.receive(
        db.session(),
        wanted,
        fields.one_line(given.filename),
        given.stream,
        current_user.id,
        consent=consent if current_user.may(Role.ADMIN) else None,
        campaign_id=campaign.id if campaign else None,
    )
    if isinstance(run, Refused):
        refusals.show(run, form)
        return _file_page(wanted, form), 422
    db.session.commit()
    return redirect(url_for(".columns", run_id=run.id), 303)


@blueprint.get(RUN)
@requires(Role.AGENT)
def show(run_id: int) -> str | Response:
    """Show how the run stands: what will happen, how far it is, or what came of it."""
    run = load(run_id)
    if run.state in (ImportState.COLUMNS, ImportState.STORING):
        return redirect(url_for(".columns", run_id=run_id), 303)
    if run.state in FOLLOWED:
        return render_template("imports/progress.html", **_progress(run))
    if run.state == ImportState.CHECKED:
        return render_template("imports/preview.html", **preview.shown(run))
    return render_template("imports/result.html", **context(run), **_result(run))


@blueprint.get(f"{RUN}/progress")
@requires(Role.AGENT)
def progress(run_id: int) -> Response:
    """Give the progress (fragment); 204 while it is the `version` that the page has. Lead on where it has ended."""
    run = load(run_id)
    if run.state not in FOLLOWED:
        return to_run(run_id)
    shown = _progress(run)
    if request.args.get("version") == shown["version"]:
        return make_response("", 204)
    return make_response(render_template("imports/_progress.html", **shown))


@blueprint.get(f"{RUN}/rows")
@requires(Role.AGENT)
def rows(run_id: int) -> str:
    """List the rows of an outcome with their reasons."""
    run = load(run_id)
    listing = rows_list.listing(run)
    page = listing.page(db.session(), rows_list.query(run, listing))
    outcome = Outcome(listing.filters["outcome"]) if listing.filters["outcome"] else None
    return render_template(
        "imports/rows.html",
        **context(run),
        listing=listing,
        page=page,
        outcome=outcome,
        content=rows_list.content,
        shown=work.SHOWN,
    )


@blueprint.get(f"{RUN}/rows/file")
@requires(Role.AGENT)
@downloads
def rows_file(run_id: int) -> Response:
    """Give the rows as they were in the file, each with the reason."""
    return rows_list.file(load(run_id))


@blueprint.post(f"{RUN}/start")
def start(run_id: int) -> Response:
    """Take over the rows."""
    run, known = load(run_id, to_change=True), request.form.get("known", "")
    if run.kind == ImportKind.MEMBER:
        known = preview.way_of_members(request.form)
    if known not in ways(ImportKind(run.kind)):
        abort(400)
    return _done(run, runs.start(db.session(), run, Known(known), current_user.id))


@blueprint.post(f"{RUN}/pause")
def pause(run_id: int) -> Response:
    """Stop for a while."""
    run = load(run_id, to_change=True)
    return _done(run, runs.pause(run))


@blueprint.post(f"{RUN}/resumption")
def resume(run_id: int) -> Response:
    """Go on."""
    run = load(run_id, to_change=True)
    return _done(run, runs.go_on(db.session(), run, current_user.id))


@blueprint.post(f"{RUN}/cancellation")
def cancel(run_id: int) -> Response:
    """Take over nothing more."""
    run = load(run_id, to_change=True)
    return _done(run, runs.cancel(db.session(), run))


@blueprint.post(f"{RUN}/undo")
def take_back(run_id: int) -> Response:
    """Undo what the run did."""
    run = load(run_id, to_change=True)
    opt_outs = "opt_outs" in request.form and current_user.may(Role.ADMIN)
    return _done(run, runs.begin_undo(db.session(), run, current_user.id, opt_outs=opt_outs))


def _done(run: ImportRun, refused: Refused | None) -> Response:
    if refused is not None:
        flash(refused.sentence, "warn")
    db.session.commit()
    engine.nudge()
    return to_run(run.id)


def _file_page(kind: ImportKind, form: FileForm) -> str:
    campaign = _campaign(kind)
    back = back_url(kind, campaign_id=campaign.id if campaign else None)
    return render_template("imports/file.html", kind=kind, form=form, back_url=back, campaign=campaign)


def _campaign(kind: str) -> Campaign | None:
    """Return the campaign that members are imported into, or answer 404; None for another kind."""
    if kind != ImportKind.MEMBER:
        return None
    return db.session.get(Campaign, request.args.get("campaign", 0, type=record_id)) or abort(404)


def _kind(name: str) -> ImportKind:
    """Return the kind of an address, or answer 404, or 403 where it is not the user's."""
    if name not in list(ImportKind):
        abort(404)
    kind = ImportKind(name)
    navigation.light(TABS[kind])
    return kind if current_user.may(kind.role) else abort(403)


def kind_of(run: ImportRun) -> ImportKind:
    """Return what the rows of a run become."""
    return ImportKind(run.kind)


def _result(run: ImportRun) -> dict[str, object]:
    may_return = run.counts.get("opted_out", 0) if current_user.may(Role.ADMIN) else 0
    return {
        "can_undo": undo.can_undo(run, opt_outs=bool(may_return)),
        "only_opt_outs": not undo.can_undo(run, opt_outs=False),
        "may_return": may_return,
        "within": undo.WITHIN,
        "kept": writing.KEPT if any(run.counts.get(each, 0) > writing.KEPT for each in LISTED) else 0,
        "consent_outcomes": CONSENT if run.attested_name and kind_of(run).person_kind else (),
    }


def _progress(run: ImportRun) -> dict[str, object]:
    """Return what the page of a run under way shows; its version changes with all of it."""
    stalled = runs.has_stalled(db.session(), run)
    done = sum(run.counts.get(outcome, 0) for outcome in labels(kind_of(run), run.known))
    version = f"{run.state}-{run.line}-{run.total}-{stalled}"
    return {**context(run), "stalled": stalled, "done": done, "version": version}
