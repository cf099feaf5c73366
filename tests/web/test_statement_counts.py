"""How many SQL statements a request sends once the caches of the process are warm: never more than MOST allows."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from traceback import extract_stack
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

import optin
from optin.database.session import db
from optin.enums import Role
from optin.models import Conversation, Message, OptIn
from optin.sending import put_out
from optin.storage import write_check
from tests.conftest import Clock
from tests.support import campaign_scene, outbox, world
from tests.support.clients import Browser
from tests.support.twilio_requests import post, text_form
from tests.support.world import INES, MAYA, TOM

STOPPING = ["+12065550191", "+12065550192"]
OK, MOVED_ON = 200, 303
WIDTH = 100
PACKAGE = f"{Path(optin.__file__).parent}/"
Ask = Callable[[int], int]
"""Makes a request, for the first time (0), which warms the caches, or for the second (1); returns the status."""


class Most(NamedTuple):
    """The most statements that a request may send on SQLite and on PostgreSQL, and the transactions it may begin."""

    sqlite: int
    postgresql: int
    transactions: int = 1


MOST = {
    "webhook of a keyword": Most(11, 10),
    "webhook of a STOP": Most(14, 12),
    "changed mobile number": Most(26, 26),  # it asks twice whether an opt-out goes with the person and what was merged
    "campaign, broadcasts": Most(13, 13),
    "campaign": Most(10, 10),
    "campaign, members": Most(16, 16),  # one for records that were merged into members
    "campaign, members on hold": Most(14, 14),
    "keyword": Most(9, 9),
    "contact": Most(21, 21),  # an opt-out with an earlier number, what was merged into it, likely duplicates
    "thread": Most(15, 15),
    "proof of an opt-in": Most(14, 14),
    "proof of a number": Most(13, 13),
    "home": Most(25, 25),
    "settings": Most(4, 4),
    "why a message": Most(12, 12),  # the frame and the user among them; each fact in one, the promise too
    "why a text": Most(9, 9),
    "why a member": Most(12, 12),
}
"""Lower a figure when a request gets by with less; raise one only with a reason."""


class Statement(NamedTuple):
    """A statement on one line, and the lines of code that had it sent, the nearest first."""

    sql: str
    asked_by: str


class Seen:
    """What a request sent: its statements, without BEGIN and COMMIT, and how many transactions it began."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.transactions = 0

    def note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Keep a statement that is about to be sent."""
        if not statement.startswith("BEGIN"):
            self.statements.append(Statement(" ".join(statement.split()), asked_by()))

    def begin(self, _connection: Any) -> None:
        """Count a transaction."""
        self.transactions += 1

    def __str__(self) -> str:
        """List the statements in their order; what was sent more than once says how often."""
        times = Counter(each.sql for each in self.statements)
        lines = [f"{self.transactions} transactions, {len(self.statements)} statements:"]
        for number, each in enumerate(self.statements, 1):
            again = f" [{times[each.sql]} times]" if times[each.sql] > 1 else ""
            lines.append(f"  {number}.{again} {each.sql[:WIDTH]} … from {each.asked_by}")
        return "\n".join(lines)


def asked_by() -> str:
    """Return the two nearest places in the app that had the running statement sent, in different files."""
    found = dict.fromkeys(
        frame.filename.removeprefix(PACKAGE)
        for frame in reversed(extract_stack())
        if frame.filename.startswith(PACKAGE) and "/database/" not in frame.filename
    )
    return " < ".join(list(found)[:2])


@contextmanager
def counting(engine: Engine) -> Iterator[Seen]:
    """Note what is sent meanwhile."""
    seen = Seen()
    event.listen(engine, "before_cursor_execute", seen.note)
    event.listen(engine, "begin", seen.begin)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", seen.note)
        event.remove(engine, "begin", seen.begin)


def requests(app: Flask, session: Session, agent: Browser) -> dict[str, Ask]:
    """Arrange what the pages show, and return what is asked for by the names of MOST."""
    keyword = world.keyword(session)
    campaign = campaign_scene.campaign(session, keyword)
    people = [world.person(session, "Somebody", number) for number in (MAYA, TOM, INES)]
    for person in people:
        world.text(session, "volunteer", person.mobile or "")
        campaign_scene.member(session, campaign, person)
    world.text(session, "please stop texting me maybe", INES)
    broadcast = campaign_scene.broadcast(session, campaign, campaign_scene.sender(session), "sent")
    put_out.begin(session, campaign, broadcast, None)
    session.commit()
    message = campaign_scene.messages(session, broadcast.id)[0]
    member = campaign_scene.members(session, campaign)[0]
    came = session.scalars(select(Message.id).where(Message.direction == "inbound").limit(1)).one()
    outbox.one_to_one(session)
    for number in STOPPING:
        world.text(session, "volunteer", number)
    thread = session.scalars(select(Conversation.id).where(Conversation.number == MAYA)).one()
    opt_in = session.scalars(select(OptIn.id).where(OptIn.number == MAYA)).one()
    pages = {
        "campaign, broadcasts": f"/campaigns/{campaign.id}?tab=broadcasts",
        "campaign": f"/campaigns/{campaign.id}",
        "campaign, members": f"/campaigns/{campaign.id}?tab=members",
        "campaign, members on hold": f"/campaigns/{campaign.id}?tab=members&reason=on_hold",
        "keyword": f"/keywords/{keyword.id}",
        "contact": f"/contacts/{people[0].id}",
        "thread": f"/inbox/{thread}",
        "proof of an opt-in": f"/opt-ins/{opt_in}/proof",
        "proof of a number": f"/numbers/{MAYA}/proof",
        "home": "/",
        "settings": "/settings/sms",
        "why a message": f"/messages/{message.id}/why",
        "why a text": f"/messages/{came}/why",
        "why a member": f"/campaigns/{campaign.id}/members/{member.id}/why",
    }
    return {
        "webhook of a keyword": texted(app, agent, "volunteer", ["+13125550171", "+13125550172"]),
        "webhook of a STOP": texted(app, agent, "STOP", STOPPING),
        "changed mobile number": moved(session, agent),
        **{name: shown(agent, path) for name, path in pages.items()},
    }


def shown(agent: Browser, path: str) -> Ask:
    """Return a request for a page."""
    return lambda _turn: agent.get(path).status_code


def texted(app: Flask, client: Browser, body: str, numbers: list[str]) -> Ask:
    """Return a request with which Twilio hands a text on, each time of another number."""

    def ask(turn: int) -> int:
        form = text_form(app, body, number=numbers[turn], MessageSid=f"SM{next(world.SIDS):032x}")
        return post(client, "/webhooks/twilio/sms", form).status_code

    return ask


def moved(session: Session, agent: Browser) -> Ask:
    """Return a request that gives somebody another number, after the warning that an opt-in ends."""
    leaving: list[tuple[int, int]] = []
    for number in ("+12065550101", "+12065550102"):
        person = world.person(session, "Leo Park", number)
        world.text(session, "volunteer", number)
        leaving.append((person.id, session.scalars(select(OptIn.id).where(OptIn.number == number)).one()))

    def ask(turn: int) -> int:
        person_id, opt_in_id = leaving[turn]
        form = {"last_name": "Park", "mobile": f"+1206555015{turn}", "ends": str(opt_in_id)}
        return agent.post(f"/contacts/{person_id}/edit", data=form).status_code

    return ask


@pytest.mark.slow
def test_no_request_sends_more_statements_than_it_may(
    app: Flask, session: Session, clock: Clock, browse_as: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_check, "REMEMBERED", math.inf)  # what is written every ten seconds is no page's
    clock.set(datetime.fromisoformat(campaign_scene.NOON_IN_THE_US))  # at night the pages ask for other things
    agent = browse_as(Role.AGENT)
    with app.app_context():
        engine = db.engine
    too_many = []
    asked = requests(app, session, agent)
    assert asked.keys() == MOST.keys()
    for name, ask in asked.items():
        ask(0)
        with counting(engine) as seen:
            assert ask(1) == (MOVED_ON if name == "changed mobile number" else OK)
        most = MOST[name]
        allowed = most.postgresql if engine.dialect.name == "postgresql" else most.sqlite
        if len(seen.statements) > allowed or seen.transactions > most.transactions:
            too_many.append(f"{name} may send {allowed} in {most.transactions} transactions\n{seen}")
    session.rollback()
    statuses = session.scalars(select(OptIn.status).where(OptIn.number.in_(STOPPING))).all()
    assert statuses == ["inactive", "inactive"], "the STOPs did what they were to do"
    assert not too_many, "\n\n".join(too_many)
