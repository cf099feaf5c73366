"""Undoing the consent of an import: its opt-outs where an admin asks for that, then its opt-ins, some in each step."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import ImportUndone
from optin.database.statements import insert, insert_rows, table
from optin.enums import OptInSource
from optin.features.imports.terms import Outcome
from optin.models import ImportRow, ImportRun

AT_ONCE, OPT_OUTS_AT_ONCE = 250, 50
OPT_OUTS, OPT_INS, USER = "opt_outs", "opt_ins", "user"
PROGRESS = "undo"
"""Under this name `run.checked` has who undoes it, and the last id of each that was looked at."""
SINCE = "Something has happened to this number since."
OWN_WORD = "They have said so themselves since, or a user has changed it."
_NEW_ROW = insert(table(ImportRow)).on_conflict_do_nothing().inline()
_Undo = Callable[[Session, Act, int, int], ImportUndone]


def undo_some(session: Session, run: ImportRun) -> bool:
    """Undo the next opt-outs or opt-ins of a run; tell whether there were any left."""
    if run.undo_opt_outs and _some(session, run, OPT_OUTS, ledger.take_back_opt_outs, OPT_OUTS_AT_ONCE):
        return True
    return _some(session, run, OPT_INS, ledger.withdraw_imported, AT_ONCE)


def actor_id(run: ImportRun) -> int:
    """Return who undoes the run."""
    return run.checked.get(PROGRESS, {}).get(USER, run.created_by_id)


def begin(run: ImportRun, user_id: int) -> None:
    """Note who undoes the run."""
    run.checked = {**run.checked, PROGRESS: {USER: user_id}}


def _some(session: Session, run: ImportRun, what: str, undo: _Undo, limit: int) -> bool:
    act = Act(OptInSource.IMPORT, clock.now(), actor_id=actor_id(run), import_run_id=run.id)
    progress = run.checked.get(PROGRESS, {})
    undone = undo(session, act, progress.get(what, 0), limit)
    if undone.last_id is None:
        return False
    run.checked = {**run.checked, PROGRESS: {**progress, what: undone.last_id}}
    outcome = Outcome.KEPT_OUT if what == OPT_OUTS else Outcome.KEPT_IN
    sentence = SINCE if what == OPT_OUTS else OWN_WORD
    shared = {"run_id": run.id, "known": "", "outcome": outcome, "sentence": sentence}
    insert_rows(session, _NEW_ROW, [{**shared, "line": each, "cells": [number]} for number, each in undone.kept])
    counts = {"taken_back": 0, "withdrawn": 0, **run.counts}
    counts["taken_back" if what == OPT_OUTS else "withdrawn"] += undone.count
    counts[outcome] = counts.get(outcome, 0) + len(undone.kept)
    run.counts = counts
    return True
