"""The page *Duplicates*: groups of records that may be of one person, the surest first, compared as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.consent.consent_status import ConsentStatus, StatusKind
from optin.enums import Likeness
from optin.models import DuplicateGroup, Person
from optin.models.person import MERGED
from optin.person import duplicates, likely_duplicates
from optin.person.duplicates import Alike
from optin.queries import paging
from optin.web import lists

SIZE = 25
CHECK_FIRST = "One number has opted out, the other has not: check first that it is one person."


@dataclass(frozen=True)
class Match:
    """A record beside the first of its group: why it may be the same person, and what speaks against it."""

    person: Person
    status: ConsentStatus | None
    alike: Alike
    warning: str = ""

    @property
    def verdict(self) -> tuple[str, str]:
        """Return the words and the tone of the pill. Two numbers of different standing are never called safe."""
        if self.warning:
            return "Check first", "warn"
        return self.alike.likeness.label, self.alike.likeness.tone

    @property
    def why(self) -> str:
        """Return the reasons, such as "Same mobile phone, same name"."""
        said = ", ".join(self.alike.reasons)
        return said[0].upper() + said[1:]


@dataclass(frozen=True)
class ShownGroup:
    """A group as it is now: the first record, and who may be the same; `more` are not shown."""

    lead: Person
    status: ConsentStatus | None
    matches: Sequence[Match]
    more: int


@dataclass(frozen=True)
class DuplicatesPage:
    """A page of groups with the tokens of its neighbours."""

    groups: Sequence[ShownGroup]
    before: str | None
    after: str | None
    likeness: str


def read(session: Session) -> DuplicatesPage:
    """Return the page that the request asks for. Groups that are none any more are left out."""
    chosen = lists.one_of("sure", [each.value for each in Likeness])
    query = select(DuplicateGroup)
    if chosen:
        query = query.where(DuplicateGroup.place >= f"{chosen}:", DuplicateGroup.place < f"{chosen};")
    page = paging.read_page(session, query, [DuplicateGroup.place], request.args.get("page"), size=SIZE)
    return DuplicatesPage(_groups(session, page.rows), page.before, page.after, chosen)


def matches(session: Session, person: Person) -> list[Match]:
    """Return who may be the same as a person, for the record and for choosing with whom to merge."""
    found = likely_duplicates.of_person(session, person)
    statuses = consent_status.of_numbers(session, [each.mobile for each, _ in found] + [person.mobile]) if found else {}
    return [_match(statuses, person, each, like) for each, like in found]


def _groups(session: Session, rows: Sequence[DuplicateGroup]) -> list[ShownGroup]:
    ids = {each for row in rows for each in row.person_ids}
    asked = select(Person).where(Person.id.in_(ids), Person.kind != MERGED)
    people = {person.id: person for person in session.scalars(asked)}
    statuses = consent_status.of_numbers(session, [person.mobile for person in people.values()])
    skipped = likely_duplicates.dismissed(session, ids)
    shown = (_group(row, people, statuses, skipped) for row in rows)
    return [group for group in shown if group]


def _group(
    row: DuplicateGroup,
    people: dict[int, Person],
    statuses: dict[str, ConsentStatus],
    skipped: set[likely_duplicates.Pair],
) -> ShownGroup | None:
    """Compare the records of a group as they are now; the first that is alike to another leads."""
    here = {each: likely_duplicates.record_of(people[each]) for each in row.person_ids if each in people}
    pairs = likely_duplicates.pairs_of(list(here.values()), skipped)
    for lead in here:
        lead_first = duplicates.in_order(lead, list(here), pairs)
        found = [(people[each], duplicates.pair_of(pairs, lead, each)) for each in lead_first[1:]]
        if found:
            near = [_match(statuses, people[lead], each, like) for each, like in found if like]
            status = statuses.get(people[lead].mobile or "")
            return ShownGroup(people[lead], status, near, max(0, row.people - len(row.person_ids)))
    return None


def _match(statuses: dict[str, ConsentStatus], lead: Person, person: Person, like: Alike) -> Match:
    status = statuses.get(person.mobile or "")
    differs = bool(lead.mobile and person.mobile) and _is_out(statuses, lead) != _is_out(statuses, person)
    return Match(person, status, like, CHECK_FIRST if differs else "")


def _is_out(statuses: dict[str, ConsentStatus], person: Person) -> bool:
    status = statuses.get(person.mobile or "")
    return status is not None and status.kind is StatusKind.OPTED_OUT
