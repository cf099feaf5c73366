"""Undoing an import: its opt-ins end, who it made is deleted, who it changed is as before, but for what happened since.

Opt-outs stay unless an admin takes them back: leaving is liberal. So does a number that has opt-ins now: taking it away
would end them.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert, insert_rows, table
from optin.features.imports import consent_undo, known, member_undo
from optin.features.imports.terms import ENDED, ImportKind, ImportState, Outcome
from optin.models import CampaignMember, ImportRow, ImportRun, Message, Person
from optin.models.index_conditions import is_imported, is_not_removed
from optin.own_fields import keys, values
from optin.person import records
from optin.policy import audit, cache
from optin.refused import Refused

WITHIN = timedelta(hours=24)
AT_ONCE = 250
CHANGED_SINCE = "Changed since the import."
IN_CAMPAIGN = "A member of a campaign by now."
WRITTEN_TO = "Has messages by now."
OPTED_IN = "The number has opt-ins, which would end. Change it on the record."
GONE = "Deleted since the import."
_NEW_ROW = insert(table(ImportRow)).on_conflict_do_nothing().inline()


def can_undo(run: ImportRun, *, opt_outs: bool = True) -> bool:
    """Tell whether a run has ended within the last day and has done something; `opt_outs` tells whether they count."""
    ended = run.state in ENDED and run.finished_at is not None and clock.now() - run.finished_at < WITHIN
    did = [Outcome.CHANGED, Outcome.OPTED_IN, *([] if run.kind == ImportKind.OPTED_OUT else [Outcome.NEW])]
    return bool(ended and any(run.counts.get(name) for name in (*did, *(["opted_out"] if opt_outs else []))))


def undo_some(session: Session, run: ImportRun) -> None:
    """Undo the next of a run: opt-outs where that was asked for, opt-ins, members, who it made, who it changed."""
    if consent_undo.undo_some(session, run):
        return
    stays = member_undo.undo_some(session, run) if run.campaign_id else None
    if stays is not None:
        people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(stays)))}
        _note_kept(session, run, [_kept(session, run, -id_, why, people[id_]) for id_, why in stays.items()])
        return
    made = _made(session, run)
    if made:
        _delete(session, run, made)
        return
    changed = session.scalars(_changed(run)).all()
    for row in changed:
        _restore(session, run, row)
    session.flush()
    if len(changed) < AT_ONCE:
        run.state, run.undone_at = ImportState.UNDONE, clock.now()
        audit.record(session, consent_undo.actor_id(run), "undone", "import", run.id, {"file": ("", run.file_name)})


def _made(session: Session, run: ImportRun) -> Sequence[Person]:
    """Return the next people whom the run made, oldest first, locked; `run.line` is the last id that was looked at."""
    mine = (is_imported(Person), Person.import_run_id == run.id, Person.id > run.line)
    asked = select(Person).where(*mine).order_by(Person.id).limit(AT_ONCE).with_for_update()
    return session.scalars(asked.execution_options(populate_existing=True)).all()


def _delete(session: Session, run: ImportRun, made: Sequence[Person]) -> None:
    run.line = made[-1].id
    ids = [person.id for person in made]
    member = exists().where(CampaignMember.person_id == Person.id, is_not_removed(CampaignMember))
    written = exists().where(Message.person_id == Person.id)
    members = set(session.scalars(select(Person.id).where(Person.id.in_(ids), member)))
    texted = set(session.scalars(select(Person.id).where(Person.id.in_(ids), written)))
    kept = {}
    for person in made:
        if person.updated_at != person.created_at:
            kept[person.id] = CHANGED_SINCE
        elif person.id in members:
            kept[person.id] = IN_CAMPAIGN
        elif person.id in texted:
            kept[person.id] = WRITTEN_TO
    by_id = {person.id: person for person in made}
    rows = [_kept(session, run, person_id, kept[person_id], by_id[person_id]) for person_id in kept]
    _note_kept(session, run, rows)
    gone = [person_id for person_id in ids if person_id not in kept]
    session.execute(delete(Person).where(Person.id.in_(gone)).execution_options(synchronize_session=False))
    run.counts = {**run.counts, "deleted": run.counts.get("deleted", 0) + len(gone)}


def _changed(run: ImportRun) -> Select[ImportRow]:
    """Select the next rows that changed somebody and are not undone."""
    mine = (ImportRow.run_id == run.id, ImportRow.known == "", ImportRow.outcome == Outcome.CHANGED)
    asked = select(ImportRow).where(*mine, ImportRow.changed_at.is_not(None)).order_by(ImportRow.line.desc())
    return asked.limit(AT_ONCE)


def _restore(session: Session, run: ImportRun, row: ImportRow) -> None:
    person = session.get(Person, row.person_id, with_for_update={"key_share": True}, populate_existing=True)
    before = row.before or {}
    mine = values.held(session, before)
    changed_at, row.changed_at = row.changed_at, None
    sentence = ""
    if person is None:
        sentence = GONE
    elif person.updated_at != changed_at:
        sentence = CHANGED_SINCE
    elif "mobile" in before and person.mobile and known.opted_in(session, [person.mobile]):
        sentence = OPTED_IN
    if sentence or person is None:
        _note_kept(session, run, [_kept(session, run, -row.line, sentence, person)])
        return
    back = {name: text for name, text in before.items() if name in mine or not keys.key_in(name)}
    region = cache.policy(session).default_region
    changed = records.change(session, person, back, consent_undo.actor_id(run), region)
    if isinstance(changed, Refused):
        _note_kept(session, run, [_kept(session, run, -row.line, changed.sentence, person)])
        return
    run.counts = {**run.counts, "restored": run.counts.get("restored", 0) + 1}


def _note_kept(session: Session, run: ImportRun, rows: Sequence[dict[str, object]]) -> None:
    insert_rows(session, _NEW_ROW, rows)
    run.counts = {**run.counts, "kept": run.counts.get("kept", 0) + len(rows)}


def _kept(session: Session, run: ImportRun, line: int, sentence: str, person: Person | None) -> dict[str, object]:
    """Note somebody who stays as they are; rows that were changed have their line with a minus, others the id."""
    name = [person.name_in(cache.policy(session).default_region)] if person else None
    return {
        "run_id": run.id,
        "known": "",
        "outcome": Outcome.KEPT,
        "line": line,
        "sentence": sentence,
        "cells": name,
        "person_id": person.id if person else None,
    }
