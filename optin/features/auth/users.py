"""Who may sign in and as what: inviting, changing roles, disabling. At least one admin always stays."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.auth import links
from optin.features.auth.accounts import add_user
from optin.models import User
from optin.policy import audit
from optin.refused import Refused
from optin.web import sessions

LINK_HOURS = 72
DOWNLOADS = "may_download"
LAST_ADMIN = "{} is the only admin. Make somebody else an admin first."
NOT_ADMIN = "You are no longer an admin."


def everybody(session: Session) -> list[User]:
    """List all users by name, the disabled ones last."""
    return list(session.scalars(select(User).order_by(User.disabled_at.is_not(None), func.lower(User.name), User.id)))


def invite(
    session: Session, admin: User, *, email: str, name: str, role: Role, may_download: bool = False
) -> User | Refused:
    """Store a user who can sign in by a link alone, or say why not.

    The database decides whether the email is free, so that of two admins at once one wins.
    """
    try:
        with session.begin_nested():
            user = add_user(session, email=email, name=name, role=role)
    except IntegrityError:
        return Refused("There is already a user with that email.", field="email")
    user.time_zone, user.may_download = admin.time_zone, may_download
    told = {"role": ("", role.label), **({DOWNLOADS: ("", _yes(may_download))} if may_download else {})}
    audit.record(session, admin.id, "invited", "user", user.id, told)
    return user


def new_link(session: Session, admin: User, user: User) -> str | Refused:
    """Return the token of a fresh sign-in link for `user`; links that nobody has used yet stop working."""
    if not user.is_active:
        return Refused(f"{user.name} is disabled and can’t sign in with a link.")
    now = clock.now()
    links.cancel(session, user, now)
    audit.record(session, admin.id, "made a sign-in link for", "user", user.id)
    return links.issue(session, user, now, LINK_HOURS)


def change_role(
    session: Session, admin: User, user: User, role: Role, *, may_download: bool | None = None
) -> Refused | None:
    """Give `user` the role and, unless None, the right to download or not, or say why not; sessions go on with them."""
    if refused := _refusal(session, admin, user, stays_admin=role is Role.ADMIN):
        return refused
    changes: dict[str, tuple[object, object]] = {}
    if user.role != role:
        changes["role"] = (Role(user.role).label, role.label)
    if may_download is not None and user.may_download != may_download:
        changes[DOWNLOADS] = (_yes(user.may_download), _yes(may_download))
        user.may_download = may_download
    if changes:
        audit.record(session, admin.id, "changed", "user", user.id, changes)
        user.role = role
    return None


def disable(session: Session, admin: User, user: User) -> Refused | None:
    """End the sessions and links of `user` and let them in no more, or say why not."""
    if refused := _refusal(session, admin, user, stays_admin=False):
        return refused
    if user.disabled_at is None:
        now: datetime = clock.now()
        user.disabled_at = now
        sessions.end_all(session, user.id, now)
        links.cancel(session, user, now)
        audit.record(session, admin.id, "disabled", "user", user.id)
    return None


def enable(session: Session, admin: User, user: User) -> None:
    """Let `user` in again, with the password of before."""
    if user.disabled_at is not None:
        user.disabled_at = None
        audit.record(session, admin.id, "enabled", "user", user.id)


def end_sessions(session: Session, admin: User, user: User) -> int:
    """Sign `user` out everywhere and return how many sessions that ended."""
    count = sessions.end_all(session, user.id, clock.now())
    if count:
        audit.record(session, admin.id, "ended the sessions of", "user", user.id)
    return count


def _yes(may: bool) -> str:
    return "yes" if may else "no"


def _refusal(session: Session, admin: User, user: User, *, stays_admin: bool) -> Refused | None:
    """Say why a change is refused, seen from behind a lock on all admins, whom another admin may be changing now.

    Whoever waited for the lock reads what the other one has committed (PostgreSQL 13.2.1, Read Committed); on SQLite
    a request that writes is alone from its first statement on.
    """
    admins = session.scalars(
        select(User)
        .where(User.role == Role.ADMIN, User.disabled_at.is_(None))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if admin.id not in {other.id for other in admins}:
        return Refused(NOT_ADMIN, field="role")
    if not stays_admin and [other.id for other in admins] == [user.id]:
        return Refused(LAST_ADMIN.format(user.name), field="role")
    return None
