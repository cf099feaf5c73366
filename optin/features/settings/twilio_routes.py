"""The Twilio panel: which account, which senders, and the addresses that Twilio calls."""

from flask import current_app, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock
from optin.database.session import db
from optin.enums import Role, SenderKind
from optin.features.settings import senders
from optin.features.settings.blueprint import blueprint
from optin.features.settings.sender_forms import NewSenderForm, SenderForm
from optin.jobs import compare
from optin.models import Reconciliation, Sender
from optin.receiving import reconcile, unknown_channels
from optin.sending import unknown_outcomes
from optin.web.access import requires
from optin.web.current import current_policy


@blueprint.get("/settings/twilio")
@requires(Role.ADMIN)
def twilio() -> str:
    """Show account, senders and webhook addresses; the auth token is never shown."""
    return _panel(NewSenderForm(formdata=None))


@blueprint.post("/settings/twilio/senders")
@requires(Role.ADMIN)
def add_sender() -> Response | tuple[str, int]:
    """Add one of our addresses, and lead on to what kind it is."""
    form = NewSenderForm(region=current_policy().default_region)
    if not form.validate():
        return _panel(form), 422
    sender, is_new = senders.add(db.session(), current_user.id, form.e164)
    db.session.commit()
    notice = (
        "was added. Check its kind, which decides who answers STOP, and how fast it may send."
        if is_new
        else "is already a sender."
    )
    flash(f"{sender.address} {notice}", "ok" if is_new else "warn")
    return redirect(url_for("settings.sender", sender_id=sender.id), 303)


@blueprint.get("/settings/twilio/senders/<int:sender_id>")
@requires(Role.ADMIN)
def sender(sender_id: int) -> str:
    found = db.get_or_404(Sender, sender_id)
    return _page(found, SenderForm(found, formdata=None, obj=found))


@blueprint.post("/settings/twilio/senders/<int:sender_id>")
@requires(Role.ADMIN)
def save_sender(sender_id: int) -> Response | tuple[str, int]:
    """Change what kind of address a sender is, and so who answers STOP; and how fast it sends."""
    found = db.get_or_404(Sender, sender_id)
    form = SenderForm(found, obj=found)
    if not form.validate():
        return _page(found, form), 422
    changed = senders.change(db.session(), current_user.id, found, **form.settings())
    db.session.commit()
    flash(f"Saved. {senders.who_answers(found)}" if changed else "Nothing was changed.", "ok")
    return redirect(url_for("settings.twilio"), 303)


@blueprint.post("/settings/twilio/senders/<int:sender_id>/retired")
@requires(Role.ADMIN)
def retire_sender(sender_id: int) -> Response:
    """Send nothing more from a sender; texts to it are still taken in."""
    found = db.get_or_404(Sender, sender_id)
    left = senders.retire(db.session(), current_user.id, found, clock.now())
    db.session.commit()
    if left:
        flash(f"{found.address} is retired. Texts to it are still received, but nothing is sent from it.", "ok")
    else:
        flash(f"{found.address} is retired. No sender is left: nothing can be sent.", "warn")
    return redirect(url_for("settings.twilio"), 303)


@blueprint.post("/settings/twilio/senders/<int:sender_id>/used")
@requires(Role.ADMIN)
def use_sender(sender_id: int) -> Response:
    """Send from a retired sender again."""
    found = db.get_or_404(Sender, sender_id)
    senders.use_again(db.session(), current_user.id, found)
    db.session.commit()
    flash(f"{found.address} can send again.", "ok")
    return redirect(url_for("settings.twilio"), 303)


@blueprint.post("/settings/twilio/reconciliation")
@requires(Role.ADMIN)
def reconcile_now() -> Response:
    """Compare with Twilio's message list now; what takes longer than a moment goes on by itself."""
    db.session.commit()  # the comparison writes in transactions of its own
    flash(*compare.now(db.engine, current_app.extensions["gateway"]))
    return redirect(url_for("settings.twilio"), 303)


def _panel(form: NewSenderForm) -> str:
    return render_template(
        "settings/twilio.html",
        form=form,
        config=current_app.config["OPTIN"],
        senders=senders.everyone(db.session()),
        who_answers=senders.who_answers,
        kinds={str(kind): kind.label for kind in SenderKind},
        connection_overrides=senders.CONNECTION_OVERRIDES,
        comparison=db.session.get(Reconciliation, reconcile.INBOUND),
        strange=unknown_channels.warning(db.session()),
        unsettled=unknown_outcomes.count(db.session()),
    )


def _page(found: Sender, form: SenderForm) -> str:
    return render_template("settings/sender.html", sender=found, form=form, who_answers=senders.who_answers(found))
