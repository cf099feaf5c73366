"""What segments cost: prices that are entered, fetched from the provider, or taken away."""

from flask import current_app, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock, phone
from optin.database.session import db
from optin.enums import Role
from optin.features.settings import prices
from optin.features.settings.blueprint import blueprint
from optin.features.settings.price_forms import FetchForm, PriceForm
from optin.models import SegmentPrice
from optin.provider.gateway import GatewayError
from optin.web.access import requires
from optin.web.current import current_policy
from optin.web.filters import n


@blueprint.get("/settings/prices")
def show_prices() -> str:
    """List the prices of segments."""
    return _page()


@blueprint.post("/settings/prices")
@requires(Role.ADMIN)
def save_price() -> Response | tuple[str, int]:
    """Let a price hold from a day on."""
    form = PriceForm()
    if not form.validate():
        return _page(form), 422
    changed = prices.enter(db.session(), current_user.id, **form.settings())
    db.session.commit()
    what = f"{phone.country_name(form.country.data)}, from {form.valid_from.data.strftime('%d %b %Y')}"
    flash(f"Saved: {what}." if changed else "Nothing was changed.", "ok")
    return redirect(url_for("settings.show_prices"), 303)


@blueprint.post("/settings/prices/fetched")
@requires(Role.ADMIN)
def fetch_prices() -> Response | tuple[str, int]:
    """Fetch the prices of some countries from the provider; they hold from today on."""
    form = FetchForm()
    if not form.validate():
        return _page(fetching=form), 422
    db.session.commit()  # nothing is locked while the provider is asked
    try:
        found, without = prices.fetch(current_app.extensions["gateway"], form.codes)
    except GatewayError as error:
        flash(f"The prices could not be fetched: {error.text}", "bad")
        return redirect(url_for("settings.show_prices"), 303)
    new = prices.take_over(db.session(), current_user.id, found, clock.now().date())
    db.session.commit()
    said = f"{n(new)} new {'price' if new == 1 else 'prices'}." if new else "No price has changed."
    if without:
        said += f" Twilio has none for {', '.join(map(phone.country_name, without))}."
    flash(f"Fetched: {said}", "warn" if without else "ok")
    return redirect(url_for("settings.show_prices"), 303)


@blueprint.post("/settings/prices/<int:price_id>/removed")
@requires(Role.ADMIN)
def remove_price(price_id: int) -> Response:
    """Take a price away."""
    prices.remove(db.session(), current_user.id, db.get_or_404(SegmentPrice, price_id))
    db.session.commit()
    flash("Removed.", "ok")
    return redirect(url_for("settings.show_prices"), 303)


def _page(form: PriceForm | None = None, *, fetching: FetchForm | None = None) -> str:
    session, today, region = db.session(), clock.now().date(), current_policy().default_region
    known = prices.countries(session)
    return render_template(
        "settings/prices.html",
        lines=prices.lines(session, today),
        form=form or PriceForm(formdata=None, data={"country": region, "valid_from": today, "currency": "USD"}),
        fetching=fetching or FetchForm(formdata=None, data={"countries": ", ".join(known or [region])}),
        may_change=current_user.may(Role.ADMIN),
    )
