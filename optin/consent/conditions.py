"""The rule as SQL, made from its table: why a number is refused, that it is not, and what the start asks again."""

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import ColumnElement, False_, SQLColumnExpression, and_, case, false, literal, not_, or_

from optin.consent import clauses, facts, rules
from optin.consent.clauses import Clause
from optin.consent.facts import About
from optin.consent.rules import Case, Step
from optin.enums import Purpose, Reason, ReplyKind
from optin.policy.policy import Policy

WILL_RECEIVE = ""


def case_of(
    purpose: Purpose, policy: Policy, *, keyword_id: int | None = None, reply_kind: ReplyKind | None = None
) -> Case:
    """Return the case of a message under a policy; `keyword_id` is that of its campaign."""
    return Case(
        purpose,
        has_keyword=keyword_id is not None,
        keywordless_needs_opt_in=policy.keywordless_needs_opt_in,
        one_to_one_needs_opt_in=policy.require_opt_in_for_one_to_one,
        cap_waits=policy.cap_waits,
        reply_kind=reply_kind,
    )


def hold(about: About, all_: Iterable[Clause]) -> list[ColumnElement[bool]]:
    """Return each clause as a condition by itself, so that the database may begin with the few whom one leaves."""
    return [_any_of(about, clause) for clause in all_]


def may_start(about: About, case: Case) -> ColumnElement[bool]:
    """The condition of the statement that starts a message: no step speaks that is asked again there."""
    return and_(*hold(about, clauses.passed(rules.asked_at_start(case))))


def consent_holds(
    number: SQLColumnExpression[str | None],
    policy: Policy,
    *,
    keyword_id: int | None,
    scope: str,
    channel: str,
) -> ColumnElement[bool]:
    """Consent covers a campaign message to the number at this very moment; time and caps are not asked."""
    about = About(number=number, channel=channel, scope=scope, keyword_id=keyword_id)
    campaign = case_of(Purpose.CAMPAIGN, policy, keyword_id=keyword_id)
    return and_(*hold(about, clauses.passed(clauses.above(rules.asked_at_start(campaign), Reason.TOO_LATE))))


def reason(steps: Collection[Step], is_so: Callable[[str], ColumnElement[bool]]) -> ColumnElement[str]:
    """The reason of the first step that speaks, WILL_RECEIVE if none does; `is_so` says each fact as SQL."""
    rows = [(_speaks(step, is_so), literal(str(step.reason))) for step in steps]
    return case(*(row for row in rows if not isinstance(row[0], False_)), else_=literal(WILL_RECEIVE))


def _speaks(step: Step, is_so: Callable[[str], ColumnElement[bool]]) -> ColumnElement[bool]:
    said = [is_so(fact) if wanted else not_(is_so(fact)) for fact, wanted in step.when]
    return said[0] if len(said) == 1 else and_(*said)


def _any_of(about: About, clause: Clause) -> ColumnElement[bool]:
    """At least one literal of a clause holds."""
    said = [facts.is_so(about, fact) if wanted else facts.is_not_so(about, fact) for fact, wanted in clause]
    return said[0] if len(said) == 1 else or_(false(), *said)
