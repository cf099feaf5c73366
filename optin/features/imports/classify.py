"""What becomes of some rows of a file, by what the database knows of them. It reads, and keeps the keys of the rows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from optin.features.imports import consenting, members
from optin.features.imports import known as known_rows
from optin.features.imports.consenting import ConsentDecision
from optin.features.imports.deciding import (
    Decision,
    KnownPerson,
    decide,
    decide_number,
    decide_opt_in,
    find_match,
)
from optin.features.imports.member_deciding import decide_member, find_person
from optin.features.imports.own_columns import NONE, OwnColumns
from optin.features.imports.rows import ImportedRow
from optin.features.imports.terms import NOT_IN, OF_OPT_IN, ImportKind, Known
from optin.models import ImportRun
from optin.queries import import_keys
from optin.refused import Refused

Decisions = Sequence[Mapping[Known, Decision]]
"""For each row its decision, by the way with known people."""


class Classified(NamedTuple):
    """What becomes of rows, and of the consent of those that have one, by their lines."""

    decisions: Decisions
    consents: Mapping[int, ConsentDecision] = {}


def classify(
    session: Session,
    run: ImportRun,
    rows: Sequence[ImportedRow],
    ways: Sequence[Known],
    own: OwnColumns = NONE,
    *,
    to_change: bool = False,
) -> Classified:
    """Say what becomes of rows by each of the ways with known people.

    `own` are the columns that are fields of one's own. `to_change` locks the known people until the transaction ends.
    """
    match ImportKind(run.kind):
        case ImportKind.OPTED_OUT:
            return Classified(_numbers(session, run, rows, ways))
        case ImportKind.OPT_IN:
            return _opt_ins(session, run, rows, ways)
    firsts = _first_lines(session, run, rows)
    found = own.known(session, known_rows.people(session, run, rows, to_change=to_change))
    if ImportKind(run.kind) is ImportKind.MEMBER:
        return Classified(_members(session, run, rows, ways, firsts, found))
    matches = {row.line: find_match(row, found[row.line]) for row in rows if not row.fault}
    firsts |= _noted(session, run, _about(rows, firsts, matches))
    labels = own.labels
    decisions = [{way: decide(row, firsts, matches.get(row.line), way, labels) for way in ways} for row in rows]
    taken = [row for row, each in zip(rows, decisions, strict=True) if each[ways[0]].outcome not in NOT_IN]
    return Classified(decisions, _consents(session, run, taken))


def _members(
    session: Session,
    run: ImportRun,
    rows: Sequence[ImportedRow],
    ways: Sequence[Known],
    firsts: Mapping[str, int],
    found: Mapping[int, Sequence[KnownPerson]],
) -> Decisions:
    standing = members.standing(session, run, [person.id for people in found.values() for person in people])
    matches = {row.line: find_person(row, found[row.line], standing) for row in rows if not row.fault}
    firsts = {**firsts, **_noted(session, run, _about(rows, firsts, matches))}
    return [{way: decide_member(row, firsts, matches.get(row.line), standing, way) for way in ways} for row in rows]


def _about(
    rows: Sequence[ImportedRow], firsts: Mapping[str, int], matches: Mapping[int, KnownPerson | Refused | None]
) -> list[tuple[str, int]]:
    """Return by their keys the people whom rows are about that repeat no earlier one, each with the row's line."""
    return [
        (match.key, row.line)
        for row in rows
        if isinstance(match := matches.get(row.line), KnownPerson) and firsts.get(row.key, row.line) == row.line
    ]


def _opt_ins(session: Session, run: ImportRun, rows: Sequence[ImportedRow], ways: Sequence[Known]) -> Classified:
    firsts = _first_lines(session, run, rows)
    faults = {row.line: found for row in rows if (found := decide_opt_in(row, firsts))}
    consents = _consents(session, run, [row for row in rows if row.line not in faults])
    decisions = [faults.get(row.line) or _of_consent(row, consents[row.line]) for row in rows]
    return Classified([dict.fromkeys(ways, decision) for decision in decisions], consents)


def _of_consent(row: ImportedRow, consent: ConsentDecision) -> Decision:
    return Decision(row, OF_OPT_IN[consent.outcome], consent.sentence)


def _consents(session: Session, run: ImportRun, rows: Sequence[ImportedRow]) -> Mapping[int, ConsentDecision]:
    choice = consenting.choice_of(session, run)
    return consenting.decide(session, choice, rows) if choice else {}


def _numbers(session: Session, run: ImportRun, rows: Sequence[ImportedRow], ways: Sequence[Known]) -> Decisions:
    firsts = _first_lines(session, run, rows)
    out = known_rows.opted_out(session, {row.number for row in rows if row.number})
    decisions = [decide_number(row, firsts, is_out=row.number in out) for row in rows]
    return [dict.fromkeys(ways, decision) for decision in decisions]


def _first_lines(session: Session, run: ImportRun, rows: Sequence[ImportedRow]) -> dict[str, int]:
    """Return where the number or email of each row stands first in the file; good rows are kept for that."""
    return _noted(session, run, [(row.key, row.line) for row in rows if row.key and not row.fault])


def _noted(session: Session, run: ImportRun, keys: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Return the first line of each of the keys, which are kept unless an earlier pass or row has done so."""
    firsts = import_keys.first_lines(session, run, {key for key, _ in keys})
    new: dict[str, int] = {}
    for key, line in keys:
        if key not in firsts:
            new.setdefault(key, line)
    import_keys.note_keys(session, run, new.items())
    return firsts | new
