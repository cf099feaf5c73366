"""Other implementations of transparency logs: the definitions of RFC 6962 as they are written there, without any of
our short cuts, and aics-tlog where it is installed: it needs Python 3.12.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    import aics_tlog
except ImportError:
    aics_tlog = None


class AicsTlog:
    """Its tree, proofs and checks, by our names."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._tree: Any = aics_tlog.MerkleTree(leaves)

    def root(self, size: int) -> bytes:
        return bytes(self._tree.root(size))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return list(self._tree.inclusion_proof(index, size))

    def consistency(self, old: int, size: int) -> list[bytes]:
        return list(self._tree.consistency_proof(old, size))

    @staticmethod
    def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
        return bool(aics_tlog.verify_inclusion(leaf, index, size, proof, root))

    @staticmethod
    def is_consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
        return bool(aics_tlog.verify_consistency(old, size, old_root, root, proof))

    @staticmethod
    def has_signed(note: str, verifier_key: str) -> bool:
        key = aics_tlog.parse_vkey(verifier_key)
        return bool(aics_tlog.verify_checkpoint(aics_tlog.parse_note(note), key, expected_origin=key.name).log_ok)

    @staticmethod
    def has_cosigned(note: str, verifier_key: str) -> bool:
        key, read = aics_tlog.parse_vkey(verifier_key), aics_tlog.parse_note(note)
        origin, size, root = read.text.splitlines()
        of = key.name, key.public_key, origin, int(size), base64.b64decode(root)
        made = [each.signature for each in read.signatures if (each.name, each.key_id) == (key.name, key.key_id)]
        return len(made) == 1 and bool(aics_tlog.verify_cosignature(made[0], *of))


class Definition:
    """RFC 6962, section 2.1, word by word: MTH, PATH and PROOF; and the C2SP signed note, read by hand."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = list(leaves)

    def root(self, size: int) -> bytes:
        return _mth(self._leaves[:size])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return _path(index, self._leaves[:size])

    def consistency(self, old: int, size: int) -> list[bytes]:
        return _subproof(old, self._leaves[:size], whole=True)

    @staticmethod
    def has_signed(note: str, verifier_key: str) -> bool:
        text, _, signatures = note.rpartition("\n\n")
        name, key_id, key = verifier_key.split("+", 2)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
        for line in signatures.splitlines():
            _, signer, signature = line.split(" ")
            raw = base64.b64decode(signature)
            if (signer, raw[:4].hex()) == (name, key_id):
                try:
                    public.verify(raw[4:], f"{text}\n".encode())
                except InvalidSignature:
                    return False
                return True
        return False

    @staticmethod
    def has_cosigned(note: str, verifier_key: str) -> bool:
        """Tell whether it has, by c2sp.org/tlog-cosignature as it is written there."""
        text, _, signatures = note.rpartition("\n\n")
        name, key_id, key = verifier_key.split("+", 2)
        public = base64.b64decode(key)[1:]
        assert hashlib.sha256(name.encode() + b"\n\x04" + public).hexdigest()[:8] == key_id
        for line in signatures.splitlines():
            dash, signer, signature = line.split(" ")
            raw = base64.b64decode(signature)
            if (dash, signer, raw[:4].hex(), len(raw)) == ("\u2014", name, key_id, 76):
                said = f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n{text}\n"
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(raw[12:], said.encode())
                except InvalidSignature:
                    return False
                return True
        return False


def _mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = _largest_power_below(len(leaves))
    return hashlib.sha256(b"\1" + _mth(leaves[:k]) + _mth(leaves[k:])).digest()


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _largest_power_below(len(leaves))
    if index < k:
        return [*_path(index, leaves[:k]), _mth(leaves[k:])]
    return [*_path(index - k, leaves[k:]), _mth(leaves[:k])]


def _subproof(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [_mth(leaves)]
    k = _largest_power_below(len(leaves))
    if old <= k:
        return [*_subproof(old, leaves[:k], whole=whole), _mth(leaves[k:])]
    return [*_subproof(old - k, leaves[k:], whole=False), _mth(leaves[:k])]


def _largest_power_below(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


MAKING: list[Any] = [Definition, *([AicsTlog] if aics_tlog else [])]
"""Those that make trees and proofs, and read notes."""
CHECKING: list[Any] = MAKING[1:]
"""Those that check proofs as well."""
