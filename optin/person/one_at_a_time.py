"""Whoever makes people for numbers waits for whoever else does: numbers of people need not be unique."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def make_people_alone(session: Session) -> None:
    """Let one transaction at a time make people for numbers, so that of two none makes a second for the same number.

    To be called before looking who has the numbers. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('leads for numbers'))"))
