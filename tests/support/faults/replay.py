"""What is stored after an attack, beside what is stored where the same requests came one by one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from difflib import ndiff
from pathlib import Path
from random import Random

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import models
from optin.database.session import db
from tests.support import world
from tests.support.apps import end_app, new_app
from tests.support.databases import sqlite_copy
from tests.support.faults.twilio import Form
from tests.support.twilio_requests import post, text_form

BODIES = ("volunteer", "rides", "yes", "STOP", "START", "HELP", "hello", "voluntear", "please stop", "stop rides")
TABLES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (models.Message, ("direction", "sid", "body", "meaning", "effect", "reply_kind", "status", "reason", "error_code")),
    (models.Conversation, ("channel", "preview", "unread")),
    (
        models.OptIn,
        ("status", "source", "text", "message_sid", "confirming_message_sid", "end_reason", "end_message_sid"),
    ),
    (models.Suppression, ()),
    (models.Hold, ("cause", "trigger", "resolution")),
    (models.ProviderBlock, ("scope", "cause")),
    (models.NumberLoss, ("error_code",)),
    (models.PhraseOptOut, ("phrase",)),
)
"""What is compared of the rows of each number: no ids, and of the moments only whether something has ended."""
State = dict[str, list[tuple[object, ...]]]


def arrange(session: Session) -> None:
    """Have a keyword with single and one with double opt-in."""
    world.keyword(session)
    world.keyword(session, "rides", double_opt_in=True, question="Reply YES to confirm.")


def conversations(app: Flask, people: int, seed: int, texts: int = 4) -> list[list[Form]]:
    """Return what so many people text, each in this order: of all kinds, now and then the same text twice."""
    random = Random(seed)
    lanes = []
    for person in range(people):
        forms = [text_form(app, random.choice(BODIES), number=f"+1415555{person:04d}") for _ in range(texts)]
        lanes.append([form for form in forms for _ in range(random.choice((1, 1, 1, 2)))])
    return lanes


def state(engine: Engine) -> State:
    """Return the rows of each number, in their order, as they are at one moment."""
    found: State = defaultdict(list)
    isolation = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {"only_reads": True}
    with Session(engine.execution_options(**isolation)) as session:
        sids = dict(session.execute(select(models.Message.id, models.Message.sid).order_by(models.Message.id)).all())
        for table, names in TABLES:
            for row in session.scalars(select(table).order_by(table.id)):
                source = sids.get(getattr(row, "message_id", None)), getattr(row, "ended_at", None) is not None
                found[row.number].append((table.__name__, *(getattr(row, name) for name in names), *source))
        event, payload, status = models.ConsentEvent, models.ConsentPayload, models.StatusEvent
        events = select(payload.number, event.kind, models.Keyword.word, event.message_sid).order_by(event.id)
        events = events.join(event, event.id == payload.event_id)
        events = events.outerjoin(models.Keyword, models.Keyword.id == event.keyword_id)
        for number, *told in sorted(session.execute(events), key=_by_text(sids)):
            found[number].append(("ConsentEvent", *told))
        called = select(status.sid, status.status, status.error_code).order_by(status.status)
        for sid, *told in session.execute(called):
            found[sid].append(("StatusEvent", *told))
    return {about: sorted(rows, key=lambda row: row[0]) for about, rows in found.items()}


def _by_text(sids: dict[int, str | None]) -> Callable[[Sequence[object]], object]:
    """Order events by their texts: in which order one STOP ends several opt-ins is all the same."""
    place = {sid: index for index, sid in enumerate(sids.values())}
    return lambda event: (place.get(event[3], -1), str(event[2]), event[1])


def replayed(
    shared: Path,
    folder: Path,
    requests: Iterable[tuple[str, Form]],
    arranged: Callable[[Session], object] = arrange,
) -> State:
    """Return what is stored where these requests, path and form, come one by one to a fresh SQLite database."""
    folder.mkdir(exist_ok=True)
    with sqlite_copy(shared, folder) as url:
        app = new_app(url, shared, folder / "instance")
        try:
            with app.app_context():
                engine = db.engine
            with Session(engine) as session:
                arranged(session)
                session.commit()
            client = app.test_client()
            for path, form in requests:
                assert post(client, path, form).status_code < 300
            return state(engine)
        finally:
            end_app(app)


def differences(is_now: State, wanted: State) -> dict[str, list[str]]:
    """Return what differs, by number or SID, as lines of a comparison: "- " is so, "+ " should be."""
    keys = is_now.keys() | wanted.keys()
    return {
        key: _compared(is_now.get(key, []), wanted.get(key, [])) for key in keys if is_now.get(key) != wanted.get(key)
    }


def _compared(rows: Sequence[object], wanted: Sequence[object]) -> list[str]:
    return list(ndiff([repr(row) for row in rows], [repr(row) for row in wanted]))


def stored_sids(found: State) -> set[object]:
    """Return the SIDs of the texts that are stored."""
    return {row[2] for rows in found.values() for row in rows if row[:2] == ("Message", "inbound")}


def flat(path: str, lanes: Sequence[Sequence[Form]]) -> list[tuple[str, Form]]:
    """Return all requests of the lanes, lane by lane."""
    return [(path, form) for lane in lanes for form in lane]
