"""The Members tab of a campaign: its columns, its filters, and the same as a file."""

from collections.abc import Iterator, Sequence

from flask import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.consent.audience import AudienceQuestion
from optin.enums import MessageStatus, Reason
from optin.features.campaigns import campaign_request, members
from optin.features.campaigns.campaign_request import chosen_sender
from optin.models import Campaign, CampaignMember, Sender
from optin.web import lists
from optin.web.lists import Column, Listing

COLUMNS = (
    Column("Member"),
    Column("Mobile phone"),
    Column("Consent"),
    Column("Would a message go now?"),
    Column("Last message"),
    Column("Added", "added", [CampaignMember.id]),
)
TITLES = ("First name", "Last name", "Mobile phone", "Consent", "Would a message go now?", "Last message", "Added")


def listing(campaign_id: int, sender: Sender | None) -> Listing:
    """Return the list that the request asks for; a message would come from the sender."""
    filters = {
        "q": lists.search(),
        "reason": lists.one_of("reason", (*Reason, members.WILL_RECEIVE)),
        "sender": sender.id if sender else None,
    }
    where = {"campaign_id": campaign_id}
    return Listing(COLUMNS, "added", "campaigns.show", where, filters, "campaigns.members_file", {"tab": "members"})


def query(session: Session, listing: Listing, question: AudienceQuestion) -> tuple[Select[CampaignMember], bool]:
    """Select what the list shows, of a search the first some hundred; the second tells whether it finds more."""
    text, reason = listing.filters["q"], listing.filters["reason"]
    if not text:
        return members.listed(question, reason), False
    hits = members.found(session, question.campaign_id, text, question.policy.default_region)
    return members.listed(question, reason, hits.ids), hits.more


def file(session: Session, campaign: Campaign) -> Response:
    """Answer with all pages of the list as a file."""
    sender, campaign_id, name = chosen_sender(), campaign.id, f"members-of-campaign-{campaign.id}"
    asked, question = listing(campaign_id, sender), campaign_request.question(session, campaign, sender)
    text, region = asked.filters["q"], question.policy.default_region
    among = members.found_in_all(campaign_id, text, region) if text else None

    def cells(session: Session, rows: Sequence[CampaignMember]) -> Iterator[Sequence[object]]:
        reasons = members.reasons(session, question, [member.id for member in rows])
        last = members.last_messages(session, campaign_id, [member.person_id for member in rows])
        number_statuses = consent_status.of_numbers(session, [member.number for member in rows])
        for member in rows:
            person, reason, message = member.person, reasons.get(member.id), last.get(member.person_id)
            answer = reason.label if reason else "Will receive"
            status = MessageStatus(message.status).label if message else ""
            consent = number_statuses.get(member.number or "", consent_status.NO_OPT_IN).text
            yield (person.first_name, person.last_name, member.number, consent, answer, status, member.added_at)

    return lists.download(name, TITLES, asked, members.listed(question, asked.filters["reason"], among), cells)
