"""A tiny app around the frame: the real filters, errors, headers and templates, and one page that shows everything."""

from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flask_bootstrap
from flask import Blueprint, Flask, abort, flash, render_template, request
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import BytecodeCache, ChoiceLoader, FileSystemLoader
from jinja2.bccache import Bucket
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from optin import ROOT, clock
from optin.config import Config
from optin.enums import OptInStatus, PersonKind, Role
from optin.web import errors, filters, headers, htmx, navigation

TEMPLATES = ROOT / "templates", Path(__file__).parent / "templates"


class CompiledTemplates(BytecodeCache):
    """The compiled templates of this process: making them takes longer than all else of a small app."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the bucket what was compiled from this text before."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = CompiledTemplates()


class Everything(FlaskForm):  # type: ignore[misc]
    """One field of each kind."""

    require = BooleanField("Require Opt-In for 1:1 SMS Messaging", default=True)
    off = BooleanField("START restores earlier opt-ins")
    cap = StringField("Frequency cap", default="2")
    word = StringField("Keyword", [InputRequired("Enter a keyword.")])
    message = TextAreaField("Message", [InputRequired("Write a message.")])
    sender = SelectField("From", choices=["(415) 555-0100 · long code", "72345 · short code"])
    password = PasswordField("Password")
    agree = BooleanField("Create leads for unknown numbers")
    mode = RadioField("Opt-in", choices=["Single", "Double"], default="Single")


def frame_app(instance: Path, **environ: str) -> Flask:
    """Make the app; `environ` are environment variables of Optin. `/sample` shows every macro, `/fail/<n>` refuses."""
    app = Flask("frame", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(OPTIN=Config.from_environ(environ, instance), SECRET_KEY="k" * 20, BOOTSTRAP_SERVE_LOCAL=True)
    app.jinja_loader = ChoiceLoader([FileSystemLoader(folder) for folder in TEMPLATES])
    app.jinja_env.bytecode_cache = _COMPILED
    CSRFProtect(app)
    flask_bootstrap.Bootstrap5(app)
    for part in (navigation, filters, errors, headers, htmx):
        part.init_app(app)
    user = SimpleNamespace(
        name="Ana Ruiz", email="ana@example.org", is_authenticated=True, may=lambda role: role == Role.AGENT
    )
    app.context_processor(lambda: {"current_user": user})
    _add_routes(app)
    return app


def sample_values() -> dict[str, Any]:
    """What the page that shows everything shows."""
    now: datetime = clock.now()
    ages = (timedelta(minutes=3), timedelta(hours=3), timedelta(days=1), timedelta(days=9))
    return {
        "statuses": list(OptInStatus),
        "kinds": list(PersonKind),
        "moments": [now - age for age in ages],
        "days": [(date(2026, 10, 24) + timedelta(days=i), i * 37 % 29, i * 13 % 5) for i in range(30)],
    }


def _add_routes(app: Flask) -> None:
    auth = Blueprint("auth", __name__)
    auth.add_url_rule("/account", "account", lambda: render_template("base.html", heading="Page"))
    auth.add_url_rule("/sign-out", "sign_out", lambda: "", methods=["POST"])
    app.register_blueprint(auth)
    for path in ("/", "/search", "/stop-sending", "/simulator/phones", *(url for _, url, *_ in navigation.TABS)):
        app.add_url_rule(path, f"page {path}", lambda: render_template("base.html", heading="Page"))

    @app.get("/sample")
    def sample() -> str:
        form = Everything()
        if "refused" in request.args:
            form.validate()
        if said := request.args.get("said"):
            flash(said, "ok")
        return render_template("everything.html", form=form, **sample_values())

    @app.post("/sample")
    def change_sample() -> Response:
        flash("12 members added, 3 leads created, 1 skipped: opted out.", "ok")
        return htmx.respond("_sample.html", redirect_to="/sample", text=request.form.get("text", ""))

    @app.route("/fail/<int:status>", methods=["GET", "POST"])
    @app.route("/api/v1/fail/<int:status>", endpoint="api_fail")
    @app.route("/webhooks/fail/<int:status>", endpoint="webhook_fail")
    def fail(status: int) -> str:
        if status == 1:
            raise OperationalError("SELECT 1", {}, Exception("database is locked"))
        if status == 2:
            raise ZeroDivisionError
        abort(status)
