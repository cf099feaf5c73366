"""The members of a campaign: who they are and what they would get, adding them by hand, removing them."""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, selectinload

from optin import clock
from optin.campaign_members import adding
from optin.campaign_members.adding import Added
from optin.consent import audience, ledger
from optin.database import steering
from optin.enums import Reason
from optin.models import Broadcast, Campaign, CampaignMember, Message, Person
from optin.models.person import MERGED
from optin.policy import audit
from optin.queries import merged_people, search
from optin.queries.look import Wanted
from optin.queries.search import Hits

WILL_RECEIVE = "will_receive"
FIRST = 3000
"""So many members are looked at first for those with a reason; to make the statement takes as long as some thousand."""


def found(session: Session, campaign_id: int, text: str, region: str) -> Hits:
    """Look up the members by the words of the person's record, or by the number that they were added with."""
    among = select(CampaignMember.id, CampaignMember.person_id).where(audience.stays(campaign_id))
    return search.find(session, text, _ways(campaign_id, text, region), [among])


def found_in_all(campaign_id: int, text: str, region: str) -> Select[int]:
    """Select all that `found` finds, however many."""
    return search.any_of(_ways(campaign_id, text, region, all_=True))


def wanted(question: audience.AudienceQuestion, reason: str) -> Wanted[CampaignMember]:
    """Return who is looked for: the members that the rule answers with `reason`, one as `listed` takes it."""
    why = reason_of(reason)
    return Wanted(
        CampaignMember,
        [audience.stays(question.campaign_id)],
        lambda of: [steering.asked_in_order(audience.having(question, why, of))],
        few=lambda session, most: audience.few_having(session, question, why, most),
        options=lambda of: [selectinload(of.person)],
        first=FIRST,
    )


def listed(
    session: Session, question: audience.AudienceQuestion, reason: str, among: Sequence[int] | Select[int] | None = None
) -> Select[CampaignMember]:
    """Select the members, all or those that a text found, that the rule answers with `reason`.

    `reason` is a value of Reason, "will_receive", or "" for all.
    """
    query = select(CampaignMember).options(selectinload(CampaignMember.person))
    why = reason_of(reason)
    if reason:
        query = query.where(*audience.having(question, why))
    few = audience.few_having(session, question, why, audience.RARE) if why and among is None else None
    if few is not None:  # they belong to the campaign; asked for that once more, SQLite would begin with all who do
        return query.where(few)
    query = query.where(audience.stays(question.campaign_id))
    return query if among is None else query.where(CampaignMember.id.in_(among))


def reason_of(reason: str) -> Reason | None:
    """Return the reason that a filter's value asks for, None for who would receive a message and for everybody."""
    return Reason(reason) if reason and reason != WILL_RECEIVE else None


def reasons(
    session: Session, question: audience.AudienceQuestion, member_ids: Sequence[int]
) -> dict[int, Reason | None]:
    """Ask the rule for some members; None for those who would receive."""
    rows = session.execute(
        select(CampaignMember.id, audience.reason(question)).where(CampaignMember.id.in_(member_ids))
    )
    return {row[0]: Reason(row[1]) if row[1] else None for row in rows}


def last_messages(session: Session, campaign_id: int, person_ids: Sequence[int]) -> dict[int, Message]:
    """Return the last message of the campaign's broadcasts to each person, and to what became part of them."""
    kept = merged_people.kept_ids(session, person_ids)
    newest = (
        select(func.max(Message.id))
        .where(
            Message.person_id.in_(kept),
            exists().where(Broadcast.id == Message.broadcast_id, Broadcast.campaign_id == campaign_id),
        )
        .group_by(Message.person_id)
    )
    found = session.scalars(select(Message).where(Message.id.in_(newest)).order_by(Message.id))
    return {kept[int(message.person_id or 0)]: message for message in found}


def candidates(session: Session, text: str, kind: str, region: str) -> tuple[Select[Person], bool]:
    """Select the contacts and leads ("" for both kinds), or those that `text` finds and whether it finds more."""
    if text:
        hits = search.find_people(session, text, region, *([search.is_kind(kind)] if kind else []))
        return select(Person).where(Person.id.in_(hits.ids)), hits.more
    return select(Person).where(Person.kind == kind if kind else Person.kind < MERGED), False


def present(session: Session, campaign_id: int, person_ids: Sequence[int]) -> set[int]:
    """Return the ids of those people who are members; who was removed is left out."""
    rows = select(CampaignMember.person_id).where(audience.stays(campaign_id), CampaignMember.person_id.in_(person_ids))
    return set(session.scalars(rows))


def add(session: Session, campaign_id: int, user_id: int, person_ids: Sequence[int]) -> Added:
    """Add people whom a user has chosen one by one; who was removed comes back."""
    session.scalars(Campaign.locked(campaign_id)).one()
    chosen = select(Person.id).where(Person.id.in_(person_ids))
    added = adding.add(session, campaign_id, chosen, user_id, clock.now(), include_removed=True)
    if added.members:
        audit.record(session, user_id, "added members", "campaign", campaign_id, {"Members": ("", added.members)})
    return added


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


def _ways(campaign_id: int, text: str, region: str, *, all_: bool = False) -> list[Select[int]]:
    members = select(CampaignMember.id).where(audience.stays(campaign_id))
    by_name = members.where(CampaignMember.person_id.in_(search.named(text, all_=all_)))
    return [by_name, *(members.where(way) for way in search.numbers(CampaignMember.number, text, region))]
