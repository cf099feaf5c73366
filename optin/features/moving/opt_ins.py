"""The stage of opt-ins: each row is put by under its number until all is known that the export says of it."""

from collections.abc import Sequence

from optin import phone
from optin.channels import address
from optin.database.statements import insert, insert_rows, table
from optin.features.moving.deciding import RowVerdict
from optin.features.moving.job import Job, left_out
from optin.features.moving.people import PEOPLE
from optin.features.moving.records import ExportRow, person_key
from optin.features.moving.signs import HeldRow, KeywordRole, TextSign, to_json
from optin.features.moving.terms import ExportObject
from optin.models import MoveSign
from optin.refused import Refused

STOP = "STOP"
_NEW = insert(table(MoveSign)).on_conflict_do_nothing().inline()


def stage(job: Job, rows: Sequence[ExportRow]) -> list[RowVerdict]:
    """Put rows by; only what has no number is decided at once."""
    verdicts, signs = [], []
    for row in rows:
        number = number_of(row, job.region)
        if isinstance(number, Refused):
            written = row.text("number")[:40]
            said = f"Its number “{written}” can’t be read, whatever it says of consent. {number.sentence}"
            verdicts.append(left_out(row, said if written else "It has no number."))
        else:
            signs.append(put_by(job, number, ExportObject.OPT_IN, held(job, row), row.cells))
    if not job.to_write:
        keep(job, signs)
    return verdicts


def number_of(row: ExportRow, region: str) -> str | Refused:
    """Return the number of an opt-in; one that texted is a number even where the library calls it invalid."""
    number = row.number("number", region)
    written = row.text("number").strip()
    if isinstance(number, Refused) and written.startswith("+") and phone.is_e164(written):
        return address.parse(written).value
    return number


def held(job: Job, row: ExportRow) -> HeldRow:
    """Return what a row says; who deleted an active one meant it to be no more."""
    name = job.move.keywords.get(row.key("keyword")) or row.one_line("keyword_name")
    active = row.answer("active")
    people = [person_key(which, row.key(which)) for which in PEOPLE if row.key(which)]
    return HeldRow(
        line=row.line,
        key=row.key("unique") or row.key(),
        word=STOP if job.role_of(name) is KeywordRole.STOP else name,
        active=None if row.is_deleted and active else active,
        opted_in_at=row.moment("opted_in_at"),
        opted_out_at=row.moment("opted_out_at"),
        created_at=row.moment("created_at"),
        text=row.text("text").replace("\0", "")[:1600],
        sid=row.text("sid").strip()[:34],
        people=" ".join(people),
    )


def put_by(
    job: Job, number: str, kind: ExportObject, sign: HeldRow | TextSign, cells: Sequence[str] | None
) -> dict[str, object]:
    """Return the row of move_sign for a sign."""
    kept = list(cells) if cells is not None else None
    said = to_json(sign)
    return {"run_id": job.run.id, "number": number, "kind": kind, "line": sign.line, "said": said, "cells": kept}


def keep(job: Job, signs: Sequence[dict[str, object]]) -> None:
    """Put signs by; what was put by stays."""
    insert_rows(job.session, _NEW, signs)
