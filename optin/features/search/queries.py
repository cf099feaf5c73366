"""What the search in the bar finds, a few of each kind; the lists show the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from optin.enums import Channel, PersonKind
from optin.models import Campaign, Conversation, Keyword, KeywordWord, Person
from optin.queries import people_of_numbers, search
from optin.reading.words import normalise
from optin.web.current import current_policy

SHOWN = 8


@dataclass(frozen=True)
class SearchResults:
    """What was found of each kind, at most SHOWN and one more, which says that there are others."""

    contacts: Sequence[Person]
    leads: Sequence[Person]
    keywords: Sequence[Keyword]
    campaigns: Sequence[Campaign]
    conversations: Sequence[Conversation]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was found at all."""
        return not (self.contacts or self.leads or self.keywords or self.campaigns or self.conversations)


def find(session: Session, text: str) -> SearchResults:
    """Look for a name, an email, a number in any spelling, a keyword or alias, a campaign."""
    return SearchResults(
        contacts=_people(session, PersonKind.CONTACT, text),
        leads=_people(session, PersonKind.LEAD, text),
        keywords=_keywords(session, text),
        campaigns=_campaigns(session, text),
        conversations=_strangers(session, text),
    )


def _people(session: Session, kind: PersonKind, text: str) -> Sequence[Person]:
    hits = search.find_people(session, text, current_policy().default_region, search.is_kind(kind))
    query = select(Person).where(Person.id.in_(hits.ids))
    return session.scalars(query.order_by(Person.sort_name, Person.id).limit(SHOWN + 1)).all()


def _keywords(session: Session, text: str) -> Sequence[Keyword]:
    """Archived ones as well, behind those in use."""
    piece = normalise(text) or text.casefold()
    having = select(KeywordWord.keyword_id).where(search.contains(KeywordWord.normal, piece))
    query = select(Keyword).where(Keyword.id.in_(having))
    return session.scalars(query.order_by(Keyword.archived_at.is_not(None), Keyword.word).limit(SHOWN + 1)).all()


def _campaigns(session: Session, text: str) -> Sequence[Campaign]:
    words: list[ColumnElement[bool]] = [
        or_(search.contains(func.lower(Campaign.name), word), Campaign.name.icontains(word, autoescape=True))
        for word in search.words(text)
    ]
    return session.scalars(select(Campaign).where(*words).order_by(Campaign.name, Campaign.id).limit(SHOWN + 1)).all()


def _strangers(session: Session, text: str) -> Sequence[Conversation]:
    """Find conversations with numbers that nobody is recorded with: the people's are found through them."""
    ways = search.numbers(Conversation.number, text, current_policy().default_region)
    if not ways:
        return []
    is_sms = (Conversation.channel == Channel.SMS, Conversation.last_message_at.is_not(None))
    hits = search.find(session, text, [select(Conversation.id).where(way, *is_sms) for way in ways])
    query = select(Conversation).where(Conversation.id.in_(hits.ids)).order_by(Conversation.last_message_at.desc())
    found = session.scalars(query.limit(SHOWN + 1)).all()
    known = people_of_numbers.of_numbers(session, [each.number for each in found])
    return [each for each in found if each.number not in known]
