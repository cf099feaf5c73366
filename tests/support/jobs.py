"""The job engine inside a test's own process."""

from optin.jobs import engine, worker


def end_jobs() -> None:
    """End the engine with all of its jobs: the next test's database has the same path, and messages of the same ids.

    Harmless where none runs. Raises AssertionError when a request of theirs is still under way after a minute.
    """
    worked = worker.current()
    engine.shutdown()
    assert worked is None or worked.stop(60)
