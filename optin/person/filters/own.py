"""Filters by fields of one's own, each with the operators of its kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select, true
from sqlalchemy.orm import Session

from optin.enums import FieldKind
from optin.models import OwnValue
from optin.own_fields import keys, kinds
from optin.person.filters.choices import ids_of
from optin.person.filters.field import Asked, Asker, Field, How, Option
from optin.person.filters.terms import LONGEST, Filter, Operand, Operator
from optin.person.filters.texts import LONG
from optin.policy.cache import CachedField
from optin.refused import Refused

GONE = Refused("What this filter asks for is not in the list any more, so the filter matches nobody.")
NO_CHOICE = Refused("There is yes and no, and nothing else.")
LAST = "\U0010ffff"
Condition = ColumnElement[bool]
_TEXT = {Operator.CONTAINS: "contains {}", Operator.STARTS: "starts with {}", Operator.EQUALS: "is {}"}
_NUMBER = {Operator.EQUALS: "is {}", Operator.ABOVE: "is greater than {}", Operator.BELOW: "is less than {}"}
_DAY = {Operator.SINCE: "is on or after {}", Operator.BEFORE: "is before {}", Operator.EQUALS: "is {}"}
_ASKED: Mapping[FieldKind, tuple[Operand, Mapping[Operator, str]]] = {
    FieldKind.TEXT: (Operand.TEXT, _TEXT),
    FieldKind.NUMBER: (Operand.NUMBER, _NUMBER),
    FieldKind.DAY: (Operand.DAY, _DAY),
    FieldKind.YES_NO: (Operand.CHOICE, {Operator.IS: "is {}"}),
    FieldKind.CHOICE: (Operand.CHOICE, {Operator.IS: "is {}", Operator.NOT: "is not {}"}),
}


def fields(of: Iterable[CachedField]) -> list[Field]:
    """Return a field of filters for each of the fields of one's own."""
    return [_field(each) for each in of]


def _field(own: CachedField) -> Field:
    def ask(_session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
        return _ask(own, asked)

    def options(_session: Session, _chosen: Sequence[str]) -> Sequence[Option]:
        return _options(own)

    operand, words = _ASKED[own.kind]
    operators = {operator: How(operand, f"{own.label} {said}") for operator, said in words.items()}
    filled = {
        Operator.FILLED: How(Operand.NOTHING, f"{own.label} is filled in"),
        Operator.EMPTY: How(Operand.NOTHING, f"{own.label} is empty"),
    }
    return Field(keys.name_of(own.key), own.label, {**operators, **filled}, ask, options)


def _options(own: CachedField) -> Sequence[Option]:
    if own.kind is FieldKind.YES_NO:
        return [Option(kinds.YES, "yes"), Option(kinds.NO, "no")]
    return [Option(str(option_id), label) for option_id, label in own.options.items()]


def _ask(own: CachedField, asked: Filter) -> Asked | Refused:
    if asked.operator in (Operator.FILLED, Operator.EMPTY):
        return _having(own, true(), has=asked.operator is Operator.FILLED)
    condition = _CONDITIONS[own.kind](own, asked)
    if isinstance(condition, Refused):
        return condition
    return _having(
        own, condition, has=asked.operator is not Operator.NOT, is_found=asked.operator is not Operator.CONTAINS
    )


def _having(own: CachedField, condition: Condition, *, has: bool, is_found: bool = True) -> Asked:
    """Ask for those who have such a value, or not; `is_found`: an index finds them."""
    mine = (OwnValue.field_id == own.id, condition)
    ids = select(OwnValue.person_id).where(*mine)
    if has:
        return Asked(lambda of: exists().where(OwnValue.person_id == of.id, *mine), ids=ids if is_found else None)
    return Asked(lambda of: not_(exists().where(OwnValue.person_id == of.id, *mine)))


def _texts(_own: CachedField, asked: Filter) -> Condition | Refused:
    value = asked.values[0]
    if len(value) > LONGEST:
        return LONG
    begin = kinds.fold(value)
    if asked.operator is Operator.EQUALS:
        return OwnValue.folded == begin
    if asked.operator is Operator.STARTS:
        return and_(OwnValue.folded >= begin, OwnValue.folded < begin + LAST)
    inside = OwnValue.text.icontains(value, autoescape=True)  # what is beyond the part that is folded
    return or_(OwnValue.folded.contains(value.casefold(), autoescape=True), inside)


def _numbers(own: CachedField, asked: Filter) -> Condition | Refused:
    text = kinds.read(own.kind, asked.values[0])
    if isinstance(text, Refused):
        return text
    number = float(text)
    if asked.operator is Operator.EQUALS:
        return OwnValue.number == number
    return OwnValue.number > number if asked.operator is Operator.ABOVE else OwnValue.number < number


def _days(own: CachedField, asked: Filter) -> Condition | Refused:
    day = kinds.read(own.kind, asked.values[0])
    if isinstance(day, Refused):
        return day
    if asked.operator is Operator.EQUALS:
        return OwnValue.folded == day
    return OwnValue.folded >= day if asked.operator is Operator.SINCE else OwnValue.folded < day


def _answers(_own: CachedField, asked: Filter) -> Condition | Refused:
    wrong = set(asked.values) - {kinds.YES, kinds.NO}
    return NO_CHOICE if wrong else OwnValue.folded.in_(asked.values)


def _choices(own: CachedField, asked: Filter) -> Condition | Refused:
    ids = ids_of(asked.values)
    return GONE if ids - set(own.options) or len(ids) < len(asked.values) else OwnValue.option_id.in_(sorted(ids))


_CONDITIONS: Mapping[FieldKind, Callable[[CachedField, Filter], Condition | Refused]] = {
    FieldKind.TEXT: _texts,
    FieldKind.NUMBER: _numbers,
    FieldKind.DAY: _days,
    FieldKind.YES_NO: _answers,
    FieldKind.CHOICE: _choices,
}
