"""The terms of filters: a field, an operator and its values, and how they stand in an address. Pure.

A filter is a parameter: `company.contains=Harbor`, `owner=me` for "is". Several values of one parameter are any of them
where something is chosen; of a text each is a filter of its own, and all must hold.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from optin.enums import LabelledEnum

MOST = 20
"""So many filters at most are one list's."""
MOST_VALUES = 50
LONGEST = 120
YES = "yes"
"""The value of a filter that needs none."""
_ROW = re.compile(r"(\d{1,3})\.(field|op|value|days)")


class Operator(LabelledEnum):
    """How a filter asks."""

    IS = "is", "is any of"
    NOT = "not", "is none of"
    CONTAINS = "contains", "contains"
    STARTS = "starts", "starts with"
    EQUALS = "equals", "is exactly"
    ABOVE = "above", "is greater than"
    BELOW = "below", "is less than"
    FILLED = "filled", "is filled in"
    EMPTY = "empty", "is empty"
    SINCE = "since", "on or after"
    BEFORE = "before", "before"
    LAST = "last", "in the last … days"
    NEVER = "never", "never"


class Operand(Enum):
    """What an operator needs beside it."""

    NOTHING = auto()
    TEXT = auto()
    NUMBER = auto()
    CHOICE = auto()
    DAY = auto()
    DAYS = auto()


@dataclass(frozen=True)
class Filter:
    """One filter: the name of its field, the operator and what it is asked with."""

    field: str
    operator: Operator
    values: tuple[str, ...] = ()

    @property
    def parameter(self) -> str:
        """Return its name in an address."""
        return self.field if self.operator is Operator.IS else f"{self.field}.{self.operator}"


@dataclass(frozen=True)
class Read:
    """What an address asks: its filters, and the names of parameters that are none."""

    filters: tuple[Filter, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormRows:
    """What the rows of the form ask: their filters, and the fields of the rows in which nothing stands."""

    filters: tuple[Filter, ...]
    empty: tuple[str, ...]


Operands = Mapping[Operator, Operand]
Pairs = Iterable[tuple[str, str]]


def parameters(filters: Iterable[Filter]) -> dict[str, list[str]]:
    """Return the filters as the parameters of an address, in their order."""
    found: dict[str, list[str]] = {}
    for each in filters:
        found.setdefault(each.parameter, []).extend(each.values)
    return found


def read(pairs: Pairs, fields: Mapping[str, Operands], ignored: Iterable[str] = ()) -> Read:
    """Read the filters of an address; parameters that are `ignored` have another meaning."""
    others, found, unknown = set(ignored), list[Filter](), list[str]()
    for name, value in pairs:
        if name in others or _ROW.fullmatch(name):
            continue
        field, _, operator = name.partition(".")
        known = _operator(operator or Operator.IS)
        if known is None or known not in fields.get(field, {}):
            unknown.append(name)
        else:
            found.append(Filter(field, known, (value,)))
    return Read(merged(found, fields), tuple(dict.fromkeys(unknown)))


def rows(pairs: Pairs, fields: Mapping[str, Operands], removed: str = "") -> FormRows | None:
    """Return the rows of the form (`0.field`, `0.op`, `0.value` …) without the `removed` one; None where it was not
    sent. A number of days has a box of its own (`0.days`) beside the calendar."""
    cells: dict[str, dict[str, list[str]]] = {}
    for name, value in pairs:
        if cell := _ROW.fullmatch(name):
            cells.setdefault(cell[1], {}).setdefault(cell[2], []).append(value)
    if not cells:
        return None
    found, empty = list[Filter](), list[str]()
    for _, row in sorted((int(number), row) for number, row in cells.items() if number != removed):
        field = row.get("field", [""])[0]
        operator = _operator(row.get("op", [""])[0])
        if operator is None or operator not in fields.get(field, {}):
            continue
        given = row.get("value", [])
        values = tuple(row.get("days", given) if fields[field][operator] is Operand.DAYS else given)
        if fields[field][operator] is Operand.NOTHING or any(map(_clean, values)):
            found.append(Filter(field, operator, values))
        else:
            empty.append(field)
    return FormRows(merged(found, fields), tuple(dict.fromkeys(empty)))


def merged(found: Sequence[Filter], fields: Mapping[str, Operands]) -> tuple[Filter, ...]:
    """Return the filters as they are asked: what is chosen in several is one, and what needs no value says yes."""
    chosen: dict[tuple[str, str, int], Filter] = {}
    for place, each in enumerate(found):
        kind = fields[each.field][each.operator]
        values = (YES,) if kind is Operand.NOTHING else tuple(_clean(value) for value in each.values)
        values = tuple(dict.fromkeys(value for value in values if value))[:MOST_VALUES]
        key = (each.field, each.operator, 0 if kind in (Operand.CHOICE, Operand.NOTHING) else place)
        before = chosen[key].values if key in chosen else ()
        chosen[key] = Filter(each.field, each.operator, tuple(dict.fromkeys((*before, *values)))[:MOST_VALUES])
    return tuple(each for each in chosen.values() if each.values)[:MOST]


def stored(filters: Iterable[Filter]) -> list[list[object]]:
    """Return the filters as JSON keeps them."""
    return [[each.field, str(each.operator), list(each.values)] for each in filters]


def loaded(kept: Iterable[Sequence[object]]) -> tuple[Filter, ...]:
    """Return the filters that `stored` wrote."""
    return tuple(Filter(str(field), Operator(str(operator)), _texts(values)) for field, operator, values in kept)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def _operator(name: str) -> Operator | None:
    return Operator(name) if name in list(Operator) else None


def _clean(value: str) -> str:
    return " ".join(value.replace("\0", "").split())[: LONGEST + 1]
