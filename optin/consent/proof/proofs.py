"""Proofs from what is stored: that an event is in the tree of a size, and that this tree grew out of a smaller one."""

from functools import cache

from sqlalchemy.orm import Session

from optin.consent.proof import stored, tree


class Proofs:
    """Makes proofs for one tree; the nodes that several have in common are read once."""

    def __init__(self, session: Session, size: int) -> None:
        self.size = size
        self._node = cache(stored.nodes(session))

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that the leaf is in the tree. Raises ValueError where there is no such leaf."""
        return tree.inclusion(index, self.size, self._node)

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that it grew out of the tree of `old` leaves. Raises ValueError for a larger one."""
        return tree.consistency(old, self.size, self._node)
