"""Columns that are fields of one's own: what may be chosen, what a row says in them, who has what, and writing it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from optin.enums import FieldKind
from optin.features.imports import tables
from optin.features.imports.deciding import KnownPerson
from optin.features.imports.rows import ImportedRow
from optin.models import ImportRun
from optin.own_fields import keys, kinds, values
from optin.policy.cache import CachedField
from optin.refused import Refused
from optin.spreadsheets import dates
from optin.spreadsheets.guess import Field

LOOKS = {FieldKind.DAY: "date", FieldKind.YES_NO: "yes_no"}
LOOKED_AT = 200
MOST_KEPT = 50
_orders: dict[tuple[object, ...], bool | None] = {}


def offered(fields: Iterable[CachedField]) -> tuple[Field, ...]:
    """Return fields as those that a column may be, found by their labels and keys."""
    return tuple(
        Field(keys.name_of(each.key), each.label, (each.key.replace("_", " "),), LOOKS.get(each.kind, ""))
        for each in fields
    )


@dataclass(frozen=True)
class OwnColumns:
    """The columns of a run that are fields of one's own: these fields, their columns, and how days are written in each.

    Without any it does nothing, and asks nothing.
    """

    fields: Mapping[str, CachedField] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)
    day_first: Mapping[str, bool | None] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """Return what the fields are called, by their names."""
        return {name: each.label for name, each in self.fields.items()}

    def read(self, row: ImportedRow) -> ImportedRow:
        """Return a row with what it says in these columns, or with what is wrong there."""
        texts: dict[str, str] = {}
        faults = [row.fault] if row.fault else []
        for name, index in self.columns.items():
            cell = row.cells[index] if index < len(row.cells) else ""
            if not cell:
                continue
            mine = self.fields[name]
            text = kinds.read(mine.kind, cell, mine.options.values(), day_first=self.day_first.get(name))
            if isinstance(text, Refused):
                faults.append(f"{mine.label}: {text.sentence}")
            elif text:
                texts[name] = text
        return row._replace(values={**row.values, **texts}, fault=" ".join(faults))

    def known(
        self, session: Session, found: Mapping[int, Sequence[KnownPerson]]
    ) -> Mapping[int, Sequence[KnownPerson]]:
        """Return known people, by the lines of rows, with what they have in these fields."""
        if not self.fields:
            return found
        ids = {person.id for people in found.values() for person in people}
        texts = values.of_people(session, ids, self.fields.values())
        named = {
            person_id: {keys.name_of(key): text for key, text in each.items()} for person_id, each in texts.items()
        }
        return {
            line: [person._replace(own=named.get(person.id, {})) for person in people] for line, people in found.items()
        }

    def write_new(self, session: Session, rows: Sequence[ImportedRow], made: Iterable[Any]) -> None:
        """Write what rows say of the people who were `made` of them: rows with id, mobile and email."""
        if not self.fields:
            return
        ids = {row.mobile or row.email.casefold(): row.id for row in made}
        self.write(session, [(ids[row.key], row.values) for row in rows])

    def write(self, session: Session, changes: Iterable[tuple[int, Mapping[str, str]]]) -> None:
        """Write the values of these fields among those of people, by their ids."""
        if self.fields:
            mine = [(id_, {name: given[name] for name in self.fields if name in given}) for id_, given in changes]
            values.write(session, self.fields, mine)


NONE = OwnColumns()


def of_run(session: Session, run: ImportRun) -> OwnColumns:
    """Return the columns of a run that are fields of one's own; none of these changes until the transaction ends.

    What was chosen and has been deleted since is left out.
    """
    columns = {name: int(index) for index, name in run.mapping.items() if keys.key_in(name)}
    fields = values.held(session, columns)
    columns = {name: index for name, index in columns.items() if name in fields}
    days = [name for name, each in fields.items() if each.kind is FieldKind.DAY]
    return OwnColumns(fields, columns, {name: _day_first(session, run, columns[name]) for name in days})


def _day_first(session: Session, run: ImportRun, index: int) -> bool | None:
    """Tell how the days of a column are meant, from its first cells, which are read once in a process."""
    key = (run.id, run.digest, run.encoding, run.delimiter, run.sheet, index)
    if key not in _orders:
        table = tables.table_of(session, run)
        if isinstance(table, Refused):
            return None
        cells = (row[index] for _, row in islice(table.rows(), LOOKED_AT) if index < len(row))
        if len(_orders) >= MOST_KEPT:
            _orders.clear()
        _orders[key] = dates.day_first_of(cells)
    return _orders[key]
