"""What the question before sending says of the cost: the sum, countries, and who makes it dear."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.consent.audience import AudienceQuestion
from optin.models import CampaignMember, Person, Sender
from optin.own_fields import merging
from optin.sending import cost_outlook, delivery, first_line, prices
from optin.sending.broadcast_cost import SegmentSpread
from optin.sending.cost_outlook import UCS_2, CostOutlook
from optin.texts import merge_fields
from optin.texts.segments import Segments
from optin.texts.send_time import SendTime


@dataclass(frozen=True)
class DearExample:
    """Somebody for whom the text needs more segments than for most; `letters` need UCS-2, none for a long one."""

    person: Person
    size: Segments
    letters: tuple[str, ...]


@dataclass(frozen=True)
class BroadcastCost:
    """What the page says: the outlook, whether there are any prices for the sender, and examples of who is dear."""

    outlook: CostOutlook
    has_prices: bool
    examples: list[DearExample]


def of_draft(
    session: Session, asked: AudienceQuestion, body: str, spread: SegmentSpread, sender: Sender, plan: SendTime
) -> BroadcastCost:
    """Look at what a text will cost that goes to those whom the question lets in, at the prices of its day."""
    starts = plan.starts_at or clock.now()
    of_day = prices.in_force(session, sender.kind, starts.date())
    found = cost_outlook.outlook(spread, of_day)
    examples = found.dear.examples if found.dear else ()
    return BroadcastCost(found, bool(of_day), [_example(session, asked, body, each) for each in examples])


def _example(session: Session, asked: AudienceQuestion, body: str, member_id: int) -> DearExample:
    of = (
        select(Person).join(CampaignMember, CampaignMember.person_id == Person.id).where(CampaignMember.id == member_id)
    )
    person = session.scalars(of).one()
    fields = delivery.person_fields(person, asked.policy.brand, merging.of_person(session, person, body))
    if first_line.is_in(body):
        fields[first_line.NAME] = first_line.of_member(session, asked, member_id)
    size = channels.rules_of(asked.channel).measure(merge_fields.render(body, fields))
    return DearExample(person, size, size.offenders if size.encoding == UCS_2 else ())
