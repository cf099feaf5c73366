"""No page reads a whole large table: the plan of each statement that a list, search or record page asks, on both."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from bench import addresses, data
from optin import figures
from optin.extensions import db
from optin.models import User

ROWS = 3000
LARGE = (
    "person", "person_word", "opt_in", "opt_in_person", "campaign_member", "message", "conversation", "suppression",
    "hold", "provider_block", "consent_event", "consent_payload", "audit_entry",
)  # fmt: skip
SCANNED = {
    "sqlite": re.compile(rf"^SCAN ({'|'.join(LARGE)})(_\d+)?\b"),
    "postgresql": re.compile(rf"Seq Scan on ({'|'.join(LARGE)})\b"),
}


@contextmanager
def asked(engine: Any) -> Iterator[dict[str, Any]]:
    """Collect the different SELECTs that are sent meanwhile, each with its values."""
    statements: dict[str, Any] = {}

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            statements.setdefault(statement, values)

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def scans(connection: Connection, statement: str, values: Any) -> list[str]:
    """Return the lines of the plan that read a large table from one end to the other.

    What goes along an index in the order of the list until a page is full does not.
    """
    if connection.dialect.name == "postgresql":
        lines = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]
        return [line.strip() for line in lines if SCANNED["postgresql"].search(line)]
    lines = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    until_full = "LIMIT" in statement and not any("USE TEMP B-TREE FOR ORDER BY" in line for line in lines)
    return [line for line in lines if SCANNED["sqlite"].search(line) and not until_full]


def test_no_page_reads_a_whole_large_table(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "FEW", 100)
    with app.app_context():
        engine = db.engine
    data.fill(engine, ROWS)
    client = app.test_client()
    client.sign_in(session.get_one(User, 1))
    pages = addresses.pages(session, ROWS)
    session.rollback()
    found = {}
    for name, url in pages:
        with asked(engine) as statements:
            assert client.get(url, lint=False).status_code == 200
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET enable_seqscan = off")  # it would like to where there are so few rows
            for statement, values in statements.items():
                if lines := scans(connection, statement, values):
                    found.setdefault((statement, *lines), []).append(name)
    assert not found, "\n\n".join(f"{names}: {lines}\n{statement}" for (statement, *lines), names in found.items())
