"""Under which name and key the log goes on: the same as before, or another that tells why.

A log must not say two things under one name. After a restore it might: somebody may have a checkpoint with events that
are gone. So it goes on under the next name then, and keeps the checkpoint that it can't follow.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from optin.consent.proof import stored, tree
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Checkpoint
from optin.models import ConsentEvent, LogLeaf, LogOrigin, Setting
from optin.policy import audit

SEEN_SETTING, LEFT_SETTING = "log_name_seen", "log_name_left"
"""Settings that hold the id of an origin."""
PATIENCE = timedelta(minutes=10)
"""How long a machine with another key waits for the one whose key it is."""
_NAME = re.compile(r"(?P<base>.+/consent-log/[0-9a-f]{8})(?:/(?P<number>[1-9][0-9]{0,8}))?")


class Cause(StrEnum):
    """Why an origin began."""

    FIRST = "first"
    RESTORED = "restored"
    KEY = "key"
    LEFT = "left"

    @property
    def sentence(self) -> str:
        """Say it to users and operators."""
        return _SENTENCES[self]


_SENTENCES = {
    Cause.FIRST: "The log began.",
    Cause.RESTORED: (
        "The database is older than the newest checkpoint, or another one: it was restored from a backup, or changed. "
        "That checkpoint is kept."
    ),
    Cause.KEY: "The key of before is not on this machine.",
    Cause.LEFT: "An admin left the name of before, since a witness remembers another log under it.",
}


def all_origins(session: Session) -> Sequence[LogOrigin]:
    """List the names under which the log was signed, the oldest first."""
    return session.scalars(select(LogOrigin).order_by(LogOrigin.id)).all()


def to_sign(session: Session, keeper: Keeper, size: int, covered: int, now: datetime) -> LogOrigin | None:
    """Return the origin of the next checkpoint, of `size` leaves; a new one is added where the last can't go on.

    None while another machine has the key and may still sign. `covered` leaves are under a checkpoint.
    """
    known = all_origins(session)
    head = keeper.head()
    foreign = head if head and not _is_ours(session, Checkpoint.read(head), known, size) else ""
    if not known:
        return _begin(session, keeper, Cause.RESTORED if foreign else Cause.FIRST, known, foreign, size, now)
    last = known[-1]
    if last.verifier_key != str(keeper.signer(last.name).verifier):
        has_waited = _written_at(session, covered) < now - PATIENCE
        return _begin(session, keeper, Cause.KEY, known, foreign, size, now) if has_waited else None
    if foreign:
        return _begin(session, keeper, Cause.RESTORED, known, foreign, size, now)
    return _begin(session, keeper, Cause.LEFT, known, "", size, now) if is_left(session) else last


def leave(session: Session, user_id: int, now: datetime) -> LogOrigin | None:
    """Have the next checkpoint be under a new name, and return the one that is left; None where there is none."""
    last = _newest(session)
    if last is not None:
        session.merge(Setting(name=LEFT_SETTING, value=str(last.id), updated_at=now, updated_by_id=user_id))
        audit.record(session, user_id, "left", "setting", None, {"name_of_the_consent_log": (last.name, "")})
    return last


def is_left(session: Session) -> bool:
    """Tell whether the newest name is one that an admin has left."""
    return _is_named(session, LEFT_SETTING)


def note_seen(session: Session, user_id: int, now: datetime) -> None:
    """Note that an admin has seen that the log goes on under a new name, and why."""
    last = _newest(session)
    if last is not None and not is_seen(session):
        session.merge(Setting(name=SEEN_SETTING, value=str(last.id), updated_at=now, updated_by_id=user_id))
        audit.record(session, user_id, "noted", "setting", None, {"new_name_of_the_consent_log": ("", last.name)})


def is_seen(session: Session) -> bool:
    """Tell whether an admin has noted the newest name."""
    return _is_named(session, SEEN_SETTING)


def _newest(session: Session) -> LogOrigin | None:
    return session.scalars(select(LogOrigin).order_by(LogOrigin.id.desc()).limit(1)).first()


def _is_named(session: Session, setting: str) -> bool:
    """Tell whether a setting has the id of the newest name."""
    last = select(cast(func.max(LogOrigin.id), String)).scalar_subquery()
    return session.scalar(select(Setting.name).where(Setting.name == setting, Setting.value == last)) is not None


def _is_ours(session: Session, head: Checkpoint, known: Sequence[LogOrigin], size: int) -> bool:
    """Tell whether the tree here grew out of that of a checkpoint under one of its names."""
    if not any(each.name == head.origin for each in known) or head.size > size:
        return False
    return tree.root(head.size, stored.nodes(session)) == head.root


def _written_at(session: Session, index: int) -> datetime:
    """Return when the event of a leaf was written."""
    at = select(ConsentEvent.at).join(LogLeaf, LogLeaf.event_id == ConsentEvent.id).where(LogLeaf.leaf_index == index)
    return session.scalars(at).one()


def _begin(
    session: Session,
    keeper: Keeper,
    cause: Cause,
    known: Sequence[LogOrigin],
    foreign: str,
    size: int,
    now: datetime,
) -> LogOrigin:
    names = [each.name for each in known] + ([Checkpoint.read(foreign).origin] if foreign else [])
    read = [found for name in names if (found := _NAME.fullmatch(name))]
    base = read[0]["base"] if read else f"{keeper.host}/consent-log/{token_hex(4)}"
    number = 1 + max((int(each["number"] or 1) for each in read if each["base"] == base), default=0)
    name = base if number == 1 else f"{base}/{number}"
    made = LogOrigin(
        id=number,
        name=name,
        verifier_key=str(keeper.signer(name).verifier),
        began_at=now,
        size=size,
        because=cause,
        earlier_head=foreign,
    )
    session.add(made)
    session.flush()
    return made
