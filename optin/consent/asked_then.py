"""The rule as it was to be asked at a moment that is over: its case and its facts, as they were known then.

Opt-ins and what stands against a number follow from the log, settings from their trail, the caps from the messages,
and the clock from the time zones. Whoever shows an answer of this says that it was worked out afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from optin.consent import caps, conditions, hours, number_log, often, promises, rules, state_hours
from optin.consent.hours import LocalTime
from optin.consent.number_log import NumberLog
from optin.consent.promises import PastPromise, Promise
from optin.consent.replay import NumberReplay, facts_of
from optin.consent.rules import Case, Decision, Facts, Step
from optin.consent.week import Week, Window
from optin.enums import Purpose, ReplyKind
from optin.phone import is_e164
from optin.policy import past, state_choices
from optin.policy.past import PastPolicy, SettingsTrail
from optin.policy.policy import Policy


@dataclass(frozen=True)
class AskedAbout:
    """What a message was: to whom, why, which keyword it needed (None: any), by which channel and block scope, the last
    time of its broadcast, whether that leaves out who got many texts lately, and the state of the person's address."""

    number: str
    purpose: Purpose
    channel: str
    scope: str
    keyword_id: int | None = None
    reply_kind: ReplyKind | None = None
    not_after: datetime | None = None
    leaves_out_often: bool = False
    us_state: str = ""

    def facts_of(self, state: NumberReplay) -> Facts:
        """Return the facts that the log tells, of a number that stands so."""
        return facts_of(state, keyword_id=self.keyword_id, channel=self.channel, scope=self.scope)

    def hours(self, policy: Policy) -> Week | Window | None:
        """Return when it may go under a policy, None for at any time."""
        return state_hours.bound(policy, self.number, self.us_state).hours

    def case(self, policy: Policy) -> Case:
        """Return the case of the rule under a policy."""
        return conditions.case_of(self.purpose, policy, keyword_id=self.keyword_id, reply_kind=self.reply_kind)


@dataclass(frozen=True)
class AskedThen:
    """The rule at a moment: its case and facts, the policy of then, and what the clocks showed where the number is."""

    at: datetime
    case: Case
    facts: Facts
    policy: PastPolicy
    clocks: Sequence[LocalTime]

    @property
    def decision(self) -> Decision:
        """Return what the rule says to it."""
        return rules.decide(self.case, self.facts)

    @property
    def case_steps(self) -> Sequence[Step]:
        """Return the steps that are asked in its case."""
        return rules.steps(self.case)


@dataclass(frozen=True)
class AskingHistory:
    """What is needed to ask the rule about a number as of any moment between two."""

    about: AskedAbout
    log: NumberLog
    settings: SettingsTrail
    starts: Sequence[datetime]
    promises: Sequence[PastPromise] = ()

    def at(self, moment: datetime, zones: str) -> AskedThen:
        """Return the rule as it was to be asked at a moment, with the number in these time zones (a zone group)."""
        about, then = self.about, self.settings.at(moment)
        names, window = zones.split(hours.GROUP_SEPARATOR), about.hours(then.policy)
        facts = replace(about.facts_of(self.log.state(moment)), has_number=is_e164(about.number))
        if about.purpose == Purpose.CAMPAIGN:
            facts = replace(
                facts,
                outside_hours=window is not None and not hours.is_open(names, moment, window),
                too_late=_is_late(about.not_after, names, moment, window),
                promise_reached=self._is_promise_reached(moment),
                often_texted=about.leaves_out_often and often.are_many(self.starts, moment),
                cap_reached=caps.is_full(about.number, self.starts, then.policy, moment, about.us_state),
            )
        return AskedThen(moment, about.case(then.policy), facts, then, hours.local_times(names, moment, window))

    def promise(self, moment: datetime) -> Promise | None:
        """Return what the number was promised with the keyword, as far as it was opted in at a moment."""
        promised = self._promised(moment)
        return promised.promise if promised else None

    def _promised(self, moment: datetime) -> PastPromise | None:
        return next((each for each in self.promises if each.holds(moment)), None)

    def _is_promise_reached(self, moment: datetime) -> bool:
        promised = self._promised(moment)
        return promised is not None and promised.promise.is_reached(promised.starts, moment)

    def got(self, moment: datetime) -> tuple[int, int]:
        """Count the messages that count towards the caps of a day and of a week at a moment."""
        spans = (caps.DAY, caps.WEEK)
        day, week = (sum(moment - span < start < moment for start in self.starts) for span in spans)
        return day, week


def load(session: Session, about: AskedAbout, now: Policy, first: datetime, last: datetime) -> AskingHistory:
    """Read what is needed for moments between the first and the last; `now` is the policy of today."""
    starts = caps.starts(session, about.number, first, last) if about.purpose == Purpose.CAMPAIGN else []
    trail = past.trail(session, now, [*rules.SETTINGS, *state_choices.NAMES])
    log = number_log.load(session, about.number)
    if about.purpose != Purpose.CAMPAIGN or about.keyword_id is None:
        return AskingHistory(about, log, trail, starts)
    promised = promises.past(session, about.number, about.keyword_id, about.channel, first, last)
    return AskingHistory(about, log, trail, starts, promised)


def _is_late(not_after: datetime | None, zones: Sequence[str], moment: datetime, window: Week | Window | None) -> bool:
    """Tell whether the last time had come, or was to come before the sending hours where the number is."""
    if not_after is None:
        return False
    opens = moment if window is None else hours.next_open(zones, moment, window)
    return moment >= not_after or opens is None or opens >= not_after
