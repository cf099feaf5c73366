"""Changing, converting and deleting many people in few statements, with the trail of each. Nothing here commits.

Consent goes by number and stays as it is: none of these acts changes a number. Who asks holds the people's rows.
"""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import PersonKind
from optin.models import Person, User
from optin.person.records import SUBJECT
from optin.policy import audit


def give_owner(session: Session, ids: Sequence[int], owner: User | None, user_id: int | None) -> int:
    """Give people another owner, or none; return how many had another one."""
    owner_id = owner.id if owner else None
    other = or_(Person.owner_id.is_(None), Person.owner_id != owner_id) if owner else Person.owner_id.is_not(None)
    found = session.execute(select(Person.id, Person.owner_id).where(Person.id.in_(ids), other)).all()
    before = {row[0]: row[1] for row in found}
    owners = session.execute(select(User.id, User.name).where(User.id.in_(set(before.values())))).all()
    names = {row[0]: row[1] for row in owners}
    _change(session, list(before), owner_id=owner_id)
    told = [(id_, {"owner": (names.get(old or 0, ""), owner.name if owner else "")}) for id_, old in before.items()]
    audit.record_many(session, user_id, "changed", SUBJECT, told)
    return len(before)


def convert(session: Session, ids: Sequence[int], user_id: int | None) -> int:
    """Make contacts of those who are leads; return how many that were."""
    leads = session.scalars(select(Person.id).where(Person.id.in_(ids), Person.kind == PersonKind.LEAD)).all()
    _change(session, leads, kind=PersonKind.CONTACT, converted_at=clock.now(), converted_by_id=user_id)
    kinds = {"kind": (PersonKind.LEAD, PersonKind.CONTACT)}
    audit.record_many(session, user_id, "converted", SUBJECT, [(id_, kinds) for id_ in leads])
    return len(leads)


def remove(session: Session, ids: Sequence[int], user_id: int | None) -> int:
    """Delete people; the opt-ins, the opt-out and the messages of their numbers stay, because they are the numbers'."""
    audit.record_many(session, user_id, "deleted", SUBJECT, [(id_, {"": ("", "")}) for id_ in ids])
    session.execute(delete(Person).where(Person.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _change(session: Session, ids: Sequence[int], **values: object) -> None:
    changed = update(Person).where(Person.id.in_(ids)).values(**values, updated_at=clock.now())
    session.execute(changed.execution_options(synchronize_session=False))
