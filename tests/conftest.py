"""The fixtures that every test may use: databases, the app, signed-in browsers, a running server, the clock."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask, has_request_context
from hypothesis import settings
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.enums import Role
from optin.features.auth import passwords
from optin.jobs import engine
from optin.models import User
from tests.support.apps import end_app, new_app, plain_app
from tests.support.clients import Browser
from tests.support.databases import begin_run, end_run, postgresql_copy, sqlite_copy
from tests.support.quick import LEFT_OUT, is_slow, quick_ones
from tests.support.servers import LiveServer, serve
from tests.support.temporary import keep_files_in_memory

CHROMIUM = Path("/usr/bin/chromium")
STRONG = passwords._hasher
LIGHT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--quick`."""
    parser.addoption(
        "--quick", action="store_true", help="SQLite only, no browser, nothing slow, a sample of long tables"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run. No example of a property is timed: others run beside it. The rest is for who leads the run."""
    settings.register_profile("not timed", settings(), deadline=None)
    settings.load_profile("not timed")
    if not hasattr(config, "workerinput"):
        if config.option.quick:
            keep_files_in_memory()
        begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Clean up after the run, in the process that led it."""
    if not hasattr(config, "workerinput"):
        end_run()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--quick`, do not even read the folders that have only slow tests."""
    return True if config.option.quick and is_slow(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--quick`, keep the quick tests."""
    if config.option.quick:
        kept = quick_ones(items)
        config.hook.pytest_deselected(items=list(set(items) - set(kept)))
        items[:] = kept


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what stays until the end: all modules and thousands of tests."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out, and how to have it."""
    if terminalreporter.config.option.quick:
        terminalreporter.write_line(LEFT_OUT)
    elif not CHROMIUM.exists() and "OPTIN_REQUIRE_BROWSER" not in os.environ:
        terminalreporter.write_line("The browser tests were left out. To have them: sudo apt-get install chromium")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail when tests were skipped although nothing may be left out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "OPTIN_REQUIRE_BROWSER" in os.environ and reporter and reporter.stats.get("skipped"):
        reporter.write_line("Nothing may be skipped here.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords lightly: they took longer than what is tested. `strong_hashes` takes it back."""
    monkeypatch.setattr(passwords, "_hasher", LIGHT)
    passwords._nobody.cache_clear()


@pytest.fixture(autouse=True)
def no_open_transaction_beside_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a request puts a job into the queue and holds a lock that the queue waits for."""
    begin_at = engine.begin_at

    def after_the_commit(broadcast_id: int, moment: datetime) -> None:
        assert not (has_request_context() and db.session().in_transaction()), "commit, and read nothing more, before"
        begin_at(broadcast_id, moment)

    monkeypatch.setattr(engine, "begin_at", after_the_commit)


@pytest.fixture
def strong_hashes(quick_hashes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as in production."""
    monkeypatch.setattr(passwords, "_hasher", STRONG)
    passwords._nobody.cache_clear()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run that all worker processes of pytest-xdist share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def own_folder(shared_folder: Path) -> Path:
    """A folder that this process keeps for all of its tests: who uses an app again wants it in the same place."""
    folder = shared_folder / f"process {os.getpid()}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, shared_folder: Path, own_folder: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database; the test runs once on SQLite and once on PostgreSQL."""
    copy = postgresql_copy(shared_folder) if request.param == "postgresql" else sqlite_copy(shared_folder, own_folder)
    with copy as url:
        yield url


@pytest.fixture
def make_app(database: str, shared_folder: Path, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Make an app on the test's database; keyword arguments are further environment variables."""
    with ExitStack() as cleanup:

        def make(**environ: str) -> Flask:
            app = new_app(database, shared_folder, tmp_path / "instance of a test", **environ)
            cleanup.callback(end_app, app)
            return app

        yield make


@pytest.fixture
def app(database: str, shared_folder: Path, own_folder: Path) -> Iterator[Flask]:
    """The app in simulator mode, jobs not running, nothing in the database."""
    with plain_app(database, shared_folder, own_folder / "instances of tests") as app:
        yield app


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own. Requests through `client`, `agent`, … commit it first, so it never blocks them."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def browse_as(app: Flask, session: Session) -> Callable[[Role | None], Browser]:
    """Make a browser, signed in as a new user of the role, or as nobody."""

    def make(role: Role | None) -> Browser:
        client = app.test_client()
        assert isinstance(client, Browser)
        client.test_session = session
        if role is not None:
            client.sign_in(add_user(session, role))
        return client

    return make


@pytest.fixture
def client(browse_as: Callable[[Role | None], Browser]) -> Browser:
    """A browser in which nobody is signed in."""
    return browse_as(None)


@pytest.fixture
def viewer(browse_as: Callable[[Role | None], Browser]) -> Browser:
    """A browser with a viewer signed in: `viewer.user`."""
    return browse_as(Role.VIEWER)


@pytest.fixture
def agent(browse_as: Callable[[Role | None], Browser]) -> Browser:
    """A browser with an agent signed in: `agent.user`."""
    return browse_as(Role.AGENT)


@pytest.fixture
def admin(browse_as: Callable[[Role | None], Browser]) -> Browser:
    """A browser with an admin signed in: `admin.user`."""
    return browse_as(Role.ADMIN)


@pytest.fixture
def live_server(database: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The app with simulator and jobs, listening on a port of its own."""
    with serve(database, tmp_path / "instance of a server") as server:
        yield server


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """A machine that signs the consent log, which has no key yet."""
    return Keeper("optin.example.org", tmp_path / "machine", "")


class Clock:
    """Moves the app's clock; it goes on running from where it was set."""

    def __init__(self) -> None:
        self.moves = ExitStack()

    def set(self, moment: datetime) -> datetime:
        """Let it be `moment` (timezone-aware) now."""
        self.moves.enter_context(the_clock.at(moment))
        return moment

    def forward(self, **amount: float) -> datetime:
        """Let time pass, such as `forward(hours=25)`."""
        return self.set(the_clock.now() + timedelta(**amount))

    def now(self) -> datetime:
        """Return what the app takes for now."""
        return the_clock.now()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The app's clock, set back afterwards."""
    clock = Clock()
    with clock.moves:
        yield clock


def add_user(session: Session, role: Role, *, may_download: bool = True) -> User:
    """Store a user of the role, without a password."""
    name = role.label
    user = User(
        email=f"{name.lower()}@example.org",
        name=f"{name} Example",
        role=role,
        may_download=may_download and role is Role.AGENT,
        created_at=the_clock.now(),
    )
    session.add(user)
    session.commit()
    return user
