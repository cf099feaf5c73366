"""The terms of imports, each with the words that people see. Pure."""

from collections.abc import Mapping, Sequence

from optin.enums import LabelledEnum, PersonKind, Role


class ImportKind(LabelledEnum):
    """What the rows of a file become."""

    CONTACT = "contact", "Contacts"
    LEAD = "lead", "Leads"
    OPT_IN = "opt_in", "Opt-ins"
    OPTED_OUT = "opted_out", "Opted-out numbers"
    MEMBER = "member", "Members"

    @property
    def person_kind(self) -> PersonKind | None:
        """Return which people the rows become that are about nobody who is here, None where they become none."""
        if self is ImportKind.MEMBER:
            return PersonKind.LEAD
        return PersonKind(self.value) if self in (ImportKind.CONTACT, ImportKind.LEAD) else None

    @property
    def role(self) -> Role:
        """Return who may import it, at least."""
        return Role.AGENT if self.person_kind else Role.ADMIN


class ImportState(LabelledEnum):
    """How far an import is."""

    STORING = "storing", "Storing the file", "off"
    COLUMNS = "columns", "Choose columns", "warn"
    CHECKING = "checking", "Checking", "warn"
    CHECKED = "checked", "Checked", "warn"
    RUNNING = "running", "Importing", "ok"
    PAUSED = "paused", "Paused", "warn"
    DONE = "done", "Imported", "ok"
    CANCELLED = "cancelled", "Cancelled", "off"
    UNDOING = "undoing", "Undoing", "warn"
    UNDONE = "undone", "Undone", "off"
    EXPIRED = "expired", "Expired", "off"


class Known(LabelledEnum):
    """What to do with people who are here already. Of members the ways say what to do with those who are not, and
    whether people come back who were removed from the campaign by hand."""

    LEAVE = "leave", "Leave them as they are"
    FILL = "fill", "Fill gaps"
    OVERWRITE = "overwrite", "Overwrite"
    LEADS = "leads", "Create leads"
    HERE = "here", "Leave out who is not here"
    LEADS_BACK = "leads_back", "Create leads, and include the removed"
    HERE_BACK = "here_back", "Leave out who is not here, and include the removed"

    @property
    def makes_leads(self) -> bool:
        """Tell whether people who are not here become leads."""
        return self in (Known.LEADS, Known.LEADS_BACK)

    @property
    def brings_back(self) -> bool:
        """Tell whether people come back who were removed by hand."""
        return self in (Known.LEADS_BACK, Known.HERE_BACK)

    @classmethod
    def of_members(cls, *, makes_leads: bool, brings_back: bool) -> "Known":
        """Return the way of members that does so."""
        if makes_leads:
            return cls.LEADS_BACK if brings_back else cls.LEADS
        return cls.HERE_BACK if brings_back else cls.HERE


class Outcome(LabelledEnum):
    """What becomes of a row of the file."""

    NEW = "new", "New", "ok"
    CHANGED = "changed", "Changed", "ok"
    SAME = "same", "No change", "off"
    LEFT_OUT = "left_out", "Left out", "warn"
    UNREADABLE = "unreadable", "Can’t be read", "bad"
    TO_CONFIRM = "to_confirm", "To be asked to confirm", "warn"
    OPTED_IN = "opted_in", "Opted in", "ok"
    IN_ALREADY = "in_already", "Opted in already", "off"
    NO_CONSENT = "no_consent", "Consent left out", "warn"
    KEPT = "kept", "Not undone", "warn"
    KEPT_IN = "kept_in", "Still opted in", "warn"
    KEPT_OUT = "kept_out", "Still opted out", "warn"


OUTCOMES = (Outcome.NEW, Outcome.CHANGED, Outcome.SAME, Outcome.LEFT_OUT, Outcome.UNREADABLE)
"""The five that a page counts."""
NOT_IN = (Outcome.LEFT_OUT, Outcome.UNREADABLE)
"""What comes back as a file."""
CONSENT = (Outcome.OPTED_IN, Outcome.IN_ALREADY, Outcome.TO_CONFIRM, Outcome.NO_CONSENT)
"""What becomes of the consent of people who are imported with it, beside what becomes of them."""
OF_OPT_IN = {
    Outcome.OPTED_IN: Outcome.NEW,
    Outcome.IN_ALREADY: Outcome.SAME,
    Outcome.TO_CONFIRM: Outcome.TO_CONFIRM,
    Outcome.NO_CONSENT: Outcome.LEFT_OUT,
}
"""The same of rows that are nothing but opt-ins."""
LISTED = (Outcome.NEW, Outcome.SAME, Outcome.OPTED_IN, Outcome.IN_ALREADY)
"""What went well: of these an import keeps the first rows, to be looked at."""
UNDER_WAY = (ImportState.CHECKING, ImportState.RUNNING, ImportState.UNDOING)
"""In these states a background task is at it."""
ENDED = (ImportState.DONE, ImportState.CANCELLED)
"""After these there is a result, which can be undone."""


def ways(kind: ImportKind) -> Sequence[Known]:
    """Return the ways of a kind, first that which is chosen unless another is."""
    if kind is ImportKind.MEMBER:
        return (Known.LEADS, Known.HERE, Known.LEADS_BACK, Known.HERE_BACK)
    return (Known.FILL, Known.LEAVE, Known.OVERWRITE)


def labels(kind: ImportKind, known: str) -> Mapping[Outcome, str]:
    """Return what the outcomes are called in an import of a kind, where known people are treated in a way."""
    if kind is ImportKind.MEMBER:
        named = {Outcome.NEW: "New members", Outcome.CHANGED: "Back in the campaign", Outcome.SAME: "Already members"}
        shown = OUTCOMES if known in (Known.LEADS_BACK, Known.HERE_BACK) else (Outcome.NEW, Outcome.SAME, *NOT_IN)
        return {outcome: named.get(outcome, outcome.label) for outcome in shown}
    if kind is ImportKind.OPTED_OUT:
        named = {Outcome.NEW: "Opted out now", Outcome.SAME: "Opted out before"}
        return {outcome: named.get(outcome, outcome.label) for outcome in OUTCOMES if outcome is not Outcome.CHANGED}
    if kind is ImportKind.OPT_IN:
        named = {Outcome.NEW: Outcome.OPTED_IN.label, Outcome.SAME: Outcome.IN_ALREADY.label}
        order = (Outcome.NEW, Outcome.SAME, Outcome.TO_CONFIRM, *NOT_IN)
        return {outcome: named.get(outcome, outcome.label) for outcome in order}
    changed = "Overwritten" if known == Known.OVERWRITE else "Gaps filled"
    return {outcome: outcome.label for outcome in OUTCOMES} | {Outcome.CHANGED: changed}
