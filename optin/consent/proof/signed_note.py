"""Checkpoints as c2sp.org/tlog-checkpoint has them: origin, size and root as a c2sp.org/signed-note with Ed25519.

The only user of `cryptography`.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DASH = "\u2014 "


class BadNote(ValueError):
    """The text is no note of this kind, or the key did not sign it."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: that its first `size` leaves have this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return what is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Return the checkpoint of a text, signed or not; lines after the third are let be. Raises BadNote."""
        lines = text.split("\n\n", 1)[0].split("\n")
        if len(lines) < 3 or not lines[0]:
            raise BadNote("a checkpoint has three lines: origin, size and root")
        size, root = lines[1], _read_base64(lines[2])
        if not (size.isascii() and size.isdecimal() and str(int(size)) == size) or len(root) != 32:
            raise BadNote("the size or the root of the checkpoint can't be read")
        return cls(lines[0], int(size), root)


@dataclass(frozen=True)
class Verifier:
    """The public half of a key, under the name by which it signs."""

    name: str
    key: bytes
    kind: ClassVar[bytes] = b"\x01"

    @property
    def key_id(self) -> bytes:
        """Return the four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(self.kind + self.key)}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the verifier of a verifier key. Raises BadNote."""
        name, _, rest = text.partition("+")
        key_id, _, key = rest.partition("+")
        raw = _read_base64(key)
        found = cls(name, raw[1:])
        if name.split() != [name] or raw[:1] != cls.kind or len(raw) != 33 or found.key_id.hex() != key_id:
            raise BadNote("this is no verifier key of this kind for Ed25519")
        return found

    def open(self, note: str) -> str:
        """Return the text of a note that this key signed. Raises BadNote where it did not, or anything was changed."""
        text, lines = split(note)
        for signature in self.signatures(lines):
            self.check(signature, text)
            return text
        raise BadNote(f"{self.name} has not signed it")

    def signatures(self, lines: Sequence[str]) -> Iterator[bytes]:
        """Yield the signatures among the lines that are said to be of this key. Raises BadNote."""
        for line in lines:
            name, _, signature = line.removeprefix(DASH).partition(" ")
            raw = _read_base64(signature)
            if name == self.name and raw[:4] == self.key_id:
                yield raw[4:]

    def check(self, signature: bytes, text: str) -> None:
        """Raise BadNote unless this key made the signature of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            raise BadNote(f"the signature of {self.name} does not fit the text") from None


def split(note: str) -> tuple[str, list[str]]:
    """Return the text of a note and its signature lines, each without its line break. Raises BadNote."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not separator or lines.pop() or not all(line.startswith(DASH) for line in lines):
        raise BadNote("this is no signed note")
    return f"{text}\n", lines


class Signer:
    """A key that signs under a name."""

    def __init__(self, name: str, secret: str) -> None:
        """`name` has no spaces and no plus; the key follows from the secret."""
        seed = hashlib.sha256(b"optin consent log\n" + secret.encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the signed note of a text that ends with a line break."""
        signature = _base64(self.verifier.key_id + self._key.sign(text.encode()))
        return f"{text}\n{DASH}{self.verifier.name} {signature}\n"


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _read_base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise BadNote("this is no base64") from None
