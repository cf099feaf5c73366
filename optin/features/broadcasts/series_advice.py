"""What the form of a series says of each text: how many segments, what forbids it, how it reads."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import CampaignMember, Person
from optin.models.index_conditions import is_not_removed
from optin.own_fields import merging
from optin.policy.policy import Policy
from optin.sending import broadcast_text, delivery
from optin.texts import merge_fields
from optin.texts.segments import Segments

AMONG = 20_000
"""So many members are looked at for the longest names while somebody types."""


@dataclass(frozen=True)
class TextLook:
    """A text for whom it gets longest, what forbids it, and how it reads to a person (None: to nobody yet)."""

    body: str
    worst: Segments
    faults: list[str]
    reads: str
    person: Person | None


def example(session: Session, campaign_id: int) -> Person | None:
    """Return the member for whom texts are shown: the first one."""
    mine = (CampaignMember.campaign_id == campaign_id, is_not_removed(CampaignMember))
    first = select(CampaignMember.person_id).where(*mine).order_by(CampaignMember.id).limit(1).scalar_subquery()
    return session.scalar(select(Person).where(Person.id == first))


def look_at(session: Session, campaign_id: int, body: str, given: Policy, person: Person | None) -> TextLook:
    """Look at a text of a series of the campaign."""
    known = broadcast_text.known(session, body)
    faults = broadcast_text.faults(body, known) if body else []
    worst = broadcast_text.longest(session, campaign_id, body, given.brand, among=AMONG)
    own = merging.of_people(session, [person] if person else [], body)
    fields = delivery.person_fields(person, given.brand, own.get(person.id) if person else None)
    return TextLook(body, worst, faults, merge_fields.render(body, fields), person)
