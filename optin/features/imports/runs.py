"""A run from its file to its result: what may follow what, and what is remembered of earlier ones. Nothing commits,
but for the file itself, which is stored in pieces."""

import codecs
import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from io import BytesIO, StringIO
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.features.imports import consent_undo, fields, own_columns, tables, tasks, undo, work
from optin.features.imports.consent_choice import ConsentChoice
from optin.features.imports.terms import UNDER_WAY, ImportKind, ImportState, Known
from optin.models import EvidenceFile, ImportRun
from optin.own_fields import values
from optin.policy import audit
from optin.queries import import_files
from optin.refused import Refused
from optin.spreadsheets import guess
from optin.spreadsheets.guess import Field
from optin.spreadsheets.read import Table

SAMPLES, LOOKED_AT = 5, 200
LONGEST_NAME = 200
WRONG_STATE = "This import has moved on meanwhile. Here is how it stands now."


def receive(
    session: Session,
    kind: ImportKind,
    file_name: str,
    file: BinaryIO,
    user_id: int,
    *,
    consent: Mapping[str, Any] | None = None,
    campaign_id: int | None = None,
) -> ImportRun | Refused:
    """Keep a file and read its headers; refused, with nothing kept, where it is no table.

    `consent`: the user may import consent; what it has is a first answer to what that is. `campaign_id` is where
    members go.
    """
    run = ImportRun(
        kind=kind,
        state=ImportState.STORING,
        file_name=file_name[-LONGEST_NAME:] or "file",
        created_at=clock.now(),
        created_by_id=user_id,
        consent=dict(consent) if consent else None,
        campaign_id=campaign_id,
    )
    session.add(run)
    session.commit()
    run.size, run.digest = import_files.store(session, run.id, file)
    table = tables.table_of(session, run)
    if isinstance(table, Refused):
        import_files.discard(session, run)
        return Refused("This file is empty.", field="file") if not run.size else Refused(table.sentence, field="file")
    _read_as(run, table)
    run.state = ImportState.COLUMNS
    run.mapping = _columns(session, run, table, consent=consent is not None)
    audit.record(session, user_id, "uploaded", work.SUBJECT, run.id, {"file": ("", run.file_name)})
    return run


def paste(
    session: Session, campaign_id: int, file_name: str, pieces: Sequence[str], user_id: int
) -> ImportRun | Refused:
    """Keep pasted numbers as a file of members with one column, and look at the first of them at once."""
    text = StringIO()
    csv.writer(text).writerows([[fields.NUMBER], *([piece] for piece in pieces)])
    file = BytesIO(codecs.BOM_UTF8 + text.getvalue().encode(errors="replace"))
    run = receive(session, ImportKind.MEMBER, file_name, file, user_id, campaign_id=campaign_id)
    if isinstance(run, Refused):
        return run
    return reread(session, run, run.encoding or "", ",", "") or check(session, run, {0: fields.MOBILE}, user_id) or run


def pasted(session: Session, run: ImportRun) -> list[str]:
    """Return the pieces that were pasted, none where they are gone."""
    table = tables.table_of(session, run)
    return [] if isinstance(table, Refused) else [cells[0] for _, cells in table.rows()]


def reread(
    session: Session, run: ImportRun, encoding: str, delimiter: str, sheet: str, *, consent: bool = False
) -> Refused | None:
    """Read the file of a run in another way; refused where it is no table then, and stays as it was."""
    before = run.encoding, run.delimiter, run.sheet
    run.encoding, run.delimiter, run.sheet = encoding or None, delimiter or None, sheet or None
    table = tables.table_of(session, run)
    if isinstance(table, Refused):
        run.encoding, run.delimiter, run.sheet = before
        return table
    headers = run.headers
    _read_as(run, table)
    if run.headers != headers:
        run.mapping = _columns(session, run, table, consent=consent)
        forget_consent(run)
    run.state = ImportState.COLUMNS
    return None


def check(session: Session, run: ImportRun, mapping: Mapping[int, str], user_id: int) -> Refused | None:
    """Look at all rows with these columns, the first ones at once; refused where columns or consent are missing."""
    if refused := choose(session, run, mapping):
        return refused
    if run.kind == ImportKind.OPT_IN and run.attested_name is None:
        return Refused("Say first what their consent is.")
    work.forget_preview(session, run)
    run.state, run.round, run.line, run.total, run.checked = ImportState.CHECKING, run.round + 1, 0, 0, {}
    tasks.begin(session, run, user_id)
    return None


def choose(session: Session, run: ImportRun, mapping: Mapping[int, str]) -> Refused | None:
    """Note what the columns are; refused where some are missing. What was vouched for with others is so no more."""
    chosen = {str(index): field for index, field in sorted(mapping.items())}
    if _about_consent(chosen) != _about_consent(run.mapping):
        forget_consent(run)
    run.mapping = chosen
    return fields.refusal(ImportKind(run.kind), list(mapping.values()), _own(session))


def vouch(
    session: Session,
    run: ImportRun,
    choice: ConsentChoice,
    name: str,
    user_id: int,
    evidence: EvidenceFile | None = None,
) -> None:
    """Note what an admin says of the consent in the file, and vouches for with their name; `evidence` shows it."""
    run.evidence = evidence
    said = asdict(choice)
    run.consent = {key: value for key, value in said.items() if key != "versions"}
    run.attested_name, run.attested_at, run.attested_by_id = name, clock.now(), user_id
    said_of = {"keyword": ("", choice.word), "name": ("", name)}
    if choice.evidence:
        said_of["evidence"] = ("", choice.evidence)
    audit.record(session, user_id, "vouched for", work.SUBJECT, run.id, said_of)


def forget_consent(run: ImportRun) -> None:
    """Import no consent, unless somebody vouches for it anew; what they answered stays as a first answer."""
    run.attested_name = run.attested_at = run.attested_by_id = None


def start(session: Session, run: ImportRun, known: Known, user_id: int) -> Refused | None:
    """Take over the rows, treating known people in a way; refused unless they were checked."""
    if run.state != ImportState.CHECKED:
        return Refused(WRONG_STATE)
    work.forget_preview(session, run)
    if run.attested_name is None:
        run.evidence = None
    run.state, run.known, run.line, run.started_at = ImportState.RUNNING, known, 0, clock.now()
    tasks.begin(session, run, user_id)
    return None


def pause(run: ImportRun) -> Refused | None:
    """Stop for a while."""
    if run.state != ImportState.RUNNING:
        return Refused(WRONG_STATE)
    run.state = ImportState.PAUSED
    return None


def go_on(session: Session, run: ImportRun, user_id: int) -> Refused | None:
    """Go on after a pause, or after an error ended the work."""
    if run.state == ImportState.PAUSED:
        run.state = ImportState.RUNNING
    elif not has_stalled(session, run):
        return Refused(WRONG_STATE)
    tasks.begin(session, run, user_id)
    return None


def cancel(session: Session, run: ImportRun) -> Refused | None:
    """Take over nothing more; who was taken over stays, and can be undone."""
    if run.state in (ImportState.COLUMNS, ImportState.CHECKING, ImportState.CHECKED):
        run.state, run.finished_at = ImportState.CANCELLED, clock.now()
        return None
    if run.state not in (ImportState.RUNNING, ImportState.PAUSED):
        return Refused(WRONG_STATE)
    run.state, run.finished_at = ImportState.CANCELLED, clock.now()
    work.record(session, run, "cancelled")
    return None


def begin_undo(session: Session, run: ImportRun, user_id: int, *, opt_outs: bool = False) -> Refused | None:
    """Undo what the run did, its opt-outs only where that is asked for.

    Refused after a day, and where it did nothing that can be undone.
    """
    if not undo.can_undo(run):
        return Refused("This import can no longer be undone.")
    if not opt_outs and not undo.can_undo(run, opt_outs=False):
        return Refused("Tick that the opt-outs are taken back: this import did nothing else.")
    run.state, run.line, run.undo_opt_outs = ImportState.UNDOING, 0, opt_outs
    consent_undo.begin(run, user_id)
    tasks.begin(session, run, user_id)
    return None


def has_stalled(session: Session, run: ImportRun) -> bool:
    """Tell whether a run is under way and nothing is at it: an error ended the work."""
    return run.state in UNDER_WAY and tasks.under_way(session, run.id) is None


def samples(table: Table) -> list[list[str]]:
    """Return for each column the first values that are not empty, each once."""
    found: list[dict[str, None]] = [{} for _ in table.headers]
    for _, cells in islice(table.rows(), LOOKED_AT):
        for column, cell in zip(found, cells, strict=False):
            if cell and len(column) < SAMPLES:
                column[cell] = None
    return [list(column) for column in found]


def samples_of(session: Session, run: ImportRun) -> list[list[str]]:
    """Return the first values of each column of a run's file, none where the file is gone."""
    table = tables.table_of(session, run)
    return [[] for _ in run.headers] if isinstance(table, Refused) else samples(table)


def guessed(kind: ImportKind, table: Table, more: Sequence[Field] = ()) -> dict[str, str]:
    """Return which column is probably which field."""
    rows = (cells for _, cells in islice(table.rows(), LOOKED_AT))
    return {str(index): name for index, name in guess.guess(table.headers, rows, fields.to_guess(kind, more)).items()}


def remembered(session: Session, run: ImportRun) -> dict[str, str]:
    """Return which field each column was in the last file with the same headers, {} if there was none."""
    same = (ImportRun.header_ref == run.header_ref, ImportRun.kind == run.kind, ImportRun.started_at.is_not(None))
    return session.scalar(select(ImportRun.mapping).where(*same).order_by(ImportRun.id.desc()).limit(1)) or {}


def _own(session: Session) -> Sequence[Field]:
    """Return the fields of one's own that a column may be."""
    return own_columns.offered(values.shown(session))


def _columns(session: Session, run: ImportRun, table: Table, *, consent: bool) -> dict[str, str]:
    """Return what the columns were in an earlier file, else what they probably are, as far as the user may say so."""
    found = remembered(session, run)
    if not consent:
        found = {index: field for index, field in found.items() if field not in fields.CONSENT_FIELDS}
    more = (*_own(session), *(fields.CONSENT if consent else ()))
    return found or guessed(ImportKind(run.kind), table, more)


def _about_consent(mapping: Mapping[str, str]) -> Mapping[str, str]:
    return {index: field for index, field in mapping.items() if field in fields.CONSENT_FIELDS}


def _read_as(run: ImportRun, table: Table) -> None:
    """Note how the file was read."""
    run.encoding, run.delimiter, run.sheet = table.encoding or None, table.delimiter or None, table.sheet or None
    run.headers = list(table.headers)
    run.header_ref = hashlib.sha256(json.dumps(run.headers).encode()).hexdigest()
