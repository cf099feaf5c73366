"""The forms about one opt-in: ending it, and recording one that was given elsewhere."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import SelectField, ValidationError
from wtforms.fields import Field, SelectChoice
from wtforms.validators import InputRequired, Length

from optin.models import Keyword
from optin.web.fields import Line, PhoneNumber, Text

LONGEST_TEXT = 1000


class EndForm(FlaskForm):  # type: ignore[misc]
    """Why a user ends an opt-in."""

    reason = Line("Reason", [Length(max=LONGEST_TEXT)])

    def validate_reason(self, field: Field) -> None:
        """Ask for a reason: it becomes part of the ledger."""
        if not field.data:
            raise ValidationError(
                "Say why you are ending it, such as “asked by telephone”. It becomes part of the proof."
            )


class RecordForm(FlaskForm):  # type: ignore[misc]
    """An opt-in that somebody gave on paper, by telephone or in person."""

    number = PhoneNumber("Mobile phone")
    keyword = SelectField("Keyword", coerce=int, validators=[InputRequired("Choose a keyword.")])
    comment = Text("How and when they agreed", [Length(max=LONGEST_TEXT)])

    def __init__(self, *args: object, keywords: Sequence[Keyword], **kwargs: object) -> None:
        """Make the form with the keywords that one can opt in with."""
        super().__init__(*args, **kwargs)
        self.keyword.choices = [SelectChoice(str(keyword.id), keyword.word) for keyword in keywords]

    def validate_comment(self, field: Field) -> None:
        """Ask for what proves the consent."""
        if not field.data:
            raise ValidationError("Say how and when they agreed, such as “paper form, 3 May”. It is the proof.")
