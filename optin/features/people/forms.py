"""The form of a contact or lead, and the search above their lists."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField, SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from optin.database.session import db
from optin.models import User
from optin.person import records
from optin.phone.area_code_states import NAMES
from optin.policy.cache import CachedField
from optin.refused import Refused
from optin.web import own_fields
from optin.web.current import current_policy
from optin.web.fields import Email, Line, PhoneNumber, Text

FROM_NUMBER = ""
OUT, AGREED = "out", "agreed"
STAYS = [SelectChoice(OUT, "Keep them opted out there too"), SelectChoice(AGREED, "They agreed to be texted there")]
NEEDS_REASON = "Say how and when they agreed, such as “at the desk, 3 May”. It becomes part of the proof."
STATES = [SelectChoice("", "Not known"), *(SelectChoice(code, name) for code, name in NAMES.items())]
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def _read_mobile(typed: str) -> str | Refused | None:
    return records.read_mobile(db.session(), typed, current_policy().default_region)


class PersonForm(FlaskForm):  # type: ignore[misc]
    """What a user fills in about a person."""

    first_name = Line("First name", [Length(max=80)])
    last_name = Line("Last name", [Length(max=80)])
    mobile = PhoneNumber("Mobile phone", [Length(max=60)], read=_read_mobile)
    email = Email("Email", [Length(max=254)])
    company = Line("Company", [Length(max=120)])
    owner_id = SelectField("Owner", coerce=lambda given: int(given) if given else None)
    us_state = SelectField("State (US)", default="", choices=STATES)
    time_zone = SelectField("Time zone", default=FROM_NUMBER)
    notes = Text("Notes", [Length(max=20_000)])
    ends = HiddenField()
    stays = RadioField("The new number", choices=STAYS, default=OUT, validate_choice=False)
    agreed = Line("How and when they agreed", [Length(max=1000)])
    own_names: tuple[str, ...] = ()

    def __init__(self, owners: Sequence[User], **given: Any) -> None:
        """Offer `owners` to choose from, besides nobody."""
        super().__init__(**given)
        self.owner_id.choices = [
            SelectChoice("", "Nobody"),
            *(SelectChoice(str(owner.id), owner.name) for owner in owners),
        ]
        names = sorted({*_zone_names(), *filter(None, [given.get("time_zone")])})
        self.time_zone.choices = [
            SelectChoice(FROM_NUMBER, "From the phone number"),
            *(SelectChoice(name) for name in names),
        ]

    @classmethod
    def with_fields(cls, fields: list[CachedField]) -> "type[PersonForm]":
        """Return the form with a control for each of the fields of one's own behind ours."""
        return type(cls.__name__, (cls,), {**own_fields.controls(fields), "own_names": own_fields.names(fields)})

    @property
    def own(self) -> list[Field]:
        """Return the controls of fields of one's own."""
        return [self[name] for name in self.own_names]

    @property
    def agrees(self) -> bool:
        """Tell whether the user says that the person agreed to be texted at the new number."""
        return bool(self.stays.data == AGREED)

    @property
    def values(self) -> dict[str, object]:
        """Return the fields as person/records.py takes them."""
        return {name: self[name].data for name in (*records.FIELDS, *self.own_names)}

    def validate_last_name(self, field: StringField) -> None:
        """Ask for something that the person can be found by."""
        if not any((field.data, self.first_name.data, self.mobile.data, self.email.data)):
            raise ValidationError("Enter a name, a mobile phone number or an email address.")


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    """Return the names of all time zones that are named after places."""
    areas = tuple(f"{area}/" for area in _AREAS)
    return frozenset(name for name in available_timezones() if name.startswith(areas))
