"""What the SMS Inbox lists, and who is behind a number."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload

from optin.consent import consent_status
from optin.consent.consent_status import ConsentStatus
from optin.enums import Channel, OptInStatus, Role
from optin.models import Campaign, CampaignMember, Conversation, OptIn, Person, User
from optin.models.index_conditions import is_closed, is_not_closed, is_not_removed, is_unassigned, is_unread
from optin.queries import people_of_numbers, search
from optin.queries.paging import Page, read_page
from optin.queries.search import Hits
from optin.web.current import current_policy
from optin.web.filters import person_name

SHOWS = {
    "open": "All open",
    "unread": "Unread",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "closed": "Closed",
    "all": "All, including closed",
}
MOST_UNREAD = 100
LOOKED_AT = 2000
ASIDE = 10


@dataclass(frozen=True)
class InboxFilter:
    """What a list was asked for: which conversations, a text to find, whose they are, and the page."""

    show: str
    text: str
    user_id: int
    token: str | None = None

    @property
    def args(self) -> dict[str, str]:
        """Return what the address says of it."""
        given = {"show": self.show if self.show != "open" else "", "q": self.text, "page": self.token or ""}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class InboxPage:
    """A page of conversations with the people who have their numbers, and where each number stands.

    `has_more` where a search finds more than it lists.
    """

    page: Page[Any]
    people: Mapping[str, list[Person]]
    number_statuses: Mapping[str, ConsentStatus]
    has_more: bool = False

    @property
    def version(self) -> str:
        """Return a mark of all that the list shows."""
        shown = [
            (
                row.id,
                row.version,
                row.unread,
                row.assigned_to_id,
                row.closed_at,
                row.channel,
                self.name(row),
                self.number_statuses[row.number],
            )
            for row in self.page.rows
        ]
        return f"{zlib.crc32(repr(shown).encode()):08x}"

    def name(self, conversation: Conversation) -> str:
        """Return the first person's name, "" where nobody is known to have the number."""
        found = self.people.get(conversation.number)
        return person_name(found[0]) if found else ""

    def neighbours(self, current_id: int) -> tuple[int | None, int | None]:
        """Return the conversations before and after one; where it is not on the page, the first is next."""
        ids = [row.id for row in self.page.rows]
        if current_id not in ids:
            return None, ids[0] if ids else None
        place = ids.index(current_id)
        return ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None


def listed(session: Session, asked: InboxFilter, besides: str | None = None) -> InboxPage:
    """Fetch a page of conversations, newest first; a number that was only sent a broadcast is none.

    The number `besides` is looked up with those of the page.
    """
    found = select(Conversation).where(Conversation.last_message_at.is_not(None), *_shown(asked))
    hits = _matching(session, asked) if asked.text else Hits([])
    if asked.text:
        found = found.where(Conversation.id.in_(hits.ids))
    keys = [Conversation.last_message_at, Conversation.id]
    shown = read_page(session, found.options(joinedload(Conversation.assigned_to)), keys, asked.token, descending=True)
    numbers = {row.number for row in shown.rows} | ({besides} if besides else set())
    return InboxPage(
        shown, people_of_numbers.of_numbers(session, numbers), consent_status.of_numbers(session, numbers), hits.more
    )


def unread() -> Select[int]:
    """Select the open conversations with unread texts."""
    return select(Conversation.id).where(is_unread(Conversation))


def opt_ins(session: Session, number: str) -> list[OptIn]:
    """List the newest opt-in of each keyword for the number, active ones first."""
    newest = select(func.max(OptIn.id)).where(OptIn.number == number).group_by(OptIn.keyword_id)
    found = select(OptIn).where(OptIn.id.in_(newest)).options(joinedload(OptIn.keyword)).order_by(OptIn.id.desc())
    return sorted(session.scalars(found.limit(ASIDE)), key=lambda opt_in: opt_in.status != OptInStatus.ACTIVE)


def campaigns(session: Session, number: str) -> list[Campaign]:
    """List the campaigns that have the number, the newest first."""
    member_of = select(CampaignMember.campaign_id).where(
        is_not_removed(CampaignMember),
        CampaignMember.person_id.in_(select(Person.id).where(Person.mobile == number)),
    )
    return list(
        session.scalars(select(Campaign).where(Campaign.id.in_(member_of)).order_by(Campaign.id.desc()).limit(ASIDE))
    )


def assignable(session: Session) -> list[User]:
    """List who may be given a conversation: everybody who can sign in and write."""
    users = session.scalars(select(User).where(User.disabled_at.is_(None)).order_by(User.name, User.id))
    return [user for user in users if user.may(Role.AGENT)]


def _shown(asked: InboxFilter) -> list[ColumnElement[bool]]:
    is_open = is_not_closed(Conversation)
    shows: dict[str, list[ColumnElement[bool]]] = {
        "open": [is_open],
        "unread": [is_unread(Conversation)],
        "mine": [is_open, Conversation.assigned_to_id == asked.user_id],
        "unassigned": [is_unassigned(Conversation)],
        "closed": [is_closed(Conversation)],
        "all": [],
    }
    return shows[asked.show]


def _matching(session: Session, asked: InboxFilter) -> Hits:
    """Look up the conversations with such a person or number, or with this in the last text.

    Texts are looked through in the newest conversations only: no index knows what stands in them.
    """
    text, is_listed = asked.text, Conversation.last_message_at.is_not(None)
    given = (Conversation.channel.in_(list(Channel)), is_listed, *_shown(asked))
    newest = select(Conversation.id, Conversation.preview).where(is_listed, *_shown(asked))
    looked_at = newest.order_by(Conversation.last_message_at.desc(), Conversation.id.desc()).limit(LOOKED_AT).subquery()
    found = [
        select(Conversation.id).where(Conversation.number.in_(search.mobiles(text)), *given),
        select(looked_at.c.id).where(looked_at.c.preview.icontains(text, autoescape=True)),
    ]
    ways = search.numbers(Conversation.number, text, current_policy().default_region)
    found += [select(Conversation.id).where(way, *given) for way in ways]
    among = select(Conversation.id, Person.id.label("person_id")).where(Person.mobile == Conversation.number, *given)
    return search.find(session, text, found, [among])
