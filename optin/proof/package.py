"""The ZIP of a proof: the page as PDF, proof.json, pictures, checkpoint, and `verify.py` to check all of it.

Optin signs what belongs to it (contents.txt) with the log's key, under the log's name with "/proof" behind it: so that
nobody can take out an event, or put in a file. No such text can be taken for a checkpoint, which begins with the name.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import IO

from sqlalchemy.orm import Session

from optin.consent.proof.keeper import Keeper
from optin.proof import collecting, document, pdf
from optin.proof.collecting import Asked
from optin.proof.material import File, Proof
from optin.proof.number_record import NumberRecord

VERIFIER = Path(__file__).with_name("verify.py")
SUFFIX = "/proof"
IN_PDF = 500
"""So many of the newest events and messages are in the PDF; proof.json has all."""
README = """Proof of consent: {about}

proof.pdf       what is known, for people
proof.json      the same for programs, with every event as it stands in the consent log, and all messages
checkpoint.txt  what the log said of itself, signed
contents.txt    which events and files belong to this proof, signed
verify.py       checks all of it: python3 verify.py (Python 3.9 or later, nothing else)

verify.py came with what it checks: to trust neither, take it from the source of Optin (optin/proof/verify.py). Ask
{by} for the verifier key of its consent log by another way than this one, and give it: python3 verify.py --key KEY
"""


class Writer:
    """Writes files into a ZIP and remembers their digests."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.digests: dict[str, str] = {}

    def add(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file from its parts."""
        digest = hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as opened:
            for part in parts:
                digest.update(part)
                opened.write(part)
        self.digests[name] = digest.hexdigest()


def write(session: Session, asked: Asked, keeper: Keeper, into: IO[bytes], since: int | None = None) -> Proof:
    """Write the ZIP and return what it proves; `since` is the size of an older checkpoint that somebody kept."""
    record = NumberRecord.read(session, asked.number, asked.region)
    proof = collecting.of_record(session, asked, record, IN_PDF)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        out = Writer(archive)
        about = f"{proof.number}{f', {proof.opt_in.name}' if proof.opt_in else ''}"
        out.add("README.txt", [README.format(about=about, by=proof.brand or "the sender").encode()])
        out.add("proof.pdf", [pdf.render(proof, lambda file: collecting.content(session, file))])
        parts = document.pieces(session, proof, record, since)
        out.add("proof.json", (part.encode("utf-8", "surrogatepass") for part in parts))
        for file in files(proof):
            out.add(file.name, [collecting.content(session, file)])
        out.add("verify.py", [VERIFIER.read_bytes()])
        if proof.log:
            out.add("checkpoint.txt", [proof.log.note.encode()])
            if note := contents(proof, record, out.digests, keeper):
                out.add("contents.txt", [note.encode()])
    return proof


def contents(proof: Proof, record: NumberRecord, digests: dict[str, str], keeper: Keeper) -> str:
    """Return the signed list of what belongs to the proof; "" where this machine has not the log's key."""
    if proof.log is None or not keeper.has_key_of(proof.log.name, proof.log.key):
        return ""
    signer = keeper.signer(proof.log.name + SUFFIX)
    lines = [
        signer.verifier.name,
        f"made {proof.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        f"events {' '.join(str(event.id) for event in record.events)}",
        *(f"sha256 {digest} {name}" for name, digest in digests.items()),
    ]
    return signer.sign("\n".join(lines) + "\n")


def files(proof: Proof) -> list[File]:
    """Return the pictures and documents of the opt-ins that the proof is about, each once."""
    found = [each.told.image for each in proof.about if each.told and each.told.image]
    found += [each.evidence for each in proof.about if each.evidence]
    return list({file.name: file for file in found}.values())
