"""Records that may be of one person: those of one person at once, those of all in parts, and what users dismissed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, delete, func, select, union_all
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert, insert_rows, table
from optin.enums import PersonKind
from optin.models import DuplicateGroup, NotDuplicate, Person
from optin.models.index_conditions import has_email
from optin.person import duplicates
from optin.person.duplicates import COMMON, MOST_SHOWN, Alike, Group, Record
from optin.policy import audit

RULES = ("mobile", "email", "name")
PART = 5000
"""So many records of an index are looked at in one step."""
AT_ONCE = 500
KINDS = [kind.value for kind in PersonKind]
_FOLDED: ColumnElement[str] = func.lower(Person.email)
_COLUMNS = (
    Person.id,
    Person.kind,
    Person.first_name,
    Person.last_name,
    Person.sort_name,
    Person.mobile,
    Person.email,
    Person.company,
)
_GROUP = table(DuplicateGroup)
_INSERT = insert(_GROUP)
_SEEN = _INSERT.on_conflict_do_update(
    index_elements=["place"],
    set_={name: _INSERT.excluded[name] for name in ("people", "person_ids", "round")},
).inline()
_DISMISSED = insert(table(NotDuplicate)).on_conflict_do_nothing().inline()
Pair = tuple[int, int]


def of_person(session: Session, person: Person) -> list[tuple[Person, Alike]]:
    """Return who may be the same as a person, the surest first; each way is a range of an index."""
    mine = record_of(person)
    ways = []
    if mine.mobile:
        ways.append(select(Person.id).where(Person.mobile == mine.mobile))
    if mine.email:
        ways.append(select(Person.id).where(has_email(Person), func.lower(person.email) == _FOLDED))
    if mine.name:
        ways.append(select(Person.id).where(Person.kind.in_(KINDS), Person.sort_name == mine.name))
    if not ways:
        return []
    limited = [select(way.limit(MOST_SHOWN).subquery().c[0]) for way in ways]
    ids = select(union_all(*limited).subquery().c[0])
    others = session.scalars(select(Person).where(Person.id.in_(ids), Person.id != person.id)).all()
    found = [(other, duplicates.alike(mine, record_of(other))) for other in others]
    by_name = sum(like is not None and like.rule == "name" for _, like in found)
    skipped = dismissed(session, [person.id, *(other.id for other in others)]) if others else set()
    near = [
        (other, like)
        for other, like in found
        if like and pair(person.id, other.id) not in skipped and (like.rule != "name" or by_name < COMMON)
    ]
    return sorted(near, key=lambda each: (each[1].likeness.value, each[0].id))


def record_of(person: Person) -> Record:
    """Return a person as they are compared."""
    return duplicates.record(*(getattr(person, str(column.key)) for column in _COLUMNS))


def pair(one: int, other: int) -> Pair:
    """Return two ids as they are kept."""
    return (one, other) if one < other else (other, one)


def dismissed(session: Session, ids: Collection[int]) -> set[Pair]:
    """Return the pairs among some people that users said are not one."""
    found: set[Pair] = set()
    for some in _pieces(sorted(set(ids))):
        asked = select(NotDuplicate.low_id, NotDuplicate.high_id).where(NotDuplicate.low_id.in_(some))
        found |= {(low, high) for low, high in session.execute(asked)}
    return found


def dismiss(session: Session, person_id: int, other_ids: Collection[int], user_id: int | None) -> int:
    """Keep that a person is none of the others, for good; return of how many this was not known."""
    there = set(session.scalars(select(Person.id).where(Person.id.in_([person_id, *other_ids]))))
    others = sorted(there - {person_id}) if person_id in there else []
    new = {pair(person_id, other) for other in others} - dismissed(session, [person_id, *others])
    shared = {"at": clock.now(), "by_id": user_id}
    insert_rows(session, _DISMISSED, [{"low_id": low, "high_id": high, **shared} for low, high in sorted(new)])
    told = [(low, {"not_duplicate_of": ("", high)}) for low, high in sorted(new)]
    audit.record_many(session, user_id, "dismissed as duplicates", "person", told)
    return len(new)


def look(session: Session, rule: str, after: str, round_: int) -> str | None:
    """Find the groups of a rule's next keys, behind `after`; return the last key looked at, None at the end."""
    until = _boundary(session, rule, after)
    if until is None:
        return None
    found = list(_found(session, rule, after, until))
    skipped = dismissed(session, [record.id for _, _, records, _ in found for record in records])
    groups = [
        made
        for name, key, records, people in found
        if (made := duplicates.group(name, key, records, people, lambda one, other: pair(one, other) in skipped))
    ]
    insert_rows(session, _SEEN, [_row(group, round_) for group in groups])
    return until


def forget_unseen(session: Session, after: str, round_: int) -> str | None:
    """Delete the next groups that a finished search has not seen; return the last place looked at, None at the end."""
    asked = select(DuplicateGroup.place, DuplicateGroup.round).where(DuplicateGroup.place > after)
    rows = session.execute(asked.order_by(DuplicateGroup.place).limit(PART)).all()
    gone = [place for place, seen in rows if seen != round_]
    for some in _pieces(gone):
        session.execute(
            delete(DuplicateGroup).where(DuplicateGroup.place.in_(some)).execution_options(synchronize_session=False)
        )
    return rows[-1].place if rows else None


def _row(group: Group, round_: int) -> dict[str, Any]:
    return {"place": group.place, "people": group.people, "person_ids": list(group.ids), "round": round_}


def _boundary(session: Session, rule: str, after: str) -> str | None:
    """Return the last of a rule's next keys; of names the nearer one of contacts and leads."""
    if rule == "name":
        ends = [_end(session, Person.sort_name, after, Person.kind == kind) for kind in KINDS]
        full = [end for end, is_full in ends if is_full and end]
        return min(full) if full else max(filter(None, (end for end, _ in ends)), default=None)
    column, given = (Person.mobile, []) if rule == "mobile" else (_FOLDED, [has_email(Person)])
    end: str | None = _end(session, column, after, *given)[0]
    return end


def _end(session: Session, key: SQLColumnExpression[Any], after: str, *given: ColumnElement[bool]) -> tuple[Any, bool]:
    """Return the key of the last of the next rows, and whether more may be left."""
    rows = select(key.label("key")).where(*given, key > after).order_by(key).limit(PART).subquery()
    last, many = session.execute(select(func.max(rows.c.key), func.count()).select_from(rows)).one()
    return last, many == PART


def _found(session: Session, rule: str, after: str, until: str) -> Iterator[tuple[str, str, Sequence[Record], int]]:
    """Yield (rule, key, records, how many people) of each key that several people have."""
    if rule == "name":
        yield from _names(session, after, until)
        return
    column, given = (Person.mobile, []) if rule == "mobile" else (_FOLDED, [has_email(Person)])
    for key, records, people in _having(session, column, given, after, until):
        yield rule, key, records, people


def _having(
    session: Session, column: SQLColumnExpression[Any], given: list[Any], after: str, until: str
) -> Iterator[tuple[str, Sequence[Record], int]]:
    shared = select(column, func.count()).where(*given, column > after, column <= until).group_by(column)
    counts = {str(key): many for key, many in session.execute(shared.having(func.count() > 1))}
    for some in _pieces(sorted(counts)):
        by_key: defaultdict[str, list[Record]] = defaultdict(list)
        rows: Any = session.execute(select(column.label("key"), *_COLUMNS).where(*given, column.in_(some)))
        for row in rows:
            by_key[row.key].append(duplicates.record(*row[1:]))
        for key, records in by_key.items():
            yield key, records, counts[key]


def _names(session: Session, after: str, until: str) -> Iterator[tuple[str, str, Sequence[Record], int]]:
    """Yield people with the same name and company, and people with the same name where few have it."""
    both = Person.kind.in_(KINDS)
    here = (both, Person.sort_name > after, Person.sort_name <= until)
    shared = select(Person.sort_name, func.count()).where(*here).group_by(Person.sort_name).having(func.count() > 1)
    counts = {name: many for name, many in session.execute(shared) if _is_name(name)}
    for some in _pieces(sorted(counts)):
        rare = Person.sort_name.in_([name for name in some if counts[name] <= COMMON])
        common = Person.sort_name.in_([name for name in some if counts[name] > COMMON])
        by_name: defaultdict[str, list[Record]] = defaultdict(list)
        for chosen in ((rare,), (common, Person.company != "")):
            rows: Any = session.execute(select(*_COLUMNS).where(both, *chosen))
            for row in rows:
                by_name[row.sort_name].append(duplicates.record(*row))
        for name, records in by_name.items():
            yield from _by_company(name, records)
            if counts[name] <= COMMON:
                yield "name", name, records, counts[name]


def _by_company(name: str, records: Sequence[Record]) -> Iterator[tuple[str, str, Sequence[Record], int]]:
    by_company: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_company[record.company].append(record)
    for company, same in by_company.items():
        if company and len(same) > 1:
            yield "company", f"{name} | {company}", same, len(same)


def _is_name(sort_name: str) -> bool:
    """Tell a name from the number or email address by which somebody without one stands in lists."""
    return bool(sort_name) and not sort_name.startswith("+") and "@" not in sort_name


def _pieces(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start:end] for start, end in pairwise([*range(0, len(values), AT_ONCE), len(values)]))


def pairs_of(records: Sequence[Record], skipped: Collection[Pair]) -> dict[Pair, Alike]:
    """Compare each of some records with each other; those that were dismissed are none."""
    return {
        (one.id, other.id): found
        for one, other in combinations(records, 2)
        if (found := duplicates.alike(one, other)) and pair(one.id, other.id) not in skipped
    }
