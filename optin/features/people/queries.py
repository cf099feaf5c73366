"""What the lists and the record page of people show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select, union
from sqlalchemy.orm import Session, joinedload

from optin import clock, phone
from optin.consent import audience, facts, hours, rules
from optin.database import steering
from optin.database.statements import has_at_most
from optin.enums import Channel, MessageStatus, OptInStatus, PersonKind, Reason
from optin.features.one_to_one.thread import Row
from optin.models import (
    AuditEntry,
    Broadcast,
    Campaign,
    CampaignMember,
    Conversation,
    Message,
    OptIn,
    OptInPerson,
    Person,
    User,
)
from optin.models.index_conditions import is_not_removed
from optin.person import records
from optin.person.filters.table import Question
from optin.policy.policy import Policy
from optin.provider import senders
from optin.queries import cached_counts, look, merged_people, search
from optin.queries.cached_counts import CachedCount
from optin.queries.look import Wanted
from optin.queries.search import Hits

SHOWN = 50


@dataclass(frozen=True)
class Membership:
    """A campaign of the person: whether a message would reach them now, and the last one that it sent them."""

    campaign: Campaign
    why_not: Reason | None
    last: Message | None

    @property
    def verdict(self) -> tuple[str, str]:
        """Return the words and the tone of the pill."""
        if self.why_not is None:
            return "Yes", "ok"
        if self.why_not in rules.MAY_WAIT:
            return f"Later: {_lower(self.why_not.label)}", self.why_not.tone
        if self.why_not == Reason.NOT_OPTED_IN and self.campaign.keyword:
            return f"No: not opted in with {self.campaign.keyword.word}", "bad"
        return f"No: {_lower(self.why_not.label)}", self.why_not.tone

    @property
    def last_status(self) -> str:
        """Return how far the last message came, in a word."""
        return _lower(MessageStatus(self.last.status).label) if self.last else ""


def found(session: Session, kind: PersonKind, text: str, region: str, question: Question) -> Hits:
    """Look up the contacts or leads that the text finds and of whom the filters hold; `region` reads numbers."""
    return _found(session, search.is_kind(kind), text, region, question)


def found_in_all(kind: PersonKind, text: str, region: str, question: Question) -> Select[int]:
    """Select all that `found` finds, however many."""
    return search.any_of(search.people(text, region, search.is_kind(kind), *question.holds(Person), all_=True))


def count_others(session: Session, kind: PersonKind, text: str, region: str, question: Question) -> CachedCount:
    """Count who of the other kind is found in the same way, as far as a quick look tells."""
    other = next(each for each in PersonKind if each != kind)
    if text:
        hits = _found(session, search.is_kind(other), text, region, question)
        return CachedCount(len(hits.ids), more=hits.more)
    given = wanted(question, search.is_kind(other))
    by_few = given.few(session, look.FEW)
    if by_few is not None:
        return cached_counts.up_to_few(session, select(Person.id).where(by_few, *given.also, *given.holds(Person)))[0]
    return look.count_some(session, lambda of: [of.kind == other, *question.holds(of)])


def wanted(
    question: Question, of_kind: ColumnElement[bool], base: Sequence[ColumnElement[bool]] = ()
) -> Wanted[Person]:
    """Return who is looked for: people of a kind, said without its index and with it (`base`), who meet the filters."""

    def few(session: Session, most: int) -> ColumnElement[bool] | None:
        by_id = [(Person.id, each.ids) for each in question.asked if each.ids is not None]
        by_number = [(Person.mobile, each.numbers) for each in question.asked if each.numbers is not None]
        for column, query in (*by_id, *by_number):
            if has_at_most(session, query, most):
                return steering.is_one_of_few(session, column, query)
        return None

    return Wanted(Person, base, question.holds, [of_kind], few, lambda of: [joinedload(of.owner)])


def _found(session: Session, of_kind: ColumnElement[bool], text: str, region: str, question: Question) -> Hits:
    if not question.asked:
        return search.find_people(session, text, region, of_kind)
    given = (of_kind, *question.holds(Person))
    ways, by_few = search.people(text, region, *given), wanted(question, of_kind).few(session, look.FEW)
    if by_few is not None:
        among = select(Person.id, Person.id.label("person_id")).where(by_few, *given)
        return search.find(session, text, ways, [among])
    hits = search.find(session, text, ways)
    return Hits(hits.ids, more=hits.more or search.is_common(session, text))


def others_found(session: Session, person: Person, text: str, region: str) -> tuple[Sequence[Person], bool]:
    """Return the first contacts and leads that a text finds besides the person, and whether there are more."""
    hits = search.find_people(session, text, region, Person.id != person.id) if text else Hits([])
    people = select(Person).where(Person.id.in_(hits.ids)).order_by(Person.sort_name, Person.id)
    return session.scalars(people.limit(SHOWN)).all(), hits.more or len(hits.ids) > SHOWN


def owners(session: Session, person: Person | None) -> list[User]:
    """List who may own a record: users that can sign in, and the present owner."""
    given: ColumnElement[bool] = User.disabled_at.is_(None)
    if person is not None and person.owner_id:
        given = or_(given, User.id == person.owner_id)
    return list(session.scalars(select(User).where(given).order_by(func.lower(User.name), User.id)))


def opt_ins(session: Session, person: Person) -> list[OptIn]:
    """List the opt-ins of the person's number and of earlier ones, active first, then the newest."""
    linked = select(OptInPerson.opt_in_id).where(OptInPerson.person_id == person.id)
    of_number = select(OptIn.id).where(OptIn.number == person.mobile)
    ids = session.scalars(union(linked, of_number)).all()  # by two indexes; joined by OR, all would be read
    newest = (
        select(OptIn).where(OptIn.id.in_(ids)).options(joinedload(OptIn.keyword)).order_by(OptIn.id.desc()).limit(SHOWN)
    )
    return sorted(session.scalars(newest), key=lambda opt_in: opt_in.status != OptInStatus.ACTIVE)


def memberships(session: Session, person: Person, policy: Policy) -> list[Membership]:
    """List the campaigns of the person, the newest first, asked with the sender that is the default."""
    everyone = merged_people.ids_of(session, person.id)
    members = (
        select(CampaignMember)
        .where(CampaignMember.person_id == person.id, is_not_removed(CampaignMember))
        .options(joinedload(CampaignMember.campaign).joinedload(Campaign.keyword))
        .order_by(CampaignMember.id.desc())
        .limit(SHOWN)
    )
    scope, channel = facts.scope_and_channel(next(iter(senders.in_use(session)), None))
    return [_membership(session, member, policy, scope, channel, everyone) for member in session.scalars(members)]


def in_campaigns(session: Session, person: Person) -> int:
    """Count the campaigns that the person is a member of."""
    members = select(func.count()).select_from(CampaignMember)
    stays = members.where(CampaignMember.person_id == person.id, is_not_removed(CampaignMember))
    return session.scalar(stays) or 0


def number_changes(session: Session, person: Person, region: str) -> list[Row]:
    """Return the person's changes of number as events for the thread, oldest first; numbers as `region` writes them."""
    everyone = merged_people.ids_of(session, person.id)
    given = [AuditEntry.subject_kind == records.SUBJECT, AuditEntry.subject_id.in_(everyone)]
    told = select(AuditEntry).where(*given, AuditEntry.field.in_(("mobile", "opt_ins_ended")))
    entries = list(session.scalars(told.options(joinedload(AuditEntry.user)).order_by(AuditEntry.id)))
    ended = {entry.at: entry.after.count(",") + 1 for entry in entries if entry.field == "opt_ins_ended"}
    changes = [entry for entry in entries if entry.field == "mobile" and entry.before]
    if not changes:
        return []
    before = {entry.before for entry in changes}
    talks = select(Conversation).where(Conversation.channel == Channel.SMS, Conversation.number.in_(before))
    ids = {talk.number: talk.id for talk in session.scalars(talks.where(Conversation.last_message_at.is_not(None)))}
    return [
        Row(
            "event",
            f"change-{entry.id}",
            _told(entry, region, ended.get(entry.at, 0)),
            entry.at,
            conversation_id=ids.get(entry.before) if entry.before != person.mobile else None,
        )
        for entry in changes
    ]


def local_time(person: Person, now: datetime) -> str:
    """Say what time it is where the person may be: "10:42, Los Angeles", or "08:42 to 10:42"; "" when unknown."""
    names = [name for name in person.zones.split(hours.GROUP_SEPARATOR) if name]
    locals_ = sorted({now.astimezone(ZoneInfo(name)).replace(tzinfo=None) for name in names})
    if not locals_:
        return ""
    if len(locals_) == 1:
        place = names[0].rpartition("/")[2].replace("_", " ")
        return f"{locals_[0]:%H:%M}, {place}" if len(names) == 1 else f"{locals_[0]:%H:%M}"
    return f"{locals_[0]:%H:%M} to {locals_[-1]:%H:%M}"


def _membership(
    session: Session, member: CampaignMember, policy: Policy, scope: str, channel: str, everyone: Sequence[int]
) -> Membership:
    """Return a campaign of a person; `everyone` are the records that are one with theirs, whose messages count."""
    campaign, now = member.campaign, clock.now()
    question = audience.ask(session, campaign, scope, channel, policy, now, groups=[member.zones])
    why = session.scalar(select(audience.reason(question)).where(CampaignMember.id == member.id))
    sent = (_last_sent(session, person_id, campaign.id) for person_id in everyone)
    last = max(filter(None, sent), key=lambda message: message.id, default=None)
    return Membership(campaign, Reason(why) if why else None, last)


def _last_sent(session: Session, person_id: int, campaign_id: int) -> Message | None:
    """Return the last message of a campaign to one record: by one each, its index is read from the end."""
    sent = (
        select(Message)
        .join(Broadcast, Broadcast.id == Message.broadcast_id)
        .where(Message.person_id == person_id, Broadcast.campaign_id == campaign_id)
        .where(Message.status.not_in((MessageStatus.QUEUED, MessageStatus.CLAIMED)))
    )
    return session.scalars(sent.order_by(Message.id.desc()).limit(1)).first()


def _told(entry: AuditEntry, region: str, ended: int) -> str:
    who = entry.user.name.split()[0] if entry.user and entry.user.name.split() else "Optin"
    old, new = (phone.display(number, region) for number in (entry.before, entry.after))
    what = f"changed the number from {old} to {new}" if new else f"removed the number {old}"
    return f"{who} {what}" + (f" · {ended} opt-in{'' if ended == 1 else 's'} ended" if ended else "")


def _lower(label: str) -> str:
    return label[0].lower() + label[1:]
