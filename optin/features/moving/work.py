"""The steps of a move: some rows of a file, or some numbers, in one short transaction. Nothing commits."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy.orm import Session

from optin import clock
from optin.database.sqlite import roomy
from optin.database.statements import insert, insert_rows, table
from optin.features.moving import campaigns, consent, export_files, keywords, messages, opt_ins, people
from optin.features.moving.deciding import RowVerdict
from optin.features.moving.job import Job
from optin.features.moving.records import ExportRow
from optin.features.moving.terms import NOTED, ExportObject, MoveState
from optin.models import ImportRow, ImportRun, Move
from optin.policy import audit
from optin.refused import Refused

CONSENT = "consent"
CHECK = (*ExportObject, CONSENT)
MOVE = (
    ExportObject.KEYWORD,
    ExportObject.CONTACT,
    ExportObject.LEAD,
    ExportObject.OPT_IN,
    CONSENT,
    ExportObject.CAMPAIGN,
    ExportObject.MEMBER,
    ExportObject.MESSAGE,
)
"""Keywords and people first, so that opt-ins find them, and whoever left leaves before anybody can be written to."""
Stage = Callable[..., list[RowVerdict]]
STAGES: Mapping[ExportObject, Stage] = {
    ExportObject.KEYWORD: keywords.stage,
    ExportObject.CONTACT: partial(people.stage, which=ExportObject.CONTACT),
    ExportObject.LEAD: partial(people.stage, which=ExportObject.LEAD),
    ExportObject.OPT_IN: opt_ins.stage,
    ExportObject.CAMPAIGN: campaigns.campaigns,
    ExportObject.MEMBER: campaigns.members,
    ExportObject.MESSAGE: messages.stage,
}
AT_ONCE = 400
"""Rows of one step."""
FOUND = "found"
SUBJECT = "import"
_NEW_ROW = insert(table(ImportRow)).on_conflict_do_nothing().inline()


def noted_as(state: MoveState, which: ExportObject) -> str:
    """Return under which name rows of an object are noted: what would become of them, or what did."""
    return which.value if state is MoveState.CHECKING else f"={which.value}"


def prepare(session: Session, run: ImportRun, move: Move) -> None:
    """Open the files, and read up to where the move is, before a step begins that would hold up others meanwhile."""
    if move.stage == CONSENT or move.stage not in move.files:
        return
    opened = export_files.open_export(session, run)
    if not isinstance(opened, Refused):
        reader = opened.tables[ExportObject(move.stage)]
        reader.give_back(reader.take(run.line, 1), run.line)


def step(session: Session, run: ImportRun, move: Move) -> None:
    """Do what comes next in a move, whose row is locked."""
    state = MoveState(run.state)
    stages = CHECK if state is MoveState.CHECKING else MOVE
    job = Job(session, run, move, clock.now(), to_write=state is MoveState.RUNNING)
    with roomy(session):
        ended = _numbers(job) if move.stage == CONSENT else _rows(job, ExportObject(move.stage))
    if ended is None:
        _end(session, run, move, MoveState.EXPIRED)
    elif ended:
        following = stages[stages.index(move.stage) + 1 :]
        run.line, move.place = 0, ""
        if following:
            move.stage = following[0]
        elif job.to_write:
            _end(session, run, move, MoveState.DONE)
        else:
            run.state, run.total = MoveState.CHECKED, sum(each.get(FOUND, 0) for each in move.checked.values())


def _rows(job: Job, which: ExportObject) -> bool | None:
    """Do the next rows of a file; tell whether it is at its end, None where it is gone."""
    if not job.has(which):
        return True
    opened = export_files.open_export(job.session, job.run)
    if isinstance(opened, Refused):
        return None
    taken = opened.tables[which].take(job.run.line, AT_ONCE)
    columns = export_files.columns(job.move, which)
    rows = [ExportRow(line, cells, columns) for line, cells in taken]
    verdicts = STAGES[which](job, rows=rows)
    _note(job, which, verdicts, {row.line: row.cells for row in rows}, found=len(rows))
    if rows:
        job.run.line = rows[-1].line
    return len(rows) < AT_ONCE


def _numbers(job: Job) -> bool:
    verdicts, cells, ended = consent.step(job)
    _note(job, ExportObject.OPT_IN, verdicts, cells)
    return ended


def _note(
    job: Job, which: ExportObject, verdicts: Sequence[RowVerdict], cells: Mapping[int, Sequence[str]], found: int = 0
) -> None:
    """Count what becomes of rows, and keep those of which there is something to know."""
    state = MoveState(job.run.state)
    before = job.move.counts if job.to_write else job.move.checked
    counts = Counter(before.get(which.value, {}))
    counts.update(verdict.outcome.value for verdict in verdicts)
    counts[FOUND] += found
    after = {**before, which.value: dict(counts)}
    if job.to_write:
        job.move.counts = after
    else:
        job.move.checked = after
    rows = [
        {
            "run_id": job.run.id,
            "known": noted_as(state, which),
            "outcome": verdict.outcome,
            "line": verdict.line,
            "sentence": verdict.sentence,
            "cells": list(cells.get(verdict.line, ())),
        }
        for verdict in verdicts
        if verdict.outcome in NOTED
    ]
    insert_rows(job.session, _NEW_ROW, rows)


def _end(session: Session, run: ImportRun, move: Move, state: MoveState) -> None:
    run.state, run.finished_at = state, clock.now()
    record(session, run, move, "moved")


def record(session: Session, run: ImportRun, move: Move, action: str) -> None:
    """Write into the audit trail what became of a move."""
    counts = {
        f"{which}s moved": ("", each.get("moved", 0) + each.get("conflict", 0)) for which, each in move.counts.items()
    }
    audit.record(session, run.created_by_id, action, SUBJECT, run.id, {"file": ("", run.file_name), **counts})
