"""What the pages say of one decision: its verdict, how the rule went, and what each step looked at."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, joinedload

from optin.consent import course, rules, state_hours, state_wording
from optin.consent.asked_then import AskedThen, AskingHistory
from optin.consent.course import AskedStep, StepAnswer
from optin.consent.number_log import LoggedEvent
from optin.consent.replay import TOLD_BY_THE_LOG, when
from optin.consent.rules import Decision
from optin.enums import LabelledEnum, OptInStatus, Reason
from optin.models import OptIn
from optin.policy import labels


class Knowledge(LabelledEnum):
    """How we know what is said."""

    RECORDED = "recorded", "Recorded at the time", "ok"
    NOW = "now", "Looked up just now", "ok"
    WORKED_OUT = "worked_out", "Worked out from the log now", "warn"
    NOT_RECORDED = "not_recorded", "Not recorded", "off"


@dataclass(frozen=True)
class AskedMoment:
    """One of the moments at which the rule is asked: what it said, and how we know; None: it said nothing."""

    name: str
    at: datetime | None
    known: Knowledge
    decision: Decision | None = None
    note: str = ""

    @property
    def answer(self) -> str:
        """Say what the rule said."""
        return said(self.decision) if self.decision else "Not asked"


@dataclass(frozen=True)
class StepLine:
    """A step of the rule with its answer, what it looked at, and the event since which it is so."""

    asked: AskedStep
    looked_at: str
    since: LoggedEvent | None = None


@dataclass(frozen=True)
class SettingLine:
    """A setting that the rule depends on: its value then, since when, and its value now where that is another one."""

    label: str
    value: str
    since: datetime | None
    now: str = ""


@dataclass(frozen=True)
class ReliedOn:
    """The opt-in that a message relied on, how it stood then and since when."""

    opt_in: OptIn
    status: OptInStatus | None
    since: datetime | None
    known: Knowledge


@dataclass(frozen=True)
class Explanation:
    """All of it; `deciding` is the moment that the steps are of. `differs` is what the log says where that is not what
    was recorded."""

    verdict: str
    moments: Sequence[AskedMoment]
    deciding: AskedMoment
    then: AskedThen
    steps: Sequence[StepLine]
    settings: Sequence[SettingLine]
    relied_on: ReliedOn | None
    zones: str
    zones_known: Knowledge
    differs: str = ""

    @property
    def decided(self) -> StepLine | None:
        """Return the step that decided, None where none did."""
        return next((line for line in self.steps if line.asked.decided), None)


def said(decision: Decision) -> str:
    """Say an answer of the rule."""
    if decision.allowed or decision.reason is None:
        return "May be sent"
    return f"{'Waits' if decision.waits else 'May not be sent'}: {_low(decision.reason.label)}"


def verdict(steps: Sequence[StepLine], decision: Decision) -> str:
    """Say an answer of the rule with the row that decided."""
    line = next((line for line in steps if line.asked.decided), None)
    if line is None:
        return "May be sent: no row of the rule speaks against it."
    row = f"row {line.asked.row} of the rule" if line.asked.row else "a row for messages of this kind"
    return f"{said(decision)} ({row})."


def steps_of(history: AskingHistory, then: AskedThen, reason: Reason | None, keyword: str) -> list[StepLine]:
    """Return how the rule went at a moment; `keyword` is the word that the campaign needs, "" for none."""
    return [_line(history, then, asked, keyword) for asked in course.course(then.case, reason, then.facts)]


def settings_of(history: AskingHistory, then: AskedThen) -> list[SettingLine]:
    """Return the settings that the rule of a purpose depends on, as they were."""
    of_purpose = [step for step in rules.STEPS if then.case.purpose in step.purposes]
    lines = []
    for name in dict.fromkeys(name for step in of_purpose for name in step.settings):
        was, now = _value(name, then.policy.policy), _value(name, history.settings.now)
        since = then.policy.since.get(name)
        lines.append(SettingLine(labels.LABELS[name], was, since, now if now != was else ""))
    return lines


def relied_on(
    session: Session, history: AskingHistory, then: AskedThen, opt_in_id: int | None, known: Knowledge
) -> ReliedOn | None:
    """Return an opt-in as it stood at a moment; without an id the newest active one, else the newest, by the log."""
    state = history.log.state(then.at)
    if opt_in_id is None:
        about = history.about
        found = [
            (each.status == OptInStatus.ACTIVE, each_id)
            for each_id, each in state.opt_ins.items()
            if each.channel == about.channel and about.keyword_id in (None, each.keyword_id)
        ]
        opt_in_id, known = max(found, default=(False, None))[1], Knowledge.WORKED_OUT
    opt_in = session.get(OptIn, opt_in_id, options=[joinedload(OptIn.keyword)]) if opt_in_id else None
    if opt_in is None:
        return None
    stood, event = state.opt_ins.get(opt_in.id), history.log.last_of(opt_in.id, then.at)
    return ReliedOn(opt_in, OptInStatus(stood.status) if stood else None, when(event.event) if event else None, known)


def differs(then: AskedThen, decision: Decision) -> str:
    """Say what the log says now of a moment, where that is not what was recorded; "" where it is the same."""
    worked_out = then.decision
    if worked_out.reason == decision.reason or (decision.reason == Reason.TOO_LATE and worked_out.waits):
        return ""
    doubtful = {decision.reason, worked_out.reason}
    if any(
        step.reason in doubtful and not AskedStep(step, StepAnswer.PASSED).is_worked_out for step in then.case_steps
    ):
        return ""
    return said(worked_out)


def _line(history: AskingHistory, then: AskedThen, asked: AskedStep, keyword: str) -> StepLine:
    if asked.answer is StepAnswer.NOT_REACHED:
        return StepLine(asked, "")
    if all(fact in TOLD_BY_THE_LOG for fact, _ in asked.step.when):
        speaks = asked.decided or asked.answer is StepAnswer.NOTICE
        about = history.about
        event = history.log.since(then.at, lambda state: asked.step.speaks(about.facts_of(state))) if speaks else None
        nothing = f"No opt-in{f' with “{keyword}”' if keyword else ''} in the log by then."
        wants = speaks and event is None and asked.step.reason in (Reason.NOT_OPTED_IN, Reason.NO_OPT_IN)
        return StepLine(asked, nothing if wants else "", event)
    if not asked.is_worked_out:
        return StepLine(asked, "As recorded. It can’t be worked out afterwards.")
    looked_at = _LOOKED_AT.get(asked.step.reason)
    return StepLine(asked, looked_at(history, then) if looked_at else "")


def _hours(history: AskingHistory, then: AskedThen) -> str:
    policy, about = then.policy.policy, history.about
    if about.hours(policy) is None:
        return "Sending hours were off."
    shown = "; ".join(f"{each.at:%H:%M} in {each.zone.replace('_', ' ')}" for each in then.clocks)
    said = [f"{shown or 'No time zone was known'}."]
    if policy.window is not None:
        said.append(f"Sending hours were {policy.sending_from} to {policy.sending_to}.")
    zones = [each.zone for each in then.clocks]
    by_state = state_wording.why_closed(policy, about.number, zones, then.at, about.us_state)
    return " ".join([*said, f"{by_state}."] if by_state else said)


def _caps(history: AskingHistory, then: AskedThen) -> str:
    policy = then.policy.policy
    number, us_state = history.about.number, history.about.us_state
    if not state_hours.bound(policy, number, us_state).day_cap and not policy.cap_per_week:
        return "No cap was set."
    day, week = history.got(then.at)
    by_state = state_wording.why_capped(policy, number, day, us_state)
    said = f"{day} broadcast messages in the 24 hours before, {week} in the 7 days."
    return f"{said} {by_state}." if by_state else said


def _promise(history: AskingHistory, then: AskedThen) -> str:
    promise = history.promise(then.at)
    return f"They were told: at most {promise.said}." if promise else "They were promised nothing."


def _many(history: AskingHistory, then: AskedThen) -> str:
    got = f"{history.got(then.at)[1]} broadcast messages in the 7 days before."
    return got if history.about.leaves_out_often else "The broadcast leaves nobody out for many texts."


def _last_time(history: AskingHistory, _then: AskedThen) -> str:
    return "" if history.about.not_after else "The broadcast has no last time."


_LOOKED_AT = {
    Reason.TOO_LATE: _last_time,
    Reason.PROMISE_REACHED: _promise,
    Reason.OFTEN_TEXTED: _many,
    Reason.OUTSIDE_HOURS: _hours,
    Reason.CAP_REACHED: _caps,
}


def _value(name: str, policy: object) -> str:
    return labels.value(name, json.dumps(getattr(policy, name)))


def _low(label: str) -> str:
    return label[:1].lower() + label[1:]
