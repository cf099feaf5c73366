"""The policy panels of the settings: everybody reads them, admins change them."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.consent import state_rules
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import Role
from optin.features.settings import (
    audit_routes,
    consent_log_routes,
    opt_out_words,
    opted_out_routes,
    price_routes,
    queries,
    short_link_routes,
    state_routes,
    twilio_routes,
    witness_routes,
    word_effect,
    wording,
)
from optin.features.settings import (
    states as state_lines,
)
from optin.features.settings.blueprint import blueprint
from optin.features.settings.forms import HoursForm, PolicyForm, RepliesForm, SmsForm, lines_typed
from optin.features.settings.state_forms import StatesForm
from optin.features.settings.word_effect import Effect
from optin.jobs import engine
from optin.policy import labels, policy
from optin.reading import words
from optin.texts import merge_fields, segments
from optin.web.access import requires
from optin.web.current import current_policy
from optin.web.filters import n

__all__ = [
    "audit_routes",
    "blueprint",
    "consent_log_routes",
    "opted_out_routes",
    "price_routes",
    "short_link_routes",
    "state_routes",
    "twilio_routes",
    "witness_routes",
]

US_START, US_END = "08:00", "21:00"  # 47 CFR 64.1200(c)(1)
EXAMPLES = {"keyword": "volunteer", "day": "3 May 2026"}
REPLY_NAMES = ("opt_out_reply", "keyword_ended_reply", "help_reply", "how_to_confirm_reply", "first_line")

MEANT = {"how_to_confirm_reply": ("YES",)}


@dataclass(frozen=True)
class Panel:
    """A panel of the policy: its endpoint and template, its form, and the settings that it shows."""

    name: str
    form: type[PolicyForm]
    labels: dict[str, str]


SMS = Panel("sms", SmsForm, labels.SMS)
REPLIES = Panel("replies", RepliesForm, labels.REPLIES)
HOURS = Panel("hours", HoursForm, labels.HOURS)
STATES = Panel("states", StatesForm, labels.STATES)


@blueprint.get("/settings")
def index() -> Response:
    """Lead to the first panel."""
    return redirect(url_for("settings.sms"), 303)


@blueprint.get("/settings/sms")
def sms() -> str:
    """Show who may be texted and how often."""
    return _show(SMS)


@blueprint.post("/settings/sms")
@requires(Role.ADMIN)
def save_sms() -> Response | tuple[str, int]:
    """Change who may be texted and how often."""
    return _save(SMS)


@blueprint.get("/settings/replies")
def replies() -> str:
    """Show what is answered, and which words opt out."""
    return _show(REPLIES)


@blueprint.post("/settings/replies")
@requires(Role.ADMIN)
def save_replies() -> Response | tuple[str, int]:
    """Change what is answered, and which words opt out."""
    return _save(REPLIES)


@blueprint.get("/settings/replies/words")
@requires(Role.ADMIN)
def show_word_effect() -> str:
    """Say what new opt-out words would have done to the texts of the last year, once they are typed (fragment)."""
    typed = lines_typed(request.args.get("extra_opt_out_words", ""))
    effect = word_effect.of_words(db.session(), typed) if not opt_out_words.refusal(typed) else None
    return render_template("settings/_word_effect.html", effect=effect)


@blueprint.get("/settings/hours")
def hours() -> str:
    """Show when broadcasts go out."""
    return _show(HOURS)


@blueprint.post("/settings/hours")
@requires(Role.ADMIN)
def save_hours() -> Response | tuple[str, int]:
    """Change when broadcasts go out."""
    return _save(HOURS)


@blueprint.get("/settings/states")
def states() -> str:
    """Show the hours and the limit of each state."""
    return _show(STATES)


@blueprint.post("/settings/states")
@requires(Role.ADMIN)
def save_states() -> Response | tuple[str, int]:
    """Switch the hours and limits of states on or off."""
    return _save(STATES)


def _show(panel: Panel) -> str:
    return _page(panel, panel.form(formdata=None, obj=current_policy()))


def _save(panel: Panel) -> Response | tuple[str, int]:
    form = panel.form(obj=current_policy())  # a field that a form leaves out stays as it is
    if not form.validate():
        return _page(panel, form), 422
    effect = _word_effect(form) if panel is REPLIES else None
    if effect and effect.is_any:
        form.form_errors.append(
            "Check what the new words would have done under “Extra opt-out words”, then save again to add them."
        )
        return _page(panel, form, effect), 422
    changed = policy.change(db.session(), current_user.id, **form.settings())
    notice = wording.saved(changed)
    if "require_opt_in_for_one_to_one" in changed and form.settings()["require_opt_in_for_one_to_one"]:
        reach = queries.reach(db.session())
        notice += f" {n(reach.without_opt_in)} of {n(reach.with_number)} contacts and leads can’t be texted now."
    db.session.commit()
    engine.nudge()
    if effect and effect.read:
        notice += " The new opt-out words would have changed nothing in the texts of the last year."
    flash(notice, "ok")
    return redirect(url_for(f"settings.{panel.name}"), 303)


def _word_effect(form: PolicyForm) -> Effect:
    """Look at what the new opt-out words would have done, unless the page has shown it; nobody who writes waits."""
    db.session.commit()
    with reading(db.engine) as session:
        return word_effect.of_words(session, form.extra_opt_out_words.data, request.form.get("words_shown", ""))


def _page(panel: Panel, form: PolicyForm, effect: Effect | None = None) -> str:
    stored = current_policy()
    extra: dict[str, Any] = {}
    if panel is SMS:
        extra["reach"] = queries.reach(db.session())
    if panel is HOURS:
        extra["later_than_us"] = stored.sending_to > US_END or stored.sending_to == "00:00"
        extra["earlier_than_us"] = stored.sending_from < US_START
    if panel is STATES:
        extra["lines"] = state_lines.lines(db.session(), stored)
        extra["table"] = state_rules.table()
    if panel is REPLIES:
        extra["previews"] = {name: _preview(name, form[name].data or "", stored.brand) for name in REPLY_NAMES}
        extra["normal"] = [words.normalise(word) for word in form.extra_opt_out_words.data]
        extra["effect"] = effect
        extra["usual"] = sorted(words.OPT_OUT_WORDS)
    return render_template(
        f"settings/{panel.name}.html",
        form=form,
        policy=stored,
        may_change=current_user.may(Role.ADMIN),
        last_change=queries.last_change(db.session(), panel.labels),
        panel=panel,
        **extra,
    )


def _preview(name: str, text: str, brand: str) -> tuple[str, segments.Segments, list[str]]:
    """Return a reply as it is sent, what it costs, and what it should not ask for."""
    sent = merge_fields.render(text, {"brand": brand, **EXAMPLES})
    return sent, segments.count(sent), merge_fields.warnings(text, MEANT.get(name, ()))
