"""Whatever happened here and whatever an export says: nobody whom either held inactive may be texted after the move.

And whoever may have asked to stop waits for a person's decision.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import HoldCause, OptInSource, Role
from optin.models import Hold, Keyword, OptIn, Suppression
from tests.conftest import add_user
from tests.support import world
from tests.support.happenings import act
from tests.support.messageable import may_be_texted
from tests.support.moving import move
from tests.support.salesforce_export import OURS, Export, Style, phone, record, sid, written

pytestmark = pytest.mark.slow

NUMBERS = [phone(index) for index in range(60)]
WORDS = ("Volunteer", "News", "Spring")
HERE = WORDS[:2]
ACTS = ("Volunteer", "News", "stop", "phrase", "hold", "block", "ended")
GOODBYES = ("STOP", "please remove me from this list")
DOUBTS = {
    "stpo": HoldCause.MISSPELT,
    "we have to stop this bill": HoldCause.SENTENCE,
    "🛑": HoldCause.SIGN,
    "volunteer\nno thanks": HoldCause.REFUSAL,
    "this is not Maya": HoldCause.NOT_THEIRS,
}
TEXTS = (*GOODBYES, *DOUBTS, "Thanks!", "start", "volunteer", "no")
Left = set[tuple[str, str]]
"""Numbers, each with the word of a keyword, or with "" for all."""
Doubts = dict[str, set[HoldCause]]
"""Numbers of which a person must decide, and why; several causes where texts came at the same moment."""
DAY = datetime(2024, 3, 1, 12, tzinfo=UTC)


def histories(session: Session, chance: random.Random, keywords: dict[str, Keyword]) -> tuple[Left, set[str]]:
    """Let things happen here; return who left, and who is known."""
    left: Left = set()
    held: Left = set()
    known: set[str] = set()
    for number in NUMBERS:
        for what in (chance.choice(ACTS) for _ in range(chance.choice((0, 0, 1, 2, 3)))):
            act(session, number, what, keywords.get(what, keywords["Volunteer"]))
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


def exported(chance: random.Random) -> tuple[Export, Left, Doubts]:
    """Return an export, whom it holds inactive and who is in doubt, by rules of the test's own."""
    export = Export(Style())
    left: Left = set()
    in_doubt: Doubts = {}
    ids = {word: record("a0K", index + 1) for index, word in enumerate((*WORDS, "STOP", "START"))}
    for word, key in ids.items():
        export.add("Opt_In_Keyword__c", Id=key, Name=word)
    for index, number in enumerate(NUMBERS):
        joined: dict[str, datetime | None] = {}
        stops = []
        doubts: list[tuple[datetime, HoldCause]] = []
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
            doubts += [(at, DOUBTS[body])] if body in DOUBTS else []
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
        back = [at for at in joined.values() if at and (last is None or at > last)]
        if last is not None and not back:
            left.add((number, ""))
        if causes := _undecided(doubts, last, back):
            in_doubt[number] = causes
    return export, left, in_doubt


def _undecided(doubts: list[tuple[datetime, HoldCause]], last: datetime | None, back: list[datetime]) -> set[HoldCause]:
    """Return why a person must decide: the newest doubt, if nothing later answers it, or a keyword too soon."""
    newest = max((at for at, _ in doubts), default=None)
    if newest is not None and all(newest >= at for at in [*back, *([last] if last else [])]):
        return {cause for at, cause in doubts if at == newest}
    soon = last is not None and any(at - last <= timedelta(minutes=1) for at in back)
    return {HoldCause.STOP_AND_KEYWORD} if soon else set()


def of(left: Left, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of the pairs of purpose and number that are of somebody who left."""
    return {
        (purpose, number)
        for purpose, number in pairs
        if (number, "") in left or (number, purpose.partition(" ")[2].capitalize()) in left
    }


def holds(session: Session) -> dict[str, HoldCause]:
    """Return the numbers that are on hold, and why."""
    found = session.execute(select(Hold.number, Hold.cause).where(Hold.ended_at.is_(None)))
    return {number: HoldCause(cause) for number, cause in found}


def opted_out(session: Session) -> set[str]:
    """Return the numbers that get nothing."""
    return set(session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None))))


def joined_here(session: Session) -> set[str]:
    """Return the numbers that have texted a keyword here: that is newer than all of the export."""
    return set(session.scalars(select(OptIn.number).where(OptIn.source == OptInSource.SMS)))


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_whom_either_system_held_inactive_may_be_texted(app: Flask, session: Session, seed: int) -> None:
    chance, user = random.Random(seed), add_user(session, Role.ADMIN)
    keywords = {word: world.keyword(session, word.lower()) for word in HERE}
    left_here, known = histories(session, chance, keywords)
    before = may_be_texted(session, NUMBERS, list(keywords.values()))
    session.commit()
    held_before = holds(session)
    export, left_there, in_doubt = exported(chance)
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
    decided = held_before.keys() | joined_here(session) | opted_out(session)
    held = {number: cause for number, cause in holds(session).items() if number not in decided}
    late = {number for number, cause in held.items() if cause is HoldCause.LATE_STOP}
    assert held.keys() - late == in_doubt.keys() - decided - late
    assert len({held[number] for number in held.keys() - late}) > 1, "else hardly anybody was in doubt"
    assert [number for number in held.keys() - late if held[number] not in in_doubt[number]] == []
    session.commit()
    held = holds(session)
    move(app, session, export, user.id)
    assert may_be_texted(session, NUMBERS, everything) == after
    assert holds(session) == held
