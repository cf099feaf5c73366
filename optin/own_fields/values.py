"""What people have in fields of one's own: reading it for many at once, and writing it. Nothing commits."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from optin.database.statements import insert, insert_rows, table
from optin.enums import FieldKind
from optin.models import OwnField, OwnOption, OwnValue
from optin.own_fields import keys, kinds
from optin.policy import cache
from optin.policy.cache import CachedField
from optin.refused import Refused

AT_ONCE = 500
_VALUE = table(OwnValue)
_NEW = insert(_VALUE).inline()
_ASSIGNED = ("text", "folded", "number", "option_id")
_SET = _NEW.on_conflict_do_update(
    index_elements=["person_id", "field_id"], set_={name: _NEW.excluded[name] for name in _ASSIGNED}
)
GONE = "This field has been deleted."
Texts = Mapping[str, str]
"""What a person has, by the keys of the fields, each as kinds.read returns it; what is empty is missing."""


def of_people(
    session: Session, person_ids: Collection[int], fields: Collection[CachedField]
) -> dict[int, dict[str, str]]:
    """Return the values of people in some fields, as text, by their ids; without fields nothing is asked."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    by_id = {field.id: field for field in fields}
    ids = sorted(person_ids) if by_id else []
    for start in range(0, len(ids), AT_ONCE):
        rows = select(_VALUE.c.person_id, _VALUE.c.field_id, _VALUE.c.text, _VALUE.c.option_id).where(
            _VALUE.c.person_id.in_(ids[start : start + AT_ONCE]), _VALUE.c.field_id.in_(list(by_id))
        )
        for person_id, field_id, text, option_id in session.execute(rows):
            field = by_id[field_id]
            found[person_id][field.key] = text if option_id is None else field.options.get(option_id, "")
    return found


def shown(session: Session) -> list[CachedField]:
    """Return the fields that are shown, in their order; requests have them at hand (web/own_fields.py)."""
    return [field for field in cache.current(session, cache.read_token(session)).fields if not field.archived]


def held(session: Session, names: Collection[str]) -> dict[str, CachedField]:
    """Return the fields of one's own among the names of fields of a person, by these names, as they are now.

    None of them changes its kind or its options, or is deleted, until the transaction ends.
    """
    wanted = [key for name in names if (key := keys.key_in(name))]
    if not wanted:
        return {}
    rows = select(OwnField).where(OwnField.key.in_(wanted), OwnField.deleted_at.is_(None)).order_by(OwnField.id)
    fields = session.scalars(rows.with_for_update(read=True).execution_options(populate_existing=True)).all()
    options: dict[int, dict[int, str]] = defaultdict(dict)
    ids = [field.id for field in fields if field.kind == FieldKind.CHOICE]
    if ids:
        listed = select(OwnOption.field_id, OwnOption.id, OwnOption.label).where(OwnOption.field_id.in_(ids))
        for field_id, option_id, label in session.execute(listed.order_by(OwnOption.id)):
            options[field_id][option_id] = label
    return {keys.name_of(field.key): _plain(field, options[field.id]) for field in fields}


def before(session: Session, person_id: int, fields: Mapping[str, CachedField]) -> dict[str, str]:
    """Return what a person has in some `held` fields, by their names, "" for nothing."""
    found = of_people(session, [person_id], fields.values())[person_id] if fields else {}
    return {name: found.get(field.key, "") for name, field in fields.items()}


def read(fields: Mapping[str, CachedField], given: Mapping[str, Any]) -> dict[str, str] | Refused:
    """Return the values that are given for some `held` fields, by their names, each as the one text that is kept.

    Refused where one does not fit, or its field is not there any more, at the field of its name.
    """
    texts: dict[str, str] = {}
    refused = [Refused(GONE, field=name) for name in given if keys.key_in(name) and name not in fields]
    for name, field in fields.items():
        text = kinds.read(field.kind, str(given[name] or ""), field.options.values())
        if isinstance(text, Refused):
            refused.append(Refused(text.sentence, field=name))
        else:
            texts[name] = text
    return Refused(refused[0].sentence, field=refused[0].field, more=tuple(refused[1:])) if refused else texts


def write(
    session: Session, fields: Mapping[str, CachedField], changes: Sequence[tuple[int, Mapping[str, str]]]
) -> None:
    """Set values that `read` returned: for the id of each person those of some `held` fields, "" for none."""
    new: list[dict[str, Any]] = []
    emptied: dict[int, list[int]] = defaultdict(list)
    for person_id, texts in changes:
        for name, text in texts.items():
            field = fields[name]
            if text:
                columns = kinds.stored(field.kind, text, field.options)
                new.append({"person_id": person_id, "field_id": field.id, **columns._asdict()})
            else:
                emptied[field.id].append(person_id)
    for field_id, ids in emptied.items():
        for start in range(0, len(ids), AT_ONCE):
            gone = delete(_VALUE).where(
                _VALUE.c.field_id == field_id, _VALUE.c.person_id.in_(ids[start : start + AT_ONCE])
            )
            session.execute(gone)
    insert_rows(session, _SET, new)


def _plain(field: OwnField, options: Mapping[int, str]) -> CachedField:
    return CachedField(
        field.id, field.key, field.label, FieldKind(field.kind), field.help, field.archived_at is not None, options
    )
