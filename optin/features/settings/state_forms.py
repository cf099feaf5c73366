"""The forms of hours and limits by state."""

from datetime import time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import TimeInput

from optin.consent.state_hours import StateInForce, strictest_cap
from optin.consent.state_rules import DAYS, window_of, window_text
from optin.consent.week import Week
from optin.features.settings.forms import CLOCK, PolicyForm, WholeNumber
from optin.policy.state_choices import StateChoice
from optin.web.fields import Line

MOST_A_DAY = 100


class StatesForm(PolicyForm):
    """Whether states bind numbers, and which."""

    state_rules = BooleanField("Keep to state hours and limits")
    state_strictest = BooleanField("Every US number by the strictest states")
    state_by_address = BooleanField("By the address alone where it has a state")


_DAY_FIELDS = {
    f"{bound}_{number}": StringField(f"{day} {bound}", widget=TimeInput())
    for number, day in enumerate(DAYS)
    for bound in ("from", "to")
}
_HoursForm: Any = type("_HoursForm", (FlaskForm,), _DAY_FIELDS)


class StateForm(_HoursForm):  # type: ignore[misc]
    """What is to hold in one state: a window for each day, none where both of its times are empty."""

    holidays = BooleanField("Texts on federal holidays too")
    cap = WholeNumber(
        "Broadcasts in 24 hours", [InputRequired("Enter a number, 0 for no limit."), NumberRange(0, MOST_A_DAY)]
    )
    reason = Line("Why it is less strict", [Length(max=400)])

    def __init__(self, found: StateInForce, **given: Any) -> None:
        super().__init__(data={"holidays": found.week.holidays, "cap": found.cap, "reason": _reason(found)}, **given)
        self.found = found
        for number, pair in enumerate(self.pairs()):
            window = found.week.days[number]
            for field, bound in zip(pair, window or (None, None), strict=True):
                if not self.is_submitted():
                    field.data = f"{bound:%H:%M}" if bound is not None else ""

    def pairs(self) -> list[tuple[StringField, StringField]]:
        """Return the two fields of each day, Monday first."""
        return [(self[f"from_{number}"], self[f"to_{number}"]) for number in range(len(DAYS))]

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse times that are none, hours that end before they begin, and less than the state's rule without why."""
        is_valid: bool = super().validate(extra_validators)
        for pair in self.pairs():
            try:
                _window(pair)
            except ValueError:
                pair[1].errors = ["Enter two times, the later one last, or none for a day without texts."]
                is_valid = False
        if is_valid and self.is_less_strict and not self.reason.data:
            self.reason.errors = ["This is less strict than the rule above. Enter why that is right for you."]
            is_valid = False
        return is_valid

    @property
    def week(self) -> Week:
        """Return the hours that were entered. Raises ValueError for what is none."""
        return Week(tuple(_window(pair) for pair in self.pairs()), self.holidays.data)

    @property
    def is_less_strict(self) -> bool:
        """Tell whether it allows what the state's rule does not."""
        rule = self.found.rule
        return not self.week.lies_within(rule.week) or strictest_cap([self.cap.data, rule.cap]) != self.cap.data

    @property
    def choice(self) -> StateChoice:
        """Return what was chosen, as a setting keeps it: of a rule as it is no more than that it is confirmed."""
        rule, read = self.found.rule, self.found.rule.read.isoformat()
        if (self.week, self.cap.data) == (rule.week, rule.cap):
            return StateChoice(read)
        days = tuple(window_text(day) for day in self.week.days)
        return StateChoice(read, days, self.holidays.data, self.cap.data, self.reason.data or "")


def _window(pair: tuple[StringField, StringField]) -> tuple[time, time] | None:
    start, end = ((field.data or "").strip() for field in pair)
    if not start and not end:
        return None
    if not CLOCK.match(start) or not CLOCK.match(end):
        raise ValueError("no times")
    return window_of(f"{start}-{end}")


def _reason(found: StateInForce) -> str:
    return found.choice.reason if found.choice else ""
