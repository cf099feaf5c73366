"""The rows of a file that became something or were left out: a list, and the file with the reasons."""

from collections.abc import Sequence

from flask import Response
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from optin.features.imports.terms import NOT_IN, ImportState, Known, Outcome
from optin.models import ImportRow, ImportRun
from optin.web import lists
from optin.web.lists import Column, Listing

SHOWN = 4
"""So many filled cells tell a row from others on the page."""
WITHOUT_REASON = (Outcome.NEW, Outcome.OPTED_IN)
"""What needs none."""
PREVIEWED = (ImportState.CHECKED, ImportState.CHECKING, ImportState.COLUMNS)


def listing(run: ImportRun) -> Listing:
    """Return the list that the request asks for: rows of an outcome, or all that were left out."""
    filters = {
        "outcome": lists.one_of("outcome", list(Outcome)),
        "known": lists.one_of("known", list(Known)) if run.state in PREVIEWED else "",
    }
    columns: Sequence[Column[ImportRow]] = (
        Column("Row", lambda row: row.line, is_number=True, name="row", keys=[ImportRow.line], in_table=True),
        Column("In the file", cell="content", css="text-break"),
        *(_cell(title, index) for index, title in enumerate(run.headers)),
        Column("Reason", lambda row: row.sentence, css="text-break", in_table=filters["outcome"] not in WITHOUT_REASON),
    )
    return Listing(columns, "row", "imports.rows", {"run_id": run.id}, filters, file_endpoint="imports.rows_file")


def query(run: ImportRun, listing: Listing) -> Select[ImportRow]:
    """Select what the list shows on all its pages."""
    outcome = listing.filters["outcome"]
    mine = (ImportRow.run_id == run.id, ImportRow.known == listing.filters["known"])
    return select(ImportRow).where(*mine, ImportRow.outcome.in_([outcome] if outcome else list(NOT_IN)))


def first(session: Session, run: ImportRun, known: Known, outcome: Outcome, most: int = 10) -> Sequence[ImportRow]:
    """Return the first rows of an outcome of those that would happen in a way."""
    mine = (ImportRow.run_id == run.id, ImportRow.known == known, ImportRow.outcome == outcome)
    return session.scalars(select(ImportRow).where(*mine).order_by(ImportRow.line).limit(most)).all()


def file(run: ImportRun) -> Response:
    """Answer with the rows as they were in the file, each with the reason."""
    asked = listing(run)
    return lists.download("left-out", asked, query(run, asked), rows)


def rows(_session: Session, found: Sequence[ImportRow]) -> Sequence[ImportRow]:
    """Return the rows as the list's columns take them."""
    return found


def content(row: ImportRow) -> str:
    """Say what stands in a row, as far as it tells the row from others."""
    return " · ".join([cell for cell in row.cells or [] if cell][:SHOWN])


def _cell(title: str, index: int) -> Column[ImportRow]:
    return Column(title, lambda row: row.cells[index] if row.cells and index < len(row.cells) else "", in_table=False)
