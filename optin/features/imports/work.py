"""The steps of an import: some rows are looked at, or taken over, in one short transaction. Nothing commits."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from optin import clock
from optin.database.sqlite import roomy
from optin.database.statements import insert, insert_rows, table
from optin.features.imports import members, own_columns, tables, undo, writing
from optin.features.imports import rows as imported_rows
from optin.features.imports.classify import classify
from optin.features.imports.consenting import ConsentDecision
from optin.features.imports.deciding import Decision
from optin.features.imports.own_columns import OwnColumns
from optin.features.imports.rows import ImportedRow
from optin.features.imports.terms import ImportKind, ImportState, Known, Outcome
from optin.features.imports.terms import ways as ways_of
from optin.models import ImportRow, ImportRun, Person
from optin.own_fields import keys
from optin.person import records
from optin.person.one_at_a_time import make_people_alone
from optin.policy import audit, cache
from optin.refused import Refused

AT_ONCE = 2000
"""So many rows are looked at in one step, and at most so much is done: SQLite has one writer."""
SLOW = 20
"""What takes as long as so many rows: the end of consent, with its events."""
SLOWER = 3
"""What an opt-in takes besides its row."""
SHOWN = 200
"""So many rows of each kind can be looked at before anything is done."""
SUBJECT = "import"
STAYS_OUT = ConsentDecision(Outcome.NO_CONSENT, "They opted out with an earlier number and stay opted out.")
_NEW_ROW = insert(table(ImportRow)).on_conflict_do_nothing().inline()


def step(session: Session, run: ImportRun) -> None:
    """Do what comes next in a run, whose row is locked; nothing where it is not under way."""
    match ImportState(run.state):
        case ImportState.CHECKING:
            _check_some(session, run)
        case ImportState.RUNNING:
            _take_some(session, run)
        case ImportState.UNDOING:
            undo.undo_some(session, run)
        case _:
            pass


def record(session: Session, run: ImportRun, action: str) -> None:
    """Write into the audit trail what became of a run."""
    counts = {name: ("", count) for name, count in run.counts.items() if count}
    audit.record(session, run.created_by_id, action, SUBJECT, run.id, {"file": ("", run.file_name), **counts})


def _check_some(session: Session, run: ImportRun) -> None:
    own = own_columns.of_run(session, run)
    rows = _read_some(session, run, own)
    if isinstance(rows, Refused):
        run.state = ImportState.EXPIRED
        return
    ways = ways_of(ImportKind(run.kind))
    checked = {way: Counter(run.checked.get(way, {})) for way in ways}
    shown: list[Mapping[str, object]] = []
    found, people = classify(session, run, rows, ways, own), ImportKind(run.kind).person_kind is not None
    for decisions in found.decisions:
        for way, decision in decisions.items():
            ends, stays_out = _what_a_change_of_number_does(session, decision)
            consent = found.consents.get(decision.row.line) if people else None
            if consent:
                consent = STAYS_OUT if stays_out and consent.agreed else consent
                checked[way][consent.outcome] += 1
                if checked[way][consent.outcome] <= SHOWN:
                    shown.append({**writing.noted_consent(run, decision.row, consent), "known": way.value})
            checked[way][decision.outcome] += 1
            checked[way]["opted_out"] += bool(decision.row.opted_out and decision.row.number)
            checked[way]["numbers_changed"] += decision.replaces_number
            checked[way]["opt_ins_ended"] += ends
            if checked[way][decision.outcome] <= SHOWN:
                shown.append(_shown(run, way, decision, ends, stays_out))
    for way, whys in members.whys(session, run, found.decisions).items():
        checked[way] += whys
    insert_rows(session, _NEW_ROW, shown)
    run.checked = {way.value: dict(counts) for way, counts in checked.items()}
    run.total += len(rows)
    run.line = rows[-1].line if rows else run.line
    if len(rows) < AT_ONCE:
        run.state, run.line = ImportState.CHECKED, 0


def _take_some(session: Session, run: ImportRun) -> None:
    make_people_alone(session)
    members.lock_campaign(session, run)
    own = own_columns.of_run(session, run)
    rows = _read_some(session, run, own)
    if isinstance(rows, Refused):
        _end(session, run, ImportState.EXPIRED)
        return
    way = Known(run.known)
    found = classify(session, run, rows, [way], own, to_change=True)
    decisions = [each[way] for each in found.decisions]
    count = _what_one_step_bears(decisions, found.consents)
    with roomy(session):
        region = cache.policy(session).default_region
        added = writing.write(session, run, decisions[:count], found.consents, region, own)
    run.counts = dict(Counter(run.counts) + added)
    run.line = rows[count - 1].line if rows else run.line
    left = [(row.line, tuple(row.cells)) for row in rows[count:]]
    tables.give_back(run, left, run.line)
    if len(rows) < AT_ONCE and not left:
        _end(session, run, ImportState.DONE)


def _end(session: Session, run: ImportRun, state: ImportState) -> None:
    run.state, run.finished_at = state, clock.now()
    record(session, run, "imported")


def forget_preview(session: Session, run: ImportRun) -> None:
    """Delete the rows that were shown before; there are some hundred at most."""
    session.execute(delete(ImportRow).where(ImportRow.run_id == run.id, ImportRow.known.in_(list(Known))))


def _read_some(session: Session, run: ImportRun, own: OwnColumns) -> list[ImportedRow] | Refused:
    taken = tables.take(session, run, AT_ONCE)
    if isinstance(taken, Refused):
        return taken
    columns = {field: int(index) for index, field in run.mapping.items() if not keys.key_in(field)}
    region = cache.policy(session).default_region
    kind = ImportKind(run.kind)
    rows = [imported_rows.read(line, cells, columns, region, kind) for line, cells in taken]
    return [own.read(row) for row in rows] if own.fields else rows


def _what_one_step_bears(decisions: Sequence[Decision], consents: Mapping[int, ConsentDecision]) -> int:
    """Return how many rows from the first on are done now, at least one."""
    effort = 0
    for count, decision in enumerate(decisions):
        effort += SLOW if decision.changes_number or decision.row.opted_out else 1
        effort += SLOWER if decision.row.line in consents else 0
        if effort > AT_ONCE and count:
            return count
    return len(decisions)


def _what_a_change_of_number_does(session: Session, decision: Decision) -> tuple[int, bool]:
    """Return how many opt-ins it ends, and whether the person opted out with an earlier number and stays so."""
    if not decision.changes_number or decision.person is None:
        return 0, False
    person, number = session.get_one(Person, decision.person.id), decision.changes["mobile"]
    stays_out = records.opted_out_since(session, person, number) is not None
    return len(records.what_ends(session, person, number)), stays_out


def _shown(run: ImportRun, way: Known, decision: Decision, ends: int, stays_out: bool) -> Mapping[str, object]:
    more = [f"The change of number ends {ends} opt-in{'' if ends == 1 else 's'}."] if ends else []
    more += ["They opted out with an earlier number and stay opted out."] if stays_out else []
    more += ["The number is opted out."] if decision.row.opted_out and decision.row.number else []
    said = " ".join(filter(None, [decision.sentence, *more]))
    return {**writing.noted(run, decision._replace(sentence=said)), "known": way.value}
