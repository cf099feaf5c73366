"""What holds for every text: who may come back, what a quotation can't do, how long reading takes."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optin.enums import Meaning
from optin.reading.asides import without_asides
from optin.reading.normal_form import bare, normalise
from optin.reading.quotations import own_words
from optin.reading.words import read
from tests.reading.confusion import TEXTS, labelled

KEYWORDS = frozenset({"volunteer", "vol"})
SAID = [text for _, text in labelled(*sorted(TEXTS.glob("*.tsv")))]
WORDS = sorted({word for text in SAID for word in text.split(" ")})
PIECES = st.one_of(
    st.sampled_from(SAID), st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
)
ANY_TEXT = st.lists(PIECES, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" ", "\n", ". ", "“"]).map(lambda sign: sign.join(parts))
)

TAPS = [
    "Liked “{}”", "Loved “{}”", "Disliked “{}”", "Laughed at “{}”", "Emphasized “{}”", "Questioned “{}”",
    "Reacted 😂 to “{}”", "Removed a like from “{}”", "Removed an exclamation from “{}”",
    "Reacted with a sticker to “{}”",
    "👍 to “{}”", "\u200a❤️\u200a to “\u200a{}\u200a”",
    'Liked "{}"', 'Removed a ❤️ from "{}"', "Liked “{}” & 1 more",
    "Loved “{}”\nSent from my iPhone", "Le gustó “{}”", "Le encantó “{}”", "No le gustó “{}”",
    "Reaccionó con 👍 a “{}”",
    "A aimé « {} »", "A adoré « {} »", "A réagi avec 👍 à « {} »", "Gostou de “{}”", "Amou “{}”",
    "Reagiu com 👍 a “{}”",
    "Gefällt „{}“", "Gefällt mir nicht „{}“", "Ha messo Mi piace a “{}”", "Piace “{}”", "Понравилось «{}»",
]  # fmt: skip
CUT = ["Liked “{}…", "Loved “{}...", "Le gustó “{}…", "A adoré « {}…", "Gostou de “{}…"]


@given(ANY_TEXT)
def test_reading_never_fails(text: str) -> None:
    reading = read(text, keywords=KEYWORDS, known_keywords=KEYWORDS)
    assert reading.trigger is None or (reading.trigger and reading.trigger in text)
    assert (reading.hold is None) or reading.meaning is Meaning.ORDINARY
    assert (reading.hold is None) == (reading.trigger is None) or reading.meaning is not Meaning.ORDINARY


@given(ANY_TEXT)
@example("Y")
@example("yes please")
@example("ok start")
def test_only_start_unstop_yes_and_a_keyword_bring_anybody_back(text: str) -> None:
    reading = read(text, keywords=KEYWORDS)
    form = f" {bare(text).replace('|', ' ')} "
    if reading.meaning is Meaning.START:
        assert " start " in form or " unstop " in form
    if reading.meaning is Meaning.YES:
        assert normalise(own_words(text)) == "yes"
    if reading.meaning is Meaning.KEYWORD:
        assert reading.keyword in [normalise(line) for line in text.splitlines()]


@given(st.sampled_from(TAPS), PIECES)
@example("Liked “{}”", "STOP")
@example("Gefällt „{}“", "stop texting me")
def test_a_tap_on_any_text_opts_nobody_out(tap: str, quoted: str) -> None:
    assert read(tap.format(quoted), keywords=KEYWORDS).meaning is Meaning.ORDINARY


@given(st.sampled_from(CUT), PIECES.map(lambda text: re.sub('[”"»“’」』]', "", text)))
def test_a_tap_whose_quotation_was_cut_opts_nobody_out(tap: str, quoted: str) -> None:
    assert read(tap.format(quoted), keywords=KEYWORDS).meaning is Meaning.ORDINARY


@given(PIECES)
def test_quoted_lines_do_not_change_what_was_said_above_them(quoted: str) -> None:
    quotation = "\n".join(f"> {line}" for line in quoted.splitlines())
    assert read(f"STOP\n\n{quotation}", keywords=KEYWORDS).meaning is Meaning.OPT_OUT
    assert read(f"See you at ten\n\n{quotation}", keywords=KEYWORDS).meaning is Meaning.ORDINARY


@given(ANY_TEXT)
def test_blotting_out_keeps_every_place(text: str) -> None:
    form = bare(text)
    masked = without_asides(form)
    assert len(masked) == len(form)
    assert all(after in (before, "~") for before, after in zip(form, masked, strict=True))


def test_own_words_around_a_quotation_count() -> None:
    for text in ("STOP\n> Reply STOP to end", "> Reply STOP to end\nSTOP", "Liked “see you at ten”\nSTOP"):
        assert read(text, keywords=KEYWORDS).meaning is Meaning.OPT_OUT


HOSTILE = [
    "reply stop to ", "to stop ", "if you want ", "you have been ", "text me and ", "no one by ", "this is not ",
    "do not know ", "please ", "stop please ", "no more ", "the end ", "my mom wants ", "tell bob to ", "Sent from my ",
    "On Monday ", ">", "> a\n", "“stop ", "Liked “", "\n--\n", "From: a\nTo: b\n", "退订", "не пишите ", "لا ترسل ",
    "\u1109\u116e", "not interested in ",
    "I don't want to ", "stop2end", "STOP", "0", "st0p ",
    "his wife has ", "intended ", "stp texting ", "stp texting me ", "will i still ", "do not call text ",
    "this number is ", "they need to stop ", "i have to cancel ", "never call or text ", "“stop” a ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_is_read_at_once(piece: str) -> None:
    for text in (piece * (2_000 // len(piece)), f"stop {piece * (1_900 // len(piece))} x", f"{piece * 300}stop me"):
        began = time.process_time()
        read(text, keywords=KEYWORDS)
        assert time.process_time() - began < 0.1
