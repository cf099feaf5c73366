"""Look at a broadcast's text before it is sent: what forbids it, and how long it gets for the real members."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, cast, func, select
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.consent import audience
from optin.consent.empty_fields import PERSONAL
from optin.consent.follow_up import NOBODY, FollowUp
from optin.enums import Channel
from optin.models import CampaignMember, Person, Sender
from optin.own_fields import merging
from optin.policy import cache
from optin.provider import senders
from optin.sending import first_line
from optin.texts import merge_fields, text_test
from optin.texts.segments import Segments

ACCENTED = 5000


@dataclass(frozen=True)
class PersonalFields:
    """Merge fields of a text by their names, each as a column of a statement that has Person and CampaignMember, and
    is `join`ed."""

    names: list[str]
    columns: list[ColumnElement[str]]
    own: list[merging.Column]

    def join(self, rows: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """Return rows about people with what the columns need besides."""
        return merging.join(rows, self.own)


def clean(typed: str) -> str:
    """Return a text from a form as it will be sent: line breaks as one character, no NUL, no space around it."""
    return typed.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def known(session: Session, body: str) -> tuple[str, ...]:
    """Return the merge fields that the text of a broadcast may have."""
    return (*merging.known(session, body), first_line.NAME)


def faults(body: str, known: Collection[str], channel: str = Channel.SMS) -> list[str]:
    """Return a sentence for each thing that forbids sending the text to whomever; merge fields count as empty.

    `known` are the merge fields that it may have (`known`).
    """
    if not body:
        return ["Write a message first."]
    size = channels.rules_of(channel).measure(merge_fields.render(body, {}))
    if size.too_long:
        return [f"The text has {size.characters:,} characters. Shorten it to {size.longest:,}."]
    return merge_fields.problems(body, known)


def faults_of(session: Session, texts: Sequence[str], channel: str = Channel.SMS) -> list[str]:
    """Return the same of all texts of a broadcast, each by its name where there are two."""
    return text_test.of_each([faults(body, known(session, body), channel) for body in texts])


def too_long_of(worst: Sequence[Segments]) -> list[str]:
    """Say which texts of a broadcast are too long for somebody; `worst` is each for whom it is longest."""
    return text_test.of_each([[*filter(None, [too_long_filled_in(each)])] for each in worst])


def too_long_filled_in(worst: Segments) -> str:
    """Say that the text is too long for somebody, "" where it is not; `worst` is it for whom it is longest."""
    if not worst.too_long:
        return ""
    return f"With the longest names filled in, the text has more than {worst.longest:,} characters. Shorten it."


def hindrances(
    sender: Sender | None,
    members: int,
    people: int,
    late: int = 0,
    *,
    follow_up: FollowUp | None = None,
    empty: int = 0,
    often: int = 0,
) -> list[str]:
    """Return a sentence for what forbids any broadcast now: no sender, no members, nobody among them (`people`).

    `late` are those for whom only its last time comes too early, `empty` those who are left out only because a merge
    field is empty for them, `often` because they got many texts lately; `follow_up` is of which part the members are.
    """
    if sender is None:
        return [senders.NONE_YET]
    if not members and follow_up:
        return [NOBODY[follow_up.audience]]
    if not members:
        return ["This campaign has no members yet. Add them before you send."]
    if not people and late:
        return ["Nobody would get it in time. Choose a later “Send until”, or no limit."]
    if not people and empty:
        return ["Nobody would get it: whoever could is left out, because a merge field is empty for them."]
    if not people and often:
        return ["Nobody would get it: whoever could is left out, because they got many texts lately."]
    if not people:
        return ["None of the members can receive this now. Deliverability shows why."]
    return []


def personal_fields(session: Session, body: str) -> PersonalFields:
    """Return the merge fields of the text that say something else to each person."""
    ours = [name for name in PERSONAL if name in merge_fields.names(body)]
    own = {field.key: merging.column(field) for field in merging.used_in(session, body)}
    columns: list[ColumnElement[str]] = [getattr(Person, name) for name in ours]
    if first_line.is_in(body):
        ours.append(first_line.NAME)
        columns.append(first_line.column(cache.policy(session), clock.now()))
    return PersonalFields([*ours, *own], [*columns, *(each.text for each in own.values())], list(own.values()))


def longest(
    session: Session,
    campaign_id: int,
    body: str,
    brand: str,
    *,
    among: int | None = None,
    channel: str = Channel.SMS,
    follow_up: FollowUp | None = None,
) -> Segments:
    """Count the segments of the text for the member for whom it needs the most.

    It is filled in for the member with the longest names and for those whose names may need UCS-2, the 5,000 longest of
    them. `among` looks at only so many members, the first added, where an answer while typing matters more.
    `follow_up`: only those of a part of the campaign.
    """
    used, measure = personal_fields(session, body), channels.rules_of(channel).measure
    sizes = [measure(merge_fields.render(body, {"brand": brand}))]
    if used.names:
        for row in _candidates(session, _looked_at(campaign_id, among, follow_up), used):
            values = {**dict(zip(used.names, row, strict=True)), "brand": brand}
            sizes.append(measure(merge_fields.render(body, values)))
    return max(sizes, key=lambda size: (size.segments, size.units))


def _candidates(session: Session, members: ColumnElement[bool], used: PersonalFields) -> list[tuple[str, ...]]:
    """Fetch the values of the fields that may make the text longest."""
    columns = used.columns
    length: ColumnElement[int] = sum((func.length(column) for column in columns[1:]), func.length(columns[0]))
    weight: ColumnElement[int] = sum((_bytes(session, column) for column in columns[1:]), _bytes(session, columns[0]))
    people = select(*columns).select_from(Person).join(CampaignMember, CampaignMember.person_id == Person.id)
    people = used.join(people).where(members)
    plain = session.execute(people.order_by(length.desc()).limit(1)).all()
    distinct = people.where(weight > length).group_by(*columns)
    accented = session.execute(distinct.order_by(length.desc()).limit(ACCENTED)).all()
    return [tuple(row) for row in [*plain, *accented]]


def _looked_at(campaign_id: int, among: int | None, follow_up: FollowUp | None) -> ColumnElement[bool]:
    members = audience.belongs(campaign_id, follow_up)
    if among is None:
        return members
    first: Select[int] = select(CampaignMember.id).where(members).order_by(CampaignMember.id).limit(among)
    return CampaignMember.id.in_(first)


def _bytes(session: Session, column: ColumnElement[str]) -> ColumnElement[int]:
    """The length in bytes: more than the characters where there is anything outside ASCII."""
    if session.get_bind().dialect.name == "postgresql":
        return func.octet_length(column)
    return func.length(cast(column, LargeBinary))
