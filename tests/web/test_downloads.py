"""Files of personal data: a right of its own, asked by each of them, and each download in the audit trail."""

import re
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.models import AuditEntry, Person, User
from optin.web import downloads
from tests.conftest import add_user
from tests.support import world
from tests.support.clients import Browser
from tests.web.test_roles import addresses

ROOT = Path(__file__).resolve().parents[2]
NOTHING_PERSONAL = {"keywords.index_file", "campaigns.index_file", "broadcasts.clicks_file"}
SENTENCE = "You are not allowed to download personal data."


@pytest.fixture
def barred(app: Flask, session: Session) -> Browser:
    """An agent who may do all that agents may, but for downloads."""
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.test_session = session
    browser.sign_in(add_user(session, Role.AGENT, may_download=False))
    return browser


def trail(session: Session) -> list[tuple[str, str, str]]:
    session.commit()
    found = select(AuditEntry).where(AuditEntry.subject_kind == downloads.SUBJECT).order_by(AuditEntry.id)
    told = [(each.field, each.before, each.after) for each in session.scalars(found)]
    session.commit()
    return told


def test_every_file_asks_for_the_right(app: Flask) -> None:
    files = {name for name in app.view_functions if name.endswith("file")}
    marked = {name for name, view in app.view_functions.items() if getattr(view, "is_download", False)}
    assert files - marked == NOTHING_PERSONAL
    assert marked >= {"people.contacts_file", "settings.opted_out_file", "imports.rows_file"}


def test_an_agent_without_it_gets_no_file_and_sees_no_link(app: Flask, barred: Browser) -> None:
    marked = {name for name, view in app.view_functions.items() if getattr(view, "is_download", False)}
    rules = {rule.rule: rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint in marked}
    asked = 0
    for line, method, path in addresses(app):
        if any(path == rule.replace("<int:", "<").split("<")[0] or _fits(rule, path) for rule in rules):
            answer = barred.open(path, method=method)
            is_admins = any(word in line for word in ("audit", "evidence", "export", "move"))
            assert (line, answer.status_code) == (line, 403)
            assert is_admins or SENTENCE in answer.text, line
            asked += 1
    assert asked == len(rules)
    assert "Download CSV" not in barred.get("/contacts").text
    assert barred.get("/keywords/file").status_code == 200


def _fits(rule: str, path: str) -> bool:
    """Tell whether the address was built of the rule: 999 stands for each number, a word for each other part."""
    parts, given = rule.strip("/").split("/"), path.strip("/").split("/")
    numbered = ["999" if part.startswith("<int:") else part for part in parts]
    return len(given) == len(numbered) and all(
        part.startswith("<") or part == each for part, each in zip(numbered, given, strict=True)
    )


def test_an_agent_who_may_downloads_and_a_viewer_never(app: Flask, agent: Browser, session: Session) -> None:
    world.person(session, "Maya Cole", world.MAYA)
    assert "Download CSV" in agent.get("/contacts").text
    assert "Maya" in agent.get("/contacts/file").text
    viewer = User(role=Role.VIEWER, may_download=True)
    assert (viewer.downloads, User(role=Role.ADMIN, may_download=False).downloads) == (False, True)


def test_each_download_is_in_the_trail(agent: Browser, admin: Browser, session: Session) -> None:
    for name in ("Maya Cole", "Tom Ash", "Maya Lind"):
        world.person(session, name, None)
    for address in ("/contacts/file", "/contacts/file?q=maya", "/leads/file"):
        assert agent.get(address).text
    assert trail(session) == [
        ("contacts", "", "3 rows"),
        ("contacts", "q: maya", "2 rows"),
        ("leads", "", "0 rows"),
    ]
    page = admin.get("/settings/audit?about=download").text
    assert "Downloaded contacts" in page
    assert "q: maya" in page
    assert "Agent Example" in page


def test_who_breaks_off_is_in_the_trail_as_well(app: Flask, agent: Browser, session: Session) -> None:
    now = clock.now()
    for name in map(str, range(1200)):
        session.add(Person(kind=PersonKind.CONTACT, sort_name=name, created_at=now, updated_at=now))
    session.commit()
    answer = agent.get("/contacts/file", buffered=False)
    taken = iter(answer.response)
    next(taken)
    assert trail(session) == [("contacts", "", downloads.NOT_FINISHED)]
    answer.close()
    assert trail(session) == [("contacts", "", "500 rows, broken off")]


def test_without_the_trail_nothing_leaves(agent: Browser, session: Session) -> None:
    refuse = "CREATE TRIGGER no_trail BEFORE INSERT ON audit_entry "
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE audit_entry ADD CONSTRAINT no_trail CHECK (subject_kind <> 'download')"))
    else:
        session.execute(text(refuse + "WHEN NEW.subject_kind = 'download' BEGIN SELECT RAISE(ABORT, 'no'); END"))
    world.person(session, "Maya Cole", world.MAYA)
    with pytest.raises(Exception, match="no"):
        agent.get("/contacts/file")


def test_the_upgrade_lets_agents_go_on(app: Flask, session: Session) -> None:
    for role in Role:
        add_user(session, role, may_download=False)
    session.close()
    migration = next((ROOT / "optin" / "migrations" / "versions").glob("*_downloads.py")).read_text()
    before = re.findall(r'^down_revision = "(\d+)"', migration, re.MULTILINE)[0]
    with app.app_context():
        flask_migrate.downgrade(revision=before)
        flask_migrate.upgrade()
        db.engine.dispose()
    kept = dict(session.execute(select(User.role, User.may_download)).all())
    assert kept == {Role.VIEWER: False, Role.AGENT: True, Role.ADMIN: False}
