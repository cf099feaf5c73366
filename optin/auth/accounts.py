"""Making a user."""

import secrets

from sqlalchemy.orm import Session

from optin import clock
from optin.auth.passwords import hash_password
from optin.models import User
from optin.terms import Role


def add_user(session: Session, *, email: str, name: str, role: Role, password: str = "") -> User:
    """Store a user; without a password only a sign-in link lets them in."""
    user = User(
        email=email,
        name=name,
        role=role,
        password_hash=hash_password(password) if password else None,
        session_key=secrets.token_hex(16),
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    return user
