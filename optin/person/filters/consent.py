"""Filters by where a number stands, and by the keywords that it is opted in with: facts of consent, only read here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, union_all
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.consent.facts import FACTS, About
from optin.enums import Channel, OptInStatus
from optin.models import Keyword, OptIn, ProviderBlock
from optin.person.filters import choices
from optin.person.filters.field import Asked, Asker, Field, How, Option, People
from optin.person.filters.terms import Filter, Operand, Operator
from optin.refused import Refused

NO_ACTIVE_OPT_IN = "no-active-opt-in"


@dataclass(frozen=True)
class Standing:
    """Where a number may stand: the words, the condition, and all numbers of which it is so where they are stored."""

    label: str
    holds: Callable[[People], ColumnElement[bool]]
    numbers: Callable[[], Select[str]] | None = None


def _fact(label: str, name: str, *, is_rare: bool = True) -> Standing:
    """Return what a fact of consent says; where it `is_rare`, the numbers of which it is so can be listed."""
    fact, everywhere = FACTS[name], About(number=OptIn.number)

    def holds(of: People) -> ColumnElement[bool]:
        condition = fact.condition(About(number=of.mobile))
        assert condition is not None
        return condition

    numbers = fact.numbers if is_rare else None
    return Standing(label, holds, (lambda: numbers(everywhere)) if numbers else None)


def _is_blocked(of: People) -> ColumnElement[bool]:
    return exists().where(ProviderBlock.number == of.mobile, consent_status.hinders())


OPTED_IN = _fact("opted in", "any_opt_in", is_rare=False)
STANDINGS: Mapping[str, Standing] = {
    "opted-in": OPTED_IN,
    NO_ACTIVE_OPT_IN: Standing("no active opt-in", lambda of: and_(of.mobile.is_not(None), not_(OPTED_IN.holds(of)))),
    "waiting": _fact("waiting for confirmation", "pending"),
    "opted-out": _fact("opted out", "suppressed"),
    "on-hold": _fact("on hold", "held"),
    "blocked": Standing(
        "blocked at Twilio", _is_blocked, lambda: select(ProviderBlock.number).where(consent_status.hinders())
    ),
    "lost": _fact("number lost", "lost"),
}


def _ask_standing(_session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
    wanted = [STANDINGS[value] for value in asked.values if value in STANDINGS]
    if len(wanted) < len(asked.values):
        return Refused("Choose where the number stands.")

    def is_any(of: People) -> ColumnElement[bool]:
        return or_(*(each.holds(of) for each in wanted))

    if asked.operator is Operator.NOT:
        return Asked(lambda of: not_(is_any(of)))
    stored = [each.numbers() for each in wanted if each.numbers]
    if len(stored) < len(wanted):
        return Asked(is_any)
    return Asked(is_any, numbers=stored[0] if len(stored) == 1 else select(union_all(*stored).subquery().c[0]))


def _ask_keyword(session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
    ids = choices.check(session, Keyword, asked.values, "keyword")
    if isinstance(ids, Refused):
        return ids
    given = (OptIn.keyword_id.in_(ids), OptIn.status == OptInStatus.ACTIVE, OptIn.channel == Channel.SMS)

    def is_opted_in(of: People) -> ColumnElement[bool]:
        return exists().where(OptIn.number == of.mobile, *given)

    if asked.operator is Operator.NOT:
        return Asked(lambda of: not_(is_opted_in(of)))
    return Asked(is_opted_in, numbers=select(OptIn.number).where(*given))


def _keywords(session: Session, chosen: Sequence[str]) -> Sequence[Option]:
    words = select(Keyword.id, Keyword.word).order_by(Keyword.word, Keyword.id)
    return choices.offered(session, words, Keyword.id, chosen)


FIELDS: Sequence[Field] = (
    Field(
        "consent",
        "Consent",
        {
            Operator.IS: How(Operand.CHOICE, "Consent: {}"),
            Operator.NOT: How(Operand.CHOICE, "Consent: not {}"),
        },
        _ask_standing,
        lambda _session, _chosen: [Option(value, each.label) for value, each in STANDINGS.items()],
    ),
    Field(
        "keyword",
        "Opt-in keyword",
        {
            Operator.IS: How(Operand.CHOICE, "Opted in with {}"),
            Operator.NOT: How(Operand.CHOICE, "Not opted in with {}"),
        },
        _ask_keyword,
        _keywords,
    ),
)
