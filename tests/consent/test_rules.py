"""The rule, as the table of docs/rules.md: each row is one fact set, and what may then be sent."""

import re
from dataclasses import fields
from itertools import product
from pathlib import Path

import pytest

from optin.consent import facts as known_facts
from optin.consent.clauses import passed
from optin.consent.rules import (
    MAY_WAIT_BY,
    REPLIES_AN_HOUR,
    SETTINGS,
    STEPS,
    Case,
    Decision,
    Facts,
    decide,
    decide_reply,
    row,
    steps,
)
from optin.enums import Purpose, Reason, ReplyKind
from optin.policy.policy import Policy

MEMBER = {"opted_in": True, "any_opt_in": True}

CAMPAIGN = [
    # facts                                                   keyword  refused for
    ({}, True, Reason.NOT_OPTED_IN),
    (MEMBER, True, None),
    ({**MEMBER, "has_number": False}, True, Reason.NO_NUMBER),
    ({**MEMBER, "suppressed": True}, True, Reason.OPTED_OUT),
    ({**MEMBER, "lost": True}, True, Reason.NUMBER_LOST),
    ({**MEMBER, "lost": True, "suppressed": True}, True, Reason.OPTED_OUT),
    ({"lost": True, "held": True, "duplicate": True, "blocked": True}, True, Reason.NUMBER_LOST),
    ({"lost": True, "any_opt_in": True}, False, Reason.NUMBER_LOST),
    ({**MEMBER, "held": True}, True, Reason.ON_HOLD),
    ({**MEMBER, "suppressed": True, "held": True, "duplicate": True}, True, Reason.OPTED_OUT),
    ({**MEMBER, "duplicate": True}, True, Reason.DUPLICATE),
    ({**MEMBER, "duplicate": True, "held": True}, True, Reason.ON_HOLD),
    ({"pending": True}, True, Reason.PENDING),
    ({"any_opt_in": True}, True, Reason.NOT_OPTED_IN),
    ({"any_opt_in": True}, False, None),
    ({}, False, Reason.NO_OPT_IN),
    ({**MEMBER, "blocked": True}, True, Reason.BLOCKED),
    ({**MEMBER, "blocked": True, "outside_hours": True}, True, Reason.BLOCKED),
    ({**MEMBER, "empty_field": True}, True, Reason.EMPTY_FIELD),
    ({**MEMBER, "empty_field": True, "too_late": True}, True, Reason.TOO_LATE),
    ({**MEMBER, "empty_field": True, "outside_hours": True, "cap_reached": True}, True, Reason.EMPTY_FIELD),
    ({"any_opt_in": True, "empty_field": True}, True, Reason.NOT_OPTED_IN),
    ({**MEMBER, "outside_hours": True}, True, Reason.OUTSIDE_HOURS),
    ({**MEMBER, "promise_reached": True}, True, Reason.PROMISE_REACHED),
    ({**MEMBER, "promise_reached": True, "outside_hours": True, "cap_reached": True}, True, Reason.PROMISE_REACHED),
    ({**MEMBER, "promise_reached": True, "too_late": True}, True, Reason.TOO_LATE),
    ({**MEMBER, "promise_reached": True}, False, None),
    ({**MEMBER, "often_texted": True}, True, Reason.OFTEN_TEXTED),
    ({"any_opt_in": True, "often_texted": True}, False, Reason.OFTEN_TEXTED),
    ({**MEMBER, "often_texted": True, "promise_reached": True}, True, Reason.PROMISE_REACHED),
    ({**MEMBER, "often_texted": True, "outside_hours": True, "cap_reached": True}, True, Reason.OFTEN_TEXTED),
    ({**MEMBER, "cap_reached": True}, True, Reason.CAP_REACHED),
]


@pytest.mark.parametrize(("facts", "has_keyword", "reason"), CAMPAIGN)
def test_a_campaign_message(facts: dict[str, bool], has_keyword: bool, reason: Reason | None) -> None:
    decision = decide(Case(Purpose.CAMPAIGN, has_keyword), Facts(**facts))
    assert (decision.allowed, decision.reason) == (reason is None, reason)
    assert decision.waits == (reason in (Reason.OUTSIDE_HOURS, Reason.CAP_REACHED))


def test_a_setting_lets_a_campaign_without_keyword_reach_everybody() -> None:
    given = decide(Case(Purpose.CAMPAIGN, has_keyword=False, keywordless_needs_opt_in=False), Facts())
    assert given.allowed


def test_above_the_cap_a_message_is_skipped_when_it_is_set_so() -> None:
    facts = Facts(opted_in=True, any_opt_in=True, cap_reached=True)
    decision = decide(Case(Purpose.CAMPAIGN, has_keyword=True, cap_waits=False), facts)
    assert decision == Decision(False, Reason.CAP_REACHED, waits=False)


OWN = [
    # facts                                            own number  refused for
    ({}, True, None),
    ({"held": True}, True, None),
    ({"outside_hours": True, "cap_reached": True}, True, None),
    ({"any_opt_in": True, "opted_in": True}, False, Reason.NOT_OWN),
    ({}, False, Reason.NOT_OWN),
    ({"has_number": False}, True, Reason.NO_NUMBER),
    ({"has_number": False}, False, Reason.NO_NUMBER),
    ({"suppressed": True}, True, Reason.OPTED_OUT),
    ({"suppressed": True, "any_opt_in": True}, True, Reason.OPTED_OUT),
    ({"suppressed": True, "blocked": True}, True, Reason.OPTED_OUT),
    ({"suppressed": True}, False, Reason.NOT_OWN),
    ({"blocked": True}, True, Reason.BLOCKED),
]


@pytest.mark.parametrize(("facts", "own", "reason"), OWN)
def test_a_test_and_the_code_before_it_go_to_the_users_own_number(
    facts: dict[str, bool], own: bool, reason: Reason | None
) -> None:
    for purpose in (Purpose.TEST, Purpose.CODE):
        assert decide(Case(purpose), Facts(**facts, own=own)) == Decision(reason is None, reason)


ONE_TO_ONE = [
    # facts                                            opt-in required  refused for
    ({}, False, None),
    ({}, True, Reason.NO_OPT_IN),
    ({"any_opt_in": True}, True, None),
    ({"pending": True}, True, Reason.NO_OPT_IN),
    ({"has_number": False}, False, Reason.NO_NUMBER),
    ({"suppressed": True, "any_opt_in": True}, False, Reason.OPTED_OUT),
    ({"lost": True}, False, Reason.NUMBER_LOST),
    ({"lost": True, "blocked": True, "any_opt_in": True}, True, Reason.NUMBER_LOST),
    ({"blocked": True}, False, Reason.BLOCKED),
    ({"blocked": True, "any_opt_in": True}, True, Reason.BLOCKED),
    ({"outside_hours": True, "cap_reached": True, "duplicate": True}, False, None),
]


@pytest.mark.parametrize(("facts", "required", "reason"), ONE_TO_ONE)
def test_a_one_to_one_message(facts: dict[str, bool], required: bool, reason: Reason | None) -> None:
    decision = decide(Case(Purpose.ONE_TO_ONE, one_to_one_needs_opt_in=required), Facts(**facts))
    assert (decision.allowed, decision.reason) == (reason is None, reason)


def test_a_held_number_may_be_texted_one_to_one_with_a_notice() -> None:
    assert decide(Case(Purpose.ONE_TO_ONE), Facts(held=True)) == Decision(True, notice=Reason.ON_HOLD)


REPLIES = [
    # facts                    answer                     before  refused for
    ({}, ReplyKind.CONFIRMATION, False, None),
    ({"held": True, "outside_hours": True}, ReplyKind.HELP, False, None),
    ({"suppressed": True}, ReplyKind.OPT_OUT, False, None),
    ({"suppressed": True}, ReplyKind.OPT_OUT, True, Reason.OPTED_OUT),
    ({"suppressed": True}, ReplyKind.HELP, False, None),
    ({"suppressed": True}, ReplyKind.HELP, True, Reason.OPTED_OUT),
    ({"suppressed": True, "pending": True}, ReplyKind.QUESTION, False, None),
    ({"suppressed": True}, ReplyKind.QUESTION, False, Reason.OPTED_OUT),
    ({"suppressed": True, "pending": True}, ReplyKind.CONFIRMATION, False, Reason.OPTED_OUT),
    ({"suppressed": True}, ReplyKind.CONFIRMATION, False, Reason.OPTED_OUT),
    ({"suppressed": True}, ReplyKind.KEYWORD_ENDED, False, Reason.OPTED_OUT),
    ({"blocked": True}, ReplyKind.CONFIRMATION, False, Reason.BLOCKED),
    ({"blocked": True, "suppressed": True}, ReplyKind.OPT_OUT, False, Reason.BLOCKED),
]


@pytest.mark.parametrize(("facts", "kind", "answered", "reason"), REPLIES)
def test_an_automatic_reply(facts: dict[str, bool], kind: ReplyKind, answered: bool, reason: Reason | None) -> None:
    assert decide_reply(Facts(**facts), kind, answered=answered).reason == reason


MANY_REPLIES = [
    # answer, replies within the hour, an opt-out confirmation among them, refused for
    (ReplyKind.CONFIRMATION, REPLIES_AN_HOUR - 1, False, None),
    (ReplyKind.CONFIRMATION, REPLIES_AN_HOUR, False, Reason.TOO_MANY_REPLIES),
    (ReplyKind.QUESTION, REPLIES_AN_HOUR, False, Reason.TOO_MANY_REPLIES),
    (ReplyKind.HELP, REPLIES_AN_HOUR + 5, True, Reason.TOO_MANY_REPLIES),
    (ReplyKind.KEYWORD_ENDED, REPLIES_AN_HOUR, False, Reason.TOO_MANY_REPLIES),
    (ReplyKind.OPT_OUT, REPLIES_AN_HOUR, False, None),
    (ReplyKind.OPT_OUT, REPLIES_AN_HOUR - 1, True, None),
    (ReplyKind.OPT_OUT, REPLIES_AN_HOUR, True, Reason.TOO_MANY_REPLIES),
]


@pytest.mark.parametrize(("kind", "replies", "confirmed", "reason"), MANY_REPLIES)
def test_automatic_replies_end_somewhere(kind: ReplyKind, replies: int, confirmed: bool, reason: Reason | None) -> None:
    assert decide_reply(Facts(), kind, replies=replies, confirmed=confirmed).reason == reason


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"has_number": False}, Reason.NO_NUMBER),
        ({"suppressed": True}, Reason.OPTED_OUT),
        ({"lost": True}, Reason.NUMBER_LOST),
        ({"blocked": True}, Reason.BLOCKED),
    ],
)
def test_a_question_that_nobody_texted_for(facts: dict[str, bool], reason: Reason | None) -> None:
    assert decide(Case(Purpose.VERIFICATION), Facts(**facts)).reason == reason


GIVEN = {"own", "too_late", "empty_field", "often_texted", "outside_hours", "answered", "many_replies", "confirmed"}
"""Facts that whoever asks tells: they are about the message, its author or the moment."""


def test_every_fact_is_looked_up_or_told_and_asked_for_by_a_step() -> None:
    names = {field.name for field in fields(Facts)}
    assert set(known_facts.FACTS) == names - GIVEN
    assert {fact for step in STEPS for fact, _ in step.when} == names


def test_in_one_case_a_reason_has_one_step() -> None:
    settings = product([*Purpose], *[(True, False)] * 4, [None, *ReplyKind])
    for case in (Case(*each) for each in settings):
        reasons = [step.reason for step in steps(case)]
        assert len(reasons) == len(set(reasons)), case


def test_what_must_hold_is_said_as_briefly_as_it_can_be() -> None:
    asked = [step for step in steps(Case(Purpose.CAMPAIGN, has_keyword=True)) if "opted_in" in dict(step.when)]
    assert [step.reason for step in asked] == [Reason.PENDING, Reason.NOT_OPTED_IN]
    assert passed(asked) == [(("opted_in", True),)]
    assert passed(asked[:1]) == [(("opted_in", True), ("pending", False))]


def test_the_rows_are_those_of_the_rules_page() -> None:
    """Each row of docs/rules.md is one of the code, in its order, and says to whom it applies."""
    text = (Path(__file__).parents[2] / "docs/rules.md").read_text()
    table = re.findall(r"^\| (\d+) \| .* \| (\S.*) \| (\S.*) \|$", text.partition("## May this be sent?")[2], re.M)
    written = {
        (int(number), purpose)
        for number, *cells in table
        for purpose, cell in zip((Purpose.CAMPAIGN, Purpose.ONE_TO_ONE), cells, strict=True)
        if cell != "–" and cell != "allowed"
    }
    listed = {
        (row(step), purpose)
        for step in STEPS
        for purpose in (Purpose.CAMPAIGN, Purpose.ONE_TO_ONE)
        if purpose in step.purposes
    }
    assert written == listed | {(6, Purpose.ONE_TO_ONE)}  # it counts there as no opt-in


def test_what_waits_follows_from_settings_that_there_are() -> None:
    assert set(SETTINGS) <= {field.name for field in fields(Policy)}
    assert set(MAY_WAIT_BY) == {
        "sending_hours",
        "sending_from",
        "sending_to",
        "cap_per_day",
        "cap_per_week",
        "cap_waits",
        "state_rules",
        "state_strictest",
        "state_by_address",
    }
