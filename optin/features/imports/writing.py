"""Writing what a part of a file came to: people made and changed, numbers opted out, rows noted. Nothing commits.

Whoever calls this has the lock under which people are made for numbers (person/one_at_a_time.py).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.database.statements import insert, insert_rows, run, table
from optin.enums import HoldResolution, OptInSource
from optin.features.imports import known, members, statement
from optin.features.imports.consenting import ConsentDecision, choice_of, left_out
from optin.features.imports.deciding import TEXTS, Decision, KnownPerson
from optin.features.imports.own_columns import NONE, OwnColumns
from optin.features.imports.rows import ImportedRow
from optin.features.imports.terms import LISTED, OF_OPT_IN, ImportKind, Outcome
from optin.models import ImportRow, ImportRun, Person
from optin.person import places, records
from optin.phone import us_states
from optin.policy import audit
from optin.refused import done

KEPT = 10_000
"""So many of the rows that went well can be looked at afterwards; of a million nobody reads them all."""
_PERSON, _ROW = table(Person), table(ImportRow)
_NEW_PERSON = insert(_PERSON).returning(_PERSON.c.id, _PERSON.c.mobile, _PERSON.c.email)
_NEW_ROW = insert(_ROW).inline()
_CHANGED = (
    update(_PERSON)
    .where(_PERSON.c.id == bindparam("of"))
    .values({name: bindparam(name) for name in (*TEXTS, "sort_name", "updated_at")})
)


def write(
    session: Session,
    given: ImportRun,
    decisions: Sequence[Decision],
    consents: Mapping[int, ConsentDecision],
    region: str,
    own: OwnColumns = NONE,
) -> Counter[str]:
    """Do what was decided, each row once, and return what to add to the run's counts."""
    now, people = clock.now(), ImportKind(given.kind).person_kind is not None
    ledger.lock_numbers(session, ledger.with_spellings(_touched(decisions, consents)))
    counts: Counter[str] = Counter()
    to_note = []
    changed = [each for each in decisions if each.outcome is Outcome.CHANGED]
    if people:
        new = [each.row for each in decisions if each.outcome is Outcome.NEW and each.person is None]
        made = create(session, given, new, region, now, own)
        if given.campaign_id:
            counts["leads"] += len(made)
            before = members.removals(session, given, changed)
            to_note += [noted(given, each, before[_known(each).id]) for each in changed]
            members.add(session, given, decisions, made, now)
            changed = []
    to_note += _change_texts(session, given, [each for each in changed if not each.changes_number], now, own, region)
    for each in (each for each in changed if each.changes_number):
        row, ended = _change_number(session, given, each, region)
        to_note.append(row)
        counts["opt_ins_ended"] += ended
    counts["opted_out"] += opt_out(session, given, (each.row for each in decisions))
    consents = opt_in(session, given, decisions, consents)
    if people:
        counts += Counter(each.outcome.value for each in consents.values())
        rows = {each.row.line: each.row for each in decisions}
        to_note += [noted_consent(given, rows[line], each) for line, each in consents.items()]
    else:
        decisions = [_as_done(each, consents) for each in decisions]
    counts += Counter(decision.outcome.value for decision in decisions)
    to_note += [noted(given, each) for each in decisions if each.outcome is not Outcome.CHANGED]
    insert_rows(session, _NEW_ROW, _first_ones(given, to_note))
    return counts


def create(
    session: Session,
    given: ImportRun,
    rows: Sequence[ImportedRow],
    region: str,
    now: datetime,
    own: OwnColumns = NONE,
) -> list[int]:
    """Make a person of each row and link them to the live opt-ins of their numbers; they are the user's. Return their
    ids."""
    shared = {
        "kind": ImportKind(given.kind).person_kind,
        "owner_id": given.created_by_id,
        "time_zone": "",
        "created_at": now,
        "updated_at": now,
        "import_run_id": given.id,
    }
    made = insert_rows(session, _NEW_PERSON, [{**shared, **_person(row, region)} for row in rows])
    own.write_new(session, rows, made)
    having = known.opted_in(session, {row.mobile for row in made if row.mobile})
    if ids := [row.id for row in made if row.mobile in having]:
        ledger.link_people(session, ids, now)
    return [row.id for row in made]


def opt_out(session: Session, given: ImportRun, rows: Iterable[ImportedRow]) -> int:
    """Opt out the numbers of the rows that say so, under every spelling; return how many were not before."""
    said: dict[str, int] = {}
    for row in rows:
        for number in (row.number, *row.others) if row.opted_out and row.number else ():
            said.setdefault(number, row.line)
    out = known.opted_out(session, said.keys())
    asked = known.opted_in(session, out)
    for number in sorted(said.keys() - (out - asked)):
        text = f"Row {said[number]:,} of {given.file_name}"
        act = Act(OptInSource.IMPORT, clock.now(), text=text, actor_id=given.created_by_id, import_run_id=given.id)
        ledger.opt_out_phone(session, number, act, resolution=HoldResolution.OPT_OUT)
    ledger.share_opt_outs(session, out, given.id)
    return len(said.keys() - out)


def opt_in(
    session: Session, given: ImportRun, decisions: Sequence[Decision], consents: Mapping[int, ConsentDecision]
) -> Mapping[int, ConsentDecision]:
    """Opt in the numbers whose consent counts; return what became of the consent of these rows, by their lines.

    The ledger decides once more, under the locks: a STOP may have come this moment, or stand in the same file.
    """
    mine = {each.row.line: consents[each.row.line] for each in decisions if each.row.line in consents}
    choice = choice_of(session, given)
    if choice is None:
        return mine
    numbers = {each.row.line: each.row.number for each in decisions}
    opt_ins = {
        line: statement.opt_in(given, choice, numbers[line], line, each.agreed)
        for line, each in mine.items()
        if each.agreed
    }
    act = Act(OptInSource.IMPORT, clock.now(), actor_id=given.attested_by_id, import_run_id=given.id)
    against = ledger.import_opt_ins(session, choice.keyword_id, list(opt_ins.values()), act)
    refused = {line: against[each.number] for line, each in opt_ins.items() if each.number in against}
    return {**mine, **{line: left_out(obstacle, choice) for line, obstacle in refused.items()}}


def noted(
    given: ImportRun, each: Decision, before: Mapping[str, object] | None = None, changed_at: datetime | None = None
) -> dict[str, Any]:
    """Return the row of import_row that says what became of a row of the file."""
    return {
        "run_id": given.id,
        "known": "",
        "outcome": each.outcome,
        "line": each.row.line,
        "sentence": each.sentence,
        "cells": list(each.row.cells),
        "person_id": each.person.id if each.person else None,
        "before": before,
        "changed_at": changed_at,
    }


def noted_consent(given: ImportRun, row: ImportedRow, consent: ConsentDecision) -> dict[str, Any]:
    """Return the row of import_row that says what became of the consent in a row of the file."""
    return noted(given, Decision(row, consent.outcome, consent.sentence))


def _as_done(each: Decision, consents: Mapping[int, ConsentDecision]) -> Decision:
    consent = consents.get(each.row.line)
    return each._replace(outcome=OF_OPT_IN[consent.outcome], sentence=consent.sentence) if consent else each


def _touched(decisions: Sequence[Decision], consents: Mapping[int, ConsentDecision]) -> Collection[str]:
    """Return the numbers whose consent may change, to be locked together and in one order."""
    numbers: set[str] = set()
    for each in decisions:
        row, consent = each.row, consents.get(each.row.line)
        if row.number and (row.opted_out or (consent and consent.agreed)):
            numbers |= {row.number, *(row.others if row.opted_out else ())}
        if each.changes_number:
            numbers |= {_known(each).mobile, each.changes["mobile"]} - {""}
    return numbers


def _first_ones(given: ImportRun, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows to keep: all but those that went well after the first ones of their outcome."""
    seen = Counter(given.counts)
    kept = []
    for row in rows:
        seen[row["outcome"]] += 1
        if row["outcome"] not in LISTED or seen[row["outcome"]] <= KEPT:
            kept.append(row)
    return kept


def _person(row: ImportedRow, region: str) -> dict[str, Any]:
    texts = {name: row.values.get(name, "") for name in TEXTS}
    mobile = row.number or None
    return {
        **texts,
        "sort_name": records.sort_name(texts["first_name"], texts["last_name"], row.number, texts["email"]),
        "mobile": mobile,
        "zones": us_states.zone_group(mobile, region, texts["us_state"]) if mobile else "",
    }


def _change_texts(
    session: Session, given: ImportRun, decisions: Sequence[Decision], now: datetime, own: OwnColumns, region: str
) -> list[dict[str, Any]]:
    """Set the fields of known people, with an entry of each in the trail; return the rows to note."""
    if not decisions:
        return []
    people = [(_known(each), each.changes) for each in decisions]
    run(session, _CHANGED, [_values(person, _after(person, changes), now) for person, changes in people])
    places.follow_states(session, [person.id for person, changes in people if "us_state" in changes], region)
    own.write(session, [(person.id, changes) for person, changes in people])
    changes = [(person.id, {name: (person.of(name), new) for name, new in mine.items()}) for person, mine in people]
    audit.record_many(session, given.created_by_id, "changed", records.SUBJECT, changes)
    return [noted(given, each, _before(each), now) for each in decisions]


def _change_number(session: Session, given: ImportRun, each: Decision, region: str) -> tuple[dict[str, Any], int]:
    """Change a known person by the rules of a change of number; return the row to note, and how many opt-ins ended."""
    person = session.get_one(Person, _known(each).id, populate_existing=True)
    changed = done(records.change(session, person, each.changes, given.created_by_id, region))
    return noted(given, each, _before(each), person.updated_at), len(changed.ended_opt_ins)


def _values(person: KnownPerson, after: Mapping[str, str], now: datetime) -> dict[str, Any]:
    sort_name = records.sort_name(after["first_name"], after["last_name"], person.mobile, after["email"])
    return {"of": person.id, **after, "sort_name": sort_name, "updated_at": now}


def _known(each: Decision) -> KnownPerson:
    assert each.person is not None
    return each.person


def _before(each: Decision) -> dict[str, str]:
    return {name: _known(each).of(name) for name in each.changes}


def _after(person: KnownPerson, changes: Mapping[str, str]) -> dict[str, str]:
    return {name: changes.get(name, person.of(name)) for name in TEXTS}
