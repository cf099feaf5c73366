"""Creating, changing, converting and deleting people: the form, imports and scripts all use this module.

A change of the mobile number ends consent, so it is decided here and not in a form. Nothing here commits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from unicodedata import category

from sqlalchemy import Select, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session, joinedload

from optin import clock, phone
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import Direction, OptInSource, PersonKind
from optin.models import AuditEntry, CampaignMember, Keyword, Message, OptIn, Person, Suppression, User
from optin.models.index_conditions import has_not_ended, is_merged
from optin.own_fields import keys
from optin.own_fields import values as own_values
from optin.person import places
from optin.phone import spellings, us_states
from optin.policy import audit, cache
from optin.queries import merged_people
from optin.refused import Refused

TEXTS = ("first_name", "last_name", "email", "company", "us_state", "time_zone", "notes")
FIELDS = (*TEXTS, "mobile", "owner_id")
SORT_NAME = 170
SUBJECT = "person"
MERGE_UNDONE = "merge undone"
"""The action by which a record gives a number back that it had by a merge alone; it is none of their earlier ones."""


@dataclass(frozen=True)
class PersonChanges:
    """What a change did: the names of the fields that differ now, the opt-ins that ended with the old number, and
    whether the new number was opted out because an earlier one is."""

    fields: list[str] = field(default_factory=list)
    ended_opt_ins: list[OptIn] = field(default_factory=list)
    stays_out: bool = False


def create(
    session: Session, kind: PersonKind, fields: Mapping[str, Any], user_id: int | None, region: str | None = None
) -> Person | Refused:
    """Store a new contact or lead; `mobile` as people in `region` (None: the policy's) type it.

    `user_id` is who did it, None for the system.

    Fields of one's own go by their names ("own-shirt_size"), each as text. A mobile number that is not valid is refused
    as is a value that does not fit its field. Raises TypeError for a field that a person does not have.
    """
    own = own_values.held(session, fields)
    texts = own_values.read(own, fields)
    if isinstance(texts, Refused):
        return texts
    person = Person(kind=kind, sort_name="", created_at=clock.now(), updated_at=clock.now())
    if refused := _assign(session, person, fields, region or cache.policy(session).default_region):
        return refused
    session.add(person)
    session.flush()
    own_values.write(session, own, [(person.id, texts)])
    if person.mobile:
        ledger.lock_number(session, person.mobile)
        ledger.link_person(session, person.id, person.mobile, clock.now())
    audit.record(session, user_id, "created", SUBJECT, person.id)
    return person


def change(
    session: Session,
    person: Person,
    fields: Mapping[str, Any],
    user_id: int | None,
    region: str | None = None,
    agreed: str = "",
) -> PersonChanges | Refused:
    """Set the given fields of a person, as `create` takes them; the opt-ins of a number that nobody has any more end.

    Only another E.164 form is another number; an emptied field is a change too. What `create` refuses is refused.
    Who opted out with the earlier number is opted out with the new one too, unless `agreed` says how they agreed to be
    texted there.
    """
    # No stronger lock: a text that arrives meanwhile refers to this row while it holds the number's lock.
    fresh = select(Person).where(Person.id == person.id).with_for_update(key_share=True)
    session.execute(fresh.execution_options(populate_existing=True)).one()
    own = own_values.held(session, fields)
    texts = own_values.read(own, fields)
    if isinstance(texts, Refused):
        return texts
    before, old_number = {**readable(session, person), **own_values.before(session, person.id, own)}, person.mobile
    if refused := _assign(session, person, fields, region or cache.policy(session).default_region):
        return refused
    changes = audit.differences(before, {**readable(session, person), **texts})
    if not changes:
        return PersonChanges()
    person.updated_at = clock.now()
    session.flush()
    own_values.write(session, own, [(person.id, {name: text for name, text in texts.items() if name in changes})])
    act = Act(source=OptInSource.USER, at=clock.now(), actor_id=user_id)
    stays_out = _stay_out(session, person, old_number, act, agreed)
    ended = follow_number(session, person, old_number, act)
    if ended:
        changes["opt_ins_ended"] = ("", keywords_of(session, [opt_in.id for opt_in in ended]))
    audit.record(session, user_id, "changed", SUBJECT, person.id, changes)
    return PersonChanges(list(changes), ended, stays_out)


def what_ends(session: Session, person: Person, new_mobile: str | None) -> list[OptIn]:
    """List the opt-ins that end if the person's number becomes `new_mobile` (E.164 or None), for the warning."""
    if not person.mobile or person.mobile == new_mobile:
        return []
    if session.scalar(select(Person.id).where(Person.mobile == person.mobile, Person.id != person.id).limit(1)):
        return []
    live = select(OptIn).where(OptIn.number == person.mobile, OptIn.status.in_(ledger.LIVE)).order_by(OptIn.id)
    return list(session.scalars(live))


def opted_out_since(session: Session, person: Person, new_mobile: str | None) -> datetime | None:
    """Return since when the person is opted out by an earlier number, where that counts for `new_mobile` too."""
    if not new_mobile:
        return None
    since = (ledger.stays_out_since(session, earlier, new_mobile) for earlier in last_numbers(session, person))
    return max(filter(None, since), default=None)


def opted_out_with(session: Session, person: Person, everyone: Collection[int]) -> Suppression | None:
    """Return the newest opt-out of a number that the person had earlier, None while the numbers of old stand well.

    `everyone` are the ids of the record and of all that are part of it (queries/merged_people.py).
    """
    theirs = Suppression.number.in_(_earlier_numbers(*everyone)), Suppression.number != (person.mobile or "")
    newest = select(Suppression).where(*theirs, has_not_ended(Suppression)).order_by(Suppression.asked_at.desc())
    return session.scalars(newest.limit(1)).first()


def read_mobile(session: Session, typed: str, region: str) -> str | Refused | None:
    """Return the E.164 form of a mobile number as typed in `region`, None for an empty field.

    A number that texted us is a valid number, even where the library calls it invalid.
    """
    if not typed.strip():
        return None
    number = phone.normalise(typed, region)
    if isinstance(number, Refused):
        plain = spellings.canonical("+" + "".join(ch for ch in typed if ch.isdigit()))
        texted = select(Message.id).where(Message.number == plain, Message.direction == Direction.INBOUND)
        if typed.strip().startswith("+") and phone.is_e164(plain) and session.scalar(texted.limit(1)):
            return plain
        return replace(number, field="mobile")
    return number


def convert(session: Session, lead: Person, user_id: int | None) -> bool:
    """Make a contact of a lead; tell whether it still was one. Consent goes by number and stays as it is."""
    converted = session.scalars(
        update(Person)
        .where(Person.id == lead.id, Person.kind == PersonKind.LEAD)
        .values(kind=PersonKind.CONTACT, converted_at=clock.now(), converted_by_id=user_id, updated_at=clock.now())
        .returning(Person)
    ).first()
    if converted is None:
        return False
    audit.record(session, user_id, "converted", SUBJECT, lead.id, {"kind": (PersonKind.LEAD, PersonKind.CONTACT)})
    return True


def delete(session: Session, person: Person, user_id: int | None) -> None:
    """Delete a person and what was merged into it; the opt-ins and the suppression of the number stay: they are its."""
    audit.record(session, user_id, "deleted", SUBJECT, person.id)
    parts = [part for part in merged_people.ids_of(session, person.id) if part != person.id]
    session.execute(delete_rows(Person).where(Person.id.in_(parts)).execution_options(synchronize_session=False))
    session.delete(person)
    session.flush()


def _assign(session: Session, person: Person, fields: Mapping[str, Any], region: str) -> Refused | None:
    """Set the fields, cleaned, and what follows from them; none if one is refused."""
    unknown = {name for name in set(fields) - set(FIELDS) if not keys.key_in(name)}
    if unknown:
        raise TypeError(f"a person has no {', '.join(sorted(unknown))}")
    mobile = read_mobile(session, str(fields.get("mobile") or ""), region)
    if isinstance(mobile, Refused):
        return mobile
    if (us_state := _clean(str(fields.get("us_state") or ""))) and not us_states.code_in(us_state):
        return Refused(f"“{us_state[:40]}” is no state of the US.", field="us_state")
    for name, value in fields.items():
        if name in TEXTS:
            setattr(person, name, _clean(str(value or "")))
    person.us_state = us_states.code_in(person.us_state or "")
    if "owner_id" in fields:
        person.owner_id = fields["owner_id"]
    if "mobile" in fields:
        person.mobile = mobile
    derive(person, region)
    return None


def derive(person: Person, region: str) -> None:
    """Set what follows from a person's fields: the sort name and the time zones."""
    names = (person.first_name or "", person.last_name or "")
    person.sort_name = sort_name(*names, person.mobile or "", person.email or "")
    person.zones = places.zones(person, region)


def sort_name(first_name: str, last_name: str, mobile: str, email: str) -> str:
    """Return by what a person stands in lists: the name, else the number, else the email address."""
    return (f"{last_name} {first_name}".strip() or mobile or email).casefold()[:SORT_NAME]


def _clean(text: str) -> str:
    """Return the text without control characters other than the end of a line: no database takes all of them."""
    lines = text.replace("\r\n", "\n")
    return "".join(ch for ch in lines if ch == "\n" or category(ch) not in ("Cc", "Cs")).strip()


def readable(session: Session, person: Person) -> dict[str, object]:
    """Return the fields as the history shows them."""
    owner = session.get(User, person.owner_id) if person.owner_id else None
    values = {name: getattr(person, name) or "" for name in (*TEXTS, "mobile")}
    return {**values, "owner": owner.name if owner else ""}


def _stay_out(session: Session, person: Person, old_number: str | None, act: Act, agreed: str) -> bool:
    """Let a new number be opted out as the earlier one is; tell whether that was so."""
    if not person.mobile or person.mobile == old_number:
        return False
    earlier = [old_number] if old_number else last_numbers(session, person, has_none=True)
    return any(ledger.stay_out(session, each, person.mobile, act, agreed) for each in earlier)


def follow_number(session: Session, person: Person, old_number: str | None, act: Act) -> list[OptIn]:
    """Let memberships carry the number, zones and state as they are now; end what the old number's consent was."""
    session.execute(
        update(CampaignMember)
        .where(CampaignMember.person_id == person.id)
        .values(number=person.mobile, zones=person.zones, us_state=person.us_state)
        .execution_options(synchronize_session=False)
    )
    ended = ledger.change_number(session, person.id, old_number, person.mobile, act)
    if not ended:
        return []
    opt_ins = select(OptIn).where(OptIn.id.in_(ended)).options(joinedload(OptIn.keyword))
    return list(session.scalars(opt_ins.order_by(OptIn.id)))


def keywords_of(session: Session, opt_in_ids: Sequence[int]) -> str:
    """Return the keywords of opt-ins, such as "volunteer, donate2026"."""
    words = select(Keyword.word).join(OptIn, OptIn.keyword_id == Keyword.id).where(OptIn.id.in_(opt_in_ids))
    return ", ".join(session.scalars(words.order_by(OptIn.id)))


def last_numbers(session: Session, person: Person, *, has_none: bool = False) -> list[str]:
    """Return the person's number, or the last one that was taken away (E.164), by which they may have opted out.

    Of a person without a number these are also the last ones of those who were merged into them since they had one.
    `has_none` asks for those whatever the record says now.
    """
    if person.mobile and not has_none:
        return [person.mobile]
    own = session.execute(
        _earlier_numbers(person.id).add_columns(AuditEntry.at).order_by(AuditEntry.id.desc()).limit(1)
    ).first()
    found = [spellings.canonical(own.before)] if own else []
    since = [Person.updated_at >= own.at] if own else []  # a merged record was changed last by its merge
    for merged in session.scalars(select(Person).where(is_merged(Person), Person.merged_into_id == person.id, *since)):
        found += last_numbers(session, merged)
    return found


def _earlier_numbers(*person_ids: int) -> Select[str]:
    return select(AuditEntry.before).where(
        AuditEntry.subject_kind == SUBJECT,
        AuditEntry.subject_id.in_(person_ids),
        AuditEntry.field == "mobile",
        AuditEntry.before != "",
        AuditEntry.action != MERGE_UNDONE,
    )
