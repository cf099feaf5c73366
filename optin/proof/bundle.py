"""The proofs of many opt-ins in one ZIP, to hand a program over: each a ZIP of its own, and `verify.py` for all.

It is written while it is sent, one proof after the other, so that a million need no more memory than one.
"""

import io
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from tempfile import SpooledTemporaryFile

from sqlalchemy import Engine

from optin.consent.proof.keeper import Keeper
from optin.database.transactions import reading
from optin.models.consent import opt_in_name
from optin.proof import package
from optin.proof.collecting import Asked

IN_MEMORY = 4 * 2**20
README = """Proofs of consent

Each ZIP in here is the proof of one opt-in and can be handed on by itself. To check all of them, unpack this file and
run python3 verify.py in the folder (Python 3.9 or later, nothing else). It says of each whether it holds.
"""


class Pipe(io.RawIOBase):
    """Takes what is written at one end and gives it away at the other."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        """Tell that it can be written; not that it could go back."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take some bytes."""
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def parts(
    engine: Engine, opt_ins: Iterable[tuple[int, str]], whose: Asked, keeper: Keeper
) -> Iterator[tuple[bytes, int]]:
    """Yield the pieces of the ZIP, each with how many proofs end with it.

    `opt_ins` are ids with their numbers; `whose` says what else their proofs have in common.
    """
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr("README.txt", README)
        archive.write(package.VERIFIER, "verify.py")
        yield pipe.take(), 0
        for opt_in_id, number in opt_ins:
            with SpooledTemporaryFile(IN_MEMORY) as file:
                with reading(engine) as session:
                    package.write(session, replace(whose, number=number, opt_in_id=opt_in_id), keeper, file)
                file.seek(0)
                with archive.open(f"{opt_in_name(opt_in_id)}.zip", "w", force_zip64=True) as into:
                    shutil.copyfileobj(file, into)
            yield pipe.take(), 1
    yield pipe.take(), 0
