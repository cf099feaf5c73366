"""A whole export is moved and compared with its files by a script of its own; moved again, nothing changes."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from optin.database.session import Base
from optin.enums import Purpose, Role
from optin.models import Keyword
from optin.policy import cache
from tests.conftest import add_user
from tests.support import move_check
from tests.support.messageable import may_get
from tests.support.moving import move
from tests.support.salesforce_export import generate

SIZES = [
    pytest.param(300, id="small", marks=pytest.mark.slow),
    pytest.param(50_000, id="whole", marks=pytest.mark.soak),
]
OF_THE_MOVE_ITSELF = {
    *("import_run", "import_part", "import_key", "import_row", "move", "move_sign", "background_task", "audit_entry"),
    *("figure", "in_force_token"),
}


def everything(session: Session) -> dict[str, int]:
    """Return a mark of all that is stored but for the moves themselves."""
    session.commit()
    tables = [table for name, table in Base.metadata.tables.items() if name not in OF_THE_MOVE_ITSELF]
    return {
        table.name: hash(tuple(hash(repr(row)) for row in session.execute(select(table).order_by(*table.primary_key))))
        for table in tables
    }


def messageable_though_inactive(session: Session, numbers: dict[str, move_check.Number]) -> list[tuple[str, str]]:
    """Ask the app's own decision for all that the old system held inactive; return whom it lets us text."""
    policy = replace(cache.policy(session), require_opt_in_for_one_to_one=True)
    ids = {word.lower(): keyword_id for word, keyword_id in session.execute(select(Keyword.word, Keyword.id))}
    found = []
    for number, of in numbers.items():
        words = list(ids) if of.has_left else [word for word, row in of.rows.items() if row["active__c"] == "false"]
        asked: list[tuple[Purpose, int | None]] = [(Purpose.CAMPAIGN, ids[word]) for word in words]
        if not of.joined and words:
            asked += [(Purpose.CAMPAIGN, None), (Purpose.ONE_TO_ONE, None)]
        found += [
            (number, f"{purpose} {keyword_id}")
            for purpose, keyword_id in asked
            if may_get(session, policy, number, purpose, keyword_id)
        ]
    return found


@pytest.mark.parametrize("opt_ins", SIZES)
def test_what_is_moved_is_what_the_files_say(app: Flask, session: Session, tmp_path: Path, opt_ins: int) -> None:
    user, file = add_user(session, Role.ADMIN), tmp_path / "export.zip"
    file.write_bytes(generate(opt_ins, seed=opt_ins).zip())

    def ask(sql: str, **values: object) -> Sequence[Any]:
        return session.execute(text(sql), values).all()

    moved = move(app, session, file.read_bytes(), user.id)
    assert moved.counts == moved.checked
    assert move_check.compare(file, ask) == []
    numbers = move_check.numbers_of(move_check.read(file))
    assert messageable_though_inactive(session, numbers) == []
    before = everything(session)
    move(app, session, file.read_bytes(), user.id)
    after = everything(session)
    assert {name for name in before if before[name] != after[name]} == set()


def test_the_script_knows_nothing_of_the_app() -> None:
    tree = ast.parse(Path(move_check.__file__).read_text())
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert not [name for name in names if name.startswith(("optin", "tests"))]
