"""Texts taken in together do exactly what they do one by one, and a number that somebody acts on is left out."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.database import together as together_module
from optin.database.session import db
from optin.database.together import APART, MOST, Together
from optin.models import ConsentEvent, ConsentPayload, Conversation, Hold, Message, OptIn, ProviderBlock, Suppression
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from tests.support import world
from tests.support.faults.processes import until

SID = world.SIDS
STORIES: tuple[tuple[str, ...], ...] = (
    ("volunteer",),
    ("hello",),
    ("volunteer", "STOP"),
    ("STOP", "volunteer"),
    ("volunteer", "STOP", "START", "volunteer"),
    ("donate",),
    ("donate", "YES"),
    ("donate", "no"),
    ("volunteer", "volunteer"),
    ("volunter",),
    ("HELP", "info", "help"),
    ("STOP volunteer", "volunteer", "stop volunteer"),
    ("volunteer", "please take me off your list"),
    ("volunteer", "please stop texting me maybe", "I still want volunteer news"),
    ("stop", "Stop", "STOP"),
    ("", "\N{WAVING HAND SIGN}"),
    ("unsubscribe", "hi again", "UNSTOP"),
)
SENDERS = (world.OURS, "+14155550199")
"""The second one is seen for the first time."""


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def arranged(session: Session) -> Session:
    world.keyword(session, confirmation="Welcome", question="")
    world.keyword(session, "donate", double_opt_in=True, question="Reply YES", confirmation="Thanks")
    world.person(session, "Maya Lind", number(0, 0))
    world.person(session, "Mia Lind", number(1, 0))
    return session


def number(way: int, story: int) -> str:
    return f"+1415{way}55{story:04d}"


def texts(way: int, turn: int, sid: Callable[[int, int], str]) -> list[InboundText]:
    """Return the text of each story's turn, by phones of their own for each way of taking in."""
    found = [(index, story[turn]) for index, story in enumerate(STORIES) if len(story) > turn]
    to = {index: SENDERS[index % 2] for index, _ in found}
    return [
        InboundText(sid=sid(index, turn), number=number(way, index), address=to[index], body=body)
        for index, body in found
    ]


def state(session: Session, phone: str) -> dict[str, list[Any]]:
    """Return all that is stored about a number, without ids, SIDs, times and the number itself."""
    session.expire_all()
    events = select(ConsentEvent).join(ConsentPayload).where(ConsentPayload.number == phone).order_by(ConsentEvent.id)
    of = {table.__name__: select(table).where(table.number == phone).order_by(table.id) for table in TABLES}
    asked = {**of, "ConsentEvent": events}
    return {name: [plain(row, phone) for row in session.scalars(query)] for name, query in asked.items()}


TABLES: tuple[Any, ...] = (Message, Conversation, OptIn, Suppression, Hold, ProviderBlock)
LEFT_OUT = ("sid", "number", "number_ref", "payload_hash", "at")


def plain(row: Any, phone: str) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    kept = {
        name: value
        for name, value in values.items()
        if not name.endswith(("id", "_at", "_sid")) and name not in LEFT_OUT
    }
    ids = {name: value is not None for name, value in values.items() if name.endswith("_id")}
    moments = {name: value is not None for name, value in values.items() if name.endswith("_at")}
    return {**kept, **ids, **moments, "keyword_id": values.get("keyword_id"), "sender_id": values.get("sender_id")}


def one_by_one(session: Session, given: Sequence[InboundText]) -> None:
    for text in given:
        assert inbound.take_in(session, text) is not None
        session.commit()


def together(session: Session, given: Sequence[InboundText]) -> None:
    taken = inbound.take_in_several(session, given)
    assert all(isinstance(each, int) for each in taken)
    assert len(set(taken)) == len(given)
    session.commit()


def test_what_comes_of_them_is_the_same(arranged: Session) -> None:
    session = arranged
    for turn in range(max(map(len, STORIES))):
        one_by_one(session, texts(0, turn, lambda *_: f"SM{next(SID):032x}"))
        together(session, texts(1, turn, lambda *_: f"SM{next(SID):032x}"))
        for way in (0, 1):
            hand_questions_over(session, way)
    alike = [(state(session, number(0, story)), state(session, number(1, story))) for story in range(len(STORIES))]
    assert [one for one, _ in alike] == [other for _, other in alike]
    assert sum(len(one["ConsentEvent"]) for one, _ in alike) > len(STORIES)


def hand_questions_over(session: Session, way: int) -> None:
    for story, bodies in enumerate(STORIES):
        if bodies[0] == "donate":
            world.question(session, number(way, story))


def test_whole_stories_in_one_transaction_keep_their_order(arranged: Session) -> None:
    """Several texts of one number at once are taken in one after the other, as they came."""
    session = arranged
    told = [story for story in STORIES if story[0] != "donate"]
    both: list[list[InboundText]] = [[], []]
    for way, story, turn in itertools.product((0, 1), range(len(told)), range(4)):
        if turn < len(told[story]):
            both[way].append(InboundText(f"SM{next(SID):032x}", number(way, story), world.OURS, told[story][turn]))
    one_by_one(session, both[0])
    together(session, both[1])
    for story in range(len(told)):
        assert state(session, number(0, story)) == state(session, number(1, story)), told[story]


def test_the_same_sid_in_one_transaction_counts_once(arranged: Session) -> None:
    text = InboundText(f"SM{next(SID):032x}", world.MAYA, world.OURS, "volunteer")
    elsewhere = InboundText(text.sid, world.TOM, world.OURS, "volunteer")
    taken = inbound.take_in_several(arranged, [text, text, elsewhere, text])
    arranged.commit()
    assert [each is None for each in taken].count(True) == 3
    assert len(arranged.scalars(select(OptIn)).all()) == 1


@pytest.mark.parametrize("bodies", [("volunteer", "STOP"), ("STOP", "volunteer"), ("STOP", "START", "STOP")])
@pytest.mark.parametrize("turned", [False, True])
def test_texts_from_two_forms_of_one_number_keep_their_order(
    arranged: Session, bodies: tuple[str, ...], turned: bool
) -> None:
    """A STOP acts on all forms of its number: side by side it would miss what another form asks for just then."""
    both = [(f"+84120123456{way}", f"+8470123456{way}") for way in (0, 1)]
    for forms, take_in in zip(both, (one_by_one, together), strict=True):
        turns = [forms[(index + turned) % 2] for index in range(len(bodies))]
        given = [
            InboundText(f"SM{next(SID):032x}", each, world.OURS, body) for each, body in zip(turns, bodies, strict=True)
        ]
        take_in(arranged, given)
    for one, other in zip(*both, strict=True):
        assert state(arranged, one) == state(arranged, other)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_number_that_somebody_acts_on_is_left_to_be_taken_in_apart(arranged: Session, engine: Engine) -> None:
    """Also when that is another form of the number; nobody is waited for. SQLite has one writer anyway."""
    numbers = (world.MAYA, "+525512345678", world.TOM)
    given = [InboundText(f"SM{next(SID):032x}", each, world.OURS, "STOP") for each in numbers]
    with Session(engine) as other:
        ledger.lock_number(other, "+5215512345678")
        taken = inbound.take_in_several(arranged, given)
    assert [each is APART for each in taken] == [False, True, False]


def test_a_poisoned_text_leaves_the_others_stored(
    arranged: Session, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = inbound.read_text

    def poisoned(body: str, *given: Any) -> Any:
        if body == "poison":
            raise ArithmeticError(body)
        return read(body, *given)

    monkeypatch.setattr(inbound, "read_text", poisoned)
    monkeypatch.setattr(together_module, "TURN", 60.0)
    texts_in: Together[InboundText, int | None] = Together(engine, inbound.take_in, inbound.take_in_several)
    bodies = ["volunteer"] * 15 + ["poison"] + ["STOP"] * 16
    given = [
        InboundText(f"SM{next(SID):032x}", number(0, index), world.OURS, body) for index, body in enumerate(bodies)
    ]
    arranged.rollback()
    answers: list[Any] = []
    with ThreadPoolExecutor(MOST) as threads:
        texts_in._at_work = True  # as while another is at work
        asked = [threads.submit(texts_in.do, text) for text in given]
        until(lambda: len(texts_in._waiting) == MOST, 30)
        texts_in._hand_over()
        answers = [future.exception(60) or future.result() for future in asked]
    assert [index for index, answer in enumerate(answers) if isinstance(answer, ArithmeticError)] == [15]
    stored = set(arranged.scalars(select(Message.sid).where(Message.direction == "inbound")))
    assert stored == {text.sid for text in given if text.body != "poison"}
    assert len(arranged.scalars(select(Suppression)).all()) == 16
