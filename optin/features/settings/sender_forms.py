"""The forms of our own addresses."""

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from optin import phone
from optin.channels.address import can_send_from
from optin.enums import SenderKind
from optin.models import Sender
from optin.provider.senders import kind_of
from optin.refused import Refused
from optin.web.fields import Line, one_line

SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}\Z")
RATE = re.compile(r"(?:\d{1,4}(?:\.\d{1,3})?)?")
LEAST_RATE, MOST_RATE = 0.1, 1000
NUMBER_KINDS = (SenderKind.LONG_CODE, SenderKind.TOLL_FREE)


class NewSenderForm(FlaskForm):  # type: ignore[misc]
    """One more address of ours; `e164` is its stored form once the form is valid."""

    address = Line("Add a sender", [DataRequired("Enter a number, a short code or an SID."), Length(max=40)])

    def __init__(self, *args: Any, region: str = "US", **kwargs: Any) -> None:
        """Read numbers without + as those of `region`."""
        super().__init__(*args, **kwargs)
        self.region = region
        self.e164 = ""

    def validate_address(self, field: Field) -> None:
        """Refuse what Twilio can't send from, and names, which nobody could answer with STOP."""
        if can_send_from(field.data) and not field.data.startswith("+"):
            self.e164 = field.data
            return
        number = phone.normalise(field.data, self.region)
        if isinstance(number, Refused):
            raise ValidationError(f"{number.sentence} You can also enter a short code or a Messaging Service SID.")
        self.e164 = number


class Rate(StringField):  # type: ignore[misc]
    """So many a second, or None for no limit: a number between `LEAST_RATE` and `MOST_RATE`."""

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else f"{self.data:g}"

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number, also with a decimal comma; raises ValueError with the sentence that the page shows."""
        if not valuelist:
            return
        typed = one_line(valuelist[0]).replace(",", ".")
        if not RATE.fullmatch(typed) or (typed and not LEAST_RATE <= float(typed) <= MOST_RATE):
            raise ValueError(f"Enter a number from {LEAST_RATE} to {MOST_RATE:,}, or nothing for no limit.")
        self.data = float(typed) if typed else None


class SenderForm(FlaskForm):  # type: ignore[misc]
    """What kind of address a sender is, which decides who answers STOP, and how fast it sends."""

    kind = SelectField("Kind")
    messaging_service_sid = Line(
        "Messaging Service SID",
        [
            Optional(),
            Regexp(SERVICE_SID, message="Enter MG and 32 hexadecimal digits, as shown in the Twilio Console."),
        ],
    )
    advanced_opt_out = BooleanField("Its Messaging Service has Advanced Opt-Out")
    segments_per_second = Rate("Segments a second")

    def __init__(self, sender: Sender, *args: Any, **kwargs: Any) -> None:
        """Offer the kinds that the address can be."""
        super().__init__(*args, **kwargs)
        guessed = kind_of(sender.address)
        kinds = NUMBER_KINDS if guessed in NUMBER_KINDS else (guessed,)
        self.kind.choices = [SelectChoice(str(kind), kind.label[0].upper() + kind.label[1:]) for kind in kinds]

    def validate_advanced_opt_out(self, field: Field) -> None:
        """Refuse Advanced Opt-Out without the service that has it."""
        if field.data and not self.messaging_service_sid.data and self.kind.data != SenderKind.SERVICE:
            raise ValidationError("Advanced Opt-Out belongs to a Messaging Service: enter its SID too.")

    def settings(self) -> dict[str, Any]:
        """Return the sender's columns by name; no Messaging Service is None."""
        return {
            "kind": self.kind.data,
            "messaging_service_sid": self.messaging_service_sid.data or None,
            "advanced_opt_out": self.advanced_opt_out.data,
            "segments_per_second": self.segments_per_second.data,
        }
