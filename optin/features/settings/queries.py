"""What the settings pages ask the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from optin import phone
from optin.consent import facts
from optin.consent.facts import About
from optin.features.one_to_one import assignments
from optin.models import (
    AuditEntry,
    Conversation,
    ImportRun,
    Message,
    MessageTemplate,
    OwnField,
    Person,
    Sender,
    Setting,
    Suppression,
    User,
    Witness,
)
from optin.models.index_conditions import SETTINGS_TRAIL, has_not_ended, is_in_settings_trail
from optin.queries import cached_counts, people_of_numbers
from optin.queries.cached_counts import CachedCount
from optin.web import filters


@dataclass(frozen=True)
class Reach:
    """How many contacts and leads have a mobile number, and how many of those no active opt-in."""

    with_number: CachedCount
    without_opt_in: CachedCount


@dataclass(frozen=True)
class Change:
    """When something was changed, and by whom; the system has no name."""

    at: datetime
    by: str | None


def reach(session: Session) -> Reach:
    """Count whom requiring an opt-in for 1:1 messages would touch; many as counted last (queries/cached_counts.py)."""
    return Reach(*cached_counts.of_each_kind(session, (_WITH_NUMBER, _WITHOUT_OPT_IN)))


def last_change(session: Session, names: Collection[str]) -> Change | None:
    """Return the last change to any of the settings, None while all have their defaults."""
    found = session.execute(
        select(Setting.updated_at, User.name)
        .outerjoin(User, User.id == Setting.updated_by_id)
        .where(Setting.name.in_(names))
        .order_by(Setting.updated_at.desc())
        .limit(1)
    ).first()
    return Change(*found) if found else None


def opted_out(number: str | None) -> Select[Suppression]:
    """Select the open suppressions: all, or that of one number in E.164 ("" finds none)."""
    found = select(Suppression).where(has_not_ended(Suppression))
    return found if number is None else found.where(Suppression.number == number)


def texts_of(session: Session, rows: Collection[Suppression]) -> dict[int | None, str]:
    """Return the texts with which numbers opted out, by message id; who did not do so by text has none."""
    ids = {row.message_id for row in rows if row.message_id}
    return dict(session.execute(select(Message.id, Message.body).where(Message.id.in_(ids))).all())


def audit_entries(kinds: Collection[str], settings: Collection[str], user_id: int | None) -> Select[AuditEntry]:
    """Select the trail of settings, users and senders, or of the kinds and settings named; by one user or by all."""
    kind, listed = AuditEntry.subject_kind + "", is_in_settings_trail(AuditEntry)
    wanted, of_these = [*kinds, *(["setting"] if settings else [])], AuditEntry.field.in_(settings)
    if len(wanted) == 1 and not user_id:
        found = select(AuditEntry).where(AuditEntry.subject_kind == wanted[0], listed)
        return found.where(of_these) if settings else found
    if user_id:
        found = select(AuditEntry).where(AuditEntry.user_id == user_id, listed)
    else:  # along the newest: SQLite would fetch and sort all of these kinds
        found = select(AuditEntry).where(kind.in_(SETTINGS_TRAIL))
    return found.where(or_(kind.in_(kinds), and_(kind == "setting", of_these))) if wanted else found


def users(session: Session) -> list[User]:
    """List all users by name: whoever may have changed something."""
    return list(session.scalars(select(User).order_by(func.lower(User.name), User.id)))


def subjects(session: Session, entries: Collection[AuditEntry]) -> dict[tuple[str, int | None], str]:
    """Return what the entries are about: names of users, senders, templates and fields, whose conversation."""
    found: dict[tuple[str, int | None], str] = {}
    named = (
        ("user", User.id, User.name),
        ("sender", Sender.id, Sender.address),
        ("template", MessageTemplate.id, MessageTemplate.name),
        ("field", OwnField.id, OwnField.label),
        ("import", ImportRun.id, ImportRun.file_name),
        ("witness", Witness.id, literal("the witness ") + Witness.name),
    )
    for kind, id_of, name in named:
        ids = {entry.subject_id for entry in entries if entry.subject_kind == kind}
        found |= {(kind, key): text for key, text in session.execute(select(id_of, name).where(id_of.in_(ids))).all()}
    return found | _conversations(session, {entry.subject_id for entry in entries if entry.subject_kind == _TALK})


def _conversations(session: Session, ids: Collection[int | None]) -> dict[tuple[str, int | None], str]:
    """Return with whom the conversations are: a person's name, else the number."""
    rows = session.execute(select(Conversation.id, Conversation.number).where(Conversation.id.in_(ids))).all()
    having, home = people_of_numbers.of_numbers(session, [row.number for row in rows]), filters.default_region()
    names = {
        number: having[number][0].name_in(home) if number in having else phone.display(number, home)
        for _, number in rows
    }
    return {(_TALK, row.id): f"conversation with {names[row.number]}" for row in rows}


_TALK = assignments.SUBJECT
_WITH_NUMBER = cached_counts.RowCounter("with number", lambda: select(Person.id).where(Person.mobile.is_not(None)))
_WITHOUT_OPT_IN = cached_counts.RowCounter(
    "without opt-in",
    lambda: select(Person.id).where(
        Person.mobile.is_not(None), facts.is_not_so(About(number=Person.mobile), "any_opt_in")
    ),
)
