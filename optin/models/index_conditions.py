"""The conditions of partial indexes, each written once: for the index itself, and for the queries that rely on it.

A database uses a partial index only where the statement repeats its condition, SQLite word by word. So terms are
written out, and who asks for such rows asks by the condition's name: `select(Hold).where(has_not_ended(Hold))`.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, ColumnClause, ColumnElement, Index, and_, column, literal_column
from sqlalchemy.sql.elements import TextClause

from optin.database.steering import written_out
from optin.enums import Direction, MessageStatus, OptInStatus, Purpose

Condition = Callable[[Any], ColumnElement[bool]]
"""Makes a condition of what has the columns: a model, an alias of it, or the columns of its table (`table(Hold).c`)."""

CONDITION = "condition"
"""Under this name an index remembers what it was made from (`Index.info`)."""

LIVE = (OptInStatus.PENDING, OptInStatus.ACTIVE)
NOT_SENT = (MessageStatus.SKIPPED, MessageStatus.CANCELLED)
NEVER_WENT = (MessageStatus.SKIPPED, MessageStatus.CANCELLED, MessageStatus.FAILED)
SETTINGS_TRAIL = (
    "setting",
    "user",
    "sender",
    "template",
    "conversation",
    "import",
    "download",
    "export",
    "field",
    "witness",
    "price",
)
"""What the trail of the settings tells of; that of a record is on its page."""
ON_ITS_WAY = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)


class _Named:
    """Columns that have a name and no table yet, as an index in a model's `__table_args__` is given them.

    Those whose name begins with `is_` are true or false, which SQLite writes as a number.
    """

    def __getattr__(self, name: str) -> ColumnClause[Any]:
        return column(name, Boolean() if name.startswith("is_") else None)


def partial_index(name: str, *columns: str | TextClause, where: Condition, unique: bool = False) -> Index:
    """Return an index of nothing but the rows of which a condition is true, on both databases."""
    rows = where(_Named())
    return Index(name, *columns, unique=unique, sqlite_where=rows, postgresql_where=rows, info={CONDITION: where})


def has_ended(of: Any) -> ColumnElement[bool]:
    """A hold is over."""
    return _is_set(of.ended_at)


def has_not_ended(of: Any) -> ColumnElement[bool]:
    """A suppression, a hold, a block or the loss of a number still stands."""
    return _is_empty(of.ended_at)


def is_live(of: Any) -> ColumnElement[bool]:
    """An opt-in is active, or waits for the answer to its question."""
    return _is_one_of(of.status, LIVE)


def is_pending(of: Any) -> ColumnElement[bool]:
    """An opt-in waits for the answer to its question."""
    return _is_term(of.status, OptInStatus.PENDING)


def is_not_removed(of: Any) -> ColumnElement[bool]:
    """A member is still in the campaign."""
    return _is_empty(of.removed_at)


def is_main(of: Any) -> ColumnElement[bool]:
    """A word is the keyword itself and no alias."""
    return and_(of.is_main)


def is_closed(of: Any) -> ColumnElement[bool]:
    """A conversation is closed."""
    return _is_set(of.closed_at)


def is_not_closed(of: Any) -> ColumnElement[bool]:
    """A conversation is open."""
    return _is_empty(of.closed_at)


def is_unread(of: Any) -> ColumnElement[bool]:
    """An open conversation has texts that nobody has read."""
    return and_(of.unread > literal_column("0"), is_not_closed(of))


def is_unassigned(of: Any) -> ColumnElement[bool]:
    """An open conversation is nobody's."""
    return and_(_is_empty(of.assigned_to_id), is_not_closed(of))


def is_inbound(of: Any) -> ColumnElement[bool]:
    """A message came in."""
    return _is_term(of.direction, Direction.INBOUND)


def is_heard(of: Any) -> ColumnElement[bool]:
    """A message came in at Optin itself: those that were moved here have negative ids."""
    return and_(is_inbound(of), of.id > literal_column("0"))


def has_word(of: Any) -> ColumnElement[bool]:
    """A message is an ordinary text of one word."""
    return _is_set(of.word)


def is_near_miss(of: Any) -> ColumnElement[bool]:
    """A message was nearly a keyword."""
    return _is_set(of.near_keyword_id)


def is_queued(of: Any) -> ColumnElement[bool]:
    """A message waits and nobody has claimed it."""
    return _is_term(of.status, MessageStatus.QUEUED)


def is_leased(of: Any) -> ColumnElement[bool]:
    """A message is in the hands of a worker."""
    return _is_one_of(of.status, (MessageStatus.CLAIMED, MessageStatus.SENDING))


def is_on_its_way(of: Any) -> ColumnElement[bool]:
    """A message waits or is being sent."""
    return _is_one_of(of.status, ON_ITS_WAY)


def is_not_sent(of: Any) -> ColumnElement[bool]:
    """A message of a broadcast was skipped or taken back before its start."""
    return and_(_is_one_of(of.status, NOT_SENT), _is_set(of.broadcast_id))


def is_unknown(of: Any) -> ColumnElement[bool]:
    """Nobody knows whether a message was sent."""
    return _is_term(of.status, MessageStatus.UNKNOWN)


def has_started(of: Any) -> ColumnElement[bool]:
    """A message was started, and so was handed to Twilio unless the process ended there."""
    return _is_set(of.started_at)


def is_reply_that_counts(of: Any) -> ColumnElement[bool]:
    """An automatic reply went, or may still go: the number gets only so many."""
    went = of.status.not_in([written_out(status) for status in NEVER_WENT])
    return and_(_is_term(of.purpose, Purpose.REPLY), went)


def is_not_finished(of: Any) -> ColumnElement[bool]:
    """A background task has work left."""
    return _is_empty(of.finished_at)


def is_asked_for(of: Any) -> ColumnElement[bool]:
    """A figure is to be counted again."""
    return _is_set(of.asked_at)


def is_in_settings_trail(of: Any) -> ColumnElement[bool]:
    """A change is one that the settings list, and not only the page of a record."""
    return _is_one_of(of.subject_kind, SETTINGS_TRAIL)


def is_of_setting(of: Any) -> ColumnElement[bool]:
    """A change is one of a setting of the policy."""
    return _is_term(of.subject_kind, "setting")


def has_turn_to_come(of: Any) -> ColumnElement[bool]:
    """A number in a series has another text to come."""
    return _is_set(of.due_at)


def is_imported(of: Any) -> ColumnElement[bool]:
    """A person, an opt-in or a suppression was made by an import."""
    return _is_set(of.import_run_id)


def has_number(of: Any) -> ColumnElement[bool]:
    """A value of a field of one's own is a number."""
    return _is_set(of.number)


def has_option(of: Any) -> ColumnElement[bool]:
    """A value of a field of one's own is one of a list."""
    return _is_set(of.option_id)


def has_email(of: Any) -> ColumnElement[bool]:
    """A person has an email address."""
    return and_(of.email != literal_column("''"))


def is_merged(of: Any) -> ColumnElement[bool]:
    """A record was merged into another one."""
    return _is_set(of.merged_into_id)


def is_undoable(of: Any) -> ColumnElement[bool]:
    """What an undo of the merge needs is still kept."""
    return _is_set(of.before)


def _is_empty(value: ColumnElement[Any]) -> ColumnElement[bool]:
    return value.is_(None)


def _is_set(value: ColumnElement[Any]) -> ColumnElement[bool]:
    return value.is_not(None)


def _is_term(value: ColumnElement[str], term: str) -> ColumnElement[bool]:
    return value == written_out(term)


def _is_one_of(value: ColumnElement[str], terms: tuple[str, ...]) -> ColumnElement[bool]:
    return value.in_([written_out(term) for term in terms])
