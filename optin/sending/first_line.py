"""The first line of a broadcast for people who have not heard from us for long, or never: how they joined.

A text asks for it with a merge field, NAME. It is empty for whoever was texted within the policy's days, whatever it
was: the confirmation of a keyword counts. Without a campaign keyword there is nothing to say. Why: who is texted long
after joining has forgotten it, takes the text for spam and leaves (Twilio's Messaging Policy wants such consent
confirmed again).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, exists, func, literal, not_, select
from sqlalchemy.orm import Session, aliased

from optin import phone
from optin.consent import audience, audience_counts, hours
from optin.consent.audience import AudienceQuestion
from optin.database.steering import written_out
from optin.enums import MessageStatus, OptInStatus
from optin.models import Broadcast, Campaign, CampaignMember, Keyword, Message, OptIn
from optin.models.index_conditions import NEVER_WENT
from optin.policy.policy import Policy
from optin.texts import local_time, merge_fields

NAME = "first_line"
FIELDS = ("brand", "keyword", "day")
"""The merge fields that the line itself may have."""

ASKED_FOR = f"{{{{ {NAME} }}}}"
_LONGEST_DAY = "30 Sep 2026"
_DID_NOT_GO = (*NEVER_WENT, MessageStatus.QUEUED, MessageStatus.CLAIMED)
"""So stands a message that did not go, or not yet: also one that waits for another try."""
_WORD = "\1"


def is_in(body: str) -> bool:
    """Tell whether a text asks for the line."""
    return NAME in merge_fields.names(body)


def put_first(body: str) -> str:
    """Return a text that begins with the line where it is due."""
    return body if is_in(body) else f"{ASKED_FOR} {body}"


def is_due(number: SQLColumnExpression[str | None], policy: Policy, now: datetime) -> ColumnElement[bool]:
    """Nothing went to the number within the policy's days."""
    got = aliased(Message)
    return not_(
        exists().where(
            got.number == number,
            got.started_at > now - timedelta(days=policy.first_line_days),
            got.status.not_in([written_out(status) for status in _DID_NOT_GO]),
        )
    )


def column(policy: Policy, now: datetime) -> ColumnElement[str]:
    """The line for each member in a statement that has CampaignMember, as long as it may get; "" where none is due."""
    word = (
        select(Keyword.word)
        .join(Campaign, Campaign.keyword_id == Keyword.id)
        .where(Campaign.id == CampaignMember.campaign_id)
        .scalar_subquery()
    )
    written = func.replace(literal(_line(policy, _WORD, _LONGEST_DAY)), literal(_WORD), word)
    return case((is_due(CampaignMember.number, policy, now), func.coalesce(written, "")), else_="")


def count(session: Session, question: AudienceQuestion) -> int:
    """Count the members whom the question lets into a broadcast and for whom the line is due."""
    if question.keyword_id is None:
        return 0
    of_all = audience_counts.members(session, question)
    rows = select(func.count()).select_from(of_all.rows).where(question.members)
    rows = rows.where(of_all.why.in_(audience.taken_in(question)))
    return session.scalar(rows.where(is_due(CampaignMember.number, question.policy, question.now))) or 0


def of_messages(session: Session, message_ids: Sequence[int], policy: Policy, now: datetime) -> dict[int, str]:
    """Return the lines of a broadcast's messages that start now, by their ids; where it is not due there is none."""
    rows = (
        select(Message.id, Message.number, OptIn.activated_at, Keyword.word)
        .join(Broadcast, Broadcast.id == Message.broadcast_id)
        .join(Keyword, Keyword.id == Broadcast.keyword_id)
        .join(OptIn, _covers(Message.number, Broadcast.keyword_id, Broadcast.channel))
        .where(Message.id.in_(message_ids), is_due(Message.number, policy, now))
    )
    return {row[0]: _said(policy, row[1], row[2], row[3]) for row in session.execute(rows)}


def of_bodies(session: Session, bodies: Mapping[int, str], policy: Policy, now: datetime) -> dict[int, str]:
    """Return the lines of a broadcast's messages that start now and whose texts ask for it."""
    ids = [message_id for message_id, body in bodies.items() if is_in(body)]
    return of_messages(session, ids, policy, now) if ids else {}


def of_member(session: Session, question: AudienceQuestion, member_id: int) -> str:
    """Return the line for one member, "" where it is not due."""
    rows = (
        select(CampaignMember.number, OptIn.activated_at, Keyword.word)
        .select_from(CampaignMember)
        .join(OptIn, _covers(CampaignMember.number, literal(question.keyword_id), literal(question.channel)))
        .join(Keyword, Keyword.id == OptIn.keyword_id)
        .where(CampaignMember.id == member_id, is_due(CampaignMember.number, question.policy, question.now))
    )
    found = session.execute(rows).first()
    return _said(question.policy, found[0] or "", found[1], found[2]) if found else ""


def _covers(
    number: SQLColumnExpression[str | None],
    keyword_id: SQLColumnExpression[int | None],
    channel: SQLColumnExpression[str],
) -> ColumnElement[bool]:
    """An opt-in is the one by which the number may be texted."""
    active = OptIn.status == written_out(OptInStatus.ACTIVE)
    return and_(OptIn.number == number, OptIn.keyword_id == keyword_id, OptIn.channel == channel, active)


def _said(policy: Policy, number: str, joined: datetime | None, word: str) -> str:
    """Return the line with the day as the calendar showed it where the number is."""
    if joined is None:
        return ""
    zone = local_time.zone_of(phone.zone_group(number, "").split(hours.GROUP_SEPARATOR)[0], ZoneInfo("UTC"))
    day = joined.astimezone(zone)
    return _line(policy, word, f"{day.day} {day:%b} {day.year}")


def _line(policy: Policy, word: str, day: str) -> str:
    return merge_fields.render(policy.first_line, {"brand": policy.brand, "keyword": word, "day": day})
