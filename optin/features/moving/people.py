"""The stage of contacts and leads: who is here stays as they are, all others are made."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from optin.consent import ledger
from optin.database.statements import among, insert, insert_rows, table
from optin.enums import PersonKind
from optin.features.moving import references
from optin.features.moving.deciding import RowVerdict
from optin.features.moving.job import DELETED, NO_ID, Job, here, left_out, moved
from optin.features.moving.records import ExportRow, number_key, person_key
from optin.features.moving.terms import ExportObject
from optin.models import Person
from optin.person import records
from optin.person.one_at_a_time import make_people_alone
from optin.phone import us_states
from optin.queries import import_keys
from optin.refused import Refused

PEOPLE = (ExportObject.CONTACT, ExportObject.LEAD)
_PERSON = table(Person)
_TEXTS = ("first_name", "last_name", "email", "company", "notes", "mobile")
_NEW = insert(_PERSON).returning(_PERSON.c.id, *(_PERSON.c[name] for name in _TEXTS))
_NOBODY: Sequence[int] = ()


def stage(job: Job, which: ExportObject, rows: Sequence[ExportRow]) -> list[RowVerdict]:
    """Say, or do, what becomes of contacts or leads."""
    if job.to_write:
        make_people_alone(job.session)
    numbers = {row.line: row.number("mobile", job.region) if row.text("mobile") else "" for row in rows}
    lines = _note(job, which, rows, numbers)
    known = job.moved(which, [row.key() for row in rows])
    contacts = job.known(ExportObject.CONTACT, [row.key("contact") for row in rows])
    found = _found(job, rows, numbers)
    verdicts, new, same = [], [], {}
    for row in rows:
        key, number = row.key(), numbers[row.line]
        if not key or row.is_deleted:
            verdicts.append(left_out(row, DELETED if key else NO_ID))
        elif key in known or lines.get(person_key(which, key), row.line) != row.line:
            verdicts.append(here(row))
        elif row.key("contact") in contacts:
            same[key] = row.key("contact")
            verdicts.append(here(row))
        elif (person_id := found.get(row.line)) is not None:
            known[key] = person_id
            _refer(job, which, [(key, person_id)])
            verdicts.append(here(row))
        else:
            lines[person_key(which, key)] = row.line
            new.append((row, "" if isinstance(number, Refused) else number))
            verdicts.append(moved(row, _unread(row, number)))
    if job.to_write:
        _make(job, which, new)
        theirs = job.moved(ExportObject.CONTACT, list(same.values()))
        _refer(job, which, [(key, theirs[contact]) for key, contact in same.items() if contact in theirs])
    return verdicts


def _note(
    job: Job, which: ExportObject, rows: Sequence[ExportRow], numbers: dict[int, str | Refused]
) -> dict[str, int]:
    """Keep who is in the export, and with which number; return on which line each stands first."""
    keys = [(person_key(which, row.key()), row.line) for row in rows if row.key() and not row.is_deleted]
    for row in rows:
        number = numbers[row.line]
        if row.key() and number and not isinstance(number, Refused):
            keys.append((number_key(which, row.key(), number), row.line))
    job.note_keys(keys)
    return import_keys.first_lines(job.session, job.run, {key for key, _ in keys})


def _found(job: Job, rows: Sequence[ExportRow], numbers: dict[int, str | Refused]) -> dict[int, int]:
    """Return by its line who is here already: someone with the number, else the email, and the same name.

    Whoever stands for a record of Salesforce stands for no other.
    """
    mobiles = {number for number in numbers.values() if isinstance(number, str) and number}
    emails = {row.one_line("email").casefold() for row in rows} - {""}
    people: dict[int, Any] = {}
    columns = (Person.id, Person.mobile, Person.email, Person.first_name, Person.last_name)
    for column, values in ((Person.mobile, mobiles), (Person.email, emails)):
        asked = select(*columns).where(among(job.session, column, values))
        people |= {person.id: person for person in job.session.execute(asked)}
    free = people.keys() - references.taken(job.session, PEOPLE, people.keys())
    by = defaultdict(list)
    for person_id in sorted(free):
        person = people[person_id]
        name = _name(person.first_name, person.last_name)
        by[person.mobile, name].append(person_id)
        by[person.email.casefold(), name].append(person_id)
    found, used = {}, set()
    for row in rows:
        number, name = numbers[row.line], _name(row.one_line("first_name"), row.one_line("last_name"))
        ways = [(number, name), (number, "")] if isinstance(number, str) and number else []
        email = row.one_line("email").casefold()
        ways += [(email, name)] if email and name else []
        having = [each for way in ways for each in by.get(way, _NOBODY) if each not in used]
        if having:
            found[row.line] = having[0]
            used.add(having[0])
    return found


def _name(first: str, last: str) -> str:
    return f"{first} {last}".strip().casefold()


def _unread(row: ExportRow, number: str | Refused) -> str:
    if not isinstance(number, Refused):
        return ""
    return f"Its mobile phone “{row.text('mobile')[:40]}” can’t be read and is kept as a note. {number.sentence}"


def _make(job: Job, which: ExportObject, new: Sequence[tuple[ExportRow, str]]) -> None:
    """Make a person of each row, and link them to the live opt-ins of their numbers."""
    kind = PersonKind.LEAD if which is ExportObject.LEAD else PersonKind.CONTACT
    by_texts = defaultdict(list)
    values = []
    for row, number in new:
        person = _person(job, kind, row, number)
        by_texts[tuple(person[name] for name in _TEXTS)].append(row.key())
        values.append(person)
    made = insert_rows(job.session, _NEW, values)
    _refer(job, which, [(by_texts[tuple(person[1:])].pop(), person.id) for person in made])
    if ids := [person.id for person in made if person.mobile]:
        ledger.link_people(job.session, ids, job.now)


def _refer(job: Job, which: ExportObject, pairs: Sequence[tuple[str, int]]) -> None:
    if job.to_write:
        references.add(job.session, which, pairs)


def _person(job: Job, kind: PersonKind, row: ExportRow, number: str) -> dict[str, Any]:
    first, last, email = (row.one_line(name) for name in ("first_name", "last_name", "email"))
    us_state = us_states.code_in(row.one_line("us_state"))
    notes = row.text("notes").replace("\0", "")
    if row.text("mobile") and not number:
        notes = "\n".join(filter(None, (notes, f"Mobile phone in Salesforce: {row.text('mobile')}")))
    return {
        "kind": kind,
        "first_name": first,
        "last_name": last,
        "email": email,
        "company": row.one_line("company"),
        "us_state": us_state,
        "notes": notes,
        "mobile": number or None,
        "sort_name": records.sort_name(first, last, number, email),
        "owner_id": job.run.created_by_id,
        "time_zone": "",
        "zones": us_states.zone_group(number, job.region, us_state) if number else "",
        "created_at": job.now,
        "updated_at": job.now,
    }


def exist(job: Job, person_ids: Sequence[int]) -> set[int]:
    """Return which of the people are still here."""
    return set(job.session.scalars(select(Person.id).where(Person.id.in_(person_ids))))
