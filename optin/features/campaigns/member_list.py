"""The Members tab of a campaign: its columns, its filters, and the same as a file."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Response, request
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.consent.audience import AudienceQuestion, Deliverability
from optin.consent.consent_status import ConsentStatus
from optin.enums import MessageStatus, Reason
from optin.features.campaigns import campaign_request, members
from optin.features.campaigns.campaign_request import chosen_sender
from optin.models import Campaign, CampaignMember, Message, Sender
from optin.queries import look
from optin.queries.look import Looked
from optin.web import lists
from optin.web.lists import Column, Listing


class MemberRow(NamedTuple):
    """A member: where the number stands, why a message would not go now (None: it would), and the last message."""

    member: CampaignMember
    consent: ConsentStatus
    reason: Reason | None
    last: Message | None


class Found(NamedTuple):
    """What a page of the list shows, and whether a search finds more than are listed."""

    looked: Looked[CampaignMember]
    has_more: bool


COLUMNS: tuple[Column[MemberRow], ...] = (
    Column("Member", cell="member"),
    Column("First name", lambda row: row.member.person.first_name, in_table=False),
    Column("Last name", lambda row: row.member.person.last_name, in_table=False),
    Column("Mobile phone", lambda row: row.member.number, is_phone=True),
    Column("State (US)", lambda row: row.member.us_state, in_table=False),
    Column("Consent", lambda row: row.consent.text, cell="consent"),
    Column("Would a message go now?", lambda row: row.reason.label if row.reason else "Will receive", cell="reason"),
    Column("Last message", lambda row: MessageStatus(row.last.status).label if row.last else "", cell="last"),
    Column("Added", lambda row: row.member.added_at, is_moment=True, name="added", keys=[CampaignMember.id]),
)


def listing(campaign_id: int, sender: Sender | None) -> Listing:
    """Return the list that the request asks for; a message would come from the sender."""
    filters = {
        "q": lists.search(),
        "reason": lists.one_of("reason", (*Reason, members.WILL_RECEIVE)),
        "sender": sender.id if sender else None,
    }
    where = {"campaign_id": campaign_id}
    return Listing(COLUMNS, "added", "campaigns.show", where, filters, "campaigns.members_file", {"tab": "members"})


def find(session: Session, listing: Listing, question: AudienceQuestion, counts: Deliverability | None) -> Found:
    """Find what the page shows, of a search the first some hundred.

    Where nobody had the reason when it was counted last (`counts`), there is but a short look for who has it now.
    """
    text, reason = listing.filters["q"], listing.filters["reason"]
    if text:
        hits = members.found(session, question.campaign_id, text, question.policy.default_region)
        page = listing.page(session, members.listed(session, question, reason, hits.ids))
        return Found(Looked(page), hits.more)
    if not reason:
        return Found(Looked(listing.page(session, members.listed(session, question, reason))), False)
    (column, descending), token = listing.order, request.args.get("page")
    wanted, why = members.wanted(question, reason), members.reason_of(reason)
    seconds = 0 if counts and not counts.having(why) else None
    looked = look.read_page(session, wanted, column.keys, token, descending=descending, seconds=seconds)
    return Found(looked, False)


def file(session: Session, campaign: Campaign) -> Response:
    """Answer with all pages of the list as a file."""
    sender, campaign_id, name = chosen_sender(), campaign.id, f"members-of-campaign-{campaign.id}"
    asked, question = listing(campaign_id, sender), campaign_request.question(session, campaign, sender)
    text, region = asked.filters["q"], question.policy.default_region
    among = members.found_in_all(campaign_id, text, region) if text else None
    query = members.listed(session, question, asked.filters["reason"], among)
    return lists.download(name, asked, query, lambda session, found: rows(session, question, found))


def rows(session: Session, question: AudienceQuestion, found: Sequence[CampaignMember]) -> list[MemberRow]:
    """Return the members as rows of the list: number status, last message, and the reason against the next one."""
    reasons = members.reasons(session, question, [member.id for member in found])
    last = members.last_messages(session, question.campaign_id, [member.person_id for member in found])
    number_statuses = consent_status.of_numbers(session, [member.number for member in found])
    return [
        MemberRow(
            member,
            number_statuses.get(member.number or "", consent_status.NO_OPT_IN),
            reasons.get(member.id),
            last.get(member.person_id),
        )
        for member in found
    ]
