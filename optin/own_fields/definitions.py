"""Making and changing fields of one's own, with the trail of changes. Nothing commits.

Whoever changes what fields there are comes after whoever else does; who writes values holds the fields meanwhile
(`values.py`), so that none changes its kind or goes under a value that is just being written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import FieldKind
from optin.models import OwnField, OwnOption, OwnValue
from optin.own_fields import keys, kind_change
from optin.policy import audit
from optin.refused import Refused

MOST, MOST_OPTIONS = 50, 200
SUBJECT = "field"
FULL = f"There are {MOST} fields already, and no more are possible. Delete one that you no longer need."
NO_MARKS = "Leave out { and }: they mark merge fields."


@dataclass(frozen=True)
class Given:
    """What a form says of a field. `renamed` are the labels of its options by their ids, "" for one to remove."""

    label: str
    kind: FieldKind
    help: str = ""
    renamed: Mapping[int, str] = field(default_factory=dict)
    more: Sequence[str] = ()


def everyone(session: Session) -> list[OwnField]:
    """List all fields in their order, archived ones and those that are being deleted too."""
    return list(session.scalars(select(OwnField).order_by(OwnField.place, OwnField.id)))


def locked(session: Session, field_id: int) -> OwnField | None:
    """Return a field that nobody else changes, and in which nobody writes a value, until the transaction ends."""
    _alone(session)
    chosen = select(OwnField).where(OwnField.id == field_id, OwnField.deleted_at.is_(None)).with_for_update()
    return session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()


def create(session: Session, given: Given, user_id: int | None) -> OwnField | Refused:
    """Make a field, the last in the order; its key is made from the label and stays."""
    _alone(session)
    others = everyone(session)
    if len(others) >= MOST:
        return Refused(FULL)
    if refused := _refusal(given, others):
        return refused
    labels = [label for label in given.more if label]
    if refused := _refusal_of_options(given.kind, labels):
        return refused
    made = OwnField(
        key=keys.key_of(given.label, [other.key for other in others]),
        label=given.label,
        kind=given.kind,
        help=given.help,
        place=max((other.place for other in others), default=0) + 1,
        created_at=clock.now(),
        options=[OwnOption(label=label) for label in labels] if given.kind is FieldKind.CHOICE else [],
    )
    session.add(made)
    session.flush()
    audit.record(session, user_id, "created", SUBJECT, made.id, audit.differences({}, _readable(made)))
    return made


def change(session: Session, mine: OwnField, given: Given, user_id: int | None) -> list[str] | Refused:
    """Change a field that is `locked`, and return what differs; the kind only where all of its values fit.

    An option that somebody has can't be removed.
    """
    if refused := _refusal(given, [other for other in everyone(session) if other.id != mine.id]):
        return refused
    kept = {option.id: given.renamed.get(option.id, option.label) for option in mine.options}
    labels = [label for label in (*kept.values(), *given.more) if label]
    if refused := _refusal_of_options(given.kind, labels):
        return refused
    if given.kind is FieldKind.CHOICE and (refused := _options_in_use(session, mine, kept)):
        return refused
    if given.kind != mine.kind and (refused := kind_change.refusal(session, mine, given.kind, labels)):
        return refused
    before = _readable(mine)
    values = kind_change.values(session, mine) if given.kind != mine.kind else {}
    mine.label, mine.help = given.label, given.help
    if given.kind is FieldKind.CHOICE:
        _set_options(mine, kept, given.more)
        session.flush()
    if given.kind != mine.kind:
        mine.kind = given.kind
        kind_change.write(session, mine, values)
        if given.kind is not FieldKind.CHOICE:
            mine.options = []
    session.flush()
    changes = audit.differences(before, _readable(mine))
    if changes:
        audit.record(session, user_id, "changed", SUBJECT, mine.id, changes)
    return list(changes)


def archive(session: Session, mine: OwnField, user_id: int | None) -> None:
    """Show a field no more; its values are kept, and broadcasts that wait are still filled in."""
    if mine.archived_at is None:
        mine.archived_at = clock.now()
        audit.record(session, user_id, "archived", SUBJECT, mine.id)


def bring_back(session: Session, mine: OwnField, user_id: int | None) -> None:
    """Show an archived field again."""
    if mine.archived_at is not None:
        mine.archived_at = None
        audit.record(session, user_id, "brought back", SUBJECT, mine.id)


def move(session: Session, mine: OwnField, by: int, user_id: int | None) -> None:
    """Let a `locked` field change places with the one before it (-1) or behind it (+1) among those that are shown."""
    order = [other for other in everyone(session) if other.archived_at is None and other.deleted_at is None]
    at = order.index(mine) if mine in order else -1
    to = at + by
    if at < 0 or not 0 <= to < len(order):
        return
    order[at], order[to] = order[to], order[at]
    places = sorted(other.place for other in order)
    for other, place in zip(order, places, strict=True):
        other.place = place
    audit.record(session, user_id, "moved", SUBJECT, mine.id, {"Place": (at + 1, to + 1)})


def _alone(session: Session) -> None:
    """Let one transaction at a time change what fields there are. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('own fields'))"))


def _refusal(given: Given, others: Sequence[OwnField]) -> Refused | None:
    if "{" in given.label or "}" in given.label:
        return Refused(NO_MARKS, field="label")
    if given.label.casefold() in keys.LABELS:
        return Refused("Contacts and leads have this field already.", field="label")
    same = [other for other in others if other.label.casefold() == given.label.casefold()]
    if not same:
        return None
    state = "that is being deleted " if same[0].deleted_at else "that is archived " if same[0].archived_at else ""
    return Refused(f"Another field {state}has this label already.", field="label")


def _refusal_of_options(kind: FieldKind, labels: Sequence[str]) -> Refused | None:
    if kind is not FieldKind.CHOICE:
        return None
    if not labels:
        return Refused("Enter what can be chosen, each on a line of its own.", field="more")
    if len(labels) > MOST_OPTIONS:
        return Refused(f"Use at most {MOST_OPTIONS} options.", field="more")
    folded = [label.casefold() for label in labels]
    twice = [label for at, label in enumerate(labels) if label.casefold() in folded[:at]]
    return Refused(f"“{twice[0]}” is in the list twice.", field="more") if twice else None


def _options_in_use(session: Session, mine: OwnField, kept: Mapping[int, str]) -> Refused | None:
    """Refuse to remove an option that somebody has."""
    for option in mine.options:
        if not kept[option.id] and session.scalar(
            select(OwnValue.person_id).where(OwnValue.option_id == option.id).limit(1)
        ):
            return Refused(f"Somebody has “{option.label}”, so it can be renamed but not removed.", field="more")
    return None


def _set_options(mine: OwnField, kept: Mapping[int, str], more: Sequence[str]) -> None:
    for option in list(mine.options):
        if not kept.get(option.id, option.label):
            mine.options.remove(option)
        elif option.id in kept:
            option.label = kept[option.id]
    mine.options.extend(OwnOption(label=label) for label in more if label)


def _readable(mine: OwnField) -> dict[str, object]:
    """Return a field as the trail shows it."""
    return {
        "Label": mine.label,
        "Kind": FieldKind(mine.kind).label,
        "Help text": mine.help,
        "Options": ", ".join(option.label for option in mine.options),
    }
