"""The question before a broadcast is sent: the exact numbers, counted now, what forbids it, and what the page says."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience_counts, follow_up
from optin.consent.audience import AudienceQuestion, Deliverability
from optin.enums import Audience, Reason
from optin.features.campaigns import compose, cost, empty_advice, queries, short_links, two_texts
from optin.features.campaigns.campaign_request import question
from optin.features.campaigns.compose import Draft
from optin.features.campaigns.empty_advice import EmptyCounts
from optin.features.campaigns.two_texts import LookedAt
from optin.models import Campaign, Sender
from optin.policy.policy import Policy
from optin.sending import brakes, broadcast_cost, broadcast_text, first_line, gate, leavers
from optin.texts.pace_words import pace_words

SAME_TEXT_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Confirmation:
    """A draft, and what was counted for it: who is `asked` about, and their `counts`; `looked`, how its texts go out;
    for whom merge fields are `empty`, left out or not; and what is wrong with its `times`."""

    session: Session
    campaign: Campaign
    draft: Draft
    sender: Sender | None
    policy: Policy
    looked: LookedAt
    asked: AudienceQuestion
    empty: EmptyCounts | None
    counts: Deliverability
    times: list[str]

    @property
    def people(self) -> int:
        """Return how many would get it."""
        return compose.sends_to(self.counts, self.policy)

    @property
    def late(self) -> int:
        """Return for how many its last time comes too early."""
        return self.counts.reasons.get(Reason.TOO_LATE, 0)

    @cached_property
    def shut(self) -> str:
        """Say why nothing is sent at present, "" where it is."""
        return gate.why_closed(self.session)

    def refused(self) -> list[str]:
        """Return a sentence for each thing that forbids it."""
        part, found = self.draft.about.follow_up, list(self.times)
        if part and (fault := follow_up.fault(compose.of_broadcast(self.session, self.draft), self.campaign.id)):
            found.append(fault)
        found += broadcast_text.faults_of(self.session, [each.body for each in self.looked.each], self.asked.channel)
        found += two_texts.faults(self.draft, self.people)
        found += broadcast_text.hindrances(
            self.sender,
            self.counts.total,
            self.people,
            self.late,
            follow_up=part,
            empty=self.counts.having(Reason.EMPTY_FIELD),
            often=self.counts.having(Reason.OFTEN_TEXTED),
        )
        if self.shut and not self.draft.plan.later:
            found.append(self.shut)
        return found or broadcast_text.too_long_of([each.worst for each in self.looked.each])

    def context(self) -> dict[str, object]:
        """Return what the page shows."""
        draft, looked = self.draft, self.looked
        return {
            "campaign": self.campaign,
            "draft": draft,
            "sender": self.sender,
            "look": looked.first,
            "other": looked.other,
            "worst": looked.worst,
            "counts": self.counts,
            "rows": compose.rows(self.counts),
            "people": self.people,
            "late": self.late,
            "empty": self.empty,
            "shut": self.shut,
            "test": two_texts.words(draft, self.people),
            "link_offer": short_links.offer(draft.texts, self.policy.short_domain),
            "of_broadcast": compose.of_broadcast(self.session, draft),
            "recurrence": draft.again.recurrence(draft.plan),
            "recurs": compose.recurs(self.session, draft),
            "before": self._sent_before(),
            **self._when(),
            **self._cost(),
            **self._long_silent(),
            **self._many_texts(),
        }

    def _when(self) -> dict[str, object]:
        """Say who gets it first, and who would read it too late."""
        sizes = (self.policy.canary_least, self.policy.canary_percent)
        late = self.counts.will_wait and compose.read_late(self.session, self.campaign, self.sender, self.draft)
        return {
            "first": brakes.canary_size(self.people, *sizes) if self.draft.choices.canary else 0,
            "read_late": late or None,
            "has_hours": self.policy.sending_hours,
        }

    def _cost(self) -> dict[str, object]:
        """Say how many segments it has, what they cost, and how long they take."""
        dearer, spread = self.looked.dearer(self.session, self.asked, self.people)
        rate = self.sender.segments_per_second if self.sender else None
        found: dict[str, object] = {"spread": spread, "pace": pace_words(spread.total, rate, self.draft.plan.spread)}
        if self.sender:
            found["cost"] = cost.of_draft(self.session, self.asked, dearer, spread, self.sender, self.draft.plan)
        return found

    def _sent_before(self) -> object:
        """Return another broadcast with the same text of the last day; what it follows up or changes is none."""
        about = self.draft.about
        besides = [about.changes] if about.changes else []
        if about.follow_up and about.follow_up.audience is Audience.MISSED:
            besides.append(about.follow_up.broadcast_id)
        since = clock.now() - SAME_TEXT_WITHIN
        return queries.sent_before(self.session, self.campaign.id, self.draft.texts, since, besides=besides)

    def _long_silent(self) -> dict[str, object]:
        """Say how many have not heard from the team for long; of very many people they are not counted."""
        return {
            "silent": first_line.count(self.session, self.asked) if self._are_few else 0,
            "says_first_line": all(first_line.is_in(body) for body in self.draft.texts),
            "first_line_days": self.policy.first_line_days,
        }

    def _many_texts(self) -> dict[str, object]:
        """Say how many got many texts lately, and how many of them leave; None: very many are not counted."""
        many: int | None = self.counts.having(Reason.OFTEN_TEXTED)
        if not self.draft.choices.leaves_out_often:
            many = leavers.count_often(self.session, self.asked) if self._are_few else None
        return {"often": many, "losses": leavers.known(self.session) if many != 0 else None}

    @property
    def _are_few(self) -> bool:
        return self.people <= broadcast_cost.LARGE


def look(session: Session, campaign: Campaign, draft: Draft) -> Confirmation:
    """Look at a draft and count for whom it is."""
    shown = compose.request_for(session, campaign, draft)
    times = [*draft.plan.faults(clock.now()), *filter(None, [draft.again.fault(draft.plan)])]
    plan = (None, None) if times else (draft.plan.starts_at, draft.plan.not_after)
    asked = question(session, campaign, shown.sender, *plan, follow_up=draft.about.follow_up)
    empty = empty_advice.counted(session, asked, *draft.texts)
    left_out = compose.left_out_by(session, draft)
    asked = replace(asked, empty_fields=left_out, leaves_out_often=draft.choices.leaves_out_often)
    return Confirmation(
        session=session,
        campaign=campaign,
        draft=draft,
        sender=shown.sender,
        policy=shown.question.policy,
        looked=two_texts.look_at(session, shown.question, draft),
        asked=asked,
        empty=empty,
        counts=audience_counts.deliverability(session, asked),
        times=times,
    )
