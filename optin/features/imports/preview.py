"""What the page shows before anything is done: five counts, those of consent, and what the button says."""

from collections.abc import Mapping

from flask import request

from optin.database.session import db
from optin.enums import Reason
from optin.features.imports import members, rows_list
from optin.features.imports.blueprint import context
from optin.features.imports.fields import OPTED_OUT, unused
from optin.features.imports.terms import CONSENT, ImportKind, Known, Outcome, labels, ways
from optin.models import ImportRun
from optin.web.filters import plural


def shown(run: ImportRun) -> dict[str, object]:
    """Return what the page shows before anything is done, for the way with known people that is asked for."""
    kind, asked = ImportKind(run.kind), request.args.get("known", "")
    way = Known(asked) if asked in ways(kind) else ways(kind)[0]
    if kind is ImportKind.MEMBER and "ticked" in request.args:
        way = way_of_members(request.args)
    counts = {each: run.checked.get(each, {}) for each in Known}
    known = counts[Known.LEAVE].get(Outcome.SAME, 0)
    mapping = {int(index): field for index, field in run.mapping.items()}
    return {
        **context(run),
        "way": way,
        "ways": (Known.LEAVE, Known.FILL, Known.OVERWRITE),
        **(_of_members(run, way, counts[way]) if kind is ImportKind.MEMBER else {}),
        "counts": counts,
        "known": known,
        "labels": labels(kind, way),
        "button": button(kind, counts[way]),
        "unused": unused(run.headers, mapping),
        "says_who_left": OPTED_OUT in mapping.values(),
        "consent_outcomes": CONSENT if run.attested_name and kind.person_kind else (),
    }


def way_of_members(ticked: Mapping[str, str]) -> Known:
    """Return the way with people who are not here, or were removed, that ticks say."""
    return Known.of_members(makes_leads="create_leads" in ticked, brings_back="include_removed" in ticked)


def _of_members(run: ImportRun, way: Known, would: Mapping[str, int]) -> dict[str, object]:
    """Return who of those who come in would receive a message, and what can't be read."""
    return {
        "doing": would.get(Outcome.NEW, 0) + would.get(Outcome.CHANGED, 0),
        "whys": [(why, would[members.WHY + why]) for why in Reason if would.get(members.WHY + why)],
        "receive": would.get(members.WHY, 0),
        "unreadable": rows_list.first(db.session(), run, way, Outcome.UNREADABLE),
    }


def button(kind: ImportKind, would: Mapping[str, int]) -> str:
    """Return what the button says that begins it, "" where there is nothing to do."""
    doing = would.get(Outcome.NEW, 0) + would.get(Outcome.CHANGED, 0)
    opted_in = doing if kind is ImportKind.OPT_IN else would.get(Outcome.OPTED_IN, 0)
    if doing and kind is ImportKind.MEMBER:
        return f"Add {plural(doing, 'member', 'members')}"
    if doing and kind.person_kind:
        return f"Import {plural(doing, 'person', 'people')}"
    if opted_in and kind is not ImportKind.OPTED_OUT:
        return f"Opt in {plural(opted_in, 'number', 'numbers')}"
    if out := doing or would.get("opted_out", 0):
        return f"Opt out {plural(out, 'number', 'numbers')}"
    return "Import" if would.get(Outcome.TO_CONFIRM) else ""
