"""What the composer of a broadcast shows beside the text: segments, what is wrong, how it reads, who gets it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.consent import audience_counts, conditions, empty_fields, rules
from optin.consent.audience import AudienceQuestion, Deliverability
from optin.consent.empty_fields import EmptyFields
from optin.enums import Every, Purpose, Reason, WinsBy
from optin.features.campaigns import empty_advice, queries, short_links
from optin.features.campaigns.campaign_request import CampaignRequest, question
from optin.models import Broadcast, Campaign, Person, Sender
from optin.own_fields import merging
from optin.policy.policy import Policy
from optin.provider import senders
from optin.queries import message_templates
from optin.sending import broadcast_text, delivery, first_line, variants
from optin.texts import choices, links, merge_fields, recurrence_form, segments, send_time, text_test, text_test_form
from optin.texts.choices import BroadcastChoices
from optin.texts.meant_day import MeantDay, meant_day
from optin.texts.recurrence_form import Again
from optin.texts.segments import Segments
from optin.texts.send_time import SendTime
from optin.texts.text_test import TextTest
from optin.web import composed_for, filters, own_fields
from optin.web.composed_for import ComposedFor

LOOKED_AT_WHILE_TYPING = 20_000
TEST_CHOICES = {
    "test_percents": text_test.PERCENTS,
    "test_hours": [(hours, text_test.hours_words(hours)) for hours in text_test.HOURS],
    "win_by": list(WinsBy),
    "test_standard": text_test_form.STANDARD,
}
"""What the composer offers for the test of two texts."""


@dataclass(frozen=True)
class Draft:
    """What was typed so far: the text, the member to preview it for (the first after this id), when, why not.

    `about` says for what it is written: a new broadcast, or the change of one. `again`: it may go out on further dates.
    A `test` has a second text.
    """

    plan: SendTime
    body: str = ""
    after: int = 0
    choices: BroadcastChoices = field(default_factory=BroadcastChoices)
    refused: list[str] = field(default_factory=list)
    about: ComposedFor = field(default_factory=ComposedFor)
    again: Again = field(default_factory=Again)
    test: TextTest | None = None

    @property
    def texts(self) -> list[str]:
        """List its texts, the first one first."""
        return text_test.texts(self.body, self.test)

    def rewritten(self, change: Callable[[str], str]) -> "Draft":
        """Return it with each text changed."""
        test = replace(self.test, other_body=change(self.test.other_body)) if self.test else None
        return replace(self, body=change(self.body), test=test)


def new_draft(kept: Mapping[str, str], *, canary: bool) -> Draft:
    """Return what a composer says that nobody has typed in, or what was `kept` of it; `canary` as the settings say."""
    zone = filters.current_zone()
    suggested = send_time.suggested(zone, clock.now())
    plan = send_time.of_form(kept, zone) if kept.get("at") else suggested
    chosen = choices.of_form(kept) if choices.FIRST in kept else replace(choices.of_form(kept), canary=canary)
    about, again = composed_for.of_form(kept), recurrence_form.of_form(kept)
    test = text_test_form.of_form(kept, broadcast_text.clean)
    return Draft(plan, kept.get("body", ""), choices=chosen, about=about, again=again, test=test)


def draft_of(broadcast: Broadcast) -> Draft:
    """Return what a composer says that changes a scheduled broadcast."""
    times = (broadcast.starts_at, broadcast.not_after, broadcast.spread_over)
    plan = send_time.of_moments(filters.current_zone(), *times, clock.now())
    about, test = composed_for.of_broadcast(broadcast), variants.test_of(broadcast)
    return Draft(plan, broadcast.body, choices=choices.of_row(broadcast), about=about, test=test)


def copy_of(broadcast: Broadcast, *, canary: bool) -> Draft:
    """Return what a composer says that begins with the text of a broadcast, or both with what was chosen for their
    test; `canary` as the settings say, but a test has none."""
    test = variants.test_of(broadcast)
    chosen = replace(choices.of_row(broadcast), canary=canary and test is None)
    about = ComposedFor(copy=broadcast.id)
    return replace(new_draft({}, canary=False), body=broadcast.body, choices=chosen, about=about, test=test)


def of_broadcast(session: Session, draft: Draft) -> Broadcast | None:
    """Return the broadcast by which the draft's part of the campaign is told, None for all members."""
    part = draft.about.follow_up
    return session.get(Broadcast, part.broadcast_id) if part else None


def request_for(session: Session, campaign: Campaign, draft: Draft, sender_id: int | None = None) -> CampaignRequest:
    """Ask about those to whom a draft goes."""
    part, empty = draft.about.follow_up, left_out_by(session, draft)
    return CampaignRequest(session, campaign, sender_id, part, empty, leaves_out_often=draft.choices.leaves_out_often)


def left_out_by(session: Session, draft: Draft) -> EmptyFields | None:
    """Return the merge fields for which a draft leaves people out; None: for none."""
    return empty_fields.of_texts(session, *draft.texts) if draft.choices.leaves_out_empty else None


def recurs(session: Session, draft: Draft) -> int | None:
    """Return the recurring broadcast of which the draft changes one date, None for any other draft."""
    changes = draft.about.changes
    return session.scalar(select(Broadcast.recurring_id).where(Broadcast.id == changes)) if changes else None


@dataclass(frozen=True)
class TextPreview:
    """A text as the composer sees it.

    `size` counts it for the person of the preview, `worst` for the member for whom it is longest; `fixed` is what would
    be left of `worst` if look-alikes were replaced, None where that saves nothing.
    """

    body: str
    size: Segments
    worst: Segments
    fixed: Segments | None
    preview: str
    person: Person | None
    member_id: int
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ReadLate:
    """So many people would get a text when what it says (`words`) is over, which it is from `until` on."""

    words: str
    until: datetime
    people: int


@dataclass(frozen=True)
class DeliverabilityRow:
    """A line of Deliverability: tone of its dot, how many, the reason's value in addresses, the reason."""

    tone: str
    count: int
    key: str
    reason: Reason | None


def preview_text(
    session: Session, asked: AudienceQuestion, body: str, after: int = 0, *, among: int | None = None
) -> TextPreview:
    """Look at a text; the preview is for a member after the given one, one of the first when there is none.

    It is somebody whose consent covers the text, where there is anybody like that, and who gets all of it.

    `among` bounds how many members are looked at for the longest text.
    """
    campaign_id, brand = asked.campaign_id, asked.policy.brand
    silent = first_line.is_in(body) and (
        queries.example(session, asked, after, silent=True) or queries.example(session, asked, silent=True)
    )
    covered = silent or queries.example(session, asked, after) or queries.example(session, asked)
    example = covered or queries.example(session, asked, anybody=True)
    person, member_id = example or (None, 0)
    fields = delivery.person_fields(person, brand, merging.of_person(session, person, body))
    if first_line.is_in(body):
        fields[first_line.NAME] = first_line.of_member(session, asked, member_id)
    preview = merge_fields.render(body, fields)
    longest = partial(
        broadcast_text.longest, session, campaign_id, among=among, channel=asked.channel, follow_up=asked.follow_up
    )
    worst = longest(body, brand)
    plain = segments.plain(body)
    fixed = longest(plain, brand) if plain != body else None
    return TextPreview(
        body=body,
        size=channels.rules_of(asked.channel).measure(preview),
        worst=worst,
        fixed=fixed if fixed and fixed.segments < worst.segments else None,
        preview=preview,
        person=person,
        member_id=member_id,
        faults=broadcast_text.faults(body, broadcast_text.known(session, body), asked.channel) if body else [],
        warnings=[*merge_fields.warnings(body), *links.warnings(body)],
    )


def test_faults(draft: Draft) -> list[str]:
    """Return a sentence for each thing that forbids the test of a draft, whoever is in it."""
    plan, recurs = draft.plan, draft.again.is_asked(draft.plan)
    starts = plan.starts_at or clock.now()
    return text_test.faults(draft.test, draft.body, starts, plan.not_after, canary=draft.choices.canary, recurs=recurs)


def previews(
    session: Session, asked: AudienceQuestion, draft: Draft, *, among: int | None = None
) -> dict[str, TextPreview | None]:
    """Look at the text as it is sent, and at the `other` one of a test, for the same member."""
    draft = short_links.as_sent(draft, asked.policy)
    look = preview_text(session, asked, draft.body, draft.after, among=among)
    if draft.test is None:
        return {"look": look, "other": None}
    other = preview_text(session, asked, draft.test.other_body, max(0, look.member_id - 1), among=among)
    return {"look": look, "other": other}


def in_time(draft: Draft) -> Draft:
    """Return the draft so that nothing is sent once its text is of no use; as it is where it says nothing of that."""
    meant = _meant(draft)
    if meant is None:
        return draft
    until = meant.until.replace(tzinfo=None).isoformat(timespec="minutes")
    return replace(draft, plan=replace(draft.plan, ends=True, until=until))


def read_late(session: Session, campaign: Campaign, sender: Sender | None, draft: Draft) -> ReadLate | None:
    """Count those whom a text that speaks of a day or an hour would reach after it; None for nobody.

    The day is that of the zone in which the form's times are.
    """
    plan, meant = draft.plan, _meant(draft)
    if meant is None:
        return None
    until = meant.until.astimezone(UTC)
    if plan.not_after and plan.not_after <= until:
        return None
    asked = question(session, campaign, sender, plan.starts_at, until, follow_up=draft.about.follow_up)
    if not asked.may_be_late:
        return None
    people = audience_counts.deliverability(session, asked).reasons.get(Reason.TOO_LATE, 0)
    return ReadLate(meant.words, until, people) if people else None


def _meant(draft: Draft) -> MeantDay | None:
    """Return the day of which a text speaks; of two texts the day that is over first."""
    start = draft.plan.starts_at or clock.now()
    found = [meant_day(text, start.astimezone(draft.plan.zone)) for text in draft.texts]
    return min(filter(None, found), key=lambda each: each.until, default=None)


def rows(counts: Deliverability | None) -> list[DeliverabilityRow]:
    """Return the lines of Deliverability: who receives, who waits, then who gets nothing and why."""
    if counts is None:
        return []
    order = sorted(counts.reasons, key=lambda reason: reason not in rules.MAY_WAIT)
    others = [DeliverabilityRow(reason.tone, counts.reasons[reason], str(reason), reason) for reason in order]
    return [DeliverabilityRow("ok", counts.will_receive, "will_receive", None), *others]


def sends_to(counts: Deliverability, given: Policy) -> int:
    """Count the people whom a broadcast would take in: those who receive now and those who wait for their time."""
    waits = rules.waits(conditions.case_of(Purpose.CAMPAIGN, given))
    return counts.will_receive + sum(counts.reasons.get(why, 0) for why in waits)


def context(asked: CampaignRequest, draft: Draft) -> dict[str, object]:
    """Return what the composer's templates need, apart from the counts."""
    now, session = clock.now(), asked.session
    return {
        "campaign": asked.campaign,
        "draft": draft,
        "senders": asked.senders,
        "sender": asked.sender,
        "no_sender": senders.NONE_YET,
        "saved": message_templates.listed(session),
        "merge_names": [*own_fields.merge_names(), first_line.NAME],
        "has_hours": asked.question.policy.sending_hours,
        "spreads": [(minutes, send_time.spread_words(minutes)) for minutes in send_time.SPREADS],
        "time_fault": draft.plan.fault(now),
        "end_fault": draft.plan.end_fault(now),
        "spread_fault": draft.plan.spread_fault(now),
        "recurs_every": list(Every),
        "again_fault": draft.again.fault(draft.plan),
        "test_faults": test_faults(draft),
        "link_offer": short_links.offer(draft.texts, asked.question.policy.short_domain),
        **TEST_CHOICES,
        "recurs": recurs(session, draft),
        "of_broadcast": of_broadcast(session, draft),
        "empty": empty_advice.while_typing(asked, draft.texts, LOOKED_AT_WHILE_TYPING),
        **previews(session, asked.question, draft, among=LOOKED_AT_WHILE_TYPING),
    }
