"""What this machine remembers of the databases it has worked with, outside of them: how far their beats had come."""

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path


class Mark:
    """The file `seen_databases` in the instance folder; all processes that share the folder share it.

    A database whose beat is behind what stands here was put back. Without the file nothing is known of any.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "seen_databases"

    def highest(self, generation: str | None) -> int | None:
        """Return the highest beat of the database with this generation, None if it was never seen here."""
        return self._read().get(generation or "")

    def keep(self, generation: str, beat: int) -> None:
        """Remember the beat unless a higher one is known."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            known = self._read()
            if known.get(generation, -1) < beat:
                draft = self._file.with_suffix(".draft")
                draft.write_text(json.dumps({**known, generation: beat}))
                draft.replace(self._file)
        finally:
            os.close(handle)

    def _read(self) -> dict[str, int]:
        with suppress(OSError, ValueError):
            found = json.loads(self._file.read_text())
            if isinstance(found, dict):
                return found
        return {}
