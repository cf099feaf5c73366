"""What the keyword pages read: the list, the highlights, the campaigns, the near misses."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import deliverability
from optin.consent.audience import Deliverability
from optin.enums import CampaignStatus, OptInStatus
from optin.features.keywords import opt_ins
from optin.models import Broadcast, Campaign, Keyword, KeywordWord, Message, OptIn, Sender
from optin.provider import senders
from optin.queries import cached_counts, opt_ins_per_day, paging
from optin.queries.cached_counts import CachedCount
from optin.queries.paging import Page
from optin.reading.words import normalise

CAMPAIGNS_AT_ONCE = 10


@dataclass(frozen=True)
class Highlights:
    """The figures of a keyword's header; `days` are (day, opt-ins, opt-outs) of the last thirty."""

    active: CachedCount
    inactive: CachedCount
    this_week: int
    near_misses: CachedCount
    days: list[tuple[date, int, int]]


@dataclass(frozen=True)
class CampaignRow:
    """A campaign of a keyword; `deliverable` counts who receives a message sent now, at once or in sending hours.

    It is None before a large campaign was counted.
    """

    campaign: Campaign
    members: CachedCount
    deliverable: int | None
    last_broadcast: datetime | None

    @property
    def status(self) -> CampaignStatus:
        """Return the campaign's status as a term."""
        return CampaignStatus(self.campaign.status)


def listed(search: str, state: str) -> Select[Keyword]:
    """Select the keywords with a piece of a word or of the description; `state` is active, archived or all."""
    query = select(Keyword)
    if state == "active":
        query = query.where(Keyword.archived_at.is_(None))
    elif state == "archived":
        query = query.where(Keyword.archived_at.is_not(None))
    if search:
        words = select(KeywordWord.keyword_id).where(
            KeywordWord.normal.contains(normalise(search) or search.casefold(), autoescape=True)
        )
        text = func.lower(Keyword.description).contains(search.lower(), autoescape=True)
        query = query.where(Keyword.id.in_(words) | text)
    return query


def any_keyword(session: Session) -> bool:
    return session.scalar(select(Keyword.id).limit(1)) is not None


def active_counts(session: Session, keyword_ids: Collection[int]) -> dict[int, CachedCount]:
    """Count the active opt-ins of each keyword, by its id; very many are as last counted."""
    return opt_ins.OF_STATUS[OptInStatus.ACTIVE].of_each(session, Keyword.id, keyword_ids)


def highlights(session: Session, keyword_id: int, zone: ZoneInfo) -> Highlights:
    """Count for a keyword's header; the week begins on Monday in `zone`."""
    today = clock.now().astimezone(zone).date()
    days = opt_ins_per_day.known_days(session, zone, keyword_id)
    counters = (opt_ins.OF_STATUS[OptInStatus.ACTIVE], opt_ins.OF_STATUS[OptInStatus.INACTIVE], _NEAR_MISSES)
    active, inactive, near_misses = cached_counts.of_each_kind(session, counters, keyword_id)
    return Highlights(
        active=active,
        inactive=inactive,
        this_week=sum(entered for day, entered, _ in days if day >= today - timedelta(days=today.weekday())),
        near_misses=near_misses,
        days=days,
    )


def campaigns(session: Session, keyword_id: int, token: str | None) -> tuple[list[CampaignRow], Page[Campaign], int]:
    """Fetch the keyword's campaigns, newest first: the rows, their page, and how many there are in all."""
    own = Campaign.keyword_id == keyword_id
    page = paging.read_page(
        session, select(Campaign).where(own), [Campaign.id], token, descending=True, size=CAMPAIGNS_AT_ONCE
    )
    sent = _last_broadcasts(session, [campaign.id for campaign in page.rows])
    sender = next(iter(senders.in_use(session)), None)
    sizes = deliverability.member_counts(session, [campaign.id for campaign in page.rows])
    rows = [_row(session, campaign, sizes[campaign.id], sender, sent.get(campaign.id)) for campaign in page.rows]
    return rows, page, _count(session, own)


def has_campaigns(session: Session, keyword_id: int) -> bool:
    """Tell whether a campaign requires the keyword."""
    return session.scalar(select(Campaign.id).where(Campaign.keyword_id == keyword_id).limit(1)) is not None


def has_opt_ins(session: Session, keyword_id: int) -> bool:
    """Tell whether the keyword ever had an opt-in: then it can only be archived."""
    return session.scalar(select(OptIn.id).where(OptIn.keyword_id == keyword_id).limit(1)) is not None


def near_misses(session: Session, keyword_id: int, token: str | None) -> Page[Message]:
    """Fetch the texts that nearly were the keyword and opted nobody in, newest first."""
    near = select(Message).where(Message.near_keyword_id == keyword_id)
    return paging.read_page(session, near, [Message.id], token, descending=True)


def _row(
    session: Session, campaign: Campaign, members: CachedCount, sender: Sender | None, sent: datetime | None
) -> CampaignRow:
    found = deliverability.known_counts(session, campaign, sender, members) if members else Deliverability(0, 0)
    return CampaignRow(campaign, members, found.will_receive + found.will_wait if found else None, sent)


def _last_broadcasts(session: Session, campaign_ids: Sequence[int]) -> dict[int, datetime]:
    rows = session.execute(
        select(Broadcast.campaign_id, func.max(Broadcast.started_at))
        .where(Broadcast.campaign_id.in_(campaign_ids), Broadcast.started_at.is_not(None))
        .group_by(Broadcast.campaign_id)
    )
    return {campaign_id: at for campaign_id, at in rows if at is not None}


def _count(session: Session, *given: ColumnElement[bool]) -> int:
    return session.scalars(select(func.count()).where(*given)).one()


_NEAR_MISSES = cached_counts.RowCounter(
    "near-misses", lambda keyword_id: select(Message.id).where(Message.near_keyword_id == keyword_id)
)
