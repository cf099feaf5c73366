"""Undoing an import of members: who was added is no member again, who came back is removed again.

Somebody who got a message of the campaign since stays a member, so that what was sent can be explained.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from optin.features.imports.terms import Outcome
from optin.models import Broadcast, CampaignMember, ImportRow, ImportRun, Message
from optin.models.index_conditions import is_imported

AT_ONCE = 250
WRITTEN_TO = "Has messages of this campaign by now."
REMOVED = "Removed by hand since the import."
_LOOKED_AT = update(CampaignMember).values(import_run_id=None)


def undo_some(session: Session, run: ImportRun) -> dict[int, str] | None:
    """Take the next of those whom a run added out of its campaign; None where there are no more.

    Returns who stays as they are, with the sentence why, by the person's id.
    """
    members = _next(session, run)
    if not members:
        return None
    ids = [member.person_id for member in members]
    ours = exists().where(Broadcast.id == Message.broadcast_id, Broadcast.campaign_id == run.campaign_id)
    texted = set(session.scalars(select(Message.person_id).where(Message.person_id.in_(ids), ours)))
    before = _before(session, run, ids)
    stays: dict[int, str] = {}
    gone = []
    for member in members:
        if member.removed_at is not None or member.person_id in texted:
            stays[member.person_id] = WRITTEN_TO if member.removed_at is None else REMOVED
        elif member.person_id in before:
            member.removed_at, member.removed_by_id = before[member.person_id]
        else:
            gone.append(member.id)
    session.flush()
    for statement, ids in ((delete(CampaignMember), gone), (_LOOKED_AT, [member.id for member in members])):
        session.execute(statement.where(CampaignMember.id.in_(ids)).execution_options(synchronize_session=False))
    removed_again = len(members) - len(gone) - len(stays)
    for name, count in (("members_gone", len(gone)), ("removed_again", removed_again)):
        run.counts = {**run.counts, name: run.counts.get(name, 0) + count}
    return stays


def _next(session: Session, run: ImportRun) -> Sequence[CampaignMember]:
    """Return the next members whom the run added, locked; those that were looked at are no longer of the run."""
    mine = (is_imported(CampaignMember), CampaignMember.import_run_id == run.id)
    asked = select(CampaignMember).where(*mine).order_by(CampaignMember.id).limit(AT_ONCE)
    return session.scalars(asked.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def _before(
    session: Session, run: ImportRun, person_ids: Sequence[int]
) -> dict[int | None, tuple[datetime, int | None]]:
    """Return when and by whom those had been removed who came back."""
    mine = (ImportRow.run_id == run.id, ImportRow.known == "", ImportRow.outcome == Outcome.CHANGED)
    rows = session.scalars(select(ImportRow).where(*mine, ImportRow.person_id.in_(person_ids)))
    found = {}
    for row in rows:
        before = row.before or {}
        found[row.person_id] = (datetime.fromisoformat(before["removed_at"]), before["removed_by_id"])
    return found
