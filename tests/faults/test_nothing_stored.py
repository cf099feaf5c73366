"""While nothing can be stored every page, the readiness check and the commands say so, and why; no text is lost."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import OptInStatus, Role
from optin.models import Message, OptIn, Suppression, User
from optin.storage import write_check
from optin.storage.troubles import Trouble
from tests.conftest import add_user
from tests.support import twilio_requests, world
from tests.support.apps import end_app, new_app
from tests.support.clients import Browser
from tests.support.databases import sqlite_copy
from tests.support.faults.disks import Disk, small_disk
from tests.support.faults.outages import postgresql_that_may_only_be_read
from tests.support.outbox import MAYA

MEGABYTES = 16


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", MEGABYTES) as disk:
        yield disk


Spoil = Callable[[], AbstractContextManager[None]]


@dataclass
class Scene:
    """An app with a keyword and somebody who opted in, and a way to keep it from storing anything."""

    app: Flask
    trouble: Trouble
    spoilt: Spoil


@pytest.fixture
def full(disk: Disk, shared_folder: Path, tmp_path: Path) -> Iterator[Scene]:
    """On a disk that gets full, or that nothing can be written to."""

    @contextmanager
    def spoilt() -> Iterator[None]:
        disk.fill(os.getpid())
        yield
        disk.free()

    with sqlite_copy(shared_folder, disk.folder) as url:
        app = new_app(url, shared_folder, tmp_path / "instance of a test", OPTIN_DISK_ALARM_MB="4")
        arrange(app)
        yield Scene(app, Trouble.FULL if disk.mounted else Trouble.FAILING, spoilt)
        end_app(app)


@pytest.fixture
def read_only(shared_folder: Path, tmp_path: Path) -> Iterator[Scene]:
    """On a PostgreSQL that takes no more writes, as a standby."""
    with postgresql_that_may_only_be_read(shared_folder, tmp_path) as place:
        app = new_app(place.url, shared_folder, tmp_path / "instance of a test")
        arrange(app)
        yield Scene(app, Trouble.READ_ONLY, lambda: place.fails(0))
        end_app(app)


@pytest.fixture(params=["full", "read_only"])
def scene(request: pytest.FixtureRequest) -> Scene:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Scene)
    return found


def arrange(app: Flask) -> None:
    with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
        world.keyword(session, "volunteer")
        world.text(session, "volunteer")
        for role in (Role.ADMIN, Role.VIEWER):
            add_user(session, role)
        session.commit()


def browser(app: Flask, role: Role | None = None) -> Browser:
    client = app.test_client()
    assert isinstance(client, Browser)
    if role is not None:
        with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
            client.sign_in(session.scalars(select(User).where(User.role == role)).one())
    return client


def exhaust(client: Browser) -> None:
    """Store until nothing can be stored any more: a write-ahead log may have room left that is its own."""
    for _ in range(200):
        if text(client, "volunteer, please") != 200:
            return
    raise AssertionError("there is still room")


def text(client: Browser, body: str, **fields: str) -> int:
    form = twilio_requests.text_form(client.application, body, number=MAYA, **fields)
    return twilio_requests.post(client, "/webhooks/twilio/sms", form).status_code


def state(client: Browser) -> tuple[int, dict[str, str]]:
    time.sleep(write_check.AT_MOST_EVERY)
    response = client.get("/readyz")
    assert isinstance(response.json, dict)
    return response.status_code, response.json


def test_readiness_says_so_and_why_and_that_it_is_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(scene.app)
    assert state(client)[0] == 200
    with scene.spoilt():
        exhaust(client)
        code, said = state(client)
        assert (code, said["database"], said["queue"]) == (503, scene.trouble, scene.trouble)
        assert client.get("/healthz").status_code == 200
    monkeypatch.setattr(write_check, "REMEMBERED", 0.0)
    assert state(client)[0] == 200


def test_pages_name_the_cause_and_home_says_so_to_everybody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_check, "REMEMBERED", 1.0)
    admin, viewer = browser(scene.app, Role.ADMIN), browser(scene.app, Role.VIEWER)
    assert "Nothing can be stored" not in viewer.get("/").text
    with scene.spoilt():
        exhaust(admin)
        refused = admin.post("/contacts/new", data={"first_name": "Ana", "last_name": "Ruiz"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert scene.trouble.heading in refused.text
        assert "can’t be reached" not in refused.text
        time.sleep(1.1)
        for client in (admin, viewer):
            page = client.get("/")
            assert page.status_code == 200
            assert f"Nothing can be stored or sent right now. {scene.trouble.sentence}" in page.text
    time.sleep(1.1)
    assert "Nothing can be stored" not in viewer.get("/").text


def test_a_stop_that_could_not_be_stored_is_asked_for_again_and_honoured(scene: Scene) -> None:
    client = browser(scene.app)
    with scene.spoilt():
        for _ in range(20):  # SQLite may begin its log anew, and then stores a few more
            exhaust(client)
            sid = twilio_requests.new_sid()
            if (code := text(client, "STOP", MessageSid=sid)) != 200:
                break
        assert code == 503
    assert text(client, "STOP", MessageSid=sid) == 200
    with scene.app.app_context(), Session(db.engine) as session:
        opt_in = session.scalars(select(OptIn).where(OptIn.number == MAYA)).one()
        assert opt_in.status != OptInStatus.ACTIVE
        assert session.scalars(select(Message).where(Message.sid == sid)).one().body == "STOP"
        assert session.scalars(select(Suppression).where(Suppression.number == MAYA)).one().ended_at is None


def test_the_doctor_names_the_cause(scene: Scene) -> None:
    with scene.spoilt():
        exhaust(browser(scene.app))
        said = scene.app.test_cli_runner().invoke(args=["doctor"])
    assert said.exit_code == 1
    assert scene.trouble.sentence[1:] in said.output


def test_metrics_tell_it(scene: Scene) -> None:
    client = browser(scene.app)
    assert "optin_database_writable 1.0" in client.get("/metrics").text
    with scene.spoilt():
        exhaust(client)
        time.sleep(write_check.AT_MOST_EVERY)
        assert "optin_database_writable 0.0" in client.get("/metrics").text


def test_an_admin_is_warned_before_a_disk_is_full(full: Scene, disk: Disk) -> None:
    if not disk.mounted:  # the disk is the machine's own: let the alarm be at more than it has
        full.app.config["OPTIN"] = replace(full.app.config["OPTIN"], disk_alarm_mb=10**9)
    else:
        (disk.folder / "nearly").write_bytes(b"\0" * (shutil.disk_usage(disk.folder).free - 3_000_000))
    admin, viewer = browser(full.app, Role.ADMIN), browser(full.app, Role.VIEWER)
    code, said = state(admin)
    assert (code, said["status"], said["database"], said["disk"]) == (200, "ok", "ok", "low: database")
    assert f"left on the disk of {disk.folder}." in admin.get("/").text
    assert "left on the disk" not in viewer.get("/").text
    assert 'optin_disk_free_bytes{what="database"}' in admin.get("/metrics").text
    assert "left on the disk of" in full.app.test_cli_runner().invoke(args=["doctor"]).output
    assert text(admin, "hello") == 200


def test_it_is_written_once_a_second_however_often_somebody_asks(full: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[float] = []
    monkeypatch.setattr(write_check, "write", lambda engine: (written.append(1.0), (None, None))[1])
    client, begun = browser(full.app), time.monotonic()
    for _ in range(30):
        client.get("/readyz")
    assert len(written) <= 1 + (time.monotonic() - begun)
