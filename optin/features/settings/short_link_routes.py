"""The panel of short links: the domain, and whether it leads here."""

from flask import current_app, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.config import Config
from optin.database.session import db
from optin.enums import Role
from optin.features.settings import queries, wording
from optin.features.settings.blueprint import blueprint
from optin.features.settings.short_link_form import ShortLinksForm
from optin.policy import labels, policy
from optin.short_links import check, domain
from optin.web.access import requires
from optin.web.current import current_policy
from optin.web.extensions import limiter, only_reads

PANEL = "short_links"
LIMIT = "6 per minute"


@blueprint.get("/settings/short-links")
def short_links() -> str:
    """Show under which domain links are shortened."""
    return _page(ShortLinksForm(formdata=None, obj=current_policy()))


@blueprint.post("/settings/short-links")
@requires(Role.ADMIN)
def save_short_links() -> Response | tuple[str, int]:
    """Change the domain of short links; those under the one before still lead where they led."""
    form = ShortLinksForm(obj=current_policy(), ours=_config().hosts)
    if not form.validate():
        return _page(form), 422
    changed = policy.change(db.session(), current_user.id, **domain.changes(current_policy(), form.domain))
    db.session.commit()
    flash(wording.saved(changed[:1]), "ok")
    return redirect(url_for("settings.short_links"), 303)


@blueprint.post("/settings/short-links/check")
@requires(Role.ADMIN)
@limiter.limit(LIMIT, key_func=lambda: f"checks of {current_user.id}")
@only_reads
def check_short_links() -> Response:
    """Say whether the domain leads here."""
    host, secret = current_policy().short_domain, _config().secret_key
    db.session.commit()  # nothing is open while another machine is asked
    refused = check.check(host, secret) if host else None
    if refused:
        flash(refused.sentence, "bad")
    elif host:
        flash(f"https://{host} leads here, and its certificate is fine.", "ok")
    return redirect(url_for("settings.short_links"), 303)


def _page(form: ShortLinksForm) -> str:
    return render_template(
        "settings/short_links.html",
        form=form,
        policy=current_policy(),
        may_change=current_user.may(Role.ADMIN),
        last_change=queries.last_change(db.session(), labels.SHORT_LINKS),
        panel={"name": PANEL},
    )


def _config() -> Config:
    config: Config = current_app.config["OPTIN"]
    return config
