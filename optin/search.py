"""Searching that several pages share, each condition a range of an index, so that it costs the same among a million.

People are found by the beginnings of the words of their names, company and email address (the first words of a query
count); numbers by their beginning in any spelling or by their end.
"""

import re

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    exists,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from optin import phone
from optin.models import Person, PersonWord
from optin.models.person_word import LONGEST

Text = SQLColumnExpression[str] | SQLColumnExpression[str | None]
MOST_WORDS = 6
MOST = 500
LOOKED_AT = 10_000
"""So many are found at most: then another word helps more than another page."""
SHORTEST_NUMBER = 3
TAIL = 4
_NUMBER = re.compile(r"[\d\s+().\-/]+")
_AFTER_ALL = "\U0010ffff"


def words(text: str) -> list[str]:
    """Return the words of a query, case folded; the first six count."""
    return text.casefold().replace("\0", "").replace(",", " ").split()[:MOST_WORDS]


def number_digits(text: str) -> str:
    """Return the digits of a query that is a piece of a number in any spelling, "" for anything else."""
    digits = re.sub(r"\D", "", text) if _NUMBER.fullmatch(text.strip()) else ""
    return digits if len(digits.lstrip("0")) >= SHORTEST_NUMBER else ""


def contains(column: Text, piece: str) -> ColumnElement[bool]:
    """The column holds the piece as it is: the signs that LIKE knows mean themselves."""
    return column.contains(piece, autoescape=True)


def numbers(column: Text, text: str, region: str) -> list[ColumnElement[bool]]:
    """Return conditions, one of which holds where a number begins or ends as the query says, each a range of an index.

    None where the query is no piece of a number. It may begin with the country code, or be written as in `region`:
    leading zeros are left out ("07911" and "0044 7911" of +447911). The end needs four digits.
    """
    digits = number_digits(text)
    if not digits:
        return []
    begin = digits.lstrip("0")
    ways = [_begins(column, start) for start in dict.fromkeys((begin, f"{phone.country_code(region)}{begin}"))]
    end = begin if len(begin) >= TAIL else digits
    return [*ways, and_(tail(column) == end[-TAIL:], column.endswith(end))] if len(end) >= TAIL else ways


def tail(column: Text) -> ColumnElement[str]:
    """The last four characters, written as the indexes have it."""
    return func.substr(column, func.length(column) - literal_column("3"))


def named(text: str, *, most: int | None = LOOKED_AT) -> Select[int]:
    """Select the ids of people who have all words of the query; none finds nobody.

    The longest word leads, since the fewest have it. At most `most` are looked at: the limit also keeps the databases
    from beginning with whatever else is asked of them.
    """
    wanted = sorted(words(text), key=len, reverse=True) or ["\0"]
    others = [aliased(PersonWord) for _ in wanted[1:]]
    have_others = (
        exists().where(other.person_id == PersonWord.person_id, _has(other, word))
        for other, word in zip(others, wanted[1:], strict=True)
    )
    found = select(PersonWord.person_id).where(_has(PersonWord, wanted[0]), *have_others).limit(most)
    return select(found.subquery().c[0])


def mobiles(text: str, *, most: int | None = LOOKED_AT) -> Select[str | None]:
    """Select the numbers of people who have all words of the query."""
    return select(Person.mobile).where(Person.id.in_(named(text, most=most)))


def person_ids(text: str, region: str, *given: ColumnElement[bool], most: int | None = MOST) -> Select[int]:
    """Select the ids of people whom the text finds and who are `given`, at most `most` by name and by number each."""
    by_name = named(text, most=LOOKED_AT if most else None)
    found = [select(Person.id).where(Person.id.in_(by_name), *given)]
    found += [select(Person.id).where(way, *given) for way in numbers(Person.mobile, text, region)]
    return ids(*found, most=most)


def is_kind(kind: str) -> ColumnElement[bool]:
    """Ask for the kind without its index: SQLite would begin with all contacts."""
    return (Person.kind + "") == kind


def ids(*found: Select[int], most: int | None = MOST) -> Select[int]:
    """Select what any of the queries finds, the first of each: to be looked up first, whatever the order of a list."""
    parts = [select(query.limit(most).subquery().c[0]) for query in found]
    return select(union_all(*parts).subquery().c[0]) if len(parts) > 1 else parts[0]


def _begins(column: Text, digits: str) -> ColumnElement[bool]:
    """The number begins with "+" and the digits. In any collation such numbers are in the order of their digits."""
    above = str(int(digits) + 1)
    below = [column < f"+{above}"] if len(above) == len(digits) else []
    return and_(column >= f"+{digits}", *below, column.startswith(f"+{digits}"))


def _has(table: type[PersonWord], word: str) -> ColumnElement[bool]:
    word = word[:LONGEST]
    return and_(table.word >= word, table.word < word + _AFTER_ALL)
