"""The pages on which two records are made one and made two again: what they show and say."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import render_template

from optin import clock, phone
from optin.database.session import db
from optin.features.people import merge_form
from optin.features.people.merge_form import LABELS, MergeForm
from optin.models import Person, PersonMerge
from optin.own_fields import keys, values
from optin.person import merging, undoing_merges
from optin.person.merge_outlook import Outlook
from optin.person.merging import Merged
from optin.person.undoing_merges import Undone
from optin.web import filters, own_fields
from optin.web.filters import person_name, plural


@dataclass(frozen=True)
class Line:
    """A field as the page shows it: what each record has, as people read it. Equal ones leave nothing to choose."""

    name: str
    label: str
    kept: str
    other: str

    @property
    def is_choice(self) -> bool:
        """Tell whether there is something to choose."""
        return self.kept != self.other


def form_of(kept: Person, other: Person, outlooks: Collection[Outlook]) -> MergeForm:
    """Return the form as it begins, the better value of each field chosen, or as it was sent."""
    better = merge_form.better(kept, other, list(outlooks))
    own = merge_form.better_own(kept, other, {line.name: (line.kept, line.other) for line in _own_lines(kept, other)})
    form = merge_form.with_own(own)(**better, **own)
    form.keep.data, form.seen.data = str(kept.id), form.seen.data or merging.version(kept, other)
    return form


def chosen(form: MergeForm, outlooks: list[Outlook]) -> Outlook:
    """Return what becomes of consent with the number that is chosen; with one number there is one outlook."""
    is_others = form.mobile.data == merge_form.OTHER
    return outlooks[1] if is_others and len(outlooks) > 1 else outlooks[0]


def render(kept: Person, other: Person, form: MergeForm, outlooks: list[Outlook], error: str = "") -> str:
    """Render the page; from now on the user has seen both records and all that would become of consent."""
    form.seen.data = merging.version(kept, other)
    form.shown.data = ",".join(sorted(set().union(*(each.shown for each in outlooks))))
    return render_template(
        "people/merge.html",
        kept=kept,
        other=other,
        form=form,
        lines=[line for line in (*_lines(kept, other), *_own_lines(kept, other)) if line.kept or line.other],
        outlooks=outlooks,
        error=error,
        may_swap=kept.kind == other.kind,
    )


def said(kept: Person, made: Merged) -> str:
    """Say what a merge did."""
    parts = [f"Merged into {person_name(kept)}."]
    if made.ended_opt_ins:
        parts.append(f"{plural(made.ended_opt_ins, 'opt-in', 'opt-ins')} ended.")
    if made.stays_out:
        parts.append("They stay opted out at the number that was kept.")
    return " ".join([*parts, "You can undo this for a day."])


def said_of_undo(kept: Person, other: Person, undone: Undone) -> str:
    """Say what came of an undo, and what could not be brought back."""
    parts = [f"{person_name(kept)} and {person_name(other)} are two records again."]
    if undone.consent.opt_ins:
        many = len(undone.consent.opt_ins) > 1
        parts.append(
            f"{plural(len(undone.consent.opt_ins), 'opt-in', 'opt-ins')} {'stand' if many else 'stands'} again."
        )
    if undone.stays:
        parts.append(f"Changed since the merge, so not restored: {labels(undone.stays)}.")
    if undone.opted_out_since:
        parts.append("They opted out after the merge, so both stay opted out.")
    elif undone.consent.overtaken:
        numbers = ", ".join(_number(number) for number in undone.consent.overtaken)
        parts.append(f"The consent of {numbers} stays as it is: something has happened to it since the merge.")
    return " ".join(parts)


def labels(names: Collection[str]) -> str:
    """Return what people call some fields, such as "first name, email"."""
    own = own_fields.labels()
    return ", ".join(LABELS[name].lower() if name in LABELS else own.get(name, name) for name in names)


def undo_page(merge: PersonMerge) -> str:
    """Render what an undo brings back, or why there is none."""
    refused = undoing_merges.why_not(db.session(), merge, clock.now())
    stays = [] if refused else undoing_merges.changed_since(db.session(), merge)
    name = "" if refused else _name_before(merge)
    return render_template(
        "people/undo_merge.html", merge=merge, refused=refused, stays=labels(stays), name=name, kept=merge.kept
    )


def recent(person: Person) -> dict[str, Any] | None:
    """Return the newest merge into a record that can still be undone, for its page."""
    merge = merging.newest(db.session(), person.id, clock.now())
    return {"merge": merge, "name": _name_before(merge)} if merge else None


def _name_before(merge: PersonMerge) -> str:
    """Return what the merged record was called."""
    had = (merge.before or {})["merged"]
    name = f"{had['first_name']} {had['last_name']}".strip()
    return name or _number(had["mobile"] or "") or str(had["email"]) or "No name"


def _lines(kept: Person, other: Person) -> list[Line]:
    return [Line(name, label, _shown(kept, name), _shown(other, name)) for name, label in LABELS.items()]


def _own_lines(kept: Person, other: Person) -> list[Line]:
    fields = own_fields.current_fields()
    texts = values.of_people(db.session(), [kept.id, other.id], fields)
    both = (texts.get(kept.id, {}), texts.get(other.id, {}))
    return [
        Line(keys.name_of(field.key), field.label, *(own_fields.shown(field, each) for each in both))
        for field in fields
    ]


def _shown(person: Person, name: str) -> str:
    if name == "owner_id":
        return person.owner.name if person.owner else ""
    value = getattr(person, name) or ""
    return _number(value) if name == "mobile" and value else str(value)


def _number(e164: str) -> str:
    return phone.display(e164, filters.default_region()) if e164 else ""
