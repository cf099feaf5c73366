"""The form in which two records are made one: for each field, which of the two values stays."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from optin.features.people.forms import AGREED, NEEDS_REASON, OUT, STAYS
from optin.models import Person
from optin.person import records
from optin.person.merge_outlook import Outlook
from optin.web.fields import Line

KEPT, OTHER, BOTH = "kept", "other", "both"
LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "mobile": "Mobile phone",
    "email": "Email",
    "company": "Company",
    "owner_id": "Owner",
    "us_state": "State (US)",
    "time_zone": "Time zone",
    "notes": "Notes",
}
_SIDES = [SelectChoice(KEPT), SelectChoice(OTHER)]


class MergeForm(FlaskForm):  # type: ignore[misc]
    """Which value of each field stays. `seen` tells the records' versions, `shown` what would become of consent."""

    first_name = RadioField(LABELS["first_name"], choices=_SIDES)
    last_name = RadioField(LABELS["last_name"], choices=_SIDES)
    mobile = RadioField(LABELS["mobile"], choices=_SIDES)
    email = RadioField(LABELS["email"], choices=_SIDES)
    company = RadioField(LABELS["company"], choices=_SIDES)
    owner_id = RadioField(LABELS["owner_id"], choices=_SIDES)
    us_state = RadioField(LABELS["us_state"], choices=_SIDES)
    time_zone = RadioField(LABELS["time_zone"], choices=_SIDES)
    notes = RadioField(LABELS["notes"], choices=[*_SIDES, SelectChoice(BOTH, "Both, one below the other")])
    stays = RadioField("The number that stays", choices=STAYS, default=OUT, validate_choice=False)
    agreed = Line("How and when they agreed", [Length(max=1000)])
    keep = HiddenField()
    seen = HiddenField()
    shown = HiddenField()

    own_names: tuple[str, ...] = ()

    @property
    def own(self) -> dict[str, bool]:
        """Return by the names of fields of one's own whether the value of the record that goes is chosen."""
        return {name: self[name].data == OTHER for name in self.own_names}

    def values(self, kept: Person, other: Person) -> dict[str, Any]:
        """Return the chosen values as person/merging.py takes them."""
        chosen = {name: getattr(other if self[name].data == OTHER else kept, name) for name in records.FIELDS}
        if self.notes.data == BOTH:
            chosen["notes"] = f"{kept.notes}\n\n{other.notes}".strip()
        return chosen

    @property
    def how_agreed(self) -> str:
        """Return how they agreed to be texted at the number that stays, "" where the user does not say they did."""
        return self.agreed.data or "" if self.stays.data == AGREED else ""

    def lacks_reason(self, outlook: Outlook) -> bool:
        """Tell whether the user says that they agreed but not how, and say so at the field."""
        lacks = bool(outlook.out_since and self.stays.data == AGREED and not self.agreed.data)
        if lacks:
            self.agreed.errors = [NEEDS_REASON]
        return lacks


def with_own(names: Collection[str]) -> type[MergeForm]:
    """Return the form with a choice for each of some fields of one's own."""
    choices = {name: RadioField(name, choices=_SIDES) for name in names}
    return type(MergeForm.__name__, (MergeForm,), {**choices, "own_names": tuple(names)})


def better_own(kept: Person, other: Person, texts: Mapping[str, tuple[str, str]]) -> Mapping[str, str]:
    """Return which side has the better value of each field of one's own, by the same rule; `texts` are both values."""
    is_newer = other.updated_at > kept.updated_at
    return {name: _side(mine, theirs, is_newer) for name, (mine, theirs) in texts.items()}


def better(kept: Person, other: Person, outlooks: Sequence[Outlook]) -> Mapping[str, str]:
    """Return which side has the better value of each field: one that is not empty, then that of the newer record.

    Of two numbers it is the one with which fewer opt-ins end. Notes that differ are both kept.
    """
    is_newer = other.updated_at > kept.updated_at
    sides = {name: _side(getattr(kept, name), getattr(other, name), is_newer) for name in records.FIELDS}
    if len(outlooks) > 1:
        ends = [len(each.given_up.opt_ins) if each.given_up else 0 for each in outlooks]
        sides["mobile"] = OTHER if ends[1] < ends[0] else KEPT if ends[0] < ends[1] else sides["mobile"]
    if kept.notes and other.notes and kept.notes != other.notes:
        sides["notes"] = BOTH
    return sides


def _side(mine: object, theirs: object, is_newer: bool) -> str:
    return OTHER if theirs and (not mine or (is_newer and mine != theirs)) else KEPT
