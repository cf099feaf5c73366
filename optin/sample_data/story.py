"""What happened in thirty days, in order: what the organisation did between the texts that people sent."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import CampaignStatus, OptInSource
from optin.features.broadcasts import sending
from optin.features.campaigns import add_opt_ins, members
from optin.features.keywords import saving
from optin.models import Campaign, Conversation, Keyword, Person
from optin.models.keyword import CONFIRMATION, QUESTION
from optin.person import records
from optin.policy import audit, cache, policy
from optin.provider import senders
from optin.refused import done
from optin.sample_data.cast import PEOPLE, TEXTS
from optin.sample_data.town import Town
from optin.sending import queueing

BRAND = "River Friends"
READ_BEFORE = timedelta(days=3)
NOORS_NEW_NUMBER = "+12065550163"
NUMBERS = {somebody.name: f"+1{somebody.mobile}" for somebody in PEOPLE if somebody.mobile}
Deed = Callable[[], None]


def tell(town: Town) -> None:
    """Let it all happen, each thing at its moment before now."""
    now = clock.now()
    deeds: list[tuple[datetime, Deed]] = [
        *((moment(text.at, now), partial(town.text, _number(text.who), text.body)) for text in TEXTS),
        *((moment(at, now), partial(deed, town)) for at, deed in DEEDS),
    ]
    for at, deed in sorted(deeds, key=lambda pair: pair[0]):
        with clock.at(at):
            deed()
    with town.session() as session:
        _tidy_the_inbox(session, town.user_id, now)


def moment(written: str, now: datetime) -> datetime:
    """Return the moment that "29d 09:14" (days before today, UTC) or "40m" (minutes ago) means."""
    if written.endswith("m"):
        return now - timedelta(minutes=int(written[:-1]))
    days, clock_time = written.split("d ")
    return datetime.combine(now.date() - timedelta(days=int(days)), time.fromisoformat(clock_time), now.tzinfo)


def _begin(town: Town) -> None:
    """The organisation gives itself a name, two keywords and its address book."""
    with town.session() as session:
        # As on a first start: what "now" is to the sample's broadcasts may be night where its people are.
        policy.change(session, town.user_id, brand=BRAND, sending_hours=False)
        for content in (RIVERTEAM, DONATE):
            done(saving.create(session, content, town.user_id))
        for somebody in PEOPLE:
            fields = {
                "first_name": somebody.first_name,
                "last_name": somebody.last_name,
                "mobile": NUMBERS.get(somebody.name, ""),
                "company": somebody.company,
                "email": f"{somebody.first_name}.{somebody.last_name}@example.org".lower(),
                "owner_id": town.user_id,
            }
            done(records.create(session, somebody.kind, fields, town.user_id))


def _campaign(name: str, word: str, status: CampaignStatus, description: str, town: Town) -> None:
    with town.session() as session:
        keyword_id = session.scalars(select(Keyword.id).where(Keyword.word == word)).one()
        campaign = Campaign(
            name=name,
            description=description,
            status=status,
            keyword_id=keyword_id,
            owner_id=town.user_id,
            created_at=clock.now(),
            updated_at=clock.now(),
        )
        session.add(campaign)
        session.flush()
        audit.record(session, town.user_id, "created", "campaign", campaign.id)


def _add_opt_ins(name: str, town: Town) -> None:
    with town.session() as session:
        campaign = _campaign_named(session, name)
        done(add_opt_ins.add(session, campaign.id, town.user_id, create_leads=False, include_removed=False))


def _add_by_hand(name: str, people: tuple[str, ...], town: Town) -> None:
    with town.session() as session:
        ids = [_person(session, full_name).id for full_name in people]
        campaign = _campaign_named(session, name)
        members.add(session, campaign.id, town.user_id, list(ids))


def _broadcast(name: str, body: str, town: Town) -> None:
    with town.session() as session:
        order = sending.BroadcastOrder(body, None, str(uuid4()), town.user_id)
        started = done(sending.start(session, _campaign_named(session, name).id, order))
    town.deliver(started.broadcast_id)


def _complete(name: str, town: Town) -> None:
    with town.session() as session:
        campaign: Campaign = _campaign_named(session, name)
        before, campaign.status = CampaignStatus(campaign.status), CampaignStatus.COMPLETED
        campaign.updated_at = clock.now()
        changes = {"Status": (before.label, CampaignStatus.COMPLETED.label)}
        audit.record(session, town.user_id, "changed", "campaign", campaign.id, changes)


def _write(name: str, body: str, town: Town) -> None:
    """A user writes to one person."""
    with town.session() as session:
        person = _person(session, name)
        taken = queueing.queue_one_to_one(
            session,
            number=person.mobile,
            body=body,
            sender=senders.in_use(session)[0],
            policy=cache.policy(session),
            author_id=town.user_id,
            form_key=str(uuid4()),
            person_id=person.id,
        )
        done(taken)
    town.deliver()


def _change_noors_number(town: Town) -> None:
    with town.session() as session:
        done(records.change(session, _person(session, "Noor Haddad"), {"mobile": NOORS_NEW_NUMBER}, town.user_id))


def _keep(name: str, town: Town) -> None:
    """A user decides that a text on hold was no request to stop."""
    with town.session() as session:
        ledger.keep(session, NUMBERS[name], Act(OptInSource.USER, clock.now(), actor_id=town.user_id))


def _expire_questions(town: Town) -> None:
    """What the schedule does every minute; here once is enough."""
    with town.session() as session:
        ledger.expire_questions(session, Act(OptInSource.SMS, clock.now()))


def _tidy_the_inbox(session: Session, user_id: int, now: datetime) -> None:
    """Somebody has read what is older than some days, and two conversations are theirs."""
    session.execute(update(Conversation).where(Conversation.last_message_at < now - READ_BEFORE).values(unread=0))
    mine = [NUMBERS[name] for name in ("Maya Chen", "Leo Park")]
    session.execute(update(Conversation).where(Conversation.number.in_(mine)).values(assigned_to_id=user_id))


def _number(who: str) -> str:
    return NUMBERS.get(who) or f"+1{who}"


def _person(session: Session, name: str) -> Person:
    first, last = name.split(" ")
    return session.scalars(select(Person).where(Person.first_name == first, Person.last_name == last)).one()


def _campaign_named(session: Session, name: str) -> Campaign:
    return session.scalars(select(Campaign).where(Campaign.name == name)).one()


# The words that a new user is led to type, "volunteer" and "Volunteer Campaign", stay free for them.
RIVERTEAM = saving.KeywordContent(
    word="riverteam",
    aliases=("rivercrew",),
    description="People who help on the river: clean-ups, counts of birds, boat days.",
    disclosure="Text RIVERTEAM to help River Friends on the river. 2 msgs/month. Msg & data rates may apply. "
    "Reply HELP for help, STOP to cancel.",
    disclosure_url="https://example.org/river",
    frequency="2 msgs/month",
    double_opt_in=False,
    confirmation="You're in! {{ brand }}: {{ frequency }}. Msg & data rates may apply. "
    "Reply HELP for help, STOP to cancel.",
    question=QUESTION,
)
DONATE = saving.KeywordContent(
    word="donate2026",
    aliases=(),
    description="The winter drive: news of what the money does, and a reminder at its end.",
    disclosure="Text DONATE2026 for news of our winter drive. Up to 4 msgs/month. Msg & data rates may apply. "
    "Reply HELP for help, STOP to cancel.",
    disclosure_url="https://example.org/winter",
    frequency="Up to 4 msgs/month",
    double_opt_in=True,
    confirmation=CONFIRMATION,
    question=QUESTION,
)
RIVER, WINTER, CLEAN_UP = "River Team", "Winter drive", "River clean-up"
APPEAL = "{{ brand }}: the winter drive is open, gifts up to Sunday are doubled. Thank you, {{ first_name | friend }}!"
WELCOME = "Hi {{ first_name | there }}, thank you for joining {{ brand }}. News of the first date follows soon."
GLOVES = "Hi {{ first_name | there }}, the river clean-up is on Saturday at 9. Bring gloves!"
BY_HAND = ("Rosa Delgado", "Kenji Sato", "Julia Becker", "Mina Park")
GOES_ON, PLANNED = CampaignStatus.IN_PROGRESS, CampaignStatus.PLANNED
DEEDS: tuple[tuple[str, Callable[[Town], None]], ...] = (
    ("30d 09:00", _begin),
    ("26d 09:10", partial(_write, "Noor Haddad", "Yes, behind the boat house.")),
    ("26d 14:00", partial(_campaign, WINTER, "donate2026", GOES_ON, "Two messages and a thank-you.")),
    ("21d 10:00", partial(_campaign, RIVER, "riverteam", GOES_ON, "Everybody who helps.")),
    ("19d 11:00", partial(_add_opt_ins, WINTER)),
    ("19d 17:18", _expire_questions),
    ("18d 10:14", partial(_write, "Ines Duarte", "No, we have bags for everyone.")),
    ("18d 14:00", partial(_broadcast, WINTER, APPEAL)),
    ("12d 15:00", partial(_add_opt_ins, RIVER)),
    ("12d 16:00", partial(_complete, WINTER)),
    ("11d 10:00", partial(_add_by_hand, RIVER, BY_HAND)),
    ("11d 10:30", partial(_broadcast, RIVER, WELCOME)),
    ("8d 10:00", partial(_campaign, CLEAN_UP, "riverteam", PLANNED, "Saturday at 9, Pier 4.")),
    ("7d 11:15", _change_noors_number),
    ("6d 16:10", partial(_keep, "Grace Kim")),
    ("5d 11:00", partial(_add_opt_ins, RIVER)),
    ("100m", partial(_broadcast, RIVER, GLOVES)),
)
