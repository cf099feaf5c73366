"""The rule and its SQL twin say the same on every combination of facts, on both databases."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import audience, audience_counts, conditions, facts
from optin.consent.audience import AudienceQuestion
from optin.consent.empty_fields import EmptyFields
from optin.consent.rules import Case, Facts, decide
from optin.enums import Channel, OptInStatus, Purpose, Reason
from optin.models import Campaign, CampaignMember, Keyword, OptIn, Person
from optin.policy.policy import Policy
from tests.support import combinations
from tests.support.combinations import CLOSED, CLOSED_AND_LATE, LATE, NOW, SCOPE

NO_PHONES = ("SUPPORT", "40404", "Acme & Co", "+0415", "+1415555x134", "+1" + "5" * 15, "+", "+1", "messenger:1")
"""What a number may be besides E.164 or missing: older versions made opt-ins of such senders."""


@pytest.fixture
def keywords(session: Session) -> tuple[Keyword, Keyword]:
    made = [Keyword(word=word, confirmation="", question="", created_at=NOW) for word in ("volunteer", "donate")]
    session.add_all(made)
    session.flush()
    return made[0], made[1]


@pytest.fixture
def campaign(session: Session, keywords: tuple[Keyword, Keyword]) -> Campaign:
    made = Campaign(name="All", keyword_id=keywords[0].id, created_at=NOW, updated_at=NOW)
    session.add(made)
    session.flush()
    return made


def _opt_in(number: str, keyword: Keyword, status: OptInStatus) -> OptIn:
    return OptIn(number=number, keyword_id=keyword.id, status=status, source="sms", requested_at=NOW, activated_at=NOW)


def _person(number: str | None) -> Person:
    return Person(kind="contact", sort_name="", mobile=number, created_at=NOW, updated_at=NOW)


def _member(campaign: Campaign, person: Person, number: str | None, zones: str) -> CampaignMember:
    return CampaignMember(campaign_id=campaign.id, person_id=person.id, number=number, zones=zones, added_at=NOW)


@pytest.mark.slow
def test_rule_and_sql_agree_on_every_combination(
    session: Session, campaign: Campaign, keywords: tuple[Keyword, Keyword]
) -> None:
    known = combinations.arrange(session, campaign, keywords)
    for with_keyword, needs, waits in product((True, False), repeat=3):
        case = Case(Purpose.CAMPAIGN, with_keyword, needs, cap_waits=waits)
        policy = Policy(keywordless_needs_opt_in=needs, cap_per_day=1, cap_waits=waits)
        question = audience.AudienceQuestion(
            *(campaign.id, keywords[0].id if with_keyword else None, SCOPE, Channel.SMS, policy, NOW),
            closed_groups=[CLOSED, CLOSED_AND_LATE],
            late_groups=[LATE, CLOSED_AND_LATE],
            empty_fields=EmptyFields(("company",)),
            leaves_out_often=True,
        )
        said = dict(session.execute(select(CampaignMember.id, audience.reason(question))).all())
        assert {i: {said[i]} for i in known} == {
            i: {str(decide(case, given).reason or "") for given in all_} for i, all_ in known.items()
        }
        _assert_alike(session, question, said)


def _assert_alike(session: Session, question: AudienceQuestion, said: dict[int, str]) -> None:
    """The other forms of the rule say what it said of each member."""
    counted = audience_counts.deliverability(session, question)
    of_all = Counter(said.values())
    assert counted.will_receive == of_all.pop("")
    assert {str(reason): count for reason, count in counted.reasons.items()} == dict(of_all)
    assert counted.total == len(said)
    of_reason: dict[str, set[int]] = defaultdict(set)
    for member_id, reason in said.items():
        of_reason[reason].add(member_id)
    for why in (None, *Reason):
        having = set(session.scalars(select(CampaignMember.id).where(*audience.having(question, why))))
        assert having == of_reason[why or ""]
        few = audience.few_having(session, question, why, audience.RARE) if why else None
        if few is not None:
            assert having <= set(session.scalars(select(CampaignMember.id).where(few))), "all are few"


@pytest.mark.slow
def test_one_number_is_looked_up_as_the_audience_is(
    session: Session, campaign: Campaign, keywords: tuple[Keyword, Keyword]
) -> None:
    known = combinations.arrange(session, campaign, keywords)
    policy = Policy(cap_per_day=1)
    members = {member.id: member for member in session.scalars(select(CampaignMember))}
    alone = [(members[i], all_) for i, all_ in known.items() if not all_[0].duplicate]
    sample = [(member, given) for member, all_ in alone[::7] for given in all_]
    assert len(sample) > 50
    for member, given in sample:
        found = facts.of_number(
            session,
            member.number,
            scope=SCOPE,
            keyword_id=keywords[0].id,
            policy=policy,
            now=NOW,
            too_late=given.too_late,
            outside_hours=given.outside_hours,
        )
        given = replace(given, empty_field=False, often_texted=False)  # they are of a broadcast, not of a number
        assert found == (given if given.has_number else Facts(has_number=False))


@pytest.mark.slow
def test_after_the_last_time_it_is_too_late_for_everybody(
    session: Session, campaign: Campaign, keywords: tuple[Keyword, Keyword]
) -> None:
    known = combinations.arrange(session, campaign, keywords)
    question = audience.ask(session, campaign, SCOPE, Channel.SMS, Policy(sending_hours=False), NOW, not_after=NOW)
    said = dict(session.execute(select(CampaignMember.id, audience.reason(question))).all())
    case = Case(Purpose.CAMPAIGN, has_keyword=True)
    assert {i: {said[i]} for i in known} == {
        i: {
            str(decide(case, replace(given, too_late=True, empty_field=False, often_texted=False)).reason)
            for given in all_
        }
        for i, all_ in known.items()
    }
    assert audience_counts.deliverability(session, question).will_receive == 0


def test_what_is_no_phone_has_no_number_in_rule_and_sql(
    session: Session, campaign: Campaign, keywords: tuple[Keyword, Keyword]
) -> None:
    phones = ("+14155550134", "+12", "+123456789012345", "+5215512345678")
    members = {}
    for number in (*NO_PHONES, *phones):
        person = _person(number)
        session.add(person)
        session.flush()
        members[number] = _member(campaign, person, number, "UTC")
        session.add_all([members[number], _opt_in(number, keywords[0], OptInStatus.ACTIVE)])
    session.flush()
    question = audience.AudienceQuestion(campaign.id, keywords[0].id, SCOPE, Channel.SMS, Policy(), NOW)
    said = dict(session.execute(select(CampaignMember.number, audience.reason(question))).all())
    assert said == dict.fromkeys(NO_PHONES, Reason.NO_NUMBER) | dict.fromkeys(phones, "")
    counted = audience_counts.deliverability(session, question)
    assert (counted.will_receive, counted.reasons) == (len(phones), {Reason.NO_NUMBER: len(NO_PHONES)})
    none = select(CampaignMember.number).where(*audience.having(question, Reason.NO_NUMBER))
    assert set(session.scalars(none)) == set(NO_PHONES)
    start = select(CampaignMember.number).where(
        conditions.consent_holds(
            CampaignMember.number, Policy(), keyword_id=keywords[0].id, scope=SCOPE, channel=Channel.SMS
        )
    )
    assert set(session.scalars(start)) == set(phones)
    for number in members:
        found = facts.of_number(session, number, scope=SCOPE, keyword_id=keywords[0].id)
        assert found.has_number == (number in phones)


def test_it_is_too_late_where_sending_hours_begin_after_the_last_time(
    session: Session, keywords: tuple[Keyword, Keyword]
) -> None:
    campaign = Campaign(name="All", keyword_id=None, created_at=NOW, updated_at=NOW)
    session.add(campaign)
    session.flush()
    evening = datetime(2026, 6, 4, 1, 30, tzinfo=UTC)  # 21:30 in New York, 18:30 in Los Angeles, 03:30 in Berlin
    zones = {
        "America/New_York": 10.5,
        "Europe/Berlin": 4.5,
        "America/Los_Angeles": 0,
        "America/New_York|Asia/Tokyo": 99,
    }
    for zone in zones:
        person = _person(f"+1415{len(zone):07d}")
        session.add(person)
        session.flush()
        session.add(_member(campaign, person, person.mobile, zone))
    session.flush()
    policy = Policy(keywordless_needs_opt_in=False)
    for hours, late in ((None, 0), (11, 1), (10.5, 2), (4.6, 2), (4.5, 3), (1, 3), (0, 4)):
        not_after = None if hours is None else evening + timedelta(hours=hours)
        question = audience.ask(session, campaign, SCOPE, Channel.SMS, policy, evening, not_after=not_after)
        counts = audience_counts.deliverability(session, question)
        assert counts.reasons.get(Reason.TOO_LATE, 0) == late, hours
        assert counts.will_wait == (0 if late > 3 else 3 - late)
