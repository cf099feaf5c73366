"""Searching that several pages share, each condition a range of an index, so that it costs the same among a million.

People are found by the beginnings of the words of their names, company and email address (the first words of a query
count); numbers by their beginning in any spelling or by their end.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

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
from sqlalchemy.orm import Session, aliased

from optin import phone
from optin.database.statements import has_at_most
from optin.models import Person, PersonWord
from optin.models.person_word import LONGEST
from optin.phone import spellings

Text = SQLColumnExpression[str] | SQLColumnExpression[str | None]
MOST_WORDS = 6
MOST = 500
"""So many are found at most: then another word helps more than another page."""
LOOKED_AT = 10_000
"""So many people who have the words, or rows of a list, are looked at."""
SHORTEST_NUMBER = 3
TAIL = 4
_NUMBER = re.compile(r"[\d\s+().\-/]+")
_AFTER_ALL = "\U0010ffff"


class Hits(NamedTuple):
    """The ids that a search found, at most some hundred, and whether there are more than these."""

    ids: Sequence[int]
    more: bool = False


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

    None where the query is no piece of a number.
    """
    return [*number_begins(column, text, region), *number_ends(column, text)]


def number_begins(column: Text, text: str, region: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a number begins so: with the country code, or as it is written in `region`.

    Leading zeros are left out ("07911" and "0044 7911" of +447911).
    """
    begin = number_digits(text).lstrip("0")
    if not begin:
        return []
    stored = spellings.canonical(f"+{begin}").removeprefix("+")
    starts = dict.fromkeys((begin, f"{phone.country_code(region)}{begin}", stored))
    return [_begins(column, start) for start in starts]


def number_ends(column: Text, text: str) -> list[ColumnElement[bool]]:
    """Return the condition that a number ends so, none where the query has fewer than four digits."""
    digits = number_digits(text)
    begin = digits.lstrip("0")
    end = begin if len(begin) >= TAIL else digits
    return [and_(tail(column) == end[-TAIL:], column.endswith(end))] if len(end) >= TAIL else []


def tail(column: Text) -> ColumnElement[str]:
    """The last four characters, written as the indexes have it."""
    return func.substr(column, func.length(column) - literal_column("3"))


def named(text: str, *, all_: bool = False) -> Select[int]:
    """Select the ids of people who have all words of the query; none finds nobody.

    The longest word leads, since the fewest have it. Unless it is to be `all_`, some thousand are found at most: the
    limit also keeps the databases from beginning with whatever else is asked of them.
    """
    return select(_having_all(_by_length(text)).limit(None if all_ else LOOKED_AT).subquery().c[0])


def word(text: str) -> Select[int]:
    """Select the ids of people who have a word that begins with a text; people with two such words come twice."""
    return select(PersonWord.person_id).where(_has(PersonWord, text.casefold()))


def mobiles(text: str, *, all_: bool = False) -> Select[str | None]:
    """Select the numbers of people who have all words of the query."""
    return select(Person.mobile).where(Person.id.in_(named(text, all_=all_)))


def people(text: str, region: str, *given: ColumnElement[bool], all_: bool = False) -> list[Select[int]]:
    """Return the ways by which a text finds people who are `given`, each a query for ids."""
    by_name = select(Person.id).where(Person.id.in_(named(text, all_=all_)), *given)
    return [by_name, *(select(Person.id).where(way, *given) for way in numbers(Person.mobile, text, region))]


def find_people(session: Session, text: str, region: str, *given: ColumnElement[bool]) -> Hits:
    """Look up the people whom the text finds and who are `given`."""
    among = select(Person.id, Person.id.label("person_id")).where(*given)
    return find(session, text, people(text, region, *given), [among])


def find(session: Session, text: str, ways: Sequence[Select[int]], among: Sequence[Select[int, int]] = ()) -> Hits:
    """Look up the ids that any of the `ways` finds, the first of each.

    `among` selects all rows that could be found, by id and the person behind them. Where very many people have the
    words, who is in a short list may not be among the first of them: then the list is looked through instead.
    """
    parts = [way.limit(MOST + 1).subquery() for way in ways]
    rows = session.execute(
        union_all(*(select(literal_column(str(place)), part.c[0]) for place, part in enumerate(parts)))
    ).all()
    places = [row[0] for row in rows]
    found = dict.fromkeys(row[1] for row in rows)
    more = any(places.count(place) > MOST for place in range(len(parts)))
    if among and not more and is_common(session, text):
        for each in among:
            in_list = _look_through(session, text, each)
            if in_list.more:
                return Hits(list(found), more=True)
            found |= dict.fromkeys(in_list.ids)
    return Hits(list(found), more)


def is_kind(kind: str) -> ColumnElement[bool]:
    """Ask for the kind without its index: SQLite would begin with all contacts."""
    return (Person.kind + "") == kind


def any_of(ways: Sequence[Select[int]]) -> Select[int]:
    """Select all that any of the ways finds; what two of them find comes twice."""
    return select(union_all(*ways).subquery().c[0])


def is_common(session: Session, text: str) -> bool:
    """Tell whether more people have all the words than are looked at; few have the longest one of most queries."""
    wanted = _by_length(text)
    return not any(has_at_most(session, _having_all(some), LOOKED_AT) for some in (wanted[:1], wanted)[: len(wanted)])


def _look_through(session: Session, text: str, among: Select[int, int]) -> Hits:
    """Look for the words of the query with the people of a list, unless it is long."""
    if not has_at_most(session, among, LOOKED_AT):
        return Hits([], more=True)
    id_, person_id = among.limit(LOOKED_AT).subquery().c
    found = session.scalars(select(id_).where(*_have(person_id, _by_length(text))).limit(MOST + 1)).all()
    return Hits(found, more=len(found) > MOST)


def _having_all(wanted: Sequence[str]) -> Select[int]:
    """Select the ids of people who have the words, beginning with the first."""
    return select(PersonWord.person_id).where(_has(PersonWord, wanted[0]), *_have(PersonWord.person_id, wanted[1:]))


def _by_length(text: str) -> list[str]:
    """Return the words of a query, the longest first; where there is none, one that nobody has."""
    return sorted(words(text), key=len, reverse=True) or ["\0"]


def _have(person_id: SQLColumnExpression[int], wanted: Sequence[str]) -> list[ColumnElement[bool]]:
    """The person has each of the words."""
    each = [aliased(PersonWord) for _ in wanted]
    return [
        exists().where(table.person_id == person_id, _has(table, word))
        for table, word in zip(each, wanted, strict=True)
    ]


def _begins(column: Text, digits: str) -> ColumnElement[bool]:
    """The number begins with "+" and the digits. In any collation such numbers are in the order of their digits."""
    above = str(int(digits) + 1)
    below = [column < f"+{above}"] if len(above) == len(digits) else []
    return and_(column >= f"+{digits}", *below, column.startswith(f"+{digits}"))


def _has(table: type[PersonWord], word: str) -> ColumnElement[bool]:
    word = word[:LONGEST]
    return and_(table.word >= word, table.word < word + _AFTER_ALL)
