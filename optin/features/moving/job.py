"""A step of a move while it is at work: what its stages share, and what they say of a row."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from optin.features.moving import references
from optin.features.moving.deciding import RowVerdict
from optin.features.moving.records import ExportRow
from optin.features.moving.signs import KeywordRole, role_of
from optin.features.moving.terms import ExportObject, MoveOutcome
from optin.models import ImportRun, Move
from optin.policy import cache
from optin.policy.policy import Policy
from optin.queries import import_keys
from optin.reading.normal_form import normalise


@dataclass(frozen=True)
class Job:
    """One step. Unless it is `to_write`, nothing but what the report needs is stored."""

    session: Session
    run: ImportRun
    move: Move
    now: datetime
    to_write: bool

    @cached_property
    def policy(self) -> Policy:
        """Return the policy as it is now."""
        return cache.policy(self.session)

    @property
    def region(self) -> str:
        """Return whose national numbers are understood."""
        return self.policy.default_region

    def role_of(self, name: str) -> KeywordRole:
        """Return what rows of a keyword with this name say, by our opt-out words and those that were added to them."""
        return role_of(name, tuple(self.policy.extra_opt_out_words))

    @cached_property
    def words(self) -> frozenset[str]:
        """Return the normal forms of the export's own keywords, which STOP <keyword> can end."""
        names = self.move.keywords.values()
        return frozenset(normalise(name) for name in names if self.role_of(name) is KeywordRole.CAMPAIGN)

    def has(self, which: ExportObject) -> bool:
        """Tell whether the export has a file of an object."""
        return which.value in self.move.files

    def known(self, which: ExportObject, keys: Iterable[str]) -> set[str]:
        """Return which records of an object are in the export, or were moved before."""
        wanted = {key for key in keys if key}
        lines = import_keys.first_lines(self.session, self.run, {f"{which}:{key}" for key in wanted})
        return {key for key in wanted if f"{which}:{key}" in lines} | self.moved(which, wanted).keys()

    def moved(self, which: ExportObject, keys: Collection[str]) -> dict[str, int]:
        """Return by its key the id of ours of each record that was moved."""
        return references.find(self.session, which, {key for key in keys if key})

    def note_keys(self, keys: Iterable[tuple[str, int]]) -> None:
        """Keep by which keys rows of the export are known, with their lines."""
        if not self.to_write:
            import_keys.note_keys(self.session, self.run, keys)


def left_out(row: ExportRow, sentence: str) -> RowVerdict:
    """Return that a row is left out, and why."""
    return RowVerdict(row.line, MoveOutcome.LEFT_OUT, sentence)


def moved(row: ExportRow, sentence: str = "") -> RowVerdict:
    """Return that a row is moved; with a sentence there is something to know of it."""
    return RowVerdict(row.line, MoveOutcome.CONFLICT if sentence else MoveOutcome.MOVED, sentence)


def here(row: ExportRow) -> RowVerdict:
    """Return that what a row says is here already."""
    return RowVerdict(row.line, MoveOutcome.HERE)


NO_ID = "It has no Id."
DELETED = "It was deleted in Salesforce."
