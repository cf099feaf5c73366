"""How near one word is to another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.reading.spelling import drawn_out, misspelt, one_edit


@pytest.mark.parametrize(
    ("left", "right", "one"),
    [
        ("stop", "stpo", True), ("stop", "stopp", True), ("stop", "sto", True), ("stop", "stip", True),
        ("stop", "tsop", True), ("stop", "xstop", True), ("stop", "stop", False), ("stop", "tops", False),
        ("stop", "st", False), ("", "a", True), ("", "ab", False), ("ab", "ba", True), ("abc", "cba", False),
        ("stop", "spot", False),
    ],
)  # fmt: skip
def test_one_edit(left: str, right: str, one: bool) -> None:
    assert one_edit(left, right) is one
    assert one_edit(right, left) is one


@given(st.text(alphabet="abc", max_size=5), st.text(alphabet="abc", max_size=5))
def test_one_edit_agrees_with_trying_every_edit(left: str, right: str) -> None:
    places = range(len(left) + 1)
    tried = {left[:i] + ch + left[i:] for i in places for ch in "abc"}
    tried |= {left[:i] + ch + left[i + 1 :] for i in places for ch in ("", *"abc")}
    tried |= {left[:i] + left[i : i + 2][::-1] + left[i + 2 :] for i in places}
    assert one_edit(left, right) is (right in tried - {left})


@pytest.mark.parametrize(
    ("word", "slip"),
    [
        ("stpo", True),
        ("stop", False),
        ("shop", False),
        ("step", False),
        ("sent", False),
        ("and", False),
    ],
)
def test_misspelt_leaves_out_everyday_words_and_short_ones(word: str, slip: bool) -> None:
    assert misspelt(word, {"stop", "end"}) is slip


@pytest.mark.parametrize(
    ("word", "drawn"),
    [("stoopp", True), ("stooop", True), ("stoppp", True), ("stopp", False), ("stop", False), ("stoppedd", False)],
)
def test_drawn_out(word: str, drawn: bool) -> None:
    assert drawn_out(word, {"stop"}) is drawn


def test_drawn_out_is_bounded() -> None:
    assert not drawn_out("sto" + "o" * 1_000_000 + "p", {"stop"})
