"""The History tab of a person: what users did to the record, and what happened to the consent of its numbers."""

from dataclasses import replace
from typing import Any

from flask import request, url_for
from sqlalchemy import Select, literal, select, union, union_all
from sqlalchemy.orm import Session, joinedload

from optin import phone
from optin.consent import event_notes
from optin.enums import Channel, EventKind, OptInSource
from optin.features.one_to_one import assignments
from optin.models import (
    AuditEntry,
    ConsentEvent,
    ConsentPayload,
    Conversation,
    Keyword,
    OptInPerson,
    Person,
    User,
)
from optin.person import records
from optin.queries import merged_people, paging
from optin.web import filters, own_fields
from optin.web.history_tab import Address, History, HistoryLine, entry_line, history_page

LABELS = {
    "": "",
    "first_name": "First name",
    "last_name": "Last name",
    "mobile": "Mobile phone",
    "email": "Email",
    "company": "Company",
    "owner": "Owner",
    "us_state": "State (US)",
    "time_zone": "Time zone",
    "notes": "Notes",
    "kind": "Kind",
    "not_duplicate_of": "",
    "merged_with": "Merged with",
    "merged_into": "Merged into",
    "opt_ins_ended": "Opt-ins ended with the number",
}
RECORD, CONSENT = 0, 1


def person_history(session: Session, person: Person, address: Address) -> History:
    """Return the page that the request asks for; both trails are one list by their time."""
    done = select(AuditEntry.at, literal(RECORD).label("trail"), AuditEntry.id).where(
        AuditEntry.id.in_(_done_to(session, person))
    )
    happened = select(ConsentEvent.at, literal(CONSENT).label("trail"), ConsentEvent.id)
    both = union_all(done, happened.where(ConsentEvent.id.in_(_about(person)))).subquery()
    keys = [both.c.at, both.c.trail, both.c.id]
    page = paging.read_page(session, select(*keys), keys, request.args.get("page"), descending=True)
    lines = _lines(session, person, page.rows)
    return history_page(page, [lines[row.trail, row.id] for row in page.rows], address)


def _done_to(session: Session, person: Person) -> Select[int]:
    """Select what users did to the record, to those merged into it, and to the conversation with the number."""
    everyone = merged_people.ids_of(session, person.id)
    entries = select(AuditEntry.id).where(
        AuditEntry.subject_kind == records.SUBJECT, AuditEntry.subject_id.in_(everyone)
    )
    if not person.mobile:
        return entries
    talks = select(Conversation.id).where(Conversation.channel.in_(list(Channel)), Conversation.number == person.mobile)
    of_talks = (AuditEntry.subject_kind == assignments.SUBJECT, AuditEntry.subject_id.in_(talks))
    handled = select(AuditEntry.id).where(*of_talks)
    return select(union(entries, handled).subquery().c.id)


def _about(person: Person) -> Select[int]:
    """Select the events of the person's number, and those of opt-ins that were linked to them with earlier ones."""
    linked = select(OptInPerson.opt_in_id).where(OptInPerson.person_id == person.id)
    events = select(ConsentEvent.id).where(ConsentEvent.opt_in_id.in_(linked))
    if not person.mobile:
        return events
    numbers = select(ConsentPayload.event_id).where(ConsentPayload.number == person.mobile)
    return select(events.union(numbers).subquery().c.id)


def _lines(session: Session, person: Person, rows: list[Any]) -> dict[tuple[int, int], HistoryLine]:
    ids = {trail: [row.id for row in rows if row.trail == trail] for trail in (RECORD, CONSENT)}
    entries = select(AuditEntry).where(AuditEntry.id.in_(ids[RECORD])).options(joinedload(AuditEntry.user))
    lines = {(RECORD, entry.id): _entry(entry) for entry in session.scalars(entries)}
    for event, payload, actor, word in session.execute(_events(ids[CONSENT])):
        lines[CONSENT, event.id] = _event(event, payload, actor, word, person)
    return lines


def _entry(entry: AuditEntry) -> HistoryLine:
    if entry.subject_kind == assignments.SUBJECT:
        return replace(entry_line(entry), what=f"Conversation {entry.action}")
    line = entry_line(entry, LABELS.get(entry.field) or own_fields.labels().get(entry.field, entry.field))
    if entry.field != "mobile":
        return line
    return replace(line, before=_number(entry.before), after=_number(entry.after))


def _event(
    event: ConsentEvent, payload: ConsentPayload | None, actor: str | None, word: str | None, person: Person
) -> HistoryLine:
    what = EventKind(event.kind).label + (f": {word}" if word else "")
    if payload and payload.number != person.mobile:
        what += f" · {_number(payload.number)}"
    text = f"“{payload.text}”" if payload and payload.text else event_notes.in_words(event.detail)
    url = url_for("opt_ins.show", opt_in_id=event.opt_in_id) if event.opt_in_id else ""
    return HistoryLine(event.at, actor or OptInSource(event.source).label, what, "", text, url)


def _events(ids: list[int]) -> Select[ConsentEvent, ConsentPayload, str, str]:
    return (
        select(ConsentEvent, ConsentPayload, User.name, Keyword.word)
        .outerjoin(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .outerjoin(User, User.id == ConsentEvent.actor_id)
        .outerjoin(Keyword, Keyword.id == ConsentEvent.keyword_id)
        .where(ConsentEvent.id.in_(ids))
    )


def _number(e164: str) -> str:
    return phone.display(e164, filters.default_region()) if e164 else ""
