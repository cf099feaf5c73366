"""Cosignatures as c2sp.org/tlog-cosignature has them (cosignature/v1): what a witness says of a checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from optin.consent.proof.signed_note import DASH, BadNote, Verifier, split

AHEAD = timedelta(hours=1)
"""So much may the clock of a witness be ahead of ours."""
_MOMENT, _SIGNATURE = 8, 64


@dataclass(frozen=True)
class Cosignature:
    """The line that stands in the note, without its line break, and the moment that it states."""

    line: str
    at: datetime


@dataclass(frozen=True)
class Cosigner(Verifier):
    """The public half of a witness's key, under the witness's name."""

    kind: ClassVar[bytes] = b"\x04"

    def cosignature(self, note: str, answer: str, now: datetime) -> Cosignature:
        """Return this witness's cosignature of a checkpoint from an answer, whose lines of others are let be.

        Raises BadNote where there is none, it is of another text, or of the future.
        """
        text, _ = split(note)
        lines = [line for line in answer.split("\n") if line.startswith(f"{DASH}{self.name} ")]
        for line in lines:
            for raw in self.signatures([line]):
                return Cosignature(line, self._moment(raw, text, now))
        raise BadNote(f"{self.name} has not cosigned it")

    def _moment(self, raw: bytes, text: str, now: datetime) -> datetime:
        """Check a signature and return when it was made."""
        seconds = int.from_bytes(raw[:_MOMENT], "big")
        if len(raw) != _MOMENT + _SIGNATURE or seconds > (now + AHEAD).timestamp():
            raise BadNote(f"the cosignature of {self.name} is of the future, or can't be read")
        self.check(raw[_MOMENT:], f"cosignature/v1\ntime {seconds}\n{text}")
        return datetime.fromtimestamp(seconds, UTC)


def joined(note: str, lines: Sequence[str]) -> str:
    """Return a signed note with the lines of those who cosigned it."""
    return note + "".join(f"{line}\n" for line in lines)
