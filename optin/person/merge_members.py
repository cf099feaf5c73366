"""Campaigns of two records that become one: a membership for each, and who was removed by hand stays removed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.models import Broadcast, CampaignMember, Message, Person
from optin.models.index_conditions import is_on_its_way
from optin.person.merge_snapshot import MovedMembers


def move(session: Session, merged: Person, kept: Person, at: datetime, user_id: int | None) -> MovedMembers:
    """Give the memberships to the kept record; where it has one, the other stays behind as removed.

    If either was removed from a campaign, both are; what waits for them there is taken back.
    """
    mine = {row.campaign_id: row for row in _of(session, merged.id)}
    theirs = {row.campaign_id: row for row in _of(session, kept.id)}
    done = MovedMembers()
    for campaign_id, row in mine.items():
        other = theirs.get(campaign_id)
        if other is None:
            _give(row, kept)
            done.moved.append(row.id)
            continue
        if row.removed_at is None:
            _end(row, at, user_id)
            done.hidden.append(row.id)
            if other.removed_at is not None:
                _take_back(session, campaign_id, merged, at)
        elif other.removed_at is None:
            _end(other, at, user_id)
            done.ended.append(other.id)
            _take_back(session, campaign_id, kept, at)
    session.flush()
    return done


def give_back(session: Session, moved: MovedMembers, merged: Person, kept: Person, at: datetime) -> None:
    """Undo `move`, which was done at `at`; who was removed since then stays removed."""
    rows = {row.id: row for person in (merged, kept) for row in _of(session, person.id)}
    theirs = {row.campaign_id: row for row in rows.values() if row.person_id == kept.id}
    own = {row.campaign_id for row in rows.values() if row.person_id == merged.id}
    for row in (rows[each] for each in moved.moved if each in rows):
        if row.person_id == kept.id and row.campaign_id not in own:
            _give(row, merged)
    for each in (*moved.hidden, *moved.ended):
        found = rows.get(each)
        if found is not None and found.removed_at == at and not _left_since(found, theirs, at):
            found.removed_at = found.removed_by_id = None
    session.flush()


def _left_since(row: CampaignMember, theirs: Mapping[int, CampaignMember], at: datetime) -> bool:
    """Tell whether the kept record was removed from the row's campaign after the merge: so were both then."""
    other = theirs.get(row.campaign_id)
    return other is not None and other.removed_at is not None and other.removed_at > at


def _of(session: Session, person_id: int) -> Sequence[CampaignMember]:
    """Return the memberships of a record, in one order, locked."""
    mine = select(CampaignMember).where(CampaignMember.person_id == person_id).order_by(CampaignMember.id)
    return session.scalars(mine.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def _give(row: CampaignMember, person: Person) -> None:
    row.person_id = person.id


def _end(row: CampaignMember, at: datetime, user_id: int | None) -> None:
    row.removed_at, row.removed_by_id = at, user_id


def _take_back(session: Session, campaign_id: int, person: Person, at: datetime) -> None:
    """Take back what waits for somebody in a campaign's broadcasts, as their removal does."""
    ours = select(Broadcast.id).where(Broadcast.campaign_id == campaign_id)
    theirs = (is_on_its_way(Message), Message.number == person.mobile, Message.person_id == person.id)
    ledger.cancel_waiting(session, *theirs, Message.broadcast_id.in_(ours), at=at)
