"""What the page shows before anything is done: five counts, those of consent, and what the button says."""

from collections.abc import Mapping

from flask import request

from optin.features.imports.blueprint import context
from optin.features.imports.fields import OPTED_OUT, unused
from optin.features.imports.terms import CONSENT, ImportKind, Known, Outcome, labels
from optin.models import ImportRun
from optin.web.filters import plural


def shown(run: ImportRun) -> dict[str, object]:
    """Return what the page shows before anything is done, for the way with known people that is asked for."""
    way = request.args.get("known", "")
    way = Known(way) if way in list(Known) else Known.FILL
    counts = {each: run.checked.get(each, {}) for each in Known}
    kind, known = ImportKind(run.kind), counts[Known.LEAVE].get(Outcome.SAME, 0)
    mapping = {int(index): field for index, field in run.mapping.items()}
    return {
        **context(run),
        "way": way,
        "ways": list(Known),
        "counts": counts,
        "known": known,
        "labels": labels(kind, way),
        "button": button(kind, counts[way]),
        "unused": unused(run.headers, mapping),
        "says_who_left": OPTED_OUT in mapping.values(),
        "consent_outcomes": CONSENT if run.attested_name and kind.person_kind else (),
    }


def button(kind: ImportKind, would: Mapping[str, int]) -> str:
    """Return what the button says that begins it, "" where there is nothing to do."""
    doing = would.get(Outcome.NEW, 0) + would.get(Outcome.CHANGED, 0)
    opted_in = doing if kind is ImportKind.OPT_IN else would.get(Outcome.OPTED_IN, 0)
    if doing and kind.person_kind:
        return f"Import {plural(doing, 'person', 'people')}"
    if opted_in and kind is not ImportKind.OPTED_OUT:
        return f"Opt in {plural(opted_in, 'number', 'numbers')}"
    if out := doing or would.get("opted_out", 0):
        return f"Opt out {plural(out, 'number', 'numbers')}"
    return "Import" if would.get(Outcome.TO_CONFIRM) else ""
