"""What an undo of a merge needs to know, as it is kept with the merge (JSON)."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from optin.consent.ledger import Links
from optin.models import Person
from optin.person.records import FIELDS

KEPT_WITH_IT = (*FIELDS, "kind")


@dataclass
class MovedMembers:
    """Ids of memberships: `moved` to the kept record, `hidden` beside its own, `ended` as the other was removed."""

    moved: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)


@dataclass
class Snapshot:
    """The fields of both records before, those of the kept one after, and what moved.

    `given_up` and `number` are the numbers that ended and stayed with the merge, `own` the filled fields of one's own,
    and `own_before` what the kept record had in those that got the value of the other, by their names.
    """

    kept: dict[str, Any]
    merged: dict[str, Any]
    after: dict[str, Any] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    number: str | None = None
    members: MovedMembers = field(default_factory=MovedMembers)
    links: Links = field(default_factory=Links)
    own: list[int] = field(default_factory=list)
    own_before: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        links = [[opt_in, since.isoformat(), until and until.isoformat()] for opt_in, since, until in self.links.had]
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**plain, "members": asdict(self.members), "links": {"had": links, "shared": self.links.shared}}

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Snapshot":
        """Return what `to_json` made."""
        links = given["links"]
        had = [
            (opt_in, datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)
            for opt_in, since, until in links["had"]
        ]
        return cls(**{**given, "members": MovedMembers(**given["members"]), "links": Links(had, list(links["shared"]))})


def values_of(person: Person) -> dict[str, Any]:
    """Return the fields of a record, as a snapshot has them."""
    return {name: getattr(person, name) for name in KEPT_WITH_IT}
