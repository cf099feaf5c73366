"""What a composer's form says besides text, sender and times: which broadcast it changes, and which version of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from optin.models import Broadcast
from optin.web.record_ids import record_id

FIELDS = ("changes", "version")


@dataclass(frozen=True)
class ComposedFor:
    """For what somebody writes: for a new broadcast, or to change one that they saw in a version."""

    changes: int | None = None
    version: int = 0

    @property
    def hidden(self) -> dict[str, str]:
        """Return the fields that a form carries on."""
        return {} if self.changes is None else {"changes": str(self.changes), "version": str(self.version)}


def of_form(form: Mapping[str, str]) -> ComposedFor:
    """Read the fields; without them, or with what is no number, it is for a new broadcast."""
    changes, version = (_number(form.get(name, "")) for name in FIELDS)
    return ComposedFor(changes, version) if changes else ComposedFor()


def of_broadcast(broadcast: Broadcast) -> ComposedFor:
    """Return what a form carries that changes a broadcast as it is now."""
    return ComposedFor(broadcast.id, broadcast.version)


def _number(typed: str) -> int:
    try:
        return record_id(typed)
    except ValueError:
        return 0
