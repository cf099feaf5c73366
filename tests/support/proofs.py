"""What tests of proofs arrange: a number with a history, its ZIP, and `verify.py` run on it as others run it."""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin.consent.proof.keeper import Keeper
from optin.proof import package
from optin.proof.collecting import Asked
from tests.support import consent_log

VERIFIER = package.VERIFIER


@dataclass
class Zip:
    """The files of a proof's ZIP, to be changed and written again."""

    files: dict[str, bytes]
    extra: list[tuple[str, bytes]] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes) -> "Zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    @property
    def proof(self) -> dict[str, Any]:
        """Return proof.json; give it back changed by `put`."""
        return dict(json.loads(self.files["proof.json"]))

    def put(self, proof: dict[str, Any]) -> None:
        self.files["proof.json"] = json.dumps(proof, ensure_ascii=False).encode()

    def write(self, path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in [*self.files.items(), *self.extra]:
                archive.writestr(name, data)
        return path


def keeper(folder: Path) -> Keeper:
    return Keeper("optin.example.org", folder, "a secret of the tests")


def zipped(engine: Engine, number: str, key: Keeper, since: int | None = None, **asked: Any) -> Zip:
    """Return the ZIP of a number after everything has been sealed."""
    consent_log.seal(engine, key)
    out = io.BytesIO()
    with Session(engine) as session:
        package.write(session, Asked(number, **asked), key, out, since)
    return Zip.of(out.getvalue())


def verified(place: Path, *words: str) -> tuple[int, list[str]]:
    """Run verify.py as others do, with Python alone, and return how it ended and what it said."""
    command = [sys.executable, "-I", str(VERIFIER), str(place), *words]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd="/", check=False)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout.splitlines()
