"""What becomes of a row of members, by what the file says and how people stand to the campaign. Pure."""

from collections.abc import Mapping, Sequence

from optin.features.imports.deciding import Decision, Firsts, KnownPerson, find_match, repeated
from optin.features.imports.rows import ImportedRow
from optin.features.imports.terms import Known, Outcome
from optin.refused import Refused

Standing = Mapping[int, str]
"""How known people stand to the campaign, by their ids: "new", "member" or "removed"."""
MEMBER, REMOVED = "member", "removed"


def find_person(row: ImportedRow, found: Sequence[KnownPerson], standing: Standing) -> KnownPerson | Refused | None:
    """Return who a row is about, None for nobody who is here; refused where nobody can tell.

    A number gets one member, as with + Add Opt-Ins: who is one with it already, else who was removed with it.
    """
    having = [person for person in found if row.number and person.mobile == row.number]
    for kind in (MEMBER, REMOVED):
        if of_kind := [person for person in having if standing[person.id] == kind]:
            return of_kind[0]
    return find_match(row, found)


def decide_member(
    row: ImportedRow, firsts: Firsts, match: KnownPerson | Refused | None, standing: Standing, way: Known
) -> Decision:
    """Say what becomes of a row of members; `match` is who it is about (`find_person`)."""
    if row.fault:
        return Decision(row, Outcome.UNREADABLE, row.fault)
    what = "number" if row.number else "email address"
    if earlier := repeated(row, firsts, row.key, what):
        return earlier
    if isinstance(match, Refused):
        return Decision(row, Outcome.LEFT_OUT, match.sentence)
    if match is None:
        if way.makes_leads:
            return Decision(row, Outcome.NEW, "Becomes a lead.")
        return Decision(row, Outcome.LEFT_OUT, f"No contact or lead has this {what}.")
    if earlier := repeated(row, firsts, match.key, "person"):
        return earlier
    if standing[match.id] == MEMBER:
        return Decision(row, Outcome.SAME, "Already a member.", match)
    if standing[match.id] != REMOVED:
        return Decision(row, Outcome.NEW, "", match)
    if way.brings_back:
        return Decision(row, Outcome.CHANGED, "Was removed earlier by hand.", match)
    return Decision(row, Outcome.LEFT_OUT, "Was removed from this campaign earlier by hand.", match)
