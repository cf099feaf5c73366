"""The form of a new witness."""

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import DataRequired, Length, ValidationError

from optin.consent.proof.cosignature import Cosigner
from optin.consent.proof.signed_note import BadNote
from optin.refused import Refused
from optin.web.fields import Line
from optin.witnesses import address


class NewWitnessForm(FlaskForm):  # type: ignore[misc]
    """Where it is asked, and the key by which it cosigns; `url` and `cosigner` are there once the form is valid."""

    address = Line("Its address", [DataRequired("Enter the address of the witness."), Length(max=400)])
    verifier_key = Line("Its verifier key", [DataRequired("Enter the verifier key."), Length(max=400)])
    url: str
    cosigner: Cosigner

    def validate_address(self, field: Field) -> None:
        """Refuse where nothing may be sent to."""
        url = address.read(field.data)
        if isinstance(url, Refused):
            raise ValidationError(url.sentence)
        self.url = url

    def validate_verifier_key(self, field: Field) -> None:
        """Refuse what is no key for cosignatures, such as that of a log."""
        try:
            self.cosigner = Cosigner.read(field.data)
        except BadNote:
            raise ValidationError(
                "Enter the line that the witness prints: name, plus, eight digits, plus, and the key of a cosigner."
            ) from None
