"""Get started: six steps through the whole product that tick themselves off as the team does them.

Sample data does not count: everything up to the moment at which it was complete belongs to it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flask import url_for
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, contains_eager

from optin import phone
from optin.enums import Channel, EventKind, OptInSource, OptInStatus
from optin.models import (
    AuditEntry,
    Broadcast,
    Campaign,
    CampaignMember,
    ConsentEvent,
    ConsentPayload,
    Conversation,
    Keyword,
    OptIn,
)
from optin.models.index_conditions import is_not_removed
from optin.provider import senders
from optin.queries import people_of_numbers
from optin.web import filters
from optin.web.current import current_policy

SAMPLE_DATA_ENDS = "sample_data_ends"
COUNTED = 500
LOOKED_AT = 1000
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """One step: what to do, whether it is done, a line about it, and the way there ("" for none yet)."""

    title: str
    done: bool = False
    about: str = ""
    url: str = ""
    link: str = "Open"


@dataclass
class _Story:
    """What the team has made so far; each part is looked for among what belongs to the part before."""

    session: Session
    since: datetime
    simulator: bool
    keyword: Keyword | None = None
    campaign: Campaign | None = None


def steps(session: Session, settings: Mapping[str, str], *, simulator: bool) -> list[Step]:
    """Return the six steps in order; `simulator` says whether there are phones to text from.

    `settings` are the stored ones, as JSON text.
    """
    story = _Story(session, _since(settings), simulator)
    parts = (_create_keyword, _text_it, _create_campaign, _add_opt_ins, _send_broadcast, _text_stop)
    return [part(story) for part in parts]


def _since(settings: Mapping[str, str]) -> datetime:
    """Return the moment up to which everything is sample data."""
    stored = settings.get(SAMPLE_DATA_ENDS)
    return datetime.fromisoformat(json.loads(stored)) if stored else LONG_AGO


def _create_keyword(story: _Story) -> Step:
    made = select(Keyword).where(Keyword.created_at > story.since, Keyword.created_by_id.is_not(None))
    story.keyword = keyword = story.session.scalars(made.order_by(Keyword.id).limit(1)).first()
    title = "Create an opt-in keyword"
    if keyword is None:
        return Step(title, about="The word that people text to opt in", url=url_for("keywords.new"), link="New keyword")
    shown = url_for("keywords.show", keyword_id=keyword.id)
    return Step(title, True, f"{keyword.word}, {filters.when(keyword.created_at)}", shown)


def _text_it(story: _Story) -> Step:
    title = "Text it from a phone"
    first = story.session.scalars(
        select(OptIn)
        .join(Keyword, Keyword.id == OptIn.keyword_id)
        .where(
            OptIn.requested_at > story.since,
            OptIn.activated_at.is_not(None),
            OptIn.source == OptInSource.SMS,
            Keyword.created_at > story.since,
        )
        .order_by(OptIn.id)
        .limit(1)
    ).first()
    if first is not None:
        moment = filters.when(first.activated_at or first.requested_at)
        about = f"{_who(story.session, first.number)} opted in, {moment}"
        return Step(title, True, about, url_for("opt_ins.show", opt_in_id=first.id))
    ours = next(
        (phone.display(sender.address, current_policy().default_region) for sender in senders.in_use(story.session)), ""
    )
    word = story.keyword.word if story.keyword else "your keyword"
    return _with_phones(story, Step(title, about=f"Text {word} to {ours or 'your number'}"))


def _create_campaign(story: _Story) -> Step:
    title = "Create a campaign with the keyword"
    made = (
        select(Campaign)
        .join(Keyword, Keyword.id == Campaign.keyword_id)
        .where(Campaign.created_at > story.since, Keyword.created_at > story.since)
        .options(contains_eager(Campaign.keyword))
    )
    story.campaign = campaign = story.session.scalars(made.order_by(Campaign.id).limit(1)).first()
    if campaign is not None:
        about = f"{campaign.name}, {filters.when(campaign.created_at)}"
        return Step(title, True, about, url_for("campaigns.show", campaign_id=campaign.id))
    keyword_id = story.keyword.id if story.keyword else None
    return Step(
        title,
        about="Only people who opted in with it get the campaign’s messages",
        url=url_for("campaigns.new", keyword=keyword_id),
        link="New campaign",
    )


def _add_opt_ins(story: _Story) -> Step:
    title, campaign = "Add Opt-Ins to the campaign", story.campaign
    if campaign is None:
        return Step(title, about="Everyone who opted in becomes a member of the campaign")
    added = story.session.scalars(
        select(AuditEntry)
        .join(Campaign, Campaign.id == AuditEntry.subject_id)
        .where(
            AuditEntry.subject_kind == "campaign",
            AuditEntry.action == "added opt-ins",
            AuditEntry.at > story.since,
            Campaign.created_at > story.since,
        )
        .order_by(AuditEntry.id)
        .limit(1)
    ).first()
    if added is not None:
        about = f"{filters.plural(int(added.after or 0), 'member', 'members')} added, {filters.when(added.at)}"
        return Step(title, True, about, url_for("campaigns.show", campaign_id=added.subject_id, tab="members"))
    url = url_for("campaigns.add_opt_ins", campaign_id=campaign.id)
    return Step(title, about=_not_yet(story.session, campaign), url=url, link="+ Add Opt-Ins")


def _send_broadcast(story: _Story) -> Step:
    title = "Send a broadcast"
    sent = (
        select(Broadcast)
        .join(Campaign, Campaign.id == Broadcast.campaign_id)
        .where(Broadcast.started_at > story.since, Campaign.created_at > story.since)
    )
    first = story.session.scalars(sent.order_by(Broadcast.id).limit(1)).first()
    if first is not None:
        about = f"{first.campaign.name}, {filters.when(first.started_at or first.created_at)}"
        return Step(title, True, about, url_for("broadcasts.show", broadcast_id=first.id))
    campaign = story.campaign
    url = url_for("campaigns.show", campaign_id=campaign.id, tab="broadcasts") if campaign else ""
    return Step(title, about="Deliverability shows who will get it, and why others won’t", url=url, link="Compose")


def _text_stop(story: _Story) -> Step:
    title = "Text STOP from a phone"
    found = story.session.execute(
        select(ConsentEvent.at, ConsentPayload.number)
        .join(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .where(
            ConsentEvent.at > story.since,
            ConsentEvent.kind == EventKind.OPTED_OUT,
            ConsentEvent.source == OptInSource.SMS,
        )
        .order_by(ConsentEvent.at)
        .limit(1)
    ).first()
    if found is None:
        return _with_phones(story, Step(title, about="and see what the app refuses from then on"))
    about = f"{_who(story.session, found.number)} opted out, {filters.when(found.at)}"
    conversation = (Conversation.channel == Channel.SMS, Conversation.number == found.number)
    thread = story.session.scalar(select(Conversation.id).where(*conversation).limit(1))
    return Step(title, True, about, url_for("inbox.show", conversation_id=thread) if thread else "")


def _who(session: Session, number: str) -> str:
    """Name a number: its person, or the number as people read it."""
    having = people_of_numbers.of_numbers(session, [number]).get(number)
    return filters.person_name(having[0]) if having else phone.display(number, current_policy().default_region)


def _with_phones(story: _Story, step: Step) -> Step:
    """Lead to the phones where there are any."""
    return replace(step, url=url_for("phones.index"), link="Open the phones") if story.simulator else step


def _not_yet(session: Session, campaign: Campaign) -> str:
    """Say how many numbers of the newest 1,000 belong to no member yet, up to 500."""
    word = campaign.keyword.word if campaign.keyword else ""
    member = exists().where(
        CampaignMember.campaign_id == campaign.id,
        CampaignMember.number == OptIn.number,
        is_not_removed(CampaignMember),
    )
    newest = select(OptIn.id).where(OptIn.keyword_id == campaign.keyword_id).order_by(OptIn.id.desc()).limit(LOOKED_AT)
    waiting = select(OptIn.id).where(OptIn.id.in_(newest), OptIn.status == OptInStatus.ACTIVE, ~member)
    count = session.scalar(select(func.count()).select_from(waiting.limit(COUNTED + 1).subquery())) or 0
    if count > COUNTED:
        return f"More than {filters.n(COUNTED)} people opted in with {word} and are not members yet"
    if count == 1:
        return f"1 person opted in with {word} and is not a member yet"
    return f"{filters.n(count)} people opted in with {word} and are not members yet"
