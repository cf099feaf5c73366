"""What a user writes down of a request to stop that came by another way than a text."""

from datetime import date, datetime, time, timedelta

from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from optin import clock
from optin.database.session import db
from optin.person import records
from optin.refused import Refused
from optin.web.current import current_policy
from optin.web.fields import Line, PhoneNumber
from optin.web.filters import current_zone

WAYS = ("By telephone", "By email", "In person", "By letter", "In another way")
LONGEST_WORDS = 900


def _read(typed: str) -> str | Refused | None:
    if not typed.strip():
        return Refused("Enter the number that is not to be texted.")
    return records.read_mobile(db.session(), typed, current_policy().default_region)


class OptOutForm(FlaskForm):  # type: ignore[misc]
    """Who asked to be texted no more, how, when, and in what words."""

    number = PhoneNumber("Mobile phone", [Length(max=60)], read=_read)
    way = RadioField(
        "How they asked",
        choices=[SelectChoice(way, way) for way in WAYS],
        validators=[InputRequired("Choose how they asked. It becomes part of the proof.")],
    )
    day = DateField("Day", [Optional()])
    words = Line("What they said", [Length(max=LONGEST_WORDS)])

    def validate_day(self, field: DateField) -> None:
        """Refuse a day that has not begun."""
        if field.data and field.data > today():
            raise ValidationError("Choose today or an earlier day.")

    @property
    def asked_at(self) -> datetime:
        """Return the moment from which it counts: of an earlier day the end, so that it ends what began on that day."""
        now, asked = clock.now(), self.day.data
        if asked is None or asked >= today():
            return now
        return datetime.combine(asked + timedelta(days=1), time(), current_zone()) - timedelta(seconds=1)

    @property
    def told(self) -> str:
        """Return how and in what words they asked, as the ledger keeps it."""
        return f"{self.way.data}: {self.words.data}" if self.words.data else str(self.way.data)


def today() -> date:
    """Return the user's date."""
    return clock.now().astimezone(current_zone()).date()
