"""The policy as it was at a moment, and since when each setting had its value, by the trail of changes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import AuditEntry
from optin.models.index_conditions import is_of_setting
from optin.policy.policy import Policy, changed_by


@dataclass(frozen=True)
class PastPolicy:
    """The policy of a moment. `since` says of the settings that had been changed by then when that was last."""

    policy: Policy
    since: Mapping[str, datetime]


@dataclass(frozen=True)
class SettingsTrail:
    """The changes of settings, of each the oldest first, and the policy as it is now."""

    now: Policy
    entries: list[AuditEntry]

    def at(self, moment: datetime) -> PastPolicy:
        """Return the policy of a moment. A change of that very moment counts."""
        stored: dict[str, str] = {}
        since: dict[str, datetime] = {}
        for entry in self.entries:
            if entry.at <= moment:
                stored[entry.field], since[entry.field] = entry.after, entry.at
            else:
                stored.setdefault(entry.field, entry.before)
        return PastPolicy(changed_by(self.now, stored), since)


def trail(session: Session, now: Policy, names: Collection[str]) -> SettingsTrail:
    """Read the changes of some settings, in one statement; the others count as they are now."""
    changes = select(AuditEntry).where(is_of_setting(AuditEntry), AuditEntry.field.in_(names))
    return SettingsTrail(now, list(session.scalars(changes.order_by(AuditEntry.field, AuditEntry.id))))
