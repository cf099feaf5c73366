"""The forms of the policy panels. Their fields are named as the settings in optin/policy/policy.py."""

import re
from datetime import time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Regexp, ValidationError
from wtforms.widgets import TimeInput

from optin import phone
from optin.consent.hours import window_refusal
from optin.features.settings.opt_out_words import refusal
from optin.sending import first_line
from optin.texts import merge_fields, segments
from optin.web.fields import Line, MessageText

MOST_A_WEEK = 1000
MOST_A_DAY = 100_000_000
LONGEST_QUESTION_HOURS = 7 * 24
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")


def lines_typed(text: str) -> tuple[str, ...]:
    """Return the lines of a text without those that are empty or come again."""
    lines = text.replace("\0", "").splitlines()
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))


class WholeNumber(IntegerField):  # type: ignore[misc]
    """A whole number that says in our words what is wrong with it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; raises ValueError with the sentence that the page shows."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a whole number.") from None


class Lines(TextAreaField):  # type: ignore[misc]
    """A text area whose data is a tuple of its lines, without those that are empty."""

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "\n".join(self.data)

    def process_data(self, value: tuple[str, ...] | None) -> None:
        """Take the words of the policy; none where a form comes without this field."""
        self.data = value or ()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the lines as they were typed."""
        self.data = lines_typed(" ".join(valuelist))


class PolicyForm(FlaskForm):  # type: ignore[misc]
    """A panel of the settings; its fields have the names of the policy's."""

    def settings(self) -> dict[str, Any]:
        """Return the settings by name, as policy.change takes them."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}


class SmsForm(PolicyForm):
    """Who may be texted, how often, in whose name."""

    require_opt_in_for_one_to_one = BooleanField("Require Opt-In for 1:1 SMS Messaging")
    keywordless_needs_opt_in = BooleanField("Campaigns without a keyword need any opt-in")
    start_restores_opt_ins = BooleanField("START restores earlier opt-ins")
    holds_short_refusals = SelectField(
        "Short refusals after a broadcast",
        choices=[SelectChoice("hold", "Put the number on hold"), SelectChoice("leave", "Leave them in the inbox")],
        coerce=lambda value: {True: "hold", False: "leave"}.get(value, value),
    )
    cap_per_day = WholeNumber("Broadcasts a day", [InputRequired("Enter a number, 0 for no cap."), NumberRange(0, 100)])
    cap_per_week = WholeNumber(
        "Broadcasts a week", [InputRequired("Enter a number, 0 for no cap."), NumberRange(0, MOST_A_WEEK)]
    )
    cap_waits = SelectField(
        "Above the cap",
        choices=[SelectChoice("wait", "Let the message wait"), SelectChoice("skip", "Skip the message")],
        coerce=lambda value: {True: "wait", False: "skip"}.get(value, value),
    )
    most_per_hour = WholeNumber("Broadcast messages an hour", [NumberRange(0, MOST_A_DAY)])
    most_per_day = WholeNumber("Broadcast messages a day", [NumberRange(0, MOST_A_DAY)])
    tries_before_lost = SelectField(
        "A number counts as not in use",
        choices=[
            SelectChoice("1", "When a carrier reports it once"),
            SelectChoice("2", "When a carrier reports it for 2 messages"),
        ],
        coerce=int,
    )
    undo_minute = BooleanField("A minute to undo a broadcast")
    canary = BooleanField("Broadcasts go to a few people first")
    canary_least = WholeNumber("At least so many people", [NumberRange(1, 10_000)])
    canary_percent = WholeNumber("Or so many percent, where that is more", [NumberRange(0, 50)])
    canary_minutes = WholeNumber("Minutes to wait then", [NumberRange(1, 24 * 60)])
    canary_goes_on = BooleanField("Go on by itself after that, below the limits")
    limit_failed = WholeNumber("Pause above so many percent that failed", [NumberRange(1, 100)])
    limit_filtered = WholeNumber("Pause above so many percent that were filtered (30007)", [NumberRange(1, 100)])
    limit_opt_outs = WholeNumber("Pause above so many times the usual opt-outs", [NumberRange(1, 100)])
    default_region = SelectField(
        "Default country of numbers", choices=lambda: [SelectChoice(*region) for region in phone.regions()]
    )
    brand = Line(
        "Brand name",
        [
            DataRequired("Enter the name that people know you by."),
            Length(max=40),
            Regexp(r"[^{}]*\Z", message="Leave out { and }: they mark merge fields."),
        ],
    )

    def settings(self) -> dict[str, Any]:
        """Return the settings by name, the two choices as true or false."""
        chosen = {
            "cap_waits": self.cap_waits.data == "wait",
            "holds_short_refusals": self.holds_short_refusals.data == "hold",
        }
        return {**super().settings(), **chosen}


class RepliesForm(PolicyForm):
    """What the app answers by itself, and which words besides the usual ones opt out."""

    opt_out_reply = MessageText("Opt-out confirmation")
    keyword_ended_reply = MessageText("One keyword ended")
    help_reply = MessageText("Help")
    how_to_confirm_reply = MessageText("Unclear answer to a question")
    first_line = MessageText("First line after a long silence")
    first_line_days = WholeNumber("After so many days without a text", [NumberRange(1, 3650)])
    extra_opt_out_words = Lines("Extra opt-out words")
    question_hours = WholeNumber(
        "A double opt-in question stays open for",
        [
            InputRequired("Enter a number of hours."),
            NumberRange(1, LONGEST_QUESTION_HOURS, f"Enter 1 to {LONGEST_QUESTION_HOURS} hours."),
        ],
    )

    def validate_opt_out_reply(self, field: Field) -> None:
        """Refuse a text that can't be sent."""
        _check_reply(field, ("brand",))

    def validate_keyword_ended_reply(self, field: Field) -> None:
        """Refuse a text that can't be sent."""
        _check_reply(field, ("brand", "keyword"))

    def validate_help_reply(self, field: Field) -> None:
        """Refuse a text that can't be sent."""
        _check_reply(field, ("brand",))

    def validate_how_to_confirm_reply(self, field: Field) -> None:
        """Refuse a text that can't be sent."""
        _check_reply(field, ("brand", "keyword"))

    def validate_first_line(self, field: Field) -> None:
        """Refuse a text that can't be sent."""
        _check_reply(field, first_line.FIELDS)

    def validate_extra_opt_out_words(self, field: Field) -> None:
        """Refuse words that mean something else already."""
        if refused := refusal(field.data):
            raise ValidationError(" ".join(each.sentence for each in refused))


class HoursForm(PolicyForm):
    """When broadcasts go out, by the clock of whoever gets them."""

    sending_hours = BooleanField("Keep sending hours")
    sending_from = StringField("From", [Regexp(CLOCK, message="Enter a time such as 08:00.")], widget=TimeInput())
    sending_to = StringField("To", [Regexp(CLOCK, message="Enter a time such as 20:00.")], widget=TimeInput())

    def validate_sending_to(self, field: Field) -> None:
        """Refuse hours that are empty or go through the night."""
        if self.sending_from.errors or field.errors or not CLOCK.match(self.sending_from.data or ""):
            return
        window = (time.fromisoformat(self.sending_from.data), time.fromisoformat(field.data))
        if refused := window_refusal(window):
            raise ValidationError(refused.sentence)


def _check_reply(field: Field, fields: tuple[str, ...]) -> None:
    if not field.data:
        raise ValidationError("Enter a text. Anyone who asks must get an answer.")
    if found := merge_fields.problems(field.data, known=fields):
        raise ValidationError(" ".join(found))
    if segments.count(field.data).too_long:
        raise ValidationError(f"Use at most {segments.MAX_CHARACTERS} characters.")
