"""Whatever happened here and whatever an export says: nobody whom either held inactive may be texted after the move."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import BlockCause, HoldCause, OptInSource, Role
from optin.models import Keyword
from tests.conftest import add_user
from tests.support import world
from tests.support.messageable import SCOPE, may_be_texted
from tests.support.moving import move
from tests.support.salesforce_export import OURS, Export, Style, phone, record, sid, written

pytestmark = pytest.mark.slow

NUMBERS = [phone(index) for index in range(60)]
WORDS = ("Volunteer", "News", "Spring")
HERE = WORDS[:2]
ACTS = ("Volunteer", "News", "stop", "phrase", "hold", "block", "ended")
TEXTS = ("STOP", "please remove me from this list", "stpo", "Thanks!", "start", "volunteer", "no")
GOODBYES = TEXTS[:2]
Left = set[tuple[str, str]]
"""Numbers, each with the word of a keyword, or with "" for all."""
DAY = datetime(2024, 3, 1, 12, tzinfo=UTC)


def act(session: Session, number: str, what: str, keywords: dict[str, Keyword]) -> None:
    """Let something happen to a number here."""
    by_phone = Act(OptInSource.SMS, clock.now(), text=what)
    match what:
        case "stop" | "phrase":
            ledger.opt_out(session, number, by_phone)
        case "hold":
            ledger.hold(session, number, by_phone, HoldCause.SENTENCE, "stop")
        case "block":
            ledger.block(session, SCOPE, number, BlockCause.ERROR_21610, by_phone)
        case "ended":
            ledger.opt_out_keyword(session, number, keywords["Volunteer"].id, by_phone)
        case _:
            ledger.opt_in(session, number, keywords[what], by_phone)


def histories(session: Session, chance: random.Random, keywords: dict[str, Keyword]) -> tuple[Left, set[str]]:
    """Let things happen here; return who left, and who is known."""
    left: Left = set()
    held: Left = set()
    known: set[str] = set()
    for number in NUMBERS:
        for what in (chance.choice(ACTS) for _ in range(chance.choice((0, 0, 1, 2, 3)))):
            act(session, number, what, keywords)
            known.add(number)
            if what == "hold":
                held.add((number, ""))
                continue
            if what == "block":
                left.add((number, ""))
                continue
            held.discard((number, ""))  # a clear answer decides what was in doubt
            if what == "ended":
                left.add((number, "Volunteer"))
            elif what in HERE:
                left -= {(number, ""), (number, what)}
            else:
                left.add((number, ""))
    session.commit()
    return left | held, known


def exported(chance: random.Random) -> tuple[Export, Left]:
    """Return an export, and whom it holds inactive, by rules of the test's own."""
    export = Export(Style())
    left: Left = set()
    ids = {word: record("a0K", index + 1) for index, word in enumerate((*WORDS, "STOP", "START"))}
    for word, key in ids.items():
        export.add("Opt_In_Keyword__c", Id=key, Name=word)
    for index, number in enumerate(NUMBERS):
        joined: dict[str, datetime | None] = {}
        stops = []
        for word in chance.sample(list(ids), chance.randrange(1, 5)):
            at, is_active = DAY + timedelta(seconds=chance.randrange(0, 3000, 20)), chance.random() < 0.7
            is_active = is_active if word in WORDS else word == "START"
            if word == "STOP":
                stops.append(at)
            elif word in WORDS:
                joined[word] = at if is_active else None
            export.add(
                "Opt_In__c",
                Id=record("a0O", len(export.rows.get("Opt_In__c", [])) + 1),
                UniqueId__c=f"{number}{word}",
                Opt_In_Phone_Number_Unformatted__c=written(number, index),
                Opt_In_Keyword__c=ids[word],
                Active__c=is_active,
                Opt_In_Date_Time__c=at if is_active else None,
                Opt_Out_Date_Time__c=None if is_active else at,
            )
        for _ in range(chance.randrange(3)):
            body, at = chance.choice(TEXTS), DAY + timedelta(seconds=chance.randrange(0, 3000, 20))
            stops += [at] if body in GOODBYES else []
            count = len(export.rows.get("Message__c", [])) + 1
            export.add(
                "Message__c",
                Id=record("a0M", count),
                External_Id__c=sid(count),
                Direction__c="Inbound",
                Body__c=body,
                To_Number__c=OURS,
                From_Number__c=number,
                Status__c="received",
                CreatedDate=at,
            )
        last = max(stops, default=None)
        left |= {(number, word) for word, at in joined.items() if at is None or (last is not None and last >= at)}
        if last is not None and not any(at and at > last for at in joined.values()):
            left.add((number, ""))
    return export, left


def of(left: Left, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of the pairs of purpose and number that are of somebody who left."""
    return {
        (purpose, number)
        for purpose, number in pairs
        if (number, "") in left or (number, purpose.partition(" ")[2].capitalize()) in left
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_whom_either_system_held_inactive_may_be_texted(app: Flask, session: Session, seed: int) -> None:
    chance, user = random.Random(seed), add_user(session, Role.ADMIN)
    keywords = {word: world.keyword(session, word.lower()) for word in HERE}
    left_here, known = histories(session, chance, keywords)
    before = may_be_texted(session, NUMBERS, list(keywords.values()))
    session.commit()
    export, left_there = exported(chance)
    moved = move(app, session, export, user.id)
    assert moved.counts == moved.checked
    everything = list(session.scalars(select(Keyword)))
    assert {keyword.word.lower() for keyword in everything} == {word.lower() for word in WORDS}
    after = may_be_texted(session, NUMBERS, everything)
    to_one = [number for purpose, number in before if purpose == "one_to_one none"]
    before |= {(f"one_to_one {word}", number) for number in to_one for word in WORDS}
    new = after - before
    assert len([pair for pair in new if pair[0].startswith("campaign")]) > 10, "else nobody came, and nothing is shown"
    assert of(left_here, new) == set()
    assert of(left_there, new) == set()
    untouched = {(number, "") for number, word in left_there if not word and number not in known}
    assert untouched
    assert of(untouched, after) == set()
    session.commit()
    move(app, session, export, user.id)
    assert may_be_texted(session, NUMBERS, everything) == after
