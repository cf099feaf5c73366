"""The pages of a series after a keyword: its form, its texts with what became of them, start, pause, resume and end."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role, SeriesState
from optin.features.broadcasts import series_acts, series_advice, series_figures, series_form
from optin.features.broadcasts.blueprint import blueprint
from optin.features.broadcasts.series_form import TypedSeries
from optin.models import Campaign, Series
from optin.provider import senders
from optin.refused import Refused
from optin.sending import broadcast_text, series
from optin.web import own_fields, refusals
from optin.web.access import requires
from optin.web.current import current_policy
from optin.web.extensions import only_reads

CAMPAIGN = "/campaigns/<int:campaign_id>/series"
SERIES = "/series/<int:series_id>"
SAID = {
    SeriesState.ACTIVE: "On. Each text goes out when its time has come.",
    SeriesState.PAUSED: "Paused. No text goes out until you resume it.",
    SeriesState.ENDED: "Ended. No more texts go out.",
}


@blueprint.get(f"{CAMPAIGN}/new")
@requires(Role.AGENT)
def new_series(campaign_id: int) -> Response:
    """Show the form of a new series."""
    return _form(_campaign(campaign_id), None, TypedSeries())


@blueprint.post(CAMPAIGN)
def create_series(campaign_id: int) -> Response:
    """Store a series that is not started; or show the form again, with one text more or less."""
    campaign, typed = _campaign(campaign_id), _typed()
    if (other := _rearranged(typed)) is not None:
        return _form(campaign, None, other)
    content = typed.content(current_user.id)
    made = series_acts.make(db.session(), campaign_id, content, current_policy()) if not typed.faults else None
    if made is None or isinstance(made, Refused):
        db.session.rollback()
        return _form(campaign, None, typed, [made.sentence] if made else typed.faults)
    db.session.commit()
    flash("Saved. Nothing goes out until you start it.", "ok")
    return redirect(url_for(".show_series", series_id=made.id), 303)


@blueprint.post(f"{CAMPAIGN}/preview")
@only_reads
def preview_series(campaign_id: int) -> str:
    """Say of one `text` how it would go out as it stands (fragment); nothing is stored."""
    _campaign(campaign_id)
    typed, number = _typed(), request.args.get("text", 1, type=int)
    text = typed.texts[number - 1] if 1 <= number <= len(typed.texts) else abort(422)
    person = series_advice.example(db.session(), campaign_id)
    look = series_advice.look_at(db.session(), campaign_id, text.body, current_policy(), person)
    return render_template("broadcasts/_series_advice.html", look=look, number=number)


@blueprint.get(SERIES)
def show_series(series_id: int) -> str:
    """Show its texts with what became of them, and what was done to it."""
    found, session = _load(series_id), db.session()
    return render_template(
        "broadcasts/series.html",
        series=found,
        lines=series_figures.lines(session, series_id),
        hindered=series.hindrance(found) if found.state == SeriesState.ACTIVE else "",
        changes=session.scalars(series_acts.changes(series_id)).all(),
        may_edit=current_user.may(Role.AGENT),
    )


@blueprint.get(f"{SERIES}/edit")
@requires(Role.AGENT)
def edit_series(series_id: int) -> Response:
    """Show the form with what is stored; of one that has been started only name and texts can be changed."""
    found = _load(series_id)
    return _form(found.campaign, found, series_form.of_series(found, series.steps(db.session(), series_id)))


@blueprint.post(SERIES)
def change_series(series_id: int) -> Response:
    """Store what was changed, or show why not with what was typed."""
    found, typed, session = _load(series_id), _typed(), db.session()
    if found.state == SeriesState.DRAFT and (other := _rearranged(typed)) is not None:
        return _form(found.campaign, found, other)
    content = typed.content(current_user.id)
    done = series_acts.change(session, series_id, typed.seen, content, current_policy()) if not typed.faults else None
    if done is None or isinstance(done, Refused):
        session.rollback()
        return _form(_load(series_id).campaign, _load(series_id), typed, [done.sentence] if done else typed.faults)
    session.commit()
    flash("Saved. Whoever has not got a text yet gets it as it is now.", "ok")
    return redirect(url_for(".show_series", series_id=series_id), 303)


@blueprint.post(f"{SERIES}/state")
def change_series_state(series_id: int) -> Response:
    """Start it, pause it, let it go on or end it, as `state` says."""
    _load(series_id)
    asked = request.form.get("state", "")
    state = next((state for state in series_acts.FROM if state == asked), None) or abort(422)
    refused = series_acts.bring_to(db.session(), series_id, state, current_user.id)
    db.session.commit()
    if refused:
        refusals.show(refused)
    else:
        flash(SAID[state], "ok")
    return redirect(url_for(".show_series", series_id=series_id), 303)


def _campaign(campaign_id: int) -> Campaign:
    return db.session.get(Campaign, campaign_id) or abort(404)


def _load(series_id: int) -> Series:
    return db.session.get(Series, series_id) or abort(404)


def _typed() -> TypedSeries:
    return series_form.of_form(request.form, broadcast_text.clean)


def _rearranged(typed: TypedSeries) -> TypedSeries | None:
    """Return the form with one text more or less where a button asks for that, or as it is to look at its texts."""
    do = request.form.get("do", "save")
    if do == "add":
        return typed.with_text()
    if do.startswith("remove-"):
        number = do.removeprefix("remove-")
        return typed.without_text(int(number)) if number.isascii() and number.isdigit() and len(number) <= 2 else typed
    return typed if do == "check" else None


def _form(campaign: Campaign, found: Series | None, typed: TypedSeries, refused: list[str] | None = None) -> Response:
    session, given = db.session(), current_policy()
    person = series_advice.example(session, campaign.id)
    looks = [series_advice.look_at(session, campaign.id, text.body, given, person) for text in typed.texts]
    html = render_template(
        "broadcasts/series_form.html",
        campaign=campaign,
        series=found,
        typed=typed,
        texts=list(zip(typed.texts, looks, strict=True)),
        is_draft=found is None or found.state == SeriesState.DRAFT,
        goes_out=series.when,
        most=series_acts.MOST_STEPS,
        refused=refused or [],
        no_keyword=series_acts.NO_KEYWORD if campaign.keyword_id is None else "",
        senders=senders.all_in_use(session),
        merge_names=own_fields.merge_names(),
    )
    return make_response(html, 422 if refused else 200)
