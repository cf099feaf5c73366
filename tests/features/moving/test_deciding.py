"""What becomes of the consent of one number: the rules of a move, one by one and over random exports."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optin.enums import EndReason
from optin.features.moving.deciding import AT_ONCE, MAY_BE_BLOCKED, NumberVerdict, decide
from optin.features.moving.signs import HeldRow, KeywordRole, SignMeaning, TextSign
from optin.features.moving.terms import MoveOutcome
from optin.reading.normal_form import normalise

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DAY = [NOW - timedelta(days=days) for days in range(100, 0, -1)]


def row(
    word: str, active: bool | None, began: datetime | None = None, left: datetime | None = None, line: int = 2
) -> HeldRow:
    """Return a row of the opt-ins."""
    return HeldRow(line, f"{word}-{line}", word, active, began, left)


def texted(at: datetime, meaning: SignMeaning = SignMeaning.OPT_OUT, keyword: str = "") -> TextSign:
    """Return a text that says something of leaving."""
    return TextSign(9, at, meaning, keyword=keyword)


def stands(verdict: NumberVerdict) -> list[tuple[str, object]]:
    """Return each keyword with why it ended, None for active."""
    return [(each.row.word, each.reason) for each in verdict.opt_ins]


def test_an_active_row_keeps_its_date() -> None:
    verdict = decide([row("News", True, DAY[3])], [], NOW)
    assert stands(verdict) == [("News", None)]
    assert verdict.opt_ins[0].began_at == DAY[3]
    assert (verdict.leaving, verdict.doubt, verdict.rows[0].outcome) == (None, None, MoveOutcome.MOVED)


@pytest.mark.parametrize("stop", [row("STOP", False, None, DAY[7]), row("STOP", False, None, DAY[5])])
def test_an_inactive_row_ended_by_a_stop_or_nobody_knows_how(stop: HeldRow) -> None:
    verdict = decide([row("News", False, None, DAY[5]), stop], [], NOW)
    assert stands(verdict) == [("News", EndReason.OPTED_OUT)]
    assert verdict.leaving is not None
    assert not verdict.leaving.is_over
    older = decide([row("News", False, None, DAY[9]), stop], [], NOW)
    assert stands(older) == [("News", EndReason.MIGRATED_INACTIVE)]


def test_a_stop_by_text_ends_it_too() -> None:
    assert stands(decide([row("News", False, None, DAY[5])], [texted(DAY[5])], NOW)) == [("News", EndReason.OPTED_OUT)]


@pytest.mark.parametrize("at", [DAY[5], DAY[6]])
def test_a_stop_that_is_not_older_makes_an_active_row_inactive(at: datetime) -> None:
    for verdict in (
        decide([row("News", True, DAY[5]), row("STOP", False, None, at)], [], NOW),
        decide([row("News", True, DAY[5])], [texted(at)], NOW),
    ):
        assert stands(verdict) == [("News", EndReason.OPTED_OUT)]
        assert verdict.leaving is not None
        assert verdict.leaving.at == at


def test_an_older_stop_is_noted_as_a_block() -> None:
    verdict = decide([row("STOP", False, None, DAY[5]), row("News", True, DAY[6])], [], NOW)
    assert stands(verdict) == [("News", None)]
    assert MAY_BE_BLOCKED in verdict.opt_ins[0].note
    assert verdict.leaving is not None
    assert verdict.leaving.is_over
    assert verdict.doubt is None


@pytest.mark.parametrize(("after", "held"), [(1, True), (60, True), (61, False)])
def test_a_keyword_within_a_minute_of_a_stop_is_for_a_person_to_decide(after: int, held: bool) -> None:
    joined = row("News", True, DAY[5] + timedelta(seconds=after))
    verdict = decide([row("STOP", False, None, DAY[5]), joined], [], NOW)
    assert stands(verdict) == [("News", None)]
    assert (verdict.doubt is not None) is held


def test_a_stop_without_a_date_is_of_today() -> None:
    verdict = decide([row("STOP", False), row("News", True, DAY[5])], [], NOW)
    assert stands(verdict) == [("News", EndReason.OPTED_OUT)]


@pytest.mark.parametrize("word", ["STOP", "Unsubscribe", ""])
def test_when_an_inactive_row_was_made_does_not_say_when_they_left(word: str) -> None:
    made_before = HeldRow(3, "k", word, active=False, opted_in_at=DAY[1], created_at=DAY[1])
    assert stands(decide([made_before, row("News", True, DAY[5])], [], NOW)) == [("News", EndReason.OPTED_OUT)]
    ended = decide([HeldRow(3, "k", "News", active=False, created_at=DAY[1])], [], NOW).opt_ins[0]
    assert (ended.began_at, ended.ended_at) == (DAY[1], NOW)


def test_a_stop_that_came_again_counts_from_then() -> None:
    again = row("STOP", True, DAY[7], DAY[2])
    assert stands(decide([again, row("News", True, DAY[5])], [], NOW)) == [("News", EndReason.OPTED_OUT)]


def test_a_row_of_nobody_knows_which_keyword_may_be_stop() -> None:
    verdict = decide([row("", False, None, DAY[6]), row("News", True, DAY[5])], [], NOW)
    assert stands(verdict) == [("News", EndReason.OPTED_OUT)]
    assert stands(decide([row("", True, DAY[6]), row("News", True, DAY[5])], [], NOW)) == [("News", None)]


def test_what_the_upsert_should_never_leave() -> None:
    assert stands(decide([row("News", True)], [], NOW)) == []
    assert stands(decide([row("News", None, DAY[5])], [], NOW)) == [("News", EndReason.MIGRATED_INACTIVE)]
    assert stands(decide([row("News", True, NOW + timedelta(days=1))], [], NOW)) == [
        ("News", EndReason.MIGRATED_INACTIVE)
    ]
    assert stands(decide([row("News", True, DAY[5], DAY[6])], [], NOW)) == [("News", EndReason.MIGRATED_INACTIVE)]
    twice = decide([row("News", True, DAY[7]), row("news", False, None, DAY[5], line=3)], [], NOW)
    assert stands(twice) == [("news", EndReason.MIGRATED_INACTIVE)]
    assert [each.outcome for each in twice.rows] == [MoveOutcome.MOVED, MoveOutcome.LEFT_OUT]


def test_start_lifts_nothing() -> None:
    verdict = decide([row("STOP", False, None, DAY[5]), row("START", True, DAY[6])], [], NOW)
    assert verdict.leaving is not None
    assert not verdict.leaving.is_over
    assert [each.outcome for each in verdict.rows] == [MoveOutcome.CONFLICT, MoveOutcome.LEFT_OUT]


def test_a_doubt_stands_until_a_later_keyword_or_stop() -> None:
    doubt = texted(DAY[6], SignMeaning.DOUBT)
    assert decide([row("News", True, DAY[5])], [doubt], NOW).doubt is not None
    assert decide([row("News", True, DAY[7])], [doubt], NOW).doubt is None
    assert decide([row("STOP", False, None, DAY[7])], [doubt], NOW).doubt is None


def test_stop_keyword_ends_that_keyword_alone() -> None:
    rows = [row("News", True, DAY[5]), row("Volunteer", True, DAY[5], line=3)]
    verdict = decide(rows, [texted(DAY[6], SignMeaning.ONE_KEYWORD, "news")], NOW)
    assert stands(verdict) == [("News", EndReason.OPTED_OUT), ("Volunteer", None)]
    assert verdict.leaving is None


moments = st.one_of(st.none(), st.integers(0, 400).map(lambda minutes: DAY[0] + timedelta(seconds=30 * minutes)))
rows_of_a_number = st.lists(
    st.builds(
        HeldRow,
        line=st.integers(2, 10**6),
        key=st.text("abc", max_size=3),
        word=st.sampled_from(["News", "news ", "Volunteer", "STOP", "Unsubscribe", "START", ""]),
        active=st.sampled_from([True, True, False, None]),
        opted_in_at=moments,
        opted_out_at=moments,
        created_at=moments,
    ),
    max_size=6,
    unique_by=lambda each: each.line,
)
texts_of_a_number = st.lists(
    st.builds(
        TextSign, line=st.integers(2, 99), at=moments, meaning=st.sampled_from(SignMeaning), keyword=st.just("news")
    ),
    max_size=4,
)


def active(verdict: NumberVerdict) -> set[str]:
    """Return the keywords that are active after a verdict."""
    return {normalise(each.row.word) for each in verdict.opt_ins if each.reason is None}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(rows_of_a_number, texts_of_a_number)
def test_nobody_whom_the_old_system_held_inactive_becomes_active(rows: list[HeldRow], texts: list[TextSign]) -> None:
    verdict = decide(rows, texts, NOW)
    for each in verdict.opt_ins:
        if each.reason is not None:
            continue
        same = [held for held in rows if normalise(held.word) == normalise(each.row.word)]
        assert all(held.active is True for held in same)
        for held in rows:
            if held.role is KeywordRole.STOP:
                assert held.left_at is not None
                assert held.left_at < each.began_at
        assert all(text.at and text.at < each.began_at for text in texts if text.meaning is SignMeaning.OPT_OUT)
    left = any(held.role is KeywordRole.STOP for held in rows)
    assert not left or active(verdict) or (verdict.leaving is not None and not verdict.leaving.is_over)


@given(rows_of_a_number, texts_of_a_number)
def test_texts_never_opt_anybody_in(rows: list[HeldRow], texts: list[TextSign]) -> None:
    assert active(decide(rows, texts, NOW)) <= active(decide(rows, [], NOW))


@given(rows_of_a_number, texts_of_a_number)
def test_a_doubt_waits_for_a_person_unless_something_later_answers_it(
    rows: list[HeldRow], texts: list[TextSign]
) -> None:
    verdict = decide(rows, texts, NOW)
    joined = [each.began_at for each in verdict.opt_ins if each.reason is None]
    may_be_stop = (KeywordRole.STOP, KeywordRole.UNKNOWN)
    left = [held.left_at or NOW for held in rows if held.role in may_be_stop and (held.word or not held.active)]
    left += [text.at or NOW for text in texts if text.meaning is SignMeaning.OPT_OUT]
    doubts = [text.at or NOW for text in texts if text.meaning is SignMeaning.DOUBT]
    newest = max(doubts, default=None)
    if newest is not None and all(newest >= at for at in (*joined, *left)):
        assert verdict.doubt is not None
        assert verdict.doubt.at == newest
        assert verdict.doubt.sign in texts
    elif left and any(timedelta() < at - max(left) <= AT_ONCE for at in joined):
        assert (verdict.doubt is not None, verdict.doubt and verdict.doubt.sign) == (True, None)
    else:
        assert verdict.doubt is None


@given(rows_of_a_number, texts_of_a_number)
def test_every_row_has_one_verdict(rows: list[HeldRow], texts: list[TextSign]) -> None:
    verdict = decide(rows, texts, NOW)
    assert sorted(each.line for each in verdict.rows) == sorted(held.line for held in rows)
    assert all(each.sentence for each in verdict.rows if each.outcome is not MoveOutcome.MOVED)
    for each in verdict.opt_ins:
        assert each.ended_at is None or each.began_at <= each.ended_at <= NOW
    assert timedelta(0) < AT_ONCE
