"""Rows of a move of which there is something to know: a list, and files of these and of all others."""

from collections.abc import Iterator, Sequence
from itertools import islice

from flask import Response, abort
from flask_login import current_user
from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading
from optin.features.moving import export_files
from optin.features.moving.cells import answer, record_id
from optin.features.moving.terms import NOTED, ExportObject, MoveOutcome, MoveState
from optin.features.moving.work import noted_as
from optin.models import ImportRow, ImportRun, Move
from optin.refused import Refused
from optin.spreadsheets.read import Table
from optin.web import downloads, filters, lists, spreadsheets
from optin.web.lists import Column, Listing

SHOWN = 5
TELLING = (
    *("first_name", "last_name", "name", "number", "mobile", "direction", "from", "to"),
    *("keyword_name", "active", "opted_in_at", "opted_out_at", "body", "email"),
)
"""Fields that people know a row by, in the order in which they are shown."""
AT_ONCE = 500


def listing(run: ImportRun, which: ExportObject) -> Listing:
    """Return the list that the request asks for."""
    filters = {"outcome": lists.one_of("outcome", list(NOTED), MoveOutcome.LEFT_OUT)}
    columns: Sequence[Column[ImportRow]] = (
        Column("Row", lambda row: row.line, is_number=True, name="row", keys=[ImportRow.line], in_table=True),
        Column("In the file", cell="content", css="text-break"),
        Column("What there is to know", lambda row: row.sentence, css="text-break"),
    )
    values = {"run_id": run.id, "which": which.value}
    return Listing(columns, "row", "moving.rows", values, filters, file_endpoint="moving.rows_file")


def query(run: ImportRun, listing: Listing) -> Select[ImportRow]:
    """Select what the list shows on all its pages: what will become of rows, or what has."""
    state = MoveState.RUNNING if run.started_at else MoveState.CHECKING
    known = noted_as(state, ExportObject(listing.values["which"]))
    mine = (ImportRow.run_id == run.id, ImportRow.known == known)
    return select(ImportRow).where(*mine, ImportRow.outcome == listing.filters["outcome"])


def content(row: ImportRow, move: Move, which: ExportObject) -> str:
    """Say what tells a row from others: its words, numbers and dates, or the ids of a row that has nothing else."""
    cells, at = row.cells or [], export_files.columns(move, which)
    said = {name: cells[place].strip() for name, place in at.items() if place < len(cells)}
    said["keyword_name"] = said.get("keyword_name") or move.keywords.get(record_id(said.get("keyword", "")), "")
    is_active = answer(said.get("active", ""))
    said["active"] = "" if is_active is None else "active" if is_active else "inactive"
    telling = [said[name] for name in TELLING if said.get(name)]
    return " · ".join(telling[:SHOWN] or [cell for cell in cells if cell][:SHOWN])


def file(run: ImportRun, which: ExportObject) -> Response:
    """Answer with the rows of an outcome as they were in the file, while they are sent; 404 once the files are gone.

    `outcome=moved` has all rows that have no sentence: those that are moved, and those that are here already.
    """
    opened = export_files.open_export(db.session(), run)
    if isinstance(opened, Refused) or which not in opened.tables:
        abort(404, export_files.GONE)
    outcome = lists.one_of("outcome", list(MoveOutcome), MoveOutcome.MOVED)
    table = opened.tables[which].table
    name = f"{which.value}-{outcome}"
    engine = db.engine
    told = downloads.begin(engine, current_user.id, name, {"run_id": run.id})
    known = noted_as(MoveState.RUNNING if run.started_at else MoveState.CHECKING, which)
    parts = downloads.counted(engine, told, _parts(engine, run.id, known, outcome, table))
    zone = filters.current_zone()
    filename = f"{name}-{clock.now().astimezone(zone):%Y-%m-%d}.csv"
    head = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"}
    response = Response(parts, mimetype="text/csv", headers=head)
    response.call_on_close(parts.close)
    return response


def _parts(engine: Engine, run_id: int, known: str, outcome: str, table: Table) -> Iterator[tuple[str, int]]:
    yield "\ufeff" + spreadsheets.line([*table.headers, "What there is to know"]), 0
    rows = table.rows()
    while some := list(islice(rows, AT_ONCE)):
        with reading(engine) as session:
            said = _sentences(session, run_id, known, some[0][0], some[-1][0])
        lines = []
        for line, cells in some:
            of, sentence = said.get(line, (MoveOutcome.MOVED.value, ""))
            if of == outcome:
                lines.append(spreadsheets.line([*cells, sentence]))
        yield "".join(lines), len(lines)


def _sentences(session: Session, run_id: int, known: str, first: int, last: int) -> dict[int, tuple[str, str]]:
    mine = (ImportRow.run_id == run_id, ImportRow.known == known, ImportRow.outcome.in_(list(NOTED)))
    asked = select(ImportRow.line, ImportRow.outcome, ImportRow.sentence)
    rows = session.execute(asked.where(*mine, ImportRow.line >= first, ImportRow.line <= last))
    return {line: (outcome, sentence) for line, outcome, sentence in rows}
