"""The forms of Settings › Fields: what a field is, and that it really is to be deleted."""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, Label, SelectField, TextAreaField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from optin.enums import FieldKind
from optin.models import OwnField
from optin.own_fields.definitions import Given
from optin.web.fields import Line, clean, one_line

LONGEST_OPTION = 80
OPTION = "option-"


class FieldForm(FlaskForm):  # type: ignore[misc]
    """A field: what it is called, what stands in it, and what can be chosen."""

    label = Line("Label", [DataRequired("Enter a label, such as Shirt size."), Length(max=60)])
    kind = SelectField("Kind", choices=[SelectChoice(str(kind), kind.label) for kind in FieldKind])
    more = TextAreaField("Options", filters=[clean])
    help = Line("Help text", [Length(max=200)])

    def __init__(self, mine: OwnField | None = None, **given: Any) -> None:
        """Show a field, or an empty form; `renamed` has its options as they were typed, else as they are."""
        super().__init__(obj=mine, **given)
        self.renamed: Mapping[int, str] = {option.id: option.label for option in mine.options} if mine else {}
        if mine and mine.options:
            self.more.label = Label(self.more.id, "More options")

    def take_options(self, form: MultiDict[str, str]) -> None:
        """Read the options as they were typed, each in a control of its own."""
        self.renamed = {key: one_line(form.get(f"{OPTION}{key}", label)) for key, label in self.renamed.items()}

    @property
    def lines(self) -> list[str]:
        """Return the options that are added, one of each line."""
        return [line for typed in (self.more.data or "").splitlines() if (line := one_line(typed))]

    @property
    def given(self) -> Given:
        """Return what the form says of the field."""
        return Given(self.label.data, FieldKind(self.kind.data), self.help.data, self.renamed, self.lines)

    def validate_more(self, field: Field) -> None:
        """Refuse options that are too long."""
        if any(len(label) > LONGEST_OPTION for label in (*self.lines, *self.renamed.values())):
            raise ValidationError(f"An option can have at most {LONGEST_OPTION} characters.")
        if field.data and self.kind.data != FieldKind.CHOICE:
            raise ValidationError(
                "Only a field of the kind “One of a list” has options. Choose that kind, or clear them."
            )


class DeletionForm(FlaskForm):  # type: ignore[misc]
    """The label of the field, typed, so that none is deleted by mistake."""

    label = Line("Label of the field")

    def __init__(self, mine: OwnField, **given: Any) -> None:
        """Ask for the label of this field."""
        super().__init__(**given)
        self.wanted = mine.label

    def validate_label(self, field: Field) -> None:
        """Refuse any other label."""
        if field.data.casefold() != self.wanted.casefold():
            raise ValidationError(f"Type “{self.wanted}” to delete the field.")
