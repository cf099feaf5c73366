"""The forms of signing in and of one's own account."""

from functools import lru_cache
from zoneinfo import available_timezones

from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, PasswordField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length, ValidationError

from optin.enums import Role
from optin.features.auth import passwords
from optin.web.fields import Email, Line, PhoneNumber, one_line

AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
LONGEST_NAME, LONGEST_EMAIL = 120, 254
ROLES = [
    SelectChoice(str(Role.VIEWER), "Viewer: can only read"),
    SelectChoice(str(Role.AGENT), "Agent: works with people, messages and campaigns"),
    SelectChoice(str(Role.ADMIN), "Admin: also changes settings and users"),
]


@lru_cache(maxsize=1)
def zones() -> list[SelectChoice]:
    """List the time zones that are named after places, and UTC."""
    names = ["UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS)]
    return [SelectChoice(name, name.replace("_", " ")) for name in names]


DOWNLOADS = "May download personal data"
DOWNLOADS_HELP = (
    "Lists of people, numbers and texts as files. Admins always may, viewers never. "
    "Each download is in the audit trail."
)


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Who somebody is, and what only they know."""

    email = EmailField(
        "Email", [DataRequired("Enter your email address."), Length(max=LONGEST_EMAIL)], filters=[one_line]
    )
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=passwords.LONGEST)])


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """How colleagues see the user, and how the user sees times."""

    name = Line("Name", [DataRequired("Enter your name."), Length(max=LONGEST_NAME)])
    time_zone = SelectField("Time zone", choices=lambda: zones())


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, with the current one unless the user has none or came by a one-time link."""

    current = PasswordField("Current password")
    new = PasswordField("New password", [InputRequired("Enter a new password.")])
    again = PasswordField(
        "New password again", [EqualTo("new", "The passwords do not match. Enter the new password again.")]
    )

    def validate_new(self, field: Field) -> None:
        """Refuse what is easily guessed."""
        if refused := passwords.refusal(field.data, current_user.email, current_user.name):
            raise ValidationError(refused.sentence)


class NumberForm(FlaskForm):  # type: ignore[misc]
    """The mobile number that a user says is theirs."""

    mobile = PhoneNumber("Mobile number", [DataRequired("Enter your mobile number."), Length(max=60)])


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The code that was texted to it."""

    code = Line("Code", [DataRequired("Enter the code."), Length(max=20)])


class InviteForm(FlaskForm):  # type: ignore[misc]
    """Somebody new, and what they may do."""

    email = Email("Email", [DataRequired("Enter their email address."), Length(max=LONGEST_EMAIL)], is_local=True)
    name = Line("Name", [DataRequired("Enter their name."), Length(max=LONGEST_NAME)])
    role = SelectField("Role", choices=ROLES, default=str(Role.AGENT))
    may_download = BooleanField(DOWNLOADS, description=DOWNLOADS_HELP)


class RoleForm(FlaskForm):  # type: ignore[misc]
    """What a user may do."""

    role = SelectField("Role", choices=ROLES)
    may_download = BooleanField(DOWNLOADS, description=DOWNLOADS_HELP)
