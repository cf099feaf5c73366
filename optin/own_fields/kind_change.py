"""Another kind for a field that has values: only where each of them fits, and not for very many at once."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from optin.database.statements import table
from optin.enums import FieldKind
from optin.models import OwnField, OwnOption, OwnValue
from optin.own_fields import kinds
from optin.refused import Refused

MOST = 5000
"""So many values are read and written in one request."""
TOO_MANY = (
    f"More than {MOST:,} people have a value here, too many to change at once. Make a new field, and bring the values "
    "into it with a file."
)
Values = Mapping[int, str]
"""What people have in a field, by their ids, as text."""


def values(session: Session, mine: OwnField) -> Values:
    """Return what people have in a field, of one with very many some more than can be changed."""
    text = func.coalesce(OwnValue.text, OwnOption.label)
    rows = select(OwnValue.person_id, text).outerjoin(OwnOption, OwnOption.id == OwnValue.option_id)
    return dict(session.execute(rows.where(OwnValue.field_id == mine.id).limit(MOST + 1)).all())


def refusal(session: Session, mine: OwnField, kind: FieldKind, options: Sequence[str]) -> Refused | None:
    """Refuse another kind where a value does not fit it; `options` are the labels that can be chosen then."""
    found = values(session, mine)
    if len(found) > MOST:
        return Refused(TOO_MANY, field="kind")
    wrong = [refused for text in found.values() if isinstance(refused := kinds.read(kind, text, options), Refused)]
    if not wrong:
        return None
    return Refused(
        f"{len(wrong):,} of {len(found):,} values would not fit. {wrong[0].sentence}",
        field="kind",
    )


def write(session: Session, mine: OwnField, before: Values) -> None:
    """Write the values as those of the field's kind, which all of them fit."""
    kind, options = FieldKind(mine.kind), {option.id: option.label for option in mine.options}
    for person_id, text in before.items():
        read = kinds.read(kind, text, options.values())
        assert isinstance(read, str)
        where = (OwnValue.person_id == person_id, OwnValue.field_id == mine.id)
        session.execute(update(table(OwnValue)).where(*where).values(**kinds.stored(kind, read, options)._asdict()))
