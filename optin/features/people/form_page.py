"""The page with the form of a contact or lead, and what it says about a change of number before it is saved."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request

from optin import phone
from optin.consent import consent_status
from optin.database.session import db
from optin.enums import PersonKind
from optin.features.people import queries
from optin.features.people.forms import NEEDS_REASON, PersonForm
from optin.models import OptIn, Person
from optin.own_fields import values
from optin.person import records
from optin.person.records import PersonChanges
from optin.queries import people_of_numbers
from optin.refused import Refused
from optin.web import own_fields
from optin.web.current import current_policy


@dataclass(frozen=True)
class NumberChange:
    """What a change of number ends, and whatever else is worth knowing before it is saved."""

    opt_ins: list[OptIn]
    keeps: list[Person]
    number: str | None
    number_status: consent_status.ConsentStatus | None
    out_since: datetime | None = None
    is_change: bool = True

    @property
    def token(self) -> str:
        """Return what the form sends to say that exactly this was shown."""
        return ",".join(sorted(_to_show(self.opt_ins, self.out_since)))

    @property
    def words(self) -> str:
        """Return the keywords, such as "volunteer, donate2026"."""
        return ", ".join(opt_in.keyword.word for opt_in in self.opt_ins)


SHOWN_OUT = "out"
NOTHING = NumberChange([], [], None, None, is_change=False)


def empty() -> PersonForm:
    """Return the form of a new record."""
    form = PersonForm.with_fields(own_fields.current_fields())
    return form(queries.owners(db.session(), None), mobile=_shown(request.args.get("mobile", "").strip()))


def stored(person: Person) -> PersonForm:
    """Return the form filled from the record, or from what was sent."""
    fields = own_fields.current_fields()
    return PersonForm.with_fields(fields)(
        queries.owners(db.session(), person),
        **{name: getattr(person, name) for name in (*records.TEXTS, "owner_id")},
        **values.before(db.session(), person.id, dict(zip(own_fields.names(fields), fields, strict=True))),
        mobile=_shown(person.mobile or ""),
    )


def typed() -> PersonForm:
    """Return the form with what the address says is typed about the number, to ask what would happen."""
    return PersonForm([], formdata=request.args)


def render(kind: PersonKind, form: PersonForm, person: Person | None = None) -> str:
    """Render the page, with what would end by the number that stands in the form."""
    found = ending(person, form.mobile.data or "") if person is not None else NOTHING
    return render_template("people/form.html", kind=kind, form=form, person=person, ending=found)


def ending(person: Person, typed: str) -> NumberChange:
    """Return what a change to the typed number ends; nothing while it is no number or the same."""
    session, new = db.session(), _new_number(person, typed)
    if new == person.mobile:
        return NOTHING
    sharing = people_of_numbers.of_numbers(session, [person.mobile]).get(person.mobile, []) if person.mobile else []
    return NumberChange(
        records.what_ends(session, person, new),
        [other for other in sharing if other.id != person.id],
        new,
        consent_status.of_number(session, new) if new else None,
        records.opted_out_since(session, person, new),
    )


def unconfirmed(form: PersonForm, person: Person) -> bool:
    """Tell whether the change would do what the user has not been shown, or lacks the reason that it needs."""
    session, new = db.session(), _new_number(person, form.mobile.data or "")
    out_since = records.opted_out_since(session, person, new) if new != person.mobile else None
    if out_since and form.agrees and not form.agreed.data:
        form.agreed.errors = [NEEDS_REASON]
        return True
    return not _to_show(records.what_ends(session, person, new), out_since) <= set((form.ends.data or "").split(","))


def saved(changed: PersonChanges) -> str:
    """Say what a save did, and which opt-ins ended with the old number."""
    if not changed.fields:
        return "Nothing was changed."
    if changed.stays_out:
        return "Saved. They stay opted out at the new number."
    if not changed.ended_opt_ins:
        return "Saved."
    ended = changed.ended_opt_ins
    words = ", ".join(opt_in.keyword.word for opt_in in ended)
    count = f"{len(ended)} opt-in{'' if len(ended) == 1 else 's'}"
    return f"Saved. {count} of {_shown(ended[0].number)} ended: {words}."


def _to_show(opt_ins: list[OptIn], out_since: datetime | None) -> set[str]:
    return {*(str(opt_in.id) for opt_in in opt_ins), *([SHOWN_OUT] if out_since else [])}


def _new_number(person: Person, typed: str) -> str | None:
    """Return the typed number in E.164, None for nothing; the person's own while it is no number."""
    number = records.read_mobile(db.session(), typed, current_policy().default_region)
    return person.mobile if isinstance(number, Refused) else number


def _shown(number: str) -> str:
    return phone.display(number, current_policy().default_region)
