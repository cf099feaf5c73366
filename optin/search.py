"""Search conditions that several pages share: people by name, number and email, whatever the spelling."""

import re

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_

from optin.models import Person

MOST_WORDS = 6
SHORTEST_NUMBER = 3
_NUMBER = re.compile(r"[\d\s+().\-/]+")


def words(text: str) -> list[str]:
    """Return the words of a query, case folded; the first six count."""
    return text.casefold().replace("\0", "").split()[:MOST_WORDS]


def number_digits(text: str) -> str:
    """Return the digits to look for when the query is a piece of a number in any spelling, else "".

    Leading zeros are left out: "07911" and "0044 7911" are national and international spellings of +447911.
    """
    if not _NUMBER.fullmatch(text.strip()):
        return ""
    digits = re.sub(r"\D", "", text).lstrip("0")
    return digits if len(digits) >= SHORTEST_NUMBER else ""


def contains(column: SQLColumnExpression[str] | SQLColumnExpression[str | None], piece: str) -> ColumnElement[bool]:
    """The column holds the piece as it is: the signs that LIKE knows mean themselves."""
    return column.contains(piece, autoescape=True)


def person_matches(text: str) -> ColumnElement[bool]:
    """The person's number holds the digits asked for, or their name, email or company holds every word."""
    digits = number_digits(text)
    each = [
        or_(
            contains(Person.sort_name, word),
            contains(func.lower(Person.email), word),
            contains(func.lower(Person.company), word),
        )
        for word in words(text)
    ]
    named = and_(*each)
    return or_(contains(Person.mobile, digits), named) if digits else named
