"""The form of a message template."""

from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from optin.sending import broadcast_text

LONGEST_NAME = 80
TAKEN = "Another template already has this name."


def one_line(text: str | None) -> str:
    """Return what was typed with single spaces and without the one character that no database takes."""
    return " ".join((text or "").replace("\0", "").split())


class TemplateForm(FlaskForm):  # type: ignore[misc]
    """A text and the name that it is found by."""

    name = StringField("Name", [DataRequired("Enter a name."), Length(max=LONGEST_NAME)], filters=[one_line])
    body = TextAreaField("Text", filters=[lambda text: broadcast_text.clean(text or "")])

    def validate_body(self, field: Field) -> None:
        """Refuse what could not be sent."""
        if faults := broadcast_text.faults(field.data):
            raise ValidationError(" ".join(faults))
