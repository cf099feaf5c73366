"""Optin collects SMS opt-ins by keyword, proves them, and lets nobody be texted without consent.

`create_app` is the one place that knows all the parts and puts them together. It imports them when it is called:
every part imports this package, and the rules can be imported without the web.
"""

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from optin.config import Config
    from twilio_simulator import Transport

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = ROOT / "instance"


def create_app(config: "Config | None" = None) -> "Flask":
    """Put the app together from `config`, or from the environment.

    Raises SystemExit with a sentence when the environment makes no sense or its folder can't be used: a traceback would
    not help there.
    """
    if config is not None:
        return _put_together(config)
    gc.disable()  # all that is imported stays: to look through it again and again takes a sixth of the time
    try:
        return _put_together(_config_from_environment())
    except Exception as error:
        from optin.storage.troubles import in_words

        if words := in_words(error):
            raise SystemExit(f"Optin cannot start.\n{words}") from None
        raise
    finally:
        gc.enable()


def _put_together(config: "Config") -> "Flask":
    from flask import Flask

    from optin.webhooks import app as webhooks

    app = Flask(
        __name__,
        instance_path=str(config.instance_path),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    _configure(app, config)
    _bind_core(app, config)
    _register_features(app, config)
    _connect_to_twilio(app, config)
    webhooks.init_app(app)
    if config.mounts_simulator:
        _mount_simulator(app, config)
    _answer_known_names_only(app, config)
    _lead_short_links(app, config)
    return app


def run_jobs_beside(app: "Flask") -> None:
    """Start the job engine in this process, or only its heartbeat where `flask worker` processes run the jobs."""
    from optin.config import Workers
    from optin.jobs import engine, heartbeat

    if app.config["OPTIN"].workers is Workers.EMBEDDED:
        engine.launch(app)
    else:
        heartbeat.start(app)


def ready_to_serve() -> None:
    """Ready a process that serves to answer without halts.

    The garbage collector leaves alone what exists by now: to look through modules, tables and rules takes 0.1 s, during
    which nobody gets an answer. And who waits for the interpreter has it after a millisecond, not five: a page needs it
    some twenty times, once after each look into the database, and beside an import somebody always has it.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.001)


def _config_from_environment() -> "Config":
    """Read the environment, or stop the start with what is wrong with it."""
    from optin.config import Config, ConfigError

    try:
        return Config.from_environ(os.environ, INSTANCE)
    except ConfigError as error:
        raise SystemExit(f"Optin cannot start.\n{error}") from None


def _configure(app: "Flask", config: "Config") -> None:
    """Hand Flask and its extensions what they read from `app.config`; our own code reads `app.config["OPTIN"]`."""
    # Errors name no values: hashes, session keys and numbers would stand in the log.
    pool: dict[str, object] = {"pool_size": 20, "max_overflow": 40, "pool_timeout": 10, "hide_parameters": True}
    if config.database_url.startswith("postgresql"):
        waits = {"connect_timeout": 5, "options": "-c lock_timeout=10s"}  # as long as SQLite: sqlite.py
        pool |= {"connect_args": waits}
    app.config.from_mapping(
        OPTIN=config,
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=pool,
        SESSION_COOKIE_NAME="optin_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=60 * 60 * 24 * 14,
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
        RATELIMIT_HEADERS_ENABLED=False,
    )
    if not config.is_simulator:  # the server listens on loopback only: what comes from outside passed one proxy
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]


def _bind_core(app: "Flask", config: "Config") -> None:
    """Bind the extensions and what every page shares. The order is the order of the checks before each request."""
    from optin import cli, metrics
    from optin.database.session import db
    from optin.monitoring import health, logs, prometheus
    from optin.web import access, errors, extensions, filters, headers, htmx, navigation, record_ids

    logs.configure(config)
    app.before_request(extensions.read_or_write)
    metrics.time_requests(app)
    db.init_app(app)
    extensions.migrate.init_app(app, db, directory=ROOT / "optin" / "migrations")
    extensions.login_manager.init_app(app)
    access.init_app(app)
    extensions.csrf.init_app(app)
    extensions.limiter.init_app(app)
    extensions.bootstrap.init_app(app)
    for part in (record_ids, navigation, filters, errors, headers, htmx, cli):
        part.init_app(app)
    for blueprint in (health.blueprint, prometheus.blueprint):
        app.register_blueprint(blueprint)


def _register_features(app: "Flask", config: "Config") -> None:
    """Register the features' blueprints; the phones only where no real person can be meant."""
    from optin.features.auth.routes import blueprint as auth
    from optin.features.broadcasts.routes import blueprint as broadcasts
    from optin.features.campaigns.routes import blueprint as campaigns
    from optin.features.exports.routes import blueprint as exports
    from optin.features.field_settings.routes import blueprint as field_settings
    from optin.features.home.routes import blueprint as home
    from optin.features.imports.routes import blueprint as imports
    from optin.features.inbox.routes import blueprint as inbox
    from optin.features.keywords.routes import blueprint as keywords
    from optin.features.message_templates.routes import blueprint as message_templates
    from optin.features.moving.routes import blueprint as moving
    from optin.features.opt_ins.routes import blueprint as opt_ins
    from optin.features.opt_outs.routes import blueprint as opt_outs
    from optin.features.people.routes import blueprint as people
    from optin.features.proofs.routes import blueprint as proofs
    from optin.features.review.routes import blueprint as review
    from optin.features.search.routes import blueprint as search
    from optin.features.sending_check.routes import blueprint as sending_check
    from optin.features.settings.routes import blueprint as settings
    from optin.features.stop_sending.routes import blueprint as stop_sending
    from optin.features.why.routes import blueprint as why
    from twilio_simulator.phone_pages.routes import blueprint as phones

    for blueprint in (
        home,
        search,
        auth,
        keywords,
        opt_ins,
        opt_outs,
        proofs,
        campaigns,
        broadcasts,
        people,
        imports,
        exports,
        inbox,
        message_templates,
        moving,
        review,
        sending_check,
        stop_sending,
        settings,
        field_settings,
        why,
    ):
        app.register_blueprint(blueprint)
    if config.is_simulator:
        app.register_blueprint(phones)


def _connect_to_twilio(app: "Flask", config: "Config") -> None:
    """Make the one door to the provider, which all threads share."""
    from optin.provider.twilio import TwilioGateway

    app.extensions["gateway"] = TwilioGateway(
        config.twilio_account_sid, config.twilio_auth_token, api_url=config.twilio_api_url or None
    )


def _mount_simulator(app: "Flask", config: "Config") -> None:
    """Serve the simulator beside the app; the two talk over HTTP only."""
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    from optin.config import SIMULATOR_PATH

    app.extensions["simulator"] = simulator = make_simulator(config)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {SIMULATOR_PATH: simulator})  # type: ignore[method-assign]


def _answer_known_names_only(app: "Flask", config: "Config") -> None:
    """Refuse what is asked under another name than ours, first of all. Twilio's texts are known by their signature."""
    from optin.hosts import KnownHosts
    from optin.webhooks.routes import PREFIX

    real = not config.is_simulator
    app.wsgi_app = KnownHosts(  # type: ignore[method-assign]
        app.wsgi_app, config.hosts, proxied=real, signed=f"{PREFIX}twilio/" if real else ""
    )


def _lead_short_links(app: "Flask", config: "Config") -> None:
    """Answer under the domain of short links, before anything else of the app is asked."""
    from sqlalchemy import Engine

    from optin.database.session import db
    from optin.jobs.at_exit import AtExit
    from optin.short_links.clicks import ClickCounter
    from optin.short_links.door import ShortLinkDoor

    def engine() -> Engine:
        with app.app_context():
            return db.engine

    app.extensions["short_link_clicks"] = clicks = ClickCounter(engine, AtExit)
    app.wsgi_app = ShortLinkDoor(  # type: ignore[method-assign]
        app.wsgi_app,
        engine,
        clicks,
        secret=config.secret_key,
        ours=config.hosts,
        proxied=not config.is_simulator,
    )


def make_simulator(config: "Config", *, transport: "Transport | None" = None, start_pump: bool = True) -> "Flask":
    """Put together the stand-in for Twilio that `config` describes; it keeps its own file beside the database.

    `transport` posts its webhooks instead of HTTP; without `start_pump` nothing happens by itself.
    """
    from optin.hosts import asked_on_this_machine
    from optin.provider.senders import kind_of
    from twilio_simulator import account_numbers, create_simulator

    numbers, services = account_numbers({address: kind_of(address) for address in config.twilio_from})
    return create_simulator(
        store_path=str(config.instance_path / "simulator.db"),
        account_sid=config.twilio_account_sid,
        auth_token=config.twilio_auth_token,
        numbers=dict(numbers),
        services=services,
        webhook_url=f"{config.inbound_webhook}#rc=3&rp=5xx,ct,rt",
        asked_here=asked_on_this_machine,
        transport=transport,
        start_pump=start_pump,
        region=config.default_region,
    )
