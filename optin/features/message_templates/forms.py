"""The form of a message template."""

from flask_wtf import FlaskForm
from wtforms import Field, ValidationError
from wtforms.validators import DataRequired, Length

from optin.sending import broadcast_text
from optin.web.fields import Line, MessageText

LONGEST_NAME = 80
TAKEN = "Another template already has this name."


class TemplateForm(FlaskForm):  # type: ignore[misc]
    """A text and the name that it is found by."""

    name = Line("Name", [DataRequired("Enter a name."), Length(max=LONGEST_NAME)])
    body = MessageText("Text")

    def validate_body(self, field: Field) -> None:
        """Refuse what could not be sent."""
        if faults := broadcast_text.faults(field.data):
            raise ValidationError(" ".join(faults))
