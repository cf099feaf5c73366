"""Fields of one's own on pages: which are shown, the control of each in a form, and how a value reads."""

from collections.abc import Mapping
from typing import Any

from flask import has_request_context
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.widgets import DateInput, TextInput

from optin.enums import FieldKind
from optin.own_fields import keys, kinds, values
from optin.person.filters import own, table
from optin.person.filters.field import Field
from optin.policy.cache import CachedField
from optin.refused import Refused
from optin.texts import merge_fields
from optin.web.current import current_settings
from optin.web.fields import one_line

YES_OR_NO = {kinds.YES: "Yes", kinds.NO: "No"}


def current_fields() -> list[CachedField]:
    """Return the fields of one's own that are shown, in their order."""
    return [field for field in current_settings().fields if not field.archived]


def _filters(session: Session) -> list[Field]:
    """Return what people can be filtered by; jobs have no request at hand."""
    return own.fields(current_fields() if has_request_context() else values.shown(session))


table.register(_filters)


def names(fields: list[CachedField]) -> tuple[str, ...]:
    """Return what fields are called among the fields of a person."""
    return tuple(keys.name_of(field.key) for field in fields)


def labels() -> dict[str, str]:
    """Return what all fields of one's own are called, by their names among the fields of a person."""
    return {keys.name_of(field.key): field.label for field in current_settings().fields}


def merge_names() -> list[str]:
    """Return the merge fields that texts to people may have: ours, then those of one's own."""
    return [*merge_fields.FIELDS, *(field.key for field in current_fields())]


def shown(field: CachedField, texts: Mapping[str, str]) -> str:
    """Return what a person has in a field as pages show it; `texts` are by the keys of the fields."""
    text = texts.get(field.key, "")
    return YES_OR_NO.get(text, text) if field.kind is FieldKind.YES_NO else kinds.shown(field.kind, text)


def controls(fields: list[CachedField]) -> dict[str, UnboundField]:
    """Return a control for each field, by its name among the fields of a person, with its help text."""
    return {keys.name_of(field.key): _control(field) for field in fields}


class _Checked:
    """What a control of a field of one's own checks: that its text fits."""

    own: CachedField
    data: str | None

    def post_validate(self, form: Any, validation_stopped: bool) -> None:  # noqa: ARG002
        """Refuse what does not fit the field."""
        read = kinds.read(self.own.kind, self.data or "", self.own.options.values())
        if isinstance(read, Refused) and not validation_stopped:
            raise ValidationError(read.sentence)


class OwnLine(_Checked, StringField):  # type: ignore[misc]
    """A text, a number or a day. A day that is not written as a calendar takes it stays as it was typed."""

    def __init__(self, label: str, *, own: CachedField, **given: Any) -> None:
        """Clean what is typed."""
        super().__init__(label, filters=[one_line], description=own.help, **given)
        self.own = own

    def __call__(self, **attributes: Any) -> Any:
        """Render the control of the field's kind."""
        if self.own.kind is FieldKind.NUMBER:
            attributes["inputmode"] = "decimal"
        fits = not isinstance(kinds.read(self.own.kind, self.data or ""), Refused)
        self.widget = DateInput() if self.own.kind is FieldKind.DAY and fits else TextInput()
        return super().__call__(autocomplete="off", **attributes)


class OwnSelect(_Checked, SelectField):  # type: ignore[misc]
    """Yes or no, or one of a list, or nothing."""

    def __init__(self, label: str, *, own: CachedField, **given: Any) -> None:
        """Offer what can be chosen."""
        offered = YES_OR_NO if own.kind is FieldKind.YES_NO else {label: label for label in own.options.values()}
        choices = [SelectChoice("", "–"), *(SelectChoice(value, text) for value, text in offered.items())]
        super().__init__(label, choices=choices, validate_choice=False, description=own.help, **given)
        self.own = own

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Go on offering what was sent and is not in the list, so that it can be seen."""
        offered: list[SelectChoice] = self.choices
        if self.data and self.data not in {choice.value for choice in offered}:
            offered.append(SelectChoice(self.data, self.data))
        super().post_validate(form, validation_stopped)


def _control(field: CachedField) -> UnboundField:
    return (OwnSelect if field.kind in (FieldKind.YES_NO, FieldKind.CHOICE) else OwnLine)(field.label, own=field)
