"""The members of a campaign: who they are and what they would get, adding them by hand, removing them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, exists, func, literal, select
from sqlalchemy.orm import Session, selectinload

from optin import clock, phone
from optin.consent import audience, ledger
from optin.database.session import UTCDateTime
from optin.database.statements import change_rows, insert
from optin.enums import Reason
from optin.features.campaigns import leads
from optin.models import Broadcast, Campaign, CampaignMember, Message, Person
from optin.person.one_at_a_time import make_people_alone
from optin.policy import audit
from optin.queries import people_of_numbers, search
from optin.queries.search import Hits
from optin.refused import Refused

WILL_RECEIVE = "will_receive"
NUMBERS_AT_ONCE = 5000


@dataclass(frozen=True)
class PastedNumbers:
    """What a pasted list of numbers came to: E.164 numbers, and each piece that is none, with the sentence why.

    A piece that stands in the list twice is one.
    """

    numbers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AddResult:
    """What adding by hand did; `unknown` numbers have no contact or lead and none was wanted."""

    members: int
    leads: int
    unknown: int


def found(session: Session, campaign_id: int, text: str, region: str) -> Hits:
    """Look up the members by the words of the person's record, or by the number that they were added with."""
    among = select(CampaignMember.id, CampaignMember.person_id).where(audience.stays(campaign_id))
    return search.find(session, text, _ways(campaign_id, text, region), [among])


def found_in_all(campaign_id: int, text: str, region: str) -> Select[int]:
    """Select all that `found` finds, however many."""
    return search.any_of(_ways(campaign_id, text, region, all_=True))


def listed(
    session: Session, question: audience.AudienceQuestion, reason: str, among: Sequence[int] | Select[int] | None = None
) -> Select[CampaignMember]:
    """Select the members, all or those that a text found, that the rule answers with `reason`.

    `reason` is a value of Reason, "will_receive", or "" for all.
    """
    query = select(CampaignMember).options(selectinload(CampaignMember.person))
    why = Reason(reason) if reason and reason != WILL_RECEIVE else None
    if reason:
        query = query.where(*audience.having(question, why))
    few = audience.few_having(session, question, why) if why and among is None else None
    if few is not None:  # they belong to the campaign; asked for that once more, SQLite would begin with all who do
        return query.where(few)
    query = query.where(audience.stays(question.campaign_id))
    return query if among is None else query.where(CampaignMember.id.in_(among))


def reasons(
    session: Session, question: audience.AudienceQuestion, member_ids: Sequence[int]
) -> dict[int, Reason | None]:
    """Ask the rule for some members; None for those who would receive."""
    rows = session.execute(
        select(CampaignMember.id, audience.reason(question)).where(CampaignMember.id.in_(member_ids))
    )
    return {row[0]: Reason(row[1]) if row[1] else None for row in rows}


def last_messages(session: Session, campaign_id: int, person_ids: Sequence[int]) -> dict[int, Message]:
    """Return the last message of the campaign's broadcasts to each person."""
    newest = (
        select(func.max(Message.id))
        .where(
            Message.person_id.in_(person_ids),
            exists().where(Broadcast.id == Message.broadcast_id, Broadcast.campaign_id == campaign_id),
        )
        .group_by(Message.person_id)
    )
    found = session.scalars(select(Message).where(Message.id.in_(newest)))
    return {int(message.person_id or 0): message for message in found}


def candidates(session: Session, text: str, kind: str, region: str) -> tuple[Select[Person], bool]:
    """Select the contacts and leads ("" for both kinds), or those that `text` finds and whether it finds more."""
    if text:
        hits = search.find_people(session, text, region, *([search.is_kind(kind)] if kind else []))
        return select(Person).where(Person.id.in_(hits.ids)), hits.more
    return select(Person).where(*([Person.kind == kind] if kind else [])), False


def present(session: Session, campaign_id: int, person_ids: Sequence[int]) -> set[int]:
    """Return the ids of those people who are members; who was removed is left out."""
    rows = select(CampaignMember.person_id).where(audience.stays(campaign_id), CampaignMember.person_id.in_(person_ids))
    return set(session.scalars(rows))


def read_numbers(text: str, region: str) -> PastedNumbers:
    """Read pasted numbers, one a line or with commas between them; `region` is that of national formats."""
    numbers: dict[str, None] = {}
    refused: dict[str, str] = {}
    for piece in filter(None, (piece.strip() for piece in re.split(r"[\n\r,;]+", text))):
        number = phone.normalise(piece, region)
        if isinstance(number, Refused):
            refused[piece] = number.sentence
        else:
            numbers[number] = None
    return PastedNumbers(list(numbers), refused)


def add(
    session: Session,
    campaign: Campaign,
    user_id: int,
    *,
    person_ids: Collection[int],
    numbers: Sequence[str],
    create_leads: bool,
) -> AddResult:
    """Add people, and the person who has each number, as members; who was removed comes back in the same row."""
    if create_leads:
        make_people_alone(session)
    now = clock.now()
    found = _people_of(session, numbers)
    unknown = [number for number in numbers if number not in found]
    made = leads.create(session, unknown, user_id, now) if create_leads else 0
    if made:
        found |= _people_of(session, unknown)
    ids = sorted({*person_ids, *found.values()})
    members = sum(
        _insert(session, campaign.id, ids[start : start + NUMBERS_AT_ONCE], user_id, now)
        for start in range(0, len(ids), NUMBERS_AT_ONCE)
    )
    if members:
        audit.record(session, user_id, "added members", "campaign", campaign.id, {"Members": ("", members)})
    return AddResult(members, made, len(unknown) - made)


def remove(session: Session, member: CampaignMember, user_id: int, region: str) -> int:
    """Take a member out, and back what waits for them in the campaign's broadcasts; return how many messages.

    The trail names the member, who may have but a number, which is written as in `region`.
    """
    now = clock.now()
    member.removed_at, member.removed_by_id = now, user_id
    session.flush()
    ours = select(Broadcast.id).where(Broadcast.campaign_id == member.campaign_id)
    waiting = (Message.person_id == member.person_id, Message.broadcast_id.in_(ours))
    taken_back = ledger.cancel_waiting(session, *waiting, at=now)
    audit.record(
        session,
        user_id,
        "removed member",
        "campaign",
        member.campaign_id,
        {"Member": (member.person.name_in(region), "")},
    )
    return taken_back


def remove_many(
    session: Session, campaign_id: int, member_ids: Collection[int], user_id: int, region: str
) -> tuple[int, int]:
    """Take members out as `remove` does; return how many went, and how many messages were taken back."""
    leaving = session.scalars(
        select(CampaignMember)
        .where(audience.stays(campaign_id), CampaignMember.id.in_(member_ids))
        .order_by(CampaignMember.id)
        .with_for_update(key_share=True)
    ).all()
    return len(leaving), sum(remove(session, member, user_id, region) for member in leaving)


def _people_of(session: Session, numbers: Sequence[str]) -> dict[str, int]:
    """Return the person who stands for each number that has one."""
    found: dict[str, int] = {}
    for start in range(0, len(numbers), NUMBERS_AT_ONCE):
        having = people_of_numbers.of_numbers(session, numbers[start : start + NUMBERS_AT_ONCE])
        found |= {number: persons[0].id for number, persons in having.items()}
    return found


def _insert(session: Session, campaign_id: int, person_ids: Sequence[int], user_id: int, now: datetime) -> int:
    """Make members of people; return how many were none before."""
    rows = select(
        literal(campaign_id), Person.id, Person.mobile, Person.zones, literal(now, UTCDateTime()), literal(user_id)
    ).where(Person.id.in_(person_ids))
    statement = insert(CampaignMember).from_select(
        ["campaign_id", "person_id", "number", "zones", "added_at", "added_by_id"], rows
    )
    again = {name: statement.excluded[name] for name in ("number", "zones", "added_at", "added_by_id")}
    return change_rows(
        session,
        statement.on_conflict_do_update(
            index_elements=["campaign_id", "person_id"],
            set_={**again, "removed_at": None, "removed_by_id": None},
            where=CampaignMember.removed_at.is_not(None),
        ),
    )


def _ways(campaign_id: int, text: str, region: str, *, all_: bool = False) -> list[Select[int]]:
    members = select(CampaignMember.id).where(audience.stays(campaign_id))
    by_name = members.where(CampaignMember.person_id.in_(search.named(text, all_=all_)))
    return [by_name, *(members.where(way) for way in search.numbers(CampaignMember.number, text, region))]
