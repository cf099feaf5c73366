"""The page *Duplicates*: the list, looking again, and saying that two are not one."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Likeness, Role
from optin.features.people import duplicates_page
from optin.features.people.blueprint import blueprint
from optin.jobs import duplicate_search, engine
from optin.person import likely_duplicates
from optin.web.access import requires
from optin.web.filters import plural
from optin.web.record_ids import LARGEST

OPTIONS = [(each.value, each.label) for each in Likeness]


@blueprint.get("/duplicates")
@requires(Role.AGENT)
def duplicates() -> str:
    """List groups of records that may be of one person."""
    session = db.session()
    page, search = duplicates_page.read(session), duplicate_search.state(session)
    here = {"sure": page.likeness or None, "page": request.args.get("page")}
    return render_template("people/duplicates.html", page=page, search=search, options=OPTIONS, here=here)


@blueprint.post("/duplicates/search")
def look_for_duplicates() -> Response:
    """Begin a search, unless one is under way."""
    duplicate_search.begin(db.session(), current_user.id)
    db.session.commit()
    engine.nudge()
    return redirect(url_for("people.duplicates"), 303)


@blueprint.post("/duplicates/dismissals")
def dismiss_duplicates() -> Response:
    """Keep that a person is none of some others, for good."""
    ids = [int(text) for text in request.form.getlist("person") if text.isdecimal() and int(text) <= LARGEST]
    if ids:
        many = likely_duplicates.dismiss(db.session(), ids[0], ids[1:], current_user.id)
        db.session.commit()
        flash(f"{plural(many, 'pair', 'pairs')} will not be proposed again." if many else "Nothing was changed.", "ok")
    sure, page = request.args.get("sure") or None, request.args.get("page") or None
    return redirect(url_for("people.duplicates", sure=sure, page=page), 303)
