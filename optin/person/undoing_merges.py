"""Undoing a merge for a day: both records as they were, but for what was changed since; consent by separate events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import GivenBack, MergeAct
from optin.enums import OptInSource
from optin.models import Person, PersonMerge, Suppression
from optin.models.index_conditions import has_not_ended
from optin.models.person import MERGED
from optin.own_fields import moving
from optin.person import merge_members, merging, records
from optin.person.merge_snapshot import Snapshot
from optin.person.records import FIELDS, SUBJECT
from optin.policy import audit, cache
from optin.refused import Refused

TOO_LATE = Refused("A merge can be undone for a day. This one is older.")
ALREADY = Refused("This merge has been undone already.")


@dataclass
class Undone:
    """What came of it: the fields of the kept record that stay since they were changed after the merge, and what became
    of consent. `opted_out_since` is the number by which they left after the merge, which goes with both."""

    stays: list[str] = field(default_factory=list)
    consent: GivenBack = field(default_factory=GivenBack)
    opted_out_since: str | None = None


def why_not(session: Session, merge: PersonMerge, now: datetime) -> Refused | None:
    """Return why a merge can't be undone, None where it can."""
    if merge.undone_at is not None:
        return ALREADY
    if merge.before is None or now - merge.at >= merging.UNDO_WITHIN:
        return TOO_LATE
    if merge.kept.kind == MERGED:
        return Refused("The record has become part of another one since. Undo that merge first.")
    later = (PersonMerge.kept_id == merge.kept_id, PersonMerge.id > merge.id, PersonMerge.undone_at.is_(None))
    if session.scalar(select(PersonMerge.id).where(*later).limit(1)):
        return Refused("Another record was merged into this one since. Undo that merge first.")
    return None


def changed_since(session: Session, merge: PersonMerge) -> list[str]:
    """Return the fields that were changed after the merge, so that an undo leaves them alone."""
    snapshot = Snapshot.from_json(merge.before or {})
    own = moving.changed_since(session, merge.merged_id, merge.kept_id, snapshot.own_before)
    return [name for name in FIELDS if snapshot.after.get(name, "") != getattr(merge.kept, name)] + own


def undo(session: Session, merge_id: int, user_id: int | None) -> Undone | Refused:
    """Make two records of the one again; refused when that is too late or something stands in the way. Nothing commits.

    Fields of the kept record that were changed since stay. What the merge ended stands again, by an event of its own,
    for numbers with which nothing has happened since. Whoever left since then stays out, with both numbers.
    """
    merge = session.scalars(_locked(merge_id)).one()
    found = merging.lock_both(session, merge.kept_id, merge.merged_id)
    refused = why_not(session, merge, clock.now())
    if refused:
        return refused
    kept, other = found[merge.kept_id], found[merge.merged_id]
    act = Act(source=OptInSource.USER, at=clock.now(), actor_id=user_id)
    done = _undo(session, merge, kept, other, act)
    merge.undone_at, merge.undone_by_id, merge.before = act.at, user_id, None
    session.flush()
    return done


def _undo(session: Session, merge: PersonMerge, kept: Person, other: Person, act: Act) -> Undone:
    snapshot = Snapshot.from_json(merge.before or {})
    done = Undone(changed_since(session, merge))
    theirs, number = snapshot.merged["mobile"], snapshot.number
    for each in sorted(filter(None, {theirs, number, snapshot.kept["mobile"], kept.mobile})):
        ledger.lock_number(session, each)
    before, old = records.readable(session, kept), kept.mobile
    left_since = number is not None and _left_since(session, number, merge.at)
    region = cache.policy(session).default_region
    _fill(session, other, snapshot.merged, region, act.at)
    other.kind, other.merged_into_id = snapshot.merged["kind"], None
    restored = {name: value for name, value in snapshot.kept.items() if name in FIELDS and name not in done.stays}
    _fill(session, kept, restored, region, act.at)
    own = {name: text for name, text in snapshot.own_before.items() if name not in done.stays}
    moving.give_back(session, kept.id, own)
    moving.take_back(session, other.id, kept.id, snapshot.own)
    ledger.return_links(session, snapshot.links, other.id, kept.id)
    merge_members.give_back(session, snapshot.members, other, kept, merge.at)
    done.consent = _give_back(session, snapshot, merge, kept, other, act)
    records.follow_number(session, kept, old, act)
    records.follow_number(session, other, None, act)
    if left_since and number:
        done.opted_out_since = number
        for person in (kept, other):
            if person.mobile and person.mobile != number:
                ledger.stay_out(session, number, person.mobile, act)
    _tell(session, kept, other, audit.differences(before, records.readable(session, kept)), left_since, act)
    return done


def _fill(session: Session, person: Person, values: Mapping[str, Any], region: str, at: datetime) -> None:
    for name in FIELDS:
        if name in values:
            setattr(person, name, values[name])
    records.derive(person, region)
    person.updated_at = at
    session.flush()


def _give_back(
    session: Session, snapshot: Snapshot, merge: PersonMerge, kept: Person, other: Person, act: Act
) -> GivenBack:
    """Undo what the merge did to consent, but not for a number that somebody else was given since."""
    ours = (kept.id, other.id)
    given_up = [
        each
        for each in snapshot.given_up
        if each in (kept.mobile, other.mobile)
        and not session.scalar(select(exists().where(Person.mobile == each, Person.id.not_in(ours))))
    ]
    stayed = [snapshot.number] if snapshot.number else []
    return ledger.undo_merge(session, MergeAct(merge.at, merge.by_id), given_up, stayed, act)


def _left_since(session: Session, number: str, at: datetime) -> bool:
    """Tell whether the number asked for no more texts after the merge."""
    asked = exists().where(Suppression.number == number, has_not_ended(Suppression), Suppression.asked_at > at)
    return bool(session.scalar(select(asked)))


def _locked(merge_id: int) -> Any:
    """Select the merge, which nobody else undoes meanwhile."""
    chosen = select(PersonMerge).where(PersonMerge.id == merge_id).with_for_update()
    return chosen.execution_options(populate_existing=True)


def _tell(
    session: Session,
    kept: Person,
    other: Person,
    changes: Mapping[str, tuple[object, object]],
    left_since: bool,
    act: Act,
) -> None:
    """Write both trails. A number that was only the other's is none that the kept one had earlier, unless they left."""
    action = records.MERGE_UNDONE if not left_since else f"{records.MERGE_UNDONE}, opted out"
    region = cache.policy(session).default_region
    told = {"merged_with": (other.name_in(region), ""), **changes}
    audit.record(session, act.actor_id, action, SUBJECT, kept.id, told)
    audit.record(session, act.actor_id, action, SUBJECT, other.id, {"merged_into": (kept.name_in(region), "")})
