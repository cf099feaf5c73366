"""Importing a file as a user does, over HTTP, and letting the jobs do the rest."""

import io
import re
from collections.abc import Sequence

from flask import Flask
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.jobs import background
from optin.models import ImportRun
from tests.support.clients import Browser

HEADERS = "First name;Last name;Mobile;E-Mail;Company;Notes;Opted out"


def table(*rows: str, headers: str = HEADERS) -> bytes:
    """Return a file with semicolons."""
    return "\n".join((headers, *rows)).encode()


def upload(browser: Browser, data: bytes, kind: str = "contact", name: str = "people.csv") -> int:
    """Choose a file; return the run's id."""
    answer = browser.post(f"/imports/new/{kind}", data={"file": (io.BytesIO(data), name)})
    assert answer.status_code == 303, re.findall(r"field-error[^>]*>([^<]*)", answer.text)
    return int(answer.location.split("/")[-2])


def choose(browser: Browser, run_id: int, **changed: str) -> str:
    """Take the columns as they were guessed, or others; return the page that shows what will happen."""
    page = browser.get(f"/imports/{run_id}/columns").text
    data = {**selected(page), **changed}
    answer = browser.post(f"/imports/{run_id}/columns", data=data)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location).text


def selected(page: str) -> dict[str, str]:
    """Return what the selects of a page say."""
    found = {}
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        found[name] = (chosen[2] if chosen[1] is None else chosen[1]) if chosen else ""
    return found


def start(browser: Browser, run_id: int, known: str = "fill") -> None:
    """Press Import."""
    assert browser.post(f"/imports/{run_id}/start", data={"known": known}).status_code == 303


def vouch(browser: Browser, run_id: int, **given: object) -> str:
    """Answer the consent step, as an admin; return the page that follows."""
    assert browser.user is not None
    data = {"way": "paper", "told": "day", "by": "Ana Ruiz", "order": "day", "attested": "y", "name": browser.user.name}
    answer = browser.post(f"/imports/{run_id}/consent", data={**data, **given})
    return browser.get(answer.location).text if answer.status_code == 303 else answer.text


def work(app: Flask, session: Session, steps: int = 1000) -> None:
    """Do what the jobs of a process do."""
    session.commit()
    with app.app_context():
        engine = db.engine
    for task_id in background.unfinished(engine):
        for _ in range(steps):
            if not background._step(engine, task_id):
                break
    session.expire_all()


def import_file(
    app: Flask,
    session: Session,
    browser: Browser,
    data: bytes,
    *,
    kind: str = "contact",
    known: str = "fill",
    columns: str = "",
) -> ImportRun:
    """Import a file from its choice to the end; return the run. `columns` are the fields, guessed if there are none."""
    run_id = upload(browser, data, kind)
    choose(browser, run_id, **{f"column-{index}": name for index, name in enumerate(columns.split())})
    work(app, session)
    start(browser, run_id, known)
    work(app, session)
    return session.get_one(ImportRun, run_id, populate_existing=True)


def shown(page: str) -> Sequence[tuple[str, str]]:
    """Return the counts that a page shows, and what they are of."""
    return re.findall(r'<span class="n">([\d,]+)</span><span>([^<]*)</span>', page)
