"""The form of the domain of short links."""

from collections.abc import Collection
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import ValidationError

from optin.refused import Refused
from optin.short_links import domain
from optin.web.fields import Line


class ShortLinksForm(FlaskForm):  # type: ignore[misc]
    """The domain, empty for none; `domain` is its normal form once the form is valid."""

    short_domain = Line("Your short domain")
    domain: str

    def __init__(self, *given: Any, ours: Collection[str] = (), **more: Any) -> None:
        """`ours` are the names under which the app itself answers."""
        super().__init__(*given, **more)
        self._ours = ours

    def validate_short_domain(self, field: Field) -> None:
        """Refuse what can't be the domain of short links."""
        found = domain.read(field.data or "", self._ours)
        if isinstance(found, Refused):
            raise ValidationError(found.sentence)
        self.domain = found
