"""What tests of fields of one's own arrange: a field, what somebody has in it, and what everybody has."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.enums import FieldKind
from optin.models import OwnField, OwnOption, OwnValue, Person
from optin.own_fields import definitions, values
from optin.own_fields.definitions import Given
from optin.refused import done


def add(session: Session, label: str, kind: FieldKind = FieldKind.TEXT, *options: str, help: str = "") -> OwnField:
    """Make a field."""
    made = done(definitions.create(session, Given(label, kind, help, more=options), None))
    session.commit()
    return made


def put(session: Session, field: OwnField, person: Person, text: str) -> None:
    """Let a person have something in a field."""
    name = f"own-{field.key}"
    fields = values.held(session, [name])
    values.write(session, fields, [(person.id, done(values.read(fields, {name: text})))])
    session.commit()


def kept(session: Session) -> list[str]:
    """Return what everybody has, by person and by field."""
    text = func.coalesce(OwnValue.text, OwnOption.label)
    rows = select(text).outerjoin(OwnOption, OwnOption.id == OwnValue.option_id)
    return list(session.scalars(rows.order_by(OwnValue.person_id, OwnValue.field_id)))


def of(session: Session, person: Person) -> list[str]:
    """Return what a person has, by field."""
    mine = select(OwnValue.text).where(OwnValue.person_id == person.id, OwnValue.text.is_not(None))
    return list(session.scalars(mine.order_by(OwnValue.field_id)))
