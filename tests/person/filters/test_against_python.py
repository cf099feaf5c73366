"""The filters as SQL find the same people as a plain reading of the same records in Python, whatever is combined."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import OptInStatus
from optin.features.people import queries
from optin.models import (
    Campaign,
    CampaignMember,
    Hold,
    ImportRun,
    Keyword,
    Message,
    NumberLoss,
    OptIn,
    Person,
    ProviderBlock,
    Suppression,
    User,
)
from optin.person.filters import table, terms
from optin.person.filters.field import Asker
from optin.person.filters.terms import Filter, Operand, Operator
from optin.queries import look, search
from optin.queries.look import Wanted
from tests.support import campaign_scene as scene
from tests.support import world

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=ZoneInfo("UTC"))
ZONE = ZoneInfo("America/Los_Angeles")
OURS = world.OURS
NUMBERS = [f"+1415555{each:04}" for each in range(12)]
NAMES = ("", "Ann", "anna", "Zoë", "O'Neil", "de la Cruz", "100%", "A_b")
COMPANIES = ("", "Harbor Friends", "harbor", "Café Été", "50% off", "Old_Harbor", "Été")
EMAILS = ("", "ann@example.org", "Ann.B@Example.org", "zoe@sub.example.com", "a_b@other.net")
ZONES = ("", "America/Los_Angeles", "America/New_York|America/Chicago", "Europe/Berlin")
DAYS = (0, 1, 7, 8, 30, 400)
COMBINATIONS = 36


@dataclass
class World:
    """Everybody and everything that filters ask of, as Python sees it."""

    people: list[Person] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    keywords: list[Keyword] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    runs: list[ImportRun] = field(default_factory=list)
    facts: dict[str, set[str]] = field(default_factory=dict)
    opted_in: set[tuple[str, int]] = field(default_factory=set)
    members: set[tuple[int, int]] = field(default_factory=set)
    came: dict[str, list[datetime]] = field(default_factory=dict)
    went: dict[str, list[datetime]] = field(default_factory=dict)


@pytest.fixture
def filled(app: Flask, session: Session) -> World:
    """Some dozens of people, between whom everything that filters ask differs."""
    chance, made = random.Random(7), World()
    made.keywords = [world.keyword(session, word) for word in ("volunteer", "donate", "gone")]
    made.campaigns = [scene.campaign(session, name=name) for name in ("One", "Two")]
    scene.sender(session)
    made.users = [
        User(email=f"u{each}@example.org", name=f"U{each}", role="agent", created_at=NOW) for each in range(3)
    ]
    session.add_all(made.users)
    session.flush()
    moments = {"created_at": NOW, "started_at": NOW}
    made.runs = [
        ImportRun(kind="contacts", state="done", file_name=f"{each}.csv", created_by_id=made.users[0].id, **moments)
        for each in range(2)
    ]
    session.add_all(made.runs)
    session.flush()
    for _ in range(90):
        first, last = chance.choice(NAMES), chance.choice(NAMES)
        at = NOW - timedelta(days=chance.choice(DAYS), hours=chance.choice((0, 5, 13)))
        made.people.append(Person(
            kind=chance.choice(("contact", "contact", "lead")), first_name=first, last_name=last,
            sort_name=f"{last} {first}".strip().casefold() or "nobody", mobile=chance.choice((None, *NUMBERS)),
            email=chance.choice(EMAILS), company=chance.choice(COMPANIES), zones=chance.choice(ZONES),
            owner_id=chance.choice((None, *(user.id for user in made.users))), created_at=at, updated_at=at,
            import_run_id=chance.choice((None, None, *(run.id for run in made.runs))),
        ))  # fmt: skip
    session.add_all(made.people)
    session.flush()
    made.facts = {
        name: set(chance.sample(NUMBERS, 3)) for name in ("opted-out", "on-hold", "blocked", "lost", "waiting")
    }
    for name, at in (("opted-out", {"asked_at": NOW}), ("on-hold", {"cause": "sentence"}), ("lost", {})):
        row = {"opted-out": Suppression, "on-hold": Hold, "lost": NumberLoss}[name]
        session.add_all(row(number=number, started_at=NOW, **at) for number in made.facts[name])
        session.add_all(row(number=number, started_at=NOW, ended_at=NOW, **at) for number in chance.sample(NUMBERS, 4))
    blocks = {"cause": "word", "started_at": NOW}
    session.add_all(ProviderBlock(scope=OURS, number=number, **blocks) for number in made.facts["blocked"])
    session.add_all(ProviderBlock(scope="+19995550100", number=number, **blocks) for number in NUMBERS[:6])
    for number in NUMBERS:
        for keyword in made.keywords[:2]:
            status = chance.choice((None, "active", "inactive"))
            if status:
                session.add(OptIn(number=number, keyword_id=keyword.id, status=status, source="sms", requested_at=NOW))
            if status == OptInStatus.ACTIVE:
                made.opted_in.add((number, keyword.id))
        if number in made.facts["waiting"]:
            waits = OptIn(
                number=number, keyword_id=made.keywords[2].id, status="pending", source="sms", requested_at=NOW
            )
            session.add(waits)
        for way, kept in (("inbound", made.came), ("outbound", made.went)):
            for _ in range(chance.choice((0, 0, 1, 2))):
                at, sent = NOW - timedelta(days=chance.choice(DAYS), hours=3), chance.random() < 0.7
                moment = at if way == "outbound" and sent else None
                session.add(
                    Message(direction=way, status="sent", number=number, created_at=at, updated_at=at, sent_at=moment)
                )
                if way == "inbound" or sent:
                    kept.setdefault(number, []).append(at)
    for person in made.people:
        for campaign in made.campaigns:
            state = chance.choice(("in", "out", "removed"))
            gone = NOW if state == "removed" else None
            if state != "out":
                session.add(CampaignMember(campaign_id=campaign.id, person_id=person.id, added_at=NOW, removed_at=gone))
            if state == "in":
                made.members.add((person.id, campaign.id))
    session.commit()
    return made


def lower(text: str) -> str:
    """Return the text in small letters where they are ASCII."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def spelled(text: str) -> Iterable[str]:
    return map(lower, {text, text.lower(), text.upper(), text.title()})


def reads_text(text: str, asked: Filter) -> bool:
    """Tell of a text whether it is so."""
    if asked.operator in (Operator.EMPTY, Operator.FILLED):
        return (text == "") is (asked.operator is Operator.EMPTY)
    ways: dict[Operator, Callable[[str], bool]] = {
        Operator.CONTAINS: lambda value: value in lower(text),
        Operator.STARTS: lambda value: lower(text).startswith(value),
        Operator.EQUALS: lambda value: lower(text) == value,
    }
    return any(map(ways[asked.operator], spelled(asked.values[0])))


def reads_name(person: Person, asked: Filter) -> bool:
    nameless = not person.first_name and not person.last_name
    if asked.operator in (Operator.EMPTY, Operator.FILLED):
        return nameless is (asked.operator is Operator.EMPTY)
    name, words = person.sort_name, asked.values[0].casefold().split()
    if asked.operator is Operator.STARTS:
        return not nameless and all(any(part.startswith(word) for part in name.split(" ")) for word in words)
    return not nameless and all(word in name for word in words)


def reads_moments(moments: Sequence[datetime], asked: Filter) -> bool:
    """Tell of moments whether the last of them is so."""
    if asked.operator is Operator.NEVER:
        return not moments
    if asked.operator is Operator.LAST:
        return bool(moments) and max(moments) >= NOW - timedelta(days=int(asked.values[0]))
    at = datetime.combine(date.fromisoformat(asked.values[0]), time(), ZONE)
    return bool(moments) and (max(moments) < at if asked.operator is Operator.BEFORE else max(moments) >= at)


def stands(made: World, number: str | None, where: str) -> bool:
    active = any(other == number for other, _ in made.opted_in)
    if where in ("opted-in", "no-active-opt-in"):
        return active if where == "opted-in" else number is not None and not active
    return number in made.facts[where]


def reads(made: World, person: Person, asked: Filter) -> bool:
    """Tell whether a filter holds of a person."""
    values, number = asked.values, person.mobile
    ids, me = [int(value) for value in values if value.isdigit()], str(made.users[0].id)
    moments = {"heard": made.came, "texted": made.went}
    if asked.field in ("email", "company", "zone"):
        return reads_text({"email": person.email, "company": person.company, "zone": person.zones}[asked.field], asked)
    if asked.field in moments:
        return reads_moments(moments[asked.field].get(number or "", []), asked)
    found = {
        "name": lambda: reads_name(person, asked),
        "mobile": lambda: (number is None) is (asked.operator is Operator.EMPTY),
        "added": lambda: reads_moments([person.created_at], asked),
        "kind": lambda: person.kind in values,
        "owner": lambda: str(person.owner_id or "nobody") in [me if each == "me" else each for each in values],
        "consent": lambda: any(stands(made, number, each) for each in values),
        "keyword": lambda: any((number, each) in made.opted_in for each in ids),
        "campaign": lambda: any((person.id, each) in made.members for each in ids),
        "import": lambda: person.import_run_id in ids,
    }[asked.field]()  # fmt: skip
    return not found if asked.operator is Operator.NOT else found


def some_filter(session: Session, chance: random.Random, turn: int) -> Filter:
    """Make up a filter of any field and operator."""
    one = list(table.known(session).values())[turn % len(table.FIELDS)]
    operator = chance.choice(list(one.operators))
    operand = one.operators[operator].operand
    texts = ("an", "Har", "harbor", "é", "ÉTÉ", "%", "_", "ann b", "@example.org", "org", "America/", "cruz de", "'")
    values = {
        Operand.NOTHING: lambda: (terms.YES,),
        Operand.TEXT: lambda: (chance.choice(texts),),
        Operand.DAY: lambda: (str((NOW - timedelta(days=chance.choice((0, 1, 7, 30)))).date()),),
        Operand.DAYS: lambda: (str(chance.choice((1, 7, 31, 500))),),
        Operand.CHOICE: lambda: tuple(
            chance.sample([each.value for each in one.options(session, ())], k=chance.choice((1, 1, 2)))
            if len(one.options(session, ())) > 1 else [one.options(session, ())[0].value]
        ),
    }[operand]()  # fmt: skip
    return Filter(one.name, operator, values)


@pytest.mark.parametrize("way", ["walked", "few"])
def test_sql_finds_whom_python_finds(
    app: Flask, session: Session, filled: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(look, "LEAST", 11)
    monkeypatch.setattr(look, "MOST", 30)
    monkeypatch.setattr(look, "FEW", 10**6 if way == "few" else -1)
    monkeypatch.setattr(look, "MANY", -1)
    monkeypatch.setattr(look, "FAR", 0 if way == "few" else 40)
    chance, asker, hits, fields = random.Random(1), Asker(filled.users[0].id, NOW, ZONE), 0, set()
    with app.app_context():
        own = db.session()
        for turn in range(COMBINATIONS):
            filters = [
                some_filter(own, chance, turn + place * chance.randrange(9))
                for place in range(chance.choice((1, 2, 3)))
            ]
            question = table.ask(own, filters, asker)
            assert not question.problems
            expected = sorted(each.id for each in filled.people if all(reads(filled, each, one) for one in filters))
            assert sorted(own.scalars(select(Person.id).where(*question.holds(Person)))) == expected, filters
            wanted = queries.wanted(question, search.is_kind("contact"), [Person.kind == "contact"])
            contacts = {each.id for each in filled.people if each.kind == "contact"}
            assert turn % 2 or sorted(paged(own, wanted)) == [each for each in expected if each in contacts], filters
            assert look.count(own, question.holds, seconds=60) == (len(expected), None), filters
            hits += bool(expected)
            fields |= {one.field for one in filters if expected}
    assert hits > COMBINATIONS / 4
    assert fields == {each.name for each in table.FIELDS}


def paged(session: Session, wanted: Wanted[Person]) -> list[int]:
    """Read all pages, and return whom they list."""
    found: list[int] = []
    token = None
    while True:
        page = look.read_page(session, wanted, [Person.company, Person.id], token, size=20, seconds=60).page
        found += [person.id for person in page.rows]
        token = page.after
        if token is None:
            return found
