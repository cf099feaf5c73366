"""What stands in an export beside the rows: the manifest, and a text for whoever opens the ZIP."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

NAME, README_NAME = "manifest.json", "README.txt"
FORMAT = 1
APP = "Optin"


@dataclass(frozen=True)
class FileEntry:
    """A file of the ZIP: how many bytes it has, their SHA-256; of a table also its rows and columns."""

    bytes: int
    sha256: str
    rows: int | None = None
    columns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Manifest:
    """Of which moment an export is, what made it, and what it holds. `tables_version` is that of the database's tables.

    `last_event` is the number of the last event of the ledger, 0 where it has none.
    """

    moment: str
    made_by: str
    tables_version: str
    last_event: int
    files: dict[str, FileEntry]
    format: int = FORMAT
    app: str = APP

    @property
    def when(self) -> datetime:
        """Return the moment as such."""
        return datetime.fromisoformat(self.moment)

    def text(self) -> str:
        """Return it as it stands in the ZIP."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def read(cls, given: str) -> "Manifest":
        """Read it. Raises ValueError, KeyError or TypeError where it is none."""
        found: dict[str, Any] = json.loads(given)
        files = {str(name): FileEntry(**entry) for name, entry in found.pop("files").items()}
        return cls(files=files, **found)


def readme(manifest: Manifest, left_out: Mapping[str, str]) -> str:
    """Say what the ZIP is, what is in it and what is not, and what it is good for."""
    counts = "\n".join(
        f"  {name:<24}{entry.rows:>12,} rows" for name, entry in manifest.files.items() if entry.rows is not None
    )
    reasons = "\n".join(f"  {name}: {why}." for name, why in sorted(left_out.items()))
    return f"""Everything in one Optin, as of {manifest.moment}, made by {manifest.made_by}.

This file holds personal data: names, phone numbers, texts. Keep it as safe as the database itself, and delete it when
it is no longer needed.

A file for each kind of record
{counts}

Each is a CSV file in UTF-8, with a line of column names. A moment is ISO 8601 in UTC, yes and no are true and false,
and an empty cell is a value that is not there. Where a column can have such values, a text that is empty or begins with
a backslash has one more backslash before it. A text that a spreadsheet would run as a formula has an apostrophe before
its sign: take one apostrophe away to have it as it was. What has parts is JSON. Pictures are files of their own, which
the cells name. Numbers such as 17 in a column keyword_id are the id in keyword.csv.

manifest.json says how many rows and bytes each file has and what their SHA-256 is.

What is not in it
Passwords, sessions, sign-in links, codes and the access to Twilio are never in it. The key in setting.csv named
ledger_key is not a way in: by it the log (consent_event.csv) knows numbers without naming them.
Left out as well:
{reasons}

What it is good for
  flask --app app verify FILE      checks the hashes, and that the log leads to the opt-ins, opt-outs, holds and blocks
  flask --app app import-all FILE  fills an empty Optin with it, on SQLite or PostgreSQL

Nothing is sent by filling an Optin: messages and broadcasts that were waiting are cancelled, and sending stays closed
until Twilio's list of messages has been compared. Let only one of two installations go on: both would answer.
"""
