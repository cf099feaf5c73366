"""The counts on the home page: what is waiting for someone, consent per day, the last broadcasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.consent import business_days
from optin.enums import BroadcastState, MessageStatus, OptInStatus
from optin.models import Broadcast, Conversation, Hold, Keyword, Message, OptIn
from optin.models.index_conditions import has_not_ended, is_near_miss, is_unread
from optin.queries import cached_counts, opt_ins_per_day
from optin.queries.cached_counts import CachedCount
from optin.sending import opt_outs_after_broadcast, results

LOOKED_AT = 500
EXAMPLES = 2
NEAR_MISS_DAYS = 30
BROADCASTS = 5
URGENT = 2
REACHED = (MessageStatus.DELIVERED,)
MISSED = (MessageStatus.FAILED, MessageStatus.UNDELIVERED)
STILL_TO_GO = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)


@dataclass(frozen=True)
class ToReview:
    """Numbers on hold; `nearest` is the least business days left (None: nobody waits), `first` how many have it."""

    count: CachedCount
    nearest: int | None = None
    first: int = 0

    @property
    def sentence(self) -> str:
        """Say how soon somebody has to decide."""
        if self.nearest is None:
            return "Nothing to decide"
        if self.nearest < 0:
            return f"{self.first} overdue"
        if self.nearest == 0:
            return f"{self.first} due today"
        return f"{self.first} with {self.nearest} business day{'' if self.nearest == 1 else 's'} left"

    @property
    def urgent(self) -> bool:
        """Tell whether the sentence deserves the colour of a warning."""
        return self.nearest is not None and self.nearest <= URGENT


@dataclass(frozen=True)
class NearMisses:
    """Texts of the last 30 days that nearly were a keyword; `keyword_id` is the newest one's, `alone` when all are."""

    count: CachedCount
    examples: Sequence[str] = ()
    keyword_id: int | None = None
    alone: bool = False


@dataclass(frozen=True)
class Unread:
    """Conversations with something unread, in all and those of the user who looks."""

    count: CachedCount
    mine: CachedCount


@dataclass(frozen=True)
class Sending:
    """A broadcast with what became of its messages; `left` have not come to an end on our side."""

    broadcast: Broadcast
    delivered: int
    failed: int
    left: int
    total: int
    opted_out: int

    @property
    def state(self) -> BroadcastState:
        """Return the broadcast's state as a term."""
        return BroadcastState(self.broadcast.state)

    @property
    def label(self) -> str:
        """Return the state's words, with how far it is while it is under way."""
        if self.state not in (BroadcastState.SENDING, BroadcastState.PAUSED) or not self.total:
            return self.state.label
        return f"{self.state.label} · {100 * (self.total - self.left) // self.total} %"


def to_review(session: Session, zone: ZoneInfo) -> ToReview:
    """Count the numbers on hold and the business days that are left for the first of them."""
    is_open = has_not_ended(Hold)
    [count] = cached_counts.up_to_few(session, select(Hold.id).where(is_open))
    if not count:
        return ToReview(count)
    oldest = session.scalars(select(Hold.started_at).where(is_open).order_by(Hold.started_at).limit(LOOKED_AT))
    today = clock.now().astimezone(zone).date()
    left = [business_days.days_left(moment.astimezone(zone).date(), today) for moment in oldest]
    return ToReview(count, min(left), left.count(min(left)))


def unread(session: Session, user_id: int) -> Unread:
    """Count the open conversations with something unread."""
    waits = select(Conversation.id).where(is_unread(Conversation))
    return Unread(*cached_counts.up_to_few(session, waits, waits.where(Conversation.assigned_to_id == user_id)))


def active_opt_ins(session: Session) -> CachedCount:
    """Count the active opt-ins of all keywords, each by its index."""
    return _ACTIVE.of(session)


def this_week(days: Sequence[tuple[date, int, int]]) -> tuple[int, int]:
    """Sum opt-ins and opt-outs since Monday; `days` are (day, ins, outs), the last one today."""
    since = days[-1][0] - timedelta(days=days[-1][0].weekday())
    return sum(ins for day, ins, _ in days if day >= since), sum(outs for day, _, outs in days if day >= since)


def near_misses(session: Session) -> NearMisses:
    """Look at the texts that nearly were a keyword and opted nobody in."""
    near = (
        is_near_miss(Message),
        Message.created_at > clock.now() - timedelta(days=NEAR_MISS_DAYS),
    )
    newest = session.execute(
        select(Message.body, Message.near_keyword_id).where(*near).order_by(Message.created_at.desc()).limit(LOOKED_AT)
    ).all()
    if not newest:
        return NearMisses(CachedCount(0))
    keywords = {keyword_id for _, keyword_id in newest}
    count = CachedCount(len(newest), more=len(newest) == LOOKED_AT)
    newest = newest[:EXAMPLES]
    examples = tuple(dict.fromkeys(body for body, _ in newest))
    return NearMisses(count, examples, newest[0][1], len(keywords) == 1)


def per_day(session: Session, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """Return (day, opt-ins, opt-outs) of the last thirty days, all keywords together."""
    return opt_ins_per_day.known_days(session, zone)


def last_broadcasts(session: Session) -> list[Sending]:
    """List the broadcasts that are still to come and those that were started last, with what became of them."""
    at = func.coalesce(Broadcast.started_at, Broadcast.finished_at, Broadcast.starts_at)
    started = (
        select(Broadcast)
        .order_by(at.desc(), Broadcast.id.desc())
        .limit(BROADCASTS)
        .options(joinedload(Broadcast.campaign))
    )
    found = session.scalars(started).all()
    sizes = results.sizes_of(session, results.counted(found))
    counts = results.by_status(session, sizes)
    none = CachedCount(0)
    return [_sending(session, each, sizes.get(each.id, none), counts.get(each.id, {})) for each in found]


def _sending(session: Session, broadcast: Broadcast, size: CachedCount, counts: Mapping[str, int]) -> Sending:
    def having(statuses: Sequence[MessageStatus]) -> int:
        return sum(counts.get(status, 0) for status in statuses)

    return Sending(
        broadcast,
        delivered=having(REACHED),
        failed=having(MISSED),
        left=having(STILL_TO_GO),
        total=sum(counts.values()),
        opted_out=opt_outs_after_broadcast.known_opt_outs(session, broadcast, size),
    )


_ACTIVE = cached_counts.RowCounter(
    "active",
    lambda: select(OptIn.id).where(OptIn.keyword_id.in_(select(Keyword.id)), OptIn.status == OptInStatus.ACTIVE),
)
