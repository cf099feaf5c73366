"""Filters by texts of a record: name, company, email address, time zone, and whether there is a mobile number."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, literal, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from optin.models import Person
from optin.person.filters.field import Asked, Asker, Field, How, People
from optin.person.filters.terms import LONGEST, Filter, Operand, Operator
from optin.queries import search
from optin.refused import Refused

LONG = Refused(f"Use at most {LONGEST} characters.")
Column = SQLColumnExpression[str]


def spellings(text: str) -> list[str]:
    """Return the text in small and in capital letters as well, where SQLite would not know that they are the same."""
    return [text] if text.isascii() else list(dict.fromkeys((text, text.lower(), text.upper(), text.title())))


def text_field(name: str, label: str, column: InstrumentedAttribute[str], *, has_words: bool) -> Field:
    """Return a field of a text that may be empty; `has_words`: people are found by its words (PersonWord)."""

    def ask(_session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
        if asked.operator in (Operator.EMPTY, Operator.FILLED):
            is_empty = asked.operator is Operator.EMPTY
            return Asked(lambda of: _has(of, column.key, "") if is_empty else not_(_has(of, column.key, "")))
        value = asked.values[0]
        if len(value) > LONGEST:
            return LONG
        return Asked(lambda of: _matches(getattr(of, column.key), asked.operator, value), _found(asked, has_words))

    words = {Operator.CONTAINS: "contains {}", Operator.STARTS: "starts with {}", Operator.EQUALS: "is {}"}
    return Field(
        name,
        label,
        {
            **{operator: How(Operand.TEXT, f"{label} {said}") for operator, said in words.items()},
            Operator.FILLED: How(Operand.NOTHING, f"{label} is filled in"),
            Operator.EMPTY: How(Operand.NOTHING, f"{label} is empty"),
        },
        ask,
    )


def _has(of: People, column: str, value: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = getattr(of, column) == value
    return found


def _matches(column: Column, operator: Operator, value: str) -> ColumnElement[bool]:
    """The text is so, whatever the case of its letters."""
    ways: dict[Operator, Callable[[str], ColumnElement[bool]]] = {
        Operator.CONTAINS: lambda text: column.icontains(text, autoescape=True),
        Operator.STARTS: lambda text: column.istartswith(text, autoescape=True),
        Operator.EQUALS: lambda text: column.ilike(_as_it_is(text), escape="/"),
    }
    return or_(*(ways[operator](text) for text in spellings(value)))


def _as_it_is(text: str) -> str:
    return "".join(f"/{sign}" if sign in "/%_" else sign for sign in text)


def _found(asked: Filter, has_words: bool) -> Select[int] | None:
    """Select by an index of words who may be meant, None where it can't be told: pieces within words are in none."""
    value = asked.values[0]
    if not has_words or not value.isascii():
        return None
    if asked.operator is Operator.CONTAINS:
        # The domain of an email address is a word of its own.
        return search.word(value[1:]) if _is_domain(value) else None
    return search.word(max(value.split(" "), key=len))


def _is_domain(value: str) -> bool:
    return value.startswith("@") and len(value) > 1 and value.count("@") == 1 and " " not in value


def _ask_name(_session: Session, asked: Filter, _asker: Asker) -> Asked | Refused:
    """Ask for parts of first and last name, in any order: each word is asked for by itself."""
    if asked.operator in (Operator.EMPTY, Operator.FILLED):
        is_empty = asked.operator is Operator.EMPTY
        return Asked(lambda of: _nameless(of) if is_empty else not_(_nameless(of)))
    value = asked.values[0]
    if len(value) > LONGEST:
        return LONG
    words = value.casefold().split()
    starts = asked.operator is Operator.STARTS
    ids = search.word(max(words, key=len)) if starts else None
    return Asked(lambda of: and_(not_(_nameless(of)), *(_in_name(of, word, starts=starts) for word in words)), ids)


def _in_name(of: People, word: str, *, starts: bool) -> ColumnElement[bool]:
    return search.contains(literal(" ") + of.sort_name, f" {word}") if starts else search.contains(of.sort_name, word)


def _nameless(of: People) -> ColumnElement[bool]:
    return and_(of.first_name == "", of.last_name == "")


def _ask_mobile(_session: Session, asked: Filter, _asker: Asker) -> Asked:
    if asked.operator is Operator.FILLED:
        return Asked(lambda of: of.mobile.is_not(None))
    return Asked(lambda of: of.mobile.is_(None), ids=select(Person.id).where(Person.mobile.is_(None)))


NAME = Field(
    "name",
    "Name",
    {
        Operator.CONTAINS: How(Operand.TEXT, "Name contains {}"),
        Operator.STARTS: How(Operand.TEXT, "First or last name starts with {}"),
        Operator.FILLED: How(Operand.NOTHING, "Has a name"),
        Operator.EMPTY: How(Operand.NOTHING, "Has no name"),
    },
    _ask_name,
)
MOBILE = Field(
    "mobile",
    "Mobile phone",
    {
        Operator.FILLED: How(Operand.NOTHING, "Has a mobile number"),
        Operator.EMPTY: How(Operand.NOTHING, "Has no mobile number"),
    },
    _ask_mobile,
)
FIELDS: Sequence[Field] = (
    NAME,
    MOBILE,
    text_field("email", "Email", Person.email, has_words=True),
    text_field("company", "Company", Person.company, has_words=True),
    text_field("zone", "Time zone", Person.zones, has_words=False),
)
