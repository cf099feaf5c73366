"""The rows of an export, read: each object's fields as values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from optin.features.moving.cells import answer, moment, record_id
from optin.features.moving.terms import ExportObject
from optin.refused import Refused
from optin.spreadsheets.numbers import number_in

LONGEST = {"first_name": 80, "last_name": 80, "email": 254, "company": 120, "name": 120}
"""Characters that our records take."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One row: its line in the file, its cells, and where its fields stand."""

    line: int
    cells: Sequence[str]
    columns: Mapping[str, int]

    def text(self, field: str) -> str:
        """Return a field as it is written, "" where the file lacks it."""
        at = self.columns.get(field)
        return self.cells[at] if at is not None and at < len(self.cells) else ""

    def one_line(self, field: str) -> str:
        """Return a field with single spaces, as long as our record takes it."""
        return " ".join(self.text(field).split())[: LONGEST.get(field, 255)]

    def key(self, field: str = "id") -> str:
        """Return the Salesforce id in a field, in its form of 15 characters."""
        return record_id(self.text(field))

    def moment(self, field: str) -> datetime | None:
        """Return the moment in a field."""
        return moment(self.text(field))

    def answer(self, field: str) -> bool | None:
        """Return what a checkbox says."""
        return answer(self.text(field))

    def number(self, field: str, region: str) -> str | Refused:
        """Return the phone number in a field in E.164."""
        found = number_in(self.text(field), region)
        return found if isinstance(found, Refused) else found.number

    @property
    def is_deleted(self) -> bool:
        """Tell whether Salesforce had deleted the record: Data Loader can export those too."""
        return self.answer("deleted") is True


def person_key(which: ExportObject, key: str) -> str:
    """Return under what a contact or lead of the export is known while a move is at work."""
    return f"{which}:{key}"


def number_key(which: ExportObject, key: str, number: str) -> str:
    """Return under what it is known that a contact or lead has a number."""
    return f"{which}:{key}:{number}"
