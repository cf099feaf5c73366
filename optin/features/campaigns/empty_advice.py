"""What the composer says of merge fields that are empty for some, and the ways out: a default, leaving out, sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Integer, cast, func, or_, select
from sqlalchemy.orm import Session

from optin.consent import audience, audience_counts, empty_fields
from optin.consent.audience import AudienceQuestion
from optin.features.campaigns.campaign_request import CampaignRequest
from optin.models import CampaignMember, Person
from optin.own_fields import merging
from optin.texts import merge_fields

DEFAULT = "default-"
"""How the form's field with a default begins; the name of the merge field follows."""


@dataclass(frozen=True)
class EmptyCounts:
    """For how many of the people who could get a text each of its merge fields is empty, and any of them.

    `people` is None where they are too many to be counted while somebody types: then the fields only may be empty.
    """

    people: int | None
    by_name: Mapping[str, int]
    any_of: int = 0


def with_defaults(body: str, form: Mapping[str, str]) -> str:
    """Return a text with the defaults that were typed into the form for its merge fields."""
    for name in merge_fields.without_default(body):
        body = merge_fields.with_default(body, name, form.get(DEFAULT + name, ""))
    return body


def while_typing(asked: CampaignRequest, texts: Sequence[str], most: int) -> EmptyCounts | None:
    """Count for a composer, which does not wait for more than so many members; None where nothing is empty."""
    if asked.members.is_exact and asked.members.value <= most:
        return counted(asked.session, asked.question, *texts)
    fields = empty_fields.of_texts(asked.session, *texts)
    return EmptyCounts(None, dict.fromkeys(fields.names, 0)) if fields else None


def counted(session: Session, asked: AudienceQuestion, *texts: str) -> EmptyCounts | None:
    """Count in the database among those who would get the texts, left out or not; None where nothing is empty."""
    fields = empty_fields.of_texts(session, *texts)
    if fields is None:
        return None
    asked = replace(asked, empty_fields=None)
    of_all = audience_counts.members(session, asked)
    are_empty, joined = fields.columns()
    sums = [func.sum(cast(is_empty, Integer)) for is_empty in [or_(*are_empty), *are_empty]]
    rows = select(func.count(), *sums).select_from(of_all.rows).join(Person, Person.id == CampaignMember.person_id)
    rows = merging.join(rows, joined).where(asked.members, of_all.why.in_(audience.taken_in(asked)))
    found: list[int] = list(session.execute(rows).one())
    people, any_of, each = found[0], found[1], found[2:]
    by_name = {name: count for name, count in zip(fields.names, each, strict=True) if count}
    return EmptyCounts(people, by_name, any_of) if by_name else None
