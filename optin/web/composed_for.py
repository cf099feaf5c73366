"""What a composer's form says besides text, sender and times: which broadcast it changes, and to whom it goes."""

from collections.abc import Mapping
from dataclasses import dataclass

from optin.consent import follow_up
from optin.consent.follow_up import FollowUp
from optin.enums import Audience
from optin.models import Broadcast
from optin.web.record_ids import record_id

FIELDS = ("changes", "version", "audience", "of", "copy")


@dataclass(frozen=True)
class ComposedFor:
    """For what somebody writes: a new broadcast, perhaps a `copy` of one, or to change one that they saw in a version.

    `follow_up` is the part of the campaign to which it goes, None for all.
    """

    changes: int | None = None
    version: int = 0
    follow_up: FollowUp | None = None
    copy: int | None = None

    @property
    def hidden(self) -> dict[str, str]:
        """Return the fields that a form carries on."""
        found = {} if self.changes is None else {"changes": str(self.changes), "version": str(self.version)}
        found |= {} if self.copy is None else {"copy": str(self.copy)}
        return found | self.part

    @property
    def part(self) -> dict[str, str]:
        """Return those of them that say to whom it goes."""
        asked = self.follow_up
        return {"audience": str(asked.audience), "of": str(asked.broadcast_id)} if asked else {}

    @property
    def key(self) -> str:
        """Return what tells the texts that somebody writes for one campaign apart; "" for a new one to all."""
        return "-".join(f"{name}-{value}" for name, value in self.hidden.items())


def of_form(form: Mapping[str, str]) -> ComposedFor:
    """Read the fields; without them, or with what is no number, it is for a new broadcast to all members."""
    changes, version, of, copy = (_number(form.get(name, "")) for name in ("changes", "version", "of", "copy"))
    audience = form.get("audience", "")
    is_part = audience in (Audience.MISSED, Audience.SILENT) and of
    part = FollowUp(Audience(audience), of) if is_part else None
    return ComposedFor(changes or None, version, part, copy or None)


def of_broadcast(broadcast: Broadcast) -> ComposedFor:
    """Return what a form carries that changes a broadcast as it is now."""
    return ComposedFor(broadcast.id, broadcast.version, follow_up.follow_up_of(broadcast))


def _number(typed: str) -> int:
    try:
        return record_id(typed)
    except ValueError:
        return 0
