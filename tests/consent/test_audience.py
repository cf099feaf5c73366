"""The rule and its SQL twin say the same on every combination of facts, on both databases."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience, audience_counts, conditions, facts
from optin.consent.empty_fields import EmptyFields
from optin.consent.rules import Case, Facts, decide
from optin.database import postgresql
from optin.enums import Channel, Direction, MessageStatus, OptInStatus, Per, Purpose, Reason
from optin.models import (
    Campaign,
    CampaignMember,
    Disclosure,
    Hold,
    Keyword,
    Message,
    NumberLoss,
    OptIn,
    Person,
    ProviderBlock,
    Suppression,
)
from optin.policy.policy import Policy

SCOPE = "+14155550100"
CLOSED, LATE, CLOSED_AND_LATE = "Asia/Tokyo", "Asia/Seoul", "Asia/Manila"
ZONES = {(False, False): "UTC", (True, False): CLOSED, (False, True): LATE, (True, True): CLOSED_AND_LATE}
NOW = clock.now()
NO_PHONES = ("SUPPORT", "40404", "Acme & Co", "+0415", "+1415555x134", "+1" + "5" * 15, "+", "+1", "messenger:1")
"""What a number may be besides E.164 or missing: older versions made opt-ins of such senders."""
NAMES = (
    *("has_number", "suppressed", "lost", "held", "duplicate", "opt_in", "other_opt_in", "blocked"),
    *("outside_hours", "too_late", "empty_field", "cap", "promised"),
)
OPT_INS = (None, OptInStatus.PENDING, OptInStatus.ACTIVE)


@pytest.fixture
def keywords(session: Session) -> tuple[Keyword, Keyword]:
    made = [Keyword(word=word, confirmation="", question="", created_at=NOW) for word in ("volunteer", "donate")]
    session.add_all(made)
    session.flush()
    return made[0], made[1]


def _opt_in(number: str, keyword: Keyword, status: OptInStatus, told_id: int | None = None) -> OptIn:
    made = OptIn(number=number, keyword_id=keyword.id, status=status, source="sms", requested_at=NOW, activated_at=NOW)
    made.disclosure_id = told_id
    return made


def _arrange(session: Session, campaign: Campaign, keywords: tuple[Keyword, Keyword]) -> dict[int, Facts]:
    """Make one member for each combination of facts; return the facts that each member then has."""
    switches = (False, True)
    told_id = _promise(session, keywords[0])
    rows = product(*[switches] * 5, OPT_INS, *[switches] * 7)
    combinations = [dict(zip(NAMES, row, strict=True)) for row in rows]
    numbers = [f"+1415{index:07d}" if given["has_number"] else None for index, given in enumerate(combinations)]
    companies = ["" if given["empty_field"] else "Acme" for given in combinations]
    pairs = [tuple(_person(*both) for _ in range(2)) for both in zip(numbers, companies, strict=True)]
    session.add_all(person for pair in pairs for person in pair)
    session.flush()
    earlier, members, rest = [], [], []
    for given, number, pair in zip(combinations, numbers, pairs, strict=True):
        zones = ZONES[bool(given["outside_hours"]), bool(given["too_late"])]
        members.append(_member(campaign, pair[1], number, zones))
        if number:
            rest += _circumstances(number, given, keywords, told_id)
            earlier += [_member(campaign, pair[0], number, zones)] if given["duplicate"] else []
    for batch in (earlier, members, rest):
        session.add_all(batch)
        session.flush()
    by = select(OptIn.id).where(OptIn.number == Message.number, OptIn.keyword_id == keywords[0].id).scalar_subquery()
    session.execute(update(Message).values(opt_in_id=by).execution_options(synchronize_session=False))
    _count_rows(session)
    return {member.id: _facts(given) for member, given in zip(members, combinations, strict=True)}


def _count_rows(session: Session) -> None:
    """Tell PostgreSQL of the rows: taking the tables for empty it would go through them all for each member.

    In production autovacuum does it, which is off in tests.
    """
    for table in (CampaignMember, Hold, Message, NumberLoss, OptIn, ProviderBlock, Suppression):
        postgresql.analyse(session, table)


def _person(number: str | None, company: str = "") -> Person:
    return Person(kind="contact", sort_name="", mobile=number, company=company, created_at=NOW, updated_at=NOW)


def _member(campaign: Campaign, person: Person, number: str | None, zones: str) -> CampaignMember:
    return CampaignMember(campaign_id=campaign.id, person_id=person.id, number=number, zones=zones, added_at=NOW)


def _promise(session: Session, keyword: Keyword) -> int:
    """Let some be promised one text a week."""
    told = Disclosure(keyword_id=keyword.id, version=1, text="1 a week", created_at=NOW)
    told.promised_most, told.promised_per = 1, Per.WEEK
    session.add(told)
    session.flush()
    return told.id


def _circumstances(
    number: str, given: dict[str, object], keywords: tuple[Keyword, Keyword], told_id: int
) -> list[object]:
    rows: list[object] = []
    for table, name in ((Suppression, "suppressed"), (Hold, "held")):
        extra = {"cause": "sentence"} if table is Hold else {"asked_at": NOW}
        rows.append(table(number=number, started_at=NOW, ended_at=None if given[name] else NOW, **extra))
    rows.append(NumberLoss(number=number, started_at=NOW, ended_at=None if given["lost"] else NOW))
    if given["opt_in"]:
        rows.append(
            _opt_in(number, keywords[0], OptInStatus(str(given["opt_in"])), told_id if given["promised"] else None)
        )
    if given["other_opt_in"]:
        rows.append(_opt_in(number, keywords[1], OptInStatus.ACTIVE))
    ended = None if given["blocked"] else NOW
    rows.append(ProviderBlock(scope=SCOPE, number=number, cause="word", started_at=NOW, ended_at=ended))
    rows.append(ProviderBlock(scope="another sender", number=number, cause="word", started_at=NOW))
    age = timedelta(hours=1) if given["cap"] else timedelta(hours=25)
    rows.append(
        Message(
            direction=Direction.OUTBOUND,
            purpose=Purpose.CAMPAIGN,
            number=number,
            status=MessageStatus.DELIVERED,
            started_at=NOW - age,
            created_at=NOW,
            updated_at=NOW,
        )
    )
    return rows


def _facts(given: dict[str, object]) -> Facts:
    has_number = bool(given["has_number"])
    opted_in = given["opt_in"] == OptInStatus.ACTIVE
    return Facts(
        has_number=has_number,
        suppressed=bool(given["suppressed"]),
        lost=bool(given["lost"]),
        held=bool(given["held"]),
        duplicate=bool(given["duplicate"]),
        pending=given["opt_in"] == OptInStatus.PENDING,
        opted_in=opted_in,
        any_opt_in=opted_in or bool(given["other_opt_in"]),
        blocked=bool(given["blocked"]),
        too_late=bool(given["too_late"]),
        empty_field=bool(given["empty_field"]),
        promise_reached=opted_in and bool(given["promised"]),
        outside_hours=bool(given["outside_hours"]),
        cap_reached=bool(given["cap"]),
    )


@pytest.mark.slow
@pytest.mark.parametrize("with_keyword", [True, False])
def test_rule_and_sql_agree_on_every_combination(
    session: Session, keywords: tuple[Keyword, Keyword], with_keyword: bool
) -> None:
    keyword_id = keywords[0].id if with_keyword else None
    campaign = Campaign(name="All", keyword_id=keyword_id, created_at=NOW, updated_at=NOW)
    session.add(campaign)
    session.flush()
    known = _arrange(session, campaign, keywords)
    for needs, waits in product((True, False), (True, False)):
        policy = Policy(keywordless_needs_opt_in=needs, cap_per_day=1, cap_waits=waits)
        late = [LATE, CLOSED_AND_LATE]
        question = audience.AudienceQuestion(
            campaign.id, keyword_id, SCOPE, Channel.SMS, policy, NOW, [CLOSED, CLOSED_AND_LATE], late_groups=late
        )
        question = replace(question, empty_fields=EmptyFields(("company",)))
        said = dict(session.execute(select(CampaignMember.id, audience.reason(question))).all())
        by_rule = {
            member_id: decide(Case(Purpose.CAMPAIGN, with_keyword, needs, cap_waits=waits), given)
            for member_id, given in known.items()
        }
        assert {i: said[i] for i in known} == {i: str(d.reason or "") for i, d in by_rule.items()}
        counted = audience_counts.deliverability(session, question)
        of_all = Counter(said.values())
        assert counted.will_receive == of_all.pop("")
        assert {str(reason): count for reason, count in counted.reasons.items()} == dict(of_all)
        assert counted.total == len(said)
        for why in (None, *Reason):
            having = select(CampaignMember.id).where(*audience.having(question, why))
            assert set(session.scalars(having)) == {i for i, reason in said.items() if reason == (why or "")}
            few = audience.few_having(session, question, why, audience.RARE) if why else None
            if few is not None:
                assert set(session.scalars(having)) <= set(session.scalars(select(CampaignMember.id).where(few))), (
                    "all are few"
                )


@pytest.mark.slow
def test_one_number_is_looked_up_as_the_audience_is(session: Session, keywords: tuple[Keyword, Keyword]) -> None:
    campaign = Campaign(name="All", keyword_id=keywords[0].id, created_at=NOW, updated_at=NOW)
    session.add(campaign)
    session.flush()
    known = _arrange(session, campaign, keywords)
    policy = Policy(cap_per_day=1)
    members = {member.id: member for member in session.scalars(select(CampaignMember))}
    sample = [(members[i], given) for i, given in known.items() if not given.duplicate][::7]
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
        given = replace(given, empty_field=False)  # it is of a text, not of a number
        assert found == (given if given.has_number else Facts(has_number=False))


def test_what_is_no_phone_has_no_number_in_rule_and_sql(session: Session, keywords: tuple[Keyword, Keyword]) -> None:
    campaign = Campaign(name="All", keyword_id=keywords[0].id, created_at=NOW, updated_at=NOW)
    session.add(campaign)
    session.flush()
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


@pytest.mark.slow
def test_after_the_last_time_it_is_too_late_for_everybody(session: Session, keywords: tuple[Keyword, Keyword]) -> None:
    campaign = Campaign(name="All", keyword_id=keywords[0].id, created_at=NOW, updated_at=NOW)
    session.add(campaign)
    session.flush()
    known = _arrange(session, campaign, keywords)
    question = audience.ask(session, campaign, SCOPE, Channel.SMS, Policy(sending_hours=False), NOW, not_after=NOW)
    said = dict(session.execute(select(CampaignMember.id, audience.reason(question))).all())
    case = Case(Purpose.CAMPAIGN, has_keyword=True)
    late = {
        member_id: decide(case, replace(given, too_late=True, empty_field=False)) for member_id, given in known.items()
    }
    assert {i: said[i] for i in known} == {i: str(decision.reason) for i, decision in late.items()}
    assert audience_counts.deliverability(session, question).will_receive == 0


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
