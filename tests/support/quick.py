"""What `pytest --quick` leaves out: PostgreSQL, the browser, what is slow, and most rows of long tables."""

from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SLOW_FOLDERS = frozenset(TESTS / name for name in ("bench", "browser", "faults"))
SLOW_FIXTURES = frozenset({"live_server"})
ROWS = 20
LEFT_OUT = (
    "Left out: PostgreSQL; tests/bench, tests/browser and tests/faults; what is marked slow or runs a server; "
    f"of each test with more than {ROWS} rows all but a sample. `make test` runs everything."
)


def is_slow(path: Path) -> bool:
    """Tell whether a folder or file has only tests that take their time: it need not even be read."""
    return not SLOW_FOLDERS.isdisjoint((path, *path.parents))


def quick_ones(tests: list[pytest.Item]) -> list[pytest.Item]:
    """Return those of the tests that are run while working, in their order: of a long table each nth row."""
    tables: dict[str, list[pytest.Item]] = defaultdict(list)
    for test in filter(_is_quick, tests):
        tables[test.nodeid.partition("[")[0]].append(test)
    return [row for table in tables.values() for row in table[:: -(-len(table) // ROWS)]]


def _is_quick(test: pytest.Item) -> bool:
    if test.get_closest_marker("slow") or not SLOW_FIXTURES.isdisjoint(getattr(test, "fixturenames", ())):
        return False
    call = getattr(test, "callspec", None)
    return call is None or "postgresql" not in call.params.values()
