"""The Merkle tree of RFC 6962: its root, proofs that a leaf is in it and that one tree grew out of another, and checks.

A tree is known by its size and a function that gives the hash of a complete subtree. Hashes are SHA-256, as bytes.
"""

import hashlib
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]
"""Gives the hash of the subtree with 2**height leaves that begins at leaf index * 2**height: node(height, index)."""
EMPTY = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return _sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two."""
    return _sha256(b"\x01" + left + right).digest()


def joined(hashes: Sequence[bytes]) -> bytes:
    """Return the hash above as many hashes as a complete subtree has: 1, 2, 4, 8 …"""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def root(size: int, node: Node) -> bytes:
    """Return the root of the tree of so many leaves."""
    return _range(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that the leaf with this index is in the tree. Raises ValueError where it has no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has none with the index {index}")
    path, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _left(end - begin)
        if index < middle:
            path.append(_range(middle, end, node))
            end = middle
        else:
            path.append(_range(begin, middle, node))
            begin = middle
    return path[::-1]


def consistency(old: int, size: int, node: Node) -> list[bytes]:
    """Return the proof that the tree begins with the one that had `old` leaves. Raises ValueError for a larger one."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} leaves did not grow out of one of {old}")
    path, begin, end = [], 0, size
    while old and end != old:
        middle = begin + _left(end - begin)
        if old <= middle:
            path.append(_range(middle, end, node))
            end = middle
        else:
            path.append(_range(begin, middle, node))
            begin = middle
    if begin:
        path.append(_range(begin, end, node))
    return path[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows that the hash of a leaf is in the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    own, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if own & 1 or own == last:
            found = node_hash(each, found)
            while not own & 1 and own:
                own, last = own >> 1, last >> 1
        else:
            found = node_hash(found, each)
        own, last = own >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows that a tree began with another (RFC 9162, 2.1.4.2)."""
    if not 0 < old < size:
        return not proof and (old_root == root if old == size else old == 0 and old_root == EMPTY)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    own, last = old - 1, size - 1
    while own & 1:
        own, last = own >> 1, last >> 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if own & 1 or own == last:
            before, after = node_hash(each, before), node_hash(each, after)
            while not own & 1 and own:
                own, last = own >> 1, last >> 1
        else:
            after = node_hash(after, each)
        own, last = own >> 1, last >> 1
    return last == 0 and before == old_root and after == root


class Growing:
    """A tree that grows leaf by leaf and knows its root, and keeps no more than the hashes of its complete subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, subtree: bytes, height: int = 0) -> None:
        """Add the hash of a leaf, or of 2**height leaves where as many or more stand in each subtree before."""
        full = self.size >> height
        while full & 1:
            subtree = node_hash(self._peaks.pop(), subtree)
            full >>= 1
        self._peaks.append(subtree)
        self.size += 1 << height

    def root(self) -> bytes:
        """Return the root as it is now."""
        return _above(self._peaks) if self._peaks else EMPTY


def _left(size: int) -> int:
    """Return how many leaves are to the left of the top: the largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(begin: int, end: int, node: Node) -> bytes:
    """Return the hash over a range of leaves that the tree has as one."""
    parts = []
    while begin < end:
        height = (end - begin).bit_length() - 1
        parts.append(node(height, begin >> height))
        begin += 1 << height
    return _above(parts)


def _above(parts: Sequence[bytes]) -> bytes:
    found = parts[-1]
    for each in parts[-2::-1]:
        found = node_hash(each, found)
    return found
