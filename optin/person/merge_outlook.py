"""What a merge would do to the consent of each number, told before it is saved by the code that does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.consent.consent_status import ConsentStatus
from optin.models import OptIn, Person
from optin.person import records
from optin.queries import people_of_numbers


@dataclass(frozen=True)
class GivenUp:
    """A number that the merged record would not have: the opt-ins that end with it, or who else keeps it."""

    number: str
    status: ConsentStatus
    opt_ins: Sequence[OptIn]
    keeps: Sequence[Person]

    @property
    def words(self) -> str:
        """Return the keywords of what ends, such as "volunteer, donate2026"."""
        return ", ".join(opt_in.keyword.word for opt_in in self.opt_ins)


@dataclass(frozen=True)
class Outlook:
    """What becomes of consent if `number` is the one that stays; since when that is opted out as an earlier one is."""

    number: str | None
    status: ConsentStatus | None
    given_up: GivenUp | None
    out_since: datetime | None

    @property
    def shown(self) -> set[str]:
        """Return what a user must have seen before this is done."""
        ends = {f"end {opt_in.id}" for opt_in in self.given_up.opt_ins} if self.given_up else set()
        return ends | ({f"out {self.number}"} if self.out_since else set())


def outlook(session: Session, kept: Person, other: Person, number: str | None) -> Outlook:
    """Return what becomes of consent if the two become one with `number`, which is that of one of them, or None."""
    gone = next((person for person in (kept, other) if person.mobile and person.mobile != number), None)
    out = (records.opted_out_since(session, person, number) for person in (kept, other))
    return Outlook(
        number,
        consent_status.of_number(session, number) if number else None,
        _given_up(session, gone, number, (kept.id, other.id)) if gone else None,
        max(filter(None, out), default=None),
    )


def outlooks(session: Session, kept: Person, other: Person) -> list[Outlook]:
    """Return what becomes of consent with each number that may stay, that of the kept record first."""
    numbers = dict.fromkeys(filter(None, (kept.mobile, other.mobile)))
    return [outlook(session, kept, other, number) for number in numbers or [None]]


def _given_up(session: Session, person: Person, number: str | None, ours: tuple[int, int]) -> GivenUp:
    given_up = str(person.mobile)
    having = people_of_numbers.of_numbers(session, [given_up]).get(given_up, [])
    return GivenUp(
        given_up,
        consent_status.of_number(session, given_up),
        records.what_ends(session, person, number),
        [each for each in having if each.id not in ours],
    )
