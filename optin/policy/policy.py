"""The policy that admins set: names, defaults, reading and changing, with every change in the audit trail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert
from optin.models import Setting
from optin.policy import audit, state_choices
from optin.policy.state_choices import Choices


@dataclass(frozen=True)
class Policy:
    """Everything that an admin can decide; the defaults are those of a fresh install.

    Caps are broadcast messages per number in a rolling 24 hours and 7 days, 0 for none; `most_per_hour` and
    `most_per_day` are those of all numbers together. Sending hours are in the recipient's local time. `state_rules`:
    the hours and caps of US states hold beside them; `state_strictest`: for each US number those of all states, since
    it may have been ported; `state_by_address`: of whose address the state is known, by that alone; `state_choices`:
    what admins decided about single states, each stored as a setting. So many messages as `tries_before_lost` must fail
    for good before a number counts as not in use. `undo_minute`: a broadcast starts a minute after *Send*. Replies are
    templates with the fields brand, keyword and frequency. What begins with `canary` says who gets a broadcast first,
    and for how long it waits then; what begins with `limit`, above which shares (percent) and how many times the usual
    opt-outs a broadcast pauses. `first_line` is what a text says to whoever has got none for so many days
    (sending/first_line.py). Links of broadcasts can be shortened under the `short_domain`, "" for none; those under
    `former_short_domains` still lead where they led.
    """

    require_opt_in_for_one_to_one: bool = False
    keywordless_needs_opt_in: bool = True
    start_restores_opt_ins: bool = False
    holds_short_refusals: bool = True
    cap_per_day: int = 0
    cap_per_week: int = 0
    cap_waits: bool = True
    most_per_hour: int = 0
    most_per_day: int = 0
    tries_before_lost: int = 1
    undo_minute: bool = False
    canary: bool = False
    canary_least: int = 50
    canary_percent: int = 1
    canary_minutes: int = 10
    canary_goes_on: bool = False
    limit_failed: int = 5
    limit_filtered: int = 1
    limit_opt_outs: int = 2
    default_region: str = "US"
    brand: str = "Our team"
    opt_out_reply: str = (
        "{{ brand }}: you are unsubscribed and will get no more messages. Text START to allow messages again."
    )
    keyword_ended_reply: str = (
        "{{ brand }}: you will get no more {{ keyword }} messages. Text STOP to stop all of our messages."
    )
    help_reply: str = (
        "{{ brand }}: you get texts because you opted in with a keyword. "
        "Msg & data rates may apply. Reply STOP to cancel."
    )
    how_to_confirm_reply: str = "{{ brand }}: reply YES to confirm {{ keyword }}, or NO if you don't want it."
    first_line: str = "{{ brand }}: you joined {{ keyword }} on {{ day }}."
    first_line_days: int = 60
    extra_opt_out_words: tuple[str, ...] = ()
    question_hours: int = 24
    sending_hours: bool = True
    sending_from: str = "08:00"
    sending_to: str = "20:00"
    state_rules: bool = False
    state_strictest: bool = False
    state_by_address: bool = False
    short_domain: str = ""
    former_short_domains: tuple[str, ...] = ()
    state_choices: Choices = ()

    @property
    def window(self) -> tuple[time, time] | None:
        """Return the sending hours as two local times, or None when they are switched off."""
        if not self.sending_hours:
            return None
        return time.fromisoformat(self.sending_from), time.fromisoformat(self.sending_to)


_NAMES = tuple(field.name for field in fields(Policy) if field.name != "state_choices")
_SEVERAL = ("extra_opt_out_words", "former_short_domains")
SETTINGS = (*_NAMES, *state_choices.NAMES)
"""The names of all settings that make the policy."""


def load(session: Session) -> Policy:
    """Read the policy from the database; requests take it from the cache (policy/cache.py)."""
    rows = session.execute(select(Setting.name, Setting.value).where(Setting.name.in_(SETTINGS)))
    return from_settings(dict(rows.all()))


def from_settings(settings: Mapping[str, str]) -> Policy:
    """Return the policy that stored settings (JSON text by name) make; other settings among them do not matter."""
    return changed_by(Policy(), settings)


def changed_by(policy: Policy, settings: Mapping[str, str]) -> Policy:
    """Return a policy with some settings (JSON text by name) as stored instead; others do not matter."""
    stored = {name: json.loads(value) for name, value in settings.items() if name in _NAMES}
    stored |= {name: tuple(stored[name]) for name in _SEVERAL if name in stored}
    return replace(policy, **stored, state_choices=state_choices.changed_by(policy.state_choices, settings))


def change(session: Session, user_id: int | None, **changes: Any) -> list[str]:
    """Store the settings that differ from what is in force and write each into the audit trail.

    Returns the names that changed. Raises TypeError for a name that is no setting.
    """
    before = load(session)
    after = replace(before, **changes)
    changed = [name for name in _NAMES if getattr(before, name) != getattr(after, name)]
    for name in changed:
        old, new = (json.dumps(getattr(which, name), ensure_ascii=False) for which in (before, after))
        _store(session, user_id, name, old, new)
    return changed


def choose_states(session: Session, user_id: int | None, choices: Choices) -> None:
    """Store what an admin decides about states, each anew even where it is the same: who and when is kept with it."""
    before = dict(load(session).state_choices)
    for state, choice in choices:
        old = before[state].stored if state in before else ""
        _store(session, user_id, f"{state_choices.PREFIX}{state}", old, choice.stored)


def _store(session: Session, user_id: int | None, name: str, old: str, new: str) -> None:
    values = {"value": new, "updated_at": clock.now(), "updated_by_id": user_id}
    session.execute(
        insert(Setting).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values)
    )
    audit.record(session, user_id, "changed", "setting", None, {name: (old, new)})
