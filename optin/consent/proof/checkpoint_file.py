"""A checkpoint in a file: all of it, also after a power cut, and never an older one in the place of a newer."""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from optin.consent.proof.signed_note import BadNote, Checkpoint


@dataclass(frozen=True)
class CheckpointFile:
    """A file that holds one checkpoint. Everybody may read it: nothing in it is secret."""

    path: Path

    def note(self) -> str:
        """Return the checkpoint that is kept, "" where there is none that can be read."""
        with suppress(OSError, UnicodeDecodeError, BadNote):
            note = self.path.read_text("utf-8")
            Checkpoint.read(note)
            return note
        return ""

    def keep(self, note: str) -> None:
        """Keep a checkpoint, unless a larger one of the same origin is kept. Raises OSError."""
        kept = self.note()
        if note != kept and not (kept and is_older(note, kept)):
            self._write(note)

    def _write(self, note: str) -> None:
        handle, draft = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                opened.write(note)
                opened.flush()
                os.fchmod(handle, 0o644)
                os.fsync(handle)
            os.replace(draft, self.path)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise


def is_older(note: str, than: str) -> bool:
    """Tell whether a checkpoint has fewer events than another of the same origin."""
    one, other = Checkpoint.read(note), Checkpoint.read(than)
    return one.origin == other.origin and one.size < other.size
