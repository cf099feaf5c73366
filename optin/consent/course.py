"""How the rule went for one message: each of its steps in their order, passed, deciding or not reached. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from optin.consent import rules
from optin.consent.rules import Case, Decision, Effect, Facts, Step
from optin.enums import LabelledEnum, Reason

NOT_WORKED_OUT = frozenset({"own", "empty_field", "answered", "many_replies", "confirmed"})
"""The facts of which neither the log nor the messages tell how they were."""


class StepAnswer(LabelledEnum):
    """What a step said."""

    PASSED = "passed", "Passed", "ok"
    NOTICE = "notice", "Passed, with a notice", "warn"
    REFUSED = "refused", "Decided: may not be sent", "bad"
    WAITS = "waits", "Decided: waits", "warn"
    NOT_REACHED = "not_reached", "Not reached", "off"


@dataclass(frozen=True)
class AskedStep:
    """A step and what it said."""

    step: Step
    answer: StepAnswer

    @property
    def row(self) -> int | None:
        """Return its row of the rule."""
        return rules.row(self.step)

    @property
    def decided(self) -> bool:
        """Tell whether it decided."""
        return self.answer in (StepAnswer.REFUSED, StepAnswer.WAITS)

    @property
    def is_worked_out(self) -> bool:
        """Tell whether its facts can be worked out for a moment that is over."""
        return not any(fact in NOT_WORKED_OUT for fact, _ in self.step.when)


def is_of_the_rule(case: Case, reason: Reason | None) -> bool:
    """Tell whether the rule gives such an answer in a case; None: that it may be sent."""
    return reason is None or any(step.reason is reason for step in rules.obstacles(case))


def course(case: Case, reason: Reason | None, facts: Facts) -> Sequence[AskedStep]:
    """Return what each step of a case said where the rule's answer was `reason` (None: it may be sent).

    `facts` say which notices there were. Raises ValueError for a reason that the rule does not have in the case.
    """
    if not is_of_the_rule(case, reason):
        raise ValueError(f"the rule does not say {reason!r} here")
    asked, over = [], False
    for step in rules.steps(case):
        if over:
            answer = StepAnswer.NOT_REACHED
        elif step.effect is Effect.NOTICE:
            answer = StepAnswer.NOTICE if step.speaks(facts) else StepAnswer.PASSED
        elif step.reason is reason:
            answer, over = StepAnswer.WAITS if step.effect is Effect.WAIT else StepAnswer.REFUSED, True
        else:
            answer = StepAnswer.PASSED
        asked.append(AskedStep(step, answer))
    return asked


def decision(case: Case, reason: Reason | None) -> Decision:
    """Return the rule's answer with a reason (None: it may be sent)."""
    return Decision(reason is None, reason, waits=reason in rules.waits(case))
