"""How the rule went, for every purpose and each of its reasons: what was passed, what decided, what was not reached."""

from dataclasses import fields
from itertools import product

import pytest

from optin.consent import course, rules
from optin.consent.course import StepAnswer
from optin.consent.replay import TOLD_BY_THE_LOG
from optin.consent.rules import STEPS, Case, Facts
from optin.enums import Purpose, Reason, ReplyKind

BOTH = (False, True)
CASES = [
    Case(purpose, has_keyword=keyword, keywordless_needs_opt_in=needs, one_to_one_needs_opt_in=needs, cap_waits=waits,
         reply_kind=kind)
    for purpose, keyword, needs, waits in product(Purpose, BOTH, BOTH, BOTH)
    for kind in (ReplyKind if purpose is Purpose.REPLY else (None,))
]  # fmt: skip
ALLOWED = {"has_number": True, "own": True, "opted_in": True, "any_opt_in": True}


def facts_for(step: rules.Step) -> Facts:
    """Return facts of which this step speaks, and of the others as few as can be."""
    return Facts(**{**ALLOWED, **dict(step.when)})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_reason_is_decided_by_its_step_after_the_others(case: Case) -> None:
    for step in rules.obstacles(case):
        facts = facts_for(step)
        decision = rules.decide(case, facts)
        asked = course.course(case, decision.reason, facts)
        assert [each.step for each in asked] == list(rules.steps(case))
        decided = [each for each in asked if each.decided]
        assert [each.step.reason for each in decided] == [decision.reason]
        assert (decided[0].answer is StepAnswer.WAITS) is decision.waits
        at = asked.index(decided[0])
        assert {each.answer for each in asked[:at]} <= {StepAnswer.PASSED, StepAnswer.NOTICE}
        assert {each.answer for each in asked[at + 1 :]} <= {StepAnswer.NOT_REACHED}
        assert not any(each.step.speaks(facts) for each in asked[:at] if each.answer is StepAnswer.PASSED)
        assert course.decision(case, decision.reason) == rules.Decision(False, decision.reason, waits=decision.waits)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_may_be_sent_passes_all(case: Case) -> None:
    facts = Facts(**ALLOWED)
    assert rules.decide(case, facts).allowed
    assert {each.answer for each in course.course(case, None, facts)} <= {StepAnswer.PASSED}


def test_a_notice_does_not_decide() -> None:
    asked = course.course(Case(Purpose.ONE_TO_ONE), None, Facts(held=True))
    assert {each.step.reason: each.answer for each in asked}[Reason.ON_HOLD] is StepAnswer.NOTICE
    assert not any(each.decided for each in asked)


def test_what_the_rule_never_says_is_no_course_of_it() -> None:
    case = Case(Purpose.ONE_TO_ONE)
    assert not course.is_of_the_rule(case, Reason.NUMBER_CHANGED)
    with pytest.raises(ValueError, match="number_changed"):
        course.course(case, Reason.NUMBER_CHANGED, Facts())


def test_every_step_was_among_them() -> None:
    assert {step for case in CASES for step in rules.steps(case)} == set(STEPS)


def test_of_every_fact_it_is_known_how_it_was() -> None:
    """A new one is told by events, worked out in asked_then.py (named here then), or said not to be."""
    worked_out = {"has_number", "duplicate", "too_late", "promise_reached"}
    worked_out |= {"often_texted", "outside_hours", "cap_reached"}
    assert {field.name for field in fields(Facts)} == TOLD_BY_THE_LOG | course.NOT_WORKED_OUT | worked_out
