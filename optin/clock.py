"""The one clock: all code gets the time from here, so that tests and sample data can set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset: timedelta = timedelta()


def now() -> datetime:
    """Return the present moment in UTC, timezone-aware."""
    return datetime.now(UTC) + _offset


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the clock run from `moment` (timezone-aware) inside the block, for the whole process."""
    global _offset
    before = _offset
    _offset = moment - datetime.now(UTC)
    try:
        yield
    finally:
        _offset = before
