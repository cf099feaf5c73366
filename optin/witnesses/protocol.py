"""What a log and a witness say to each other: c2sp.org/tlog-witness, `add-checkpoint`."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from optin.witnesses.transport import Answer

SIZE = "text/x.tlog.size"
OK, CONFLICT, NOT_CONSISTENT = 200, 409, 422
_DECLINED = {
    400: "It can’t read the request (400).",
    403: "It does not accept the key that signs the log (403). Its operator has to add the verifier key.",
    404: "It does not know this log (404). Its operator has to add the verifier key; or the address is wrong.",
}


@dataclass(frozen=True)
class Declined:
    """Why the witness did not cosign, which says nothing about the log."""

    sentence: str


@dataclass(frozen=True)
class Cosigned:
    """The lines in which it does."""

    lines: str


@dataclass(frozen=True)
class Remembers:
    """It has cosigned so many events of the log, and not those that were named."""

    size: int


@dataclass(frozen=True)
class Inconsistent:
    """What it has cosigned is not what the log begins with."""


def request(old: int, proof: Sequence[bytes], note: str) -> str:
    """Return the content of a request: what it has cosigned, how the log grew out of that, and a signed checkpoint."""
    hashes = "".join(f"{b64encode(each).decode()}\n" for each in proof)
    return f"old {old}\n{hashes}\n{note}"


def read(answer: Answer) -> Cosigned | Remembers | Inconsistent | Declined:
    """Return what an answer means. Its own words are left out: they are those of a stranger."""
    if answer.status == OK:
        return Cosigned(answer.text)
    if answer.status == CONFLICT and answer.kind == SIZE and re.fullmatch(r"(0|[1-9][0-9]{0,18})\n?", answer.text):
        return Remembers(int(answer.text))
    if answer.status == NOT_CONSISTENT:
        return Inconsistent()
    return Declined(_DECLINED.get(answer.status, f"It answered with an error ({answer.status})."))
