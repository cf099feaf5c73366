"""The rule turned round: what must hold so that none of its steps speaks, or the step with a reason, and nothing else.

Pure, as the rule itself; consent/conditions.py makes SQL of it.
"""

from collections.abc import Iterable, Sequence

from optin.consent.rules import Case, Literal, Step, obstacles
from optin.enums import Reason

Clause = tuple[Literal, ...]
"""Literals of which at least one must hold."""


def passed(asked: Iterable[Step]) -> list[Clause]:
    """Return the clauses that must all hold so that none of the steps speaks, as short as they can be said."""
    return shortened(tuple((fact, not is_so) for fact, is_so in step.when) for step in asked)


def above(asked: Sequence[Step], reason: Reason) -> Sequence[Step]:
    """Return the steps that come before the one with a reason."""
    return asked[: [step.reason for step in asked].index(reason)]


def having(case: Case, why: Reason | None) -> list[Clause] | None:
    """Return the clauses that must all hold for this reason (None: it may be sent); None where it has no step.

    What the step itself says comes first, and of that what is so: that holds of the fewest, and SQLite asks in order.
    """
    asked = obstacles(case)
    if why is None:
        return passed(asked)
    for step in asked:
        if step.reason is why:
            said = sorted(step.when, key=lambda literal: not literal[1])
            return shortened([*((literal,) for literal in said), *passed(above(asked, why))])
    return None


def shortened(clauses: Iterable[Clause]) -> list[Clause]:
    """Leave out what clauses of one literal say already, or say is not so; those of one literal come first."""
    all_ = list(clauses)
    alone = [clause for clause in all_ if len(clause) == 1]
    known = {clause[0] for clause in alone}
    longer = [clause for clause in all_ if len(clause) > 1 and not known.intersection(clause)]
    return alone + [
        tuple((fact, is_so) for fact, is_so in clause if (fact, not is_so) not in known) for clause in longer
    ]
