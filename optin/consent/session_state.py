"""What the ledger remembers for a session: the numbers whose locks its transaction has, and the installation's key."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, SessionTransaction

_NAME = "ledger"


@dataclass
class LedgerState:
    """The one object that the ledger keeps with a session."""

    key: str | None = None
    _transaction: SessionTransaction | None = None
    _locked: frozenset[str] = field(default_factory=frozenset)

    def locked(self, transaction: SessionTransaction | None) -> frozenset[str]:
        """Return the numbers that a transaction has the locks of; another one's locks have ended with it."""
        return self._locked if transaction is self._transaction else frozenset()

    def note_lock(self, transaction: SessionTransaction | None, numbers: Iterable[str]) -> None:
        """Remember that a transaction has the locks of the numbers."""
        self._transaction, self._locked = transaction, self.locked(transaction).union(numbers)


def state_of(session: Session) -> LedgerState:
    """Return what the ledger remembers for this session."""
    found: LedgerState = session.info.setdefault(_NAME, LedgerState())
    return found
