"""A move from Twilio for Salesforce is killed with SIGKILL, reading and moving: the result is the same."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.enums import Role
from optin.features.moving import runs, tasks
from optin.models import (
    Campaign,
    CampaignMember,
    ConsentEvent,
    Conversation,
    Hold,
    ImportRow,
    ImportRun,
    Keyword,
    Message,
    Move,
    OptIn,
    Person,
    Suppression,
)
from optin.refused import done
from tests.conftest import add_user
from tests.support import archives
from tests.support.apps import end_app, new_app
from tests.support.faults.processes import SERVER, running, until
from tests.support.moving import move
from tests.support.provider import serve_provider
from tests.support.salesforce_export import generate

EXPORT = generate(80)
SLOWLY = {"AT_ONCE": "12", "DEADLINE": "5", "SELDOM": "0.5"}
PATIENCE = 90


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def result(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that a move has stored, without ids and without when it was done."""
    asked = {
        "moves": select(Move.checked, Move.counts, Move.stage),
        "rows": select(ImportRow.known, ImportRow.line, ImportRow.outcome, ImportRow.sentence),
        "keywords": select(Keyword.word, Keyword.archived_at.is_(None)),
        "people": select(Person.kind, Person.first_name, Person.last_name, Person.mobile, Person.email, Person.company),
        "opt-ins": select(OptIn.number, Keyword.word, OptIn.status, OptIn.requested_at, OptIn.end_reason).join(
            Keyword, Keyword.id == OptIn.keyword_id
        ),
        "suppressions": select(Suppression.number, Suppression.ended_at.is_(None)),
        "holds": select(Hold.number, Hold.cause),
        "events": select(ConsentEvent.kind, ConsentEvent.source, ConsentEvent.message_sid, ConsentEvent.detail),
        "campaigns": select(Campaign.name, Campaign.status),
        "members": select(Campaign.name, Person.last_name)
        .select_from(CampaignMember)
        .join(Campaign, Campaign.id == CampaignMember.campaign_id)
        .join(Person, Person.id == CampaignMember.person_id),
        "messages": select(
            Message.id, Message.sid, Message.number, Message.direction, Message.status, Message.body, Message.created_at
        ).where(Message.id != 0),
        "conversations": select(
            Conversation.number, Conversation.preview, Conversation.last_message_at, Conversation.unread
        ),
    }
    with reading(engine) as session:
        return {name: sorted(map(tuple, session.execute(query)), key=repr) for name, query in asked.items()}


@pytest.fixture
def undisturbed(database: str, shared_folder: Path, tmp_path: Path) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """What a move without kills stores, in an empty database of the same kind."""
    kind = "postgresql" if database.startswith("postgresql") else "sqlite"
    with archives.empty_database(kind, shared_folder, tmp_path / "other") as url:
        app = new_app(url, shared_folder, tmp_path / "other instance")
        with app.app_context():
            engine = db.engine
        with Session(engine, expire_on_commit=False) as session:
            move(app, session, EXPORT, add_user(session, Role.ADMIN).id)
        stored = result(engine)
        end_app(app)
        yield stored


def test_a_move_that_is_killed_ends_as_one_that_is_not(
    database: str,
    app: Flask,
    engine: Engine,
    session: Session,
    tmp_path: Path,
    undisturbed: dict[str, list[tuple[Any, ...]]],
) -> None:
    with app.app_context():
        files = [("export.zip", io.BytesIO(EXPORT.zip()))]
        run_id = done(runs.receive(session, files, add_user(session, Role.ADMIN).id)).id
        session.commit()

    def look(sees: Callable[[ImportRun, Move], bool]) -> Callable[[], bool]:
        def seen() -> bool:
            with reading(engine) as own:
                return sees(own.get_one(ImportRun, run_id), own.get_one(Move, run_id))

        return seen

    with serve_provider() as provider:
        with running(SERVER, database, tmp_path / "first", provider, **SLOWLY):
            until(look(lambda run, move: move.stage == "opt_in" and run.line > 20), PATIENCE)
        assert look(lambda run, _: run.state == "checking")()
        with running(SERVER, database, tmp_path / "second", provider, **SLOWLY):
            until(look(lambda run, _: run.state == "checked"), PATIENCE)
            with app.app_context(), writing(engine) as writer:
                run = tasks.locked(writer, run_id)
                assert run is not None
                assert runs.start(writer, run, writer.get_one(Move, run_id), run.created_by_id or 0) is None
            until(look(lambda _, move: move.stage == "consent" and move.place != ""), PATIENCE)
        assert look(lambda run, _: run.state == "running")()
        with running(SERVER, database, tmp_path / "third", provider, **SLOWLY):
            until(look(lambda run, _: run.state == "done"), PATIENCE)
    stored = result(engine)
    for name, rows in undisturbed.items():
        assert stored[name] == rows, name
