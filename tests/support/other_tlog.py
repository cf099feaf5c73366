"""Another implementation of transparency logs, aics-tlog, where it is installed: it needs Python 3.12."""

from collections.abc import Sequence
from typing import Any

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


OTHER = [AicsTlog] if aics_tlog else []
