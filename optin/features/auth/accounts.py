"""Creating users, and the first admin."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.auth.passwords import hash_password
from optin.models import User


def add_user(session: Session, *, email: str, name: str, role: Role, password: str = "") -> User:
    """Store a user; without a password only a sign-in link lets them in."""
    user = User(
        email=email,
        name=name,
        role=role,
        password_hash=hash_password(password) if password else None,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    return user


def first_admin(session: Session) -> User | None:
    """Return the oldest admin who may sign in: each start of the simulator prints a link for them."""
    admins = select(User).where(User.role == Role.ADMIN, User.disabled_at.is_(None))
    return session.scalars(admins.order_by(User.id).limit(1)).first()
