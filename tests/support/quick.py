"""What `pytest --quick` leaves out, for working: PostgreSQL, the browser and real processes."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LONG_FOLDERS = frozenset(TESTS / name for name in ("bench", "browser", "faults"))
LONG_FIXTURES = frozenset({"live_server"})


def is_long(path: Path) -> bool:
    """Tell whether a folder or file has only tests that take their time: it need not even be read."""
    return not LONG_FOLDERS.isdisjoint((path, *path.parents))


def is_quick(item: pytest.Item) -> bool:
    """Tell whether a test is one of those that are run while working."""
    if not LONG_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
        return False
    return not _needs_postgresql(item)


def _needs_postgresql(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is not None and "postgresql" in call.params.values()
