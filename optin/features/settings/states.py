"""The hours and limits of states as the settings show them: what holds, where it is from, who confirmed it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import state_hours, state_rules, state_wording
from optin.consent.state_hours import StateInForce
from optin.features.settings.queries import Change
from optin.models import Setting, User
from optin.policy import policy, state_choices
from optin.policy.policy import Policy
from optin.policy.state_choices import StateChoice


@dataclass(frozen=True)
class StateLine:
    """A state on the page: what holds there, and who chose that last and when."""

    found: StateInForce
    chosen: Change | None

    @property
    def code(self) -> str:
        """Return its postal code."""
        return self.found.rule.state

    @property
    def name(self) -> str:
        """Return its name."""
        return self.found.rule.name

    @property
    def hours(self) -> list[str]:
        """Return its hours in words, days that are alike together."""
        return state_wording.week_words(self.found)

    @property
    def is_outdated(self) -> bool:
        """Tell whether the rule has changed since somebody confirmed it."""
        return self.found.choice is not None and not self.found.is_confirmed


def lines(session: Session, given: Policy) -> list[StateLine]:
    """List all states, those with a rule of their own first, each by name."""
    chosen = _chosen(session)
    all_ = [
        StateLine(found, chosen.get(f"{state_choices.PREFIX}{state}"))
        for state, found in state_hours.in_force(given.state_choices).items()
    ]
    return sorted(all_, key=lambda line: not line.found.rule.is_own and not line.found.is_changed)


def line(session: Session, given: Policy, state: str) -> StateLine | None:
    """Return one state by its code, None for what is none."""
    return next((each for each in lines(session, given) if each.code == state), None)


def confirm(session: Session, user_id: int, given: Policy, codes: Iterable[str]) -> Sequence[str]:
    """Let a user confirm what holds in some states as it is; return the codes of those that were not confirmed."""
    all_ = state_hours.in_force(given.state_choices)
    open_ = [state for state in codes if state in all_ and not all_[state].is_confirmed]
    policy.choose_states(session, user_id, tuple((state, _as_it_is(all_[state])) for state in open_))
    return open_


def put_back(session: Session, user_id: int, state: str) -> None:
    """Let the hours and the limit that come with Optin hold in a state, confirmed."""
    read = state_rules.table().states[state].read.isoformat()
    policy.choose_states(session, user_id, ((state, StateChoice(read)),))


def _as_it_is(found: StateInForce) -> StateChoice:
    """Return the choice of what holds now; what was chosen of an older rule goes on as far as it is stricter."""
    read = found.rule.read.isoformat()
    if found.choice is None or not found.is_changed:
        return StateChoice(read)
    days = tuple(state_rules.window_text(day) for day in found.week.days)
    return replace(found.choice, read=read, days=days, holidays=found.week.holidays, cap=found.cap)


def _chosen(session: Session) -> Mapping[str, Change]:
    rows = session.execute(
        select(Setting.name, Setting.updated_at, User.name)
        .outerjoin(User, User.id == Setting.updated_by_id)
        .where(Setting.name.in_(state_choices.NAMES))
    )
    return {name: Change(at, by) for name, at, by in rows}
