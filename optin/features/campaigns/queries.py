"""What the pages of campaigns ask of the database."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from optin.consent import conditions, often
from optin.consent.audience import AudienceQuestion
from optin.enums import BroadcastState
from optin.models import (
    AuditEntry,
    Broadcast,
    Campaign,
    CampaignMember,
    Keyword,
    Person,
    RecurringBroadcast,
    Series,
    User,
)
from optin.sending import first_line

LOOKED_AT = 500
UNFINISHED = (BroadcastState.SCHEDULED, BroadcastState.QUEUEING, BroadcastState.SENDING, BroadcastState.PAUSED)


def listed(search: str, status: str) -> Select[Campaign]:
    """Select the campaigns with a piece of their name and a status; "" is any."""
    query = select(Campaign)
    if search:
        query = query.where(Campaign.name.icontains(search, autoescape=True))
    return query.where(Campaign.status == status) if status else query


def unfinished(session: Session, campaign_id: int) -> int | None:
    """Return the id of a broadcast of the campaign that has not ended, if there is one: it freezes the keyword."""
    found = select(Broadcast.id).where(Broadcast.campaign_id == campaign_id, Broadcast.state.in_(UNFINISHED))
    return session.scalar(found.order_by(Broadcast.id).limit(1))


def scheduled(session: Session, campaign_ids: Sequence[int]) -> dict[int, Broadcast]:
    """Return the next scheduled broadcast of each of some campaigns that has one."""
    found = (
        select(Broadcast)
        .where(Broadcast.state == BroadcastState.SCHEDULED, Broadcast.campaign_id.in_(campaign_ids))
        .order_by(Broadcast.starts_at.desc(), Broadcast.id.desc())
    )
    return {broadcast.campaign_id: broadcast for broadcast in session.scalars(found)}


def keywords(session: Session, besides: int | None = None) -> list[Keyword]:
    """List the keywords that a campaign may have: those in use, and the one that it has (`besides`)."""
    return list(
        session.scalars(
            select(Keyword)
            .where(or_(Keyword.archived_at.is_(None), Keyword.id == besides))
            .order_by(func.lower(Keyword.word), Keyword.id)
        )
    )


def owners(session: Session, besides: int | None = None) -> list[User]:
    """List the users who may own a campaign: those who can sign in, and the one who does (`besides`)."""
    found = select(User).where(or_(User.disabled_at.is_(None), User.id == besides))
    return list(session.scalars(found.order_by(func.lower(User.name), User.id)))


def history(campaign_id: int) -> Select[AuditEntry]:
    """Select what users did to the campaign and to its broadcasts."""
    of_broadcasts = select(Broadcast.id).where(Broadcast.campaign_id == campaign_id)
    recurs = select(RecurringBroadcast.id).where(RecurringBroadcast.campaign_id == campaign_id)
    all_series = select(Series.id).where(Series.campaign_id == campaign_id)
    return select(AuditEntry).where(
        or_(
            (AuditEntry.subject_kind == "campaign") & (AuditEntry.subject_id == campaign_id),
            (AuditEntry.subject_kind == "broadcast") & AuditEntry.subject_id.in_(of_broadcasts),
            (AuditEntry.subject_kind == "recurring_broadcast") & AuditEntry.subject_id.in_(recurs),
            (AuditEntry.subject_kind == "series") & AuditEntry.subject_id.in_(all_series),
        )
    )


def sent(campaign_id: int) -> Select[Broadcast]:
    """Select the broadcasts of a campaign in any state, also those that are scheduled or were cancelled."""
    return select(Broadcast).where(Broadcast.campaign_id == campaign_id)


def sent_before(
    session: Session, campaign_id: int, texts: Collection[str], since: datetime, *, besides: Collection[int] = ()
) -> Broadcast | None:
    """Return the newest broadcast with one of the texts that the campaign got `since` or is to get.

    None that was cancelled counts. `besides` are those that do not count, such as the one that is being changed.
    """
    found = select(Broadcast).where(
        Broadcast.campaign_id == campaign_id,
        or_(Broadcast.body.in_(texts), Broadcast.other_body.in_(texts)),
        Broadcast.state != BroadcastState.CANCELLED,
        or_(Broadcast.state == BroadcastState.SCHEDULED, Broadcast.started_at >= since),
    )
    if besides:
        found = found.where(Broadcast.id.not_in(besides))
    return session.scalar(found.order_by(Broadcast.id.desc()).limit(1))


def example(
    session: Session, question: AudienceQuestion, after: int = 0, *, anybody: bool = False, silent: bool = False
) -> tuple[Person, int] | None:
    """Return a member after the given one, and that member's id: the person for whom a text is previewed.

    The first whose consent covers it, among some hundred, and if `silent` to whom the first line is due; or with
    `anybody` the very next.
    """
    columns = (CampaignMember.id, CampaignMember.number, CampaignMember.person_id)
    members = select(*columns).where(question.members, CampaignMember.id > after)
    near = members.order_by(CampaignMember.id).limit(1 if anybody else LOOKED_AT).subquery()
    covered = conditions.consent_holds(
        near.c.number,
        question.policy,
        keyword_id=question.keyword_id,
        scope=question.scope,
        channel=question.channel,
    )
    given = [] if anybody else [near.c["number"].is_not(None), covered]
    if question.empty_fields and not anybody:
        given.append(~question.empty_fields.any_of(near.c.person_id))
    if question.leaves_out_often and not anybody:
        given.append(~often.got_many(near.c.number, question.now))
    if silent:
        given.append(first_line.is_due(near.c.number, question.policy, question.now))
    first = select(near.c.id).where(*given).order_by(near.c.id).limit(1).scalar_subquery()
    found = select(Person, CampaignMember.id).join(CampaignMember, CampaignMember.person_id == Person.id)
    row = session.execute(found.where(CampaignMember.id == first)).first()
    return (row[0], row[1]) if row else None
