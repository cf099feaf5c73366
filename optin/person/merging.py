"""Making one record of two: field by field as a user chose, with what becomes of the consent of each number.

The merged record stays, empty, so that messages need no rewriting; everything else goes to the kept one. A number that
is given up is a change of number, by the same rules. Nothing here commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger.number_lock import WAITING
from optin.database.statements import insert, table
from optin.enums import OptInSource, PersonKind
from optin.models import CampaignMember, Message, Person, PersonMerge
from optin.models.index_conditions import is_merged, is_not_removed, is_on_its_way, is_undoable
from optin.models.person import MERGED
from optin.own_fields import moving
from optin.person import merge_members, records
from optin.person.merge_snapshot import Snapshot, values_of
from optin.person.records import SUBJECT
from optin.policy import audit, cache
from optin.queries import merged_people
from optin.refused import Refused

UNDO_WITHIN = timedelta(hours=24)
STRAYS_AT_ONCE = 100
LONGEST_NOTES = 20_000
GONE = Refused("One of the two was merged or deleted in the meantime.")
CHANGED = Refused("One of the two was changed in the meantime. Look at both again.")
_BLANK = dict.fromkeys((*records.TEXTS, "sort_name", "zones"), "")


@dataclass(frozen=True)
class Merged:
    """What a merge did: its id, the opt-ins that ended with a number given up, whether a number was opted out."""

    merge_id: int
    ended_opt_ins: int = 0
    stays_out: bool = False


def in_order(one: Person, other: Person, keep: int | None = None) -> tuple[Person, Person]:
    """Return which record is kept and which goes: a contact before a lead, then `keep`, then the older one."""
    if one.kind != other.kind:
        return (one, other) if one.kind == PersonKind.CONTACT else (other, one)
    if keep in (one.id, other.id):
        return (one, other) if keep == one.id else (other, one)
    return (one, other) if one.id < other.id else (other, one)


def version(kept: Person, other: Person) -> str:
    """Return what tells whether either record was changed since."""
    return f"{kept.updated_at.isoformat()} {other.updated_at.isoformat()}"


def merge(
    session: Session,
    kept: Person,
    other: Person,
    values: Mapping[str, Any],
    user_id: int | None,
    *,
    agreed: str = "",
    seen: str | None = None,
    own: Mapping[str, bool] | None = None,
) -> Merged | Refused:
    """Merge `other` into `kept`, which gets the `values` (records.FIELDS): the mobile number is one of theirs or None.

    Who opted out with a number of either is opted out with the one that stays, unless `agreed` says how they agreed to
    be texted there. `own` tells by the names of fields of one's own whether the value of `other` stays; those without a
    choice are filled where `kept` has none.

    Refused if either is no longer what the user saw (`seen`, of `version`), or was merged or deleted.
    """
    if not _lock(session, kept, other):
        return GONE
    if seen is not None and seen != version(kept, other):
        return CHANGED
    if other.kind == PersonKind.CONTACT and kept.kind == PersonKind.LEAD:
        return Refused("A contact can't become part of a lead: keep the contact.")
    if len(values.get("notes", "")) > LONGEST_NOTES:
        return Refused("Both notes together are too long. Choose one of them.", field="notes")
    number = values["mobile"]
    if number not in (kept.mobile, other.mobile) or (number is None and (kept.mobile or other.mobile)):
        return Refused("Choose one of the two numbers.", field="mobile")
    act = Act(source=OptInSource.USER, at=clock.now(), actor_id=user_id)
    return _merge(session, kept, other, values, own or {}, act, agreed)


def _merge(
    session: Session,
    kept: Person,
    other: Person,
    values: Mapping[str, Any],
    own: Mapping[str, bool],
    act: Act,
    agreed: str,
) -> Merged:
    snapshot = Snapshot(values_of(kept), values_of(other), links=ledger.links_of(session, other.id, kept.id))
    earlier = {*records.last_numbers(session, kept), *records.last_numbers(session, other)}
    number, old, others_number = values["mobile"], kept.mobile, other.mobile
    region = cache.policy(session).default_region
    names = (kept.name_in(region), other.name_in(region))
    before = records.readable(session, kept)
    for each in sorted({*earlier, *filter(None, (old, others_number))}):
        ledger.lock_number(session, each)
    _fill(session, kept, values, act.at)
    _empty(session, other, kept, act.at)
    taken = moving.take(session, other.id, kept.id, own)
    snapshot.own, snapshot.own_before = moving.fill(session, other.id, kept.id, taken.decided), dict(taken.before)
    snapshot.members = merge_members.move(session, other, kept, act.at, act.actor_id)
    stays_out = number is not None and any(
        ledger.stay_out(session, each, number, act, agreed) for each in sorted(earlier - {number})
    )
    ended = [opt_in.id for opt_in in records.follow_number(session, kept, old, act)]
    if others_number and others_number != number:
        ended += ledger.change_number(session, other.id, others_number, None, act)
    elif others_number:
        _readdress(session, other.id, kept.id, others_number)
    ledger.move_links(session, other.id, kept.id)
    if number:
        ledger.link_person(session, kept.id, number, act.at)
    snapshot.after, snapshot.number = values_of(kept), number
    snapshot.given_up = sorted({*filter(None, (old, others_number))} - {number})
    changes = audit.differences({**before, **taken.before}, {**records.readable(session, kept), **taken.after})
    _tell(session, kept, other, names, changes, ended, others_number if others_number != number else None, act)
    return Merged(_note(session, kept, other, snapshot, act), len(ended), stays_out)


def lock_both(session: Session, one_id: int, other_id: int) -> dict[int, Person]:
    """Return the records as they are now, which nobody else changes until the transaction ends; in one order.

    No stronger lock: a text that arrives meanwhile refers to these rows while it holds the number's lock.
    """
    asked = select(Person).where(Person.id.in_((one_id, other_id))).order_by(Person.id)
    fresh = asked.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {person.id: person for person in session.scalars(fresh)}


def newest(session: Session, kept_id: int, now: datetime) -> PersonMerge | None:
    """Return the last merge into a record that can still be undone."""
    mine = (PersonMerge.kept_id == kept_id, is_undoable(PersonMerge), PersonMerge.at > now - UNDO_WITHIN)
    return session.scalars(select(PersonMerge).where(*mine).order_by(PersonMerge.id.desc()).limit(1)).first()


def forget_old(session: Session, now: datetime) -> None:
    """Drop what undoing needs of merges that can't be undone any more, and empty records whose kept one was deleted."""
    kept = aliased(Person)
    orphans = select(Person.id).where(is_merged(Person), ~exists().where(kept.id == Person.merged_into_id)).limit(100)
    session.execute(delete(Person).where(Person.id.in_(orphans)).execution_options(synchronize_session=False))
    late = update(PersonMerge).where(is_undoable(PersonMerge), PersonMerge.at < now - UNDO_WITHIN)
    session.execute(late.values(before=None).execution_options(synchronize_session=False))


def gather_strays(session: Session, now: datetime) -> None:
    """Give the kept record what came to a merged one while both were made one, such as from a page of before."""
    merged = select(CampaignMember.person_id).join(PersonMerge, PersonMerge.merged_id == CampaignMember.person_id)
    recent = (is_undoable(PersonMerge), PersonMerge.undone_at.is_(None), is_not_removed(CampaignMember))
    for person_id in session.scalars(merged.where(*recent).distinct().limit(STRAYS_AT_ONCE)).all():
        stray = session.get_one(Person, person_id)
        kept = merged_people.kept(session, stray)
        if kept is None:
            continue
        lock_both(session, stray.id, kept.id)
        if stray.merged_into_id:
            merge_members.move(session, stray, kept, now, None)
            records.follow_number(session, kept, kept.mobile, Act(source=OptInSource.USER, at=now))


def _lock(session: Session, kept: Person, other: Person) -> bool:
    found = lock_both(session, kept.id, other.id)
    return len(found) == 2 and all(person.kind != MERGED for person in found.values())


def _fill(session: Session, kept: Person, values: Mapping[str, Any], at: datetime) -> None:
    for name in records.FIELDS:
        setattr(kept, name, values[name])
    records.derive(kept, cache.policy(session).default_region)
    kept.updated_at = at


def _empty(session: Session, other: Person, kept: Person, at: datetime) -> None:
    """Leave of the record what messages need, and nothing by which it would be found."""
    for name, value in _BLANK.items():
        setattr(other, name, value)
    other.kind, other.merged_into_id, other.mobile, other.owner_id = MERGED, kept.id, None, None
    other.updated_at = at
    session.flush()


def _readdress(session: Session, from_id: int, to_id: int, number: str) -> None:
    """Let what waits for a number that stays be for the kept record, whose fields it will be filled in with."""
    waiting = (is_on_its_way(Message), Message.number == number, Message.status.in_(WAITING))
    session.execute(
        update(Message)
        .where(*waiting, Message.person_id == from_id)
        .values(person_id=to_id)
        .execution_options(synchronize_session=False)
    )


def _tell(
    session: Session,
    kept: Person,
    other: Person,
    names: tuple[str, str],
    changes: Mapping[str, tuple[object, object]],
    ended: list[int],
    given_up: str | None,
    act: Act,
) -> None:
    """Write both trails; that of the merged record is part of the kept one's from now on."""
    told = {"merged_with": ("", names[1]), **changes}
    if ended:
        told["opt_ins_ended"] = ("", records.keywords_of(session, ended))
    audit.record(session, act.actor_id, "merged", SUBJECT, kept.id, told)
    number = {"mobile": (given_up, "")} if given_up else {}
    audit.record(session, act.actor_id, "merged", SUBJECT, other.id, {"merged_into": ("", names[0]), **number})


def _note(session: Session, kept: Person, other: Person, snapshot: Snapshot, act: Act) -> int:
    merge_id: int = session.execute(
        insert(table(PersonMerge))
        .values(kept_id=kept.id, merged_id=other.id, at=act.at, by_id=act.actor_id, before=snapshot.to_json())
        .returning(table(PersonMerge).c.id)
    ).scalar_one()
    return merge_id
