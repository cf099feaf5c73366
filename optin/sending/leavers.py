"""How many people leave when they get many texts: what the team's own broadcasts have shown, for the next one.

An opt-out counts as the doing of the last text before it, if that went within a day. Texts of broadcasts to people who
had got many lately (consent/often.py) are compared with all others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience, audience_counts, often, phrase_opt_outs
from optin.consent.audience import AudienceQuestion
from optin.database.steering import written_out
from optin.enums import OFTEN, EventKind, Purpose
from optin.models import CampaignMember, ConsentEvent, ConsentPayload, Message
from optin.models.index_conditions import NEVER_WENT, has_started
from optin.queries import cached_counts
from optin.sending.brakes import Interval, wilson
from optin.sending.opt_outs_after_broadcast import LASTS

LOOKED_BACK = timedelta(days=180)
ENOUGH = 30
"""Of fewer who left nothing is said: it could as well be chance."""


@dataclass(frozen=True)
class Loss:
    """So many texts went, and so many people left after them."""

    texts: int = 0
    left: int = 0

    @property
    def share(self) -> float:
        """Return the share of texts after which somebody left."""
        return self.left / self.texts if self.texts else 0.0

    @property
    def interval(self) -> Interval:
        """Return between which shares the true one lies, in 95 of 100 cases."""
        return wilson(self.left, self.texts)


@dataclass(frozen=True)
class Losses:
    """What texts brought about that went to people who get many, and all others."""

    often: Loss
    others: Loss

    @property
    def is_known(self) -> bool:
        """Tell whether enough people left to say how many do."""
        return self.often.left >= ENOUGH


def known(session: Session) -> Losses | None:
    """Return what was counted last, None before the first time; it is counted behind."""
    seen = _LOSSES.seen(session)
    return Losses(Loss(*seen.value[0]), Loss(*seen.value[1])) if seen else None


def of_texts(texts: Iterable[tuple[str, datetime]], left: Mapping[str, Sequence[datetime]]) -> Losses:
    """Count texts by number and start, in this order, and those after which the number left at one of its moments."""
    texts_, lost = [0, 0], [0, 0]
    for number, rows in groupby(texts, key=lambda text: text[0]):
        starts = [start for _, start in rows]
        goodbyes = left.get(number, ())
        for index, start in enumerate(starts):
            many = index >= OFTEN and start - starts[index - OFTEN] <= often.WITHIN
            until = min([start + LASTS, *starts[index + 1 : index + 2]])
            texts_[many] += 1
            lost[many] += any(start <= goodbye < until for goodbye in goodbyes)
    return Losses(Loss(texts_[True], lost[True]), Loss(texts_[False], lost[False]))


def count_often(session: Session, question: AudienceQuestion) -> int:
    """Count the members whom the question lets into a broadcast, or would, and who got many texts lately."""
    question = replace(question, leaves_out_often=False)
    of_all = audience_counts.members(session, question)
    rows = select(func.count()).select_from(of_all.rows).where(question.members)
    many = often.got_many(CampaignMember.number, question.now)
    rows = rows.where(of_all.why.in_(audience.taken_in(question)), many)
    return session.scalar(rows) or 0


def _count(session: Session, _id: int = 0) -> list[tuple[int, int]]:
    """Look through the texts of half a year that a day has passed since."""
    until = clock.now() - LASTS
    texts = (
        select(Message.number, Message.started_at)
        .where(
            has_started(Message),
            Message.started_at > until - LOOKED_BACK,
            Message.started_at <= until,
            Message.purpose == Purpose.CAMPAIGN,
            Message.status.not_in([written_out(status) for status in NEVER_WENT]),
        )
        .order_by(Message.number, Message.started_at)
        .execution_options(yield_per=5000)
    )
    goodbyes = (
        select(ConsentPayload.number, ConsentEvent.at)
        .join(ConsentEvent, ConsentEvent.id == ConsentPayload.event_id)
        .where(
            ConsentEvent.kind == EventKind.OPTED_OUT,
            ConsentEvent.at > until - LOOKED_BACK,
            ~phrase_opt_outs.was_corrected(),
        )
    )
    left: dict[str, list[Any]] = {}
    for number, at in session.execute(goodbyes):
        left.setdefault(number, []).append(at)
    rows = ((number, start) for number, start in session.execute(texts) if start)
    found = of_texts(rows, left)
    return [(loss.texts, loss.left) for loss in (found.often, found.others)]


_LOSSES = cached_counts.CountKind("leavers", _count)
