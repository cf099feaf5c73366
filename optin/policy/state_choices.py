"""What admins decided about the hours and limits of US states: each a setting of its own, "state_rule_TX".

The rules themselves come with Optin (consent/state_rules.toml); a choice confirms one as it was on a day, or stands
for another instead of it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from optin.phone import area_code_states

PREFIX = "state_rule_"
NAMES = tuple(f"{PREFIX}{state}" for state in area_code_states.NAMES)
"""The names of the settings, in the order of the states' names."""


@dataclass(frozen=True)
class StateChoice:
    """A choice about a state: `read` is the day (ISO) of the row that it was made of.

    `days`: instead of it, the hours of each weekday, Monday first, as "09:00-21:00" or "" for none, with `holidays` and
    `cap` (in 24 hours, 0 for none); None: as the row has it. `reason`: why, where it is less strict.
    """

    read: str
    days: tuple[str, ...] | None = None
    holidays: bool = True
    cap: int = 0
    reason: str = ""

    @property
    def stored(self) -> str:
        """Return the value of its setting (JSON text)."""
        return json.dumps(asdict(self), ensure_ascii=False)


Choices = tuple[tuple[str, StateChoice], ...]
"""Choices with their states, in a fixed order, so that two that say the same are equal."""


def read(stored: str) -> StateChoice | None:
    """Return the choice of a setting's value; None for "", where nothing was chosen."""
    if not stored:
        return None
    found = json.loads(stored)
    days = found.pop("days")
    return StateChoice(days=None if days is None else tuple(days), **found)


def changed_by(choices: Choices, settings: Mapping[str, str]) -> Choices:
    """Return the choices with those of some settings (by name, as stored) instead; others do not matter."""
    states = dict(choices)
    for name in settings.keys() & set(NAMES):
        state, choice = name.removeprefix(PREFIX), read(settings[name])
        states.pop(state, None)
        if choice is not None:
            states[state] = choice
    return tuple(sorted(states.items()))
