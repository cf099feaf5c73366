"""Segments against the table of Twilio's calculator, and against smsutil on generated texts."""

import pytest
import smsutil
from hypothesis import given, settings
from hypothesis import strategies as st

from optin.texts.segments import _PLAIN, GSM, GSM_EXTENSION, MAX_CHARACTERS, OFFENDERS_SHOWN, count, plain

EMOJI = "😀"
FAMILY = "👨‍👩‍👧"
FLAG = "🇫🇷"

PARTS = [
    ("", 0),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("a" * 459, 3),
    ("a" * 460, 4),
    ("a" * 1600, 11),
    ("a" * 158 + "€", 1),
    ("a" * 159 + "€", 2),
    ("€" * 80, 1),
    ("€" * 81, 2),
    ("a" * 152 + "€" + "a" * 152, 3),
    ("a" * 304 + "€", 2),
    ("a" * 305 + "€", 3),
    ("ç" + "a" * 69, 1),
    ("ç" + "a" * 70, 2),
    ("ç" + "a" * 133, 2),
    ("ç" + "a" * 134, 3),
    ("ç" * 1600, 24),
    (EMOJI * 35, 1),
    (EMOJI * 36, 2),
    (EMOJI * 67, 3),
    ("ç" + "a" * 65 + EMOJI + "a" * 66, 3),
    (FAMILY * 9, 2),
    (FLAG * 17, 1),
    (FLAG * 18, 2),
    ("a" * 159 + "’", 3),
    ("a" * 158 + "…", 3),
    ("\r\n" * 80, 1),
    ("\r\n" * 81, 2),
]


@pytest.mark.parametrize(("text", "segments"), PARTS)
def test_parts(text, segments):
    assert count(text).segments == segments


@pytest.mark.parametrize(
    ("text", "encoding", "units", "characters", "left"),
    [
        ("", "GSM-7", 0, 0, 160),
        ("Hi", "GSM-7", 2, 2, 158),
        ("5 €", "GSM-7", 4, 3, 156),
        ("Ça", "GSM-7", 2, 2, 158),
        ("ça", "UCS-2", 2, 2, 68),
        ("`", "UCS-2", 1, 1, 69),
        ("a\tb", "UCS-2", 3, 3, 67),
        ("\x1b", "UCS-2", 1, 1, 69),
        ("Hi " + EMOJI, "UCS-2", 5, 4, 65),
        ("a" * 160, "GSM-7", 160, 160, 0),
        ("a" * 161, "GSM-7", 161, 161, 153 - 8),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 305, 152),  # the pair moved on, so the third part holds one
        ("ç" * 71, "UCS-2", 71, 71, 67 - 4),
    ],
)
def test_units(text, encoding, units, characters, left):
    found = count(text)
    assert (found.encoding, found.units, found.characters, found.left) == (encoding, units, characters, left)


@pytest.mark.parametrize(
    ("text", "offenders"),
    [
        ("plain {text} for 5 €", ()),
        ("don’t – can’t", ("’", "–")),
        ("Привет", tuple("Привет")),
        ("абвгдежзийклмн", tuple("абвгдежзий")),
    ],
)
def test_offenders_are_distinct_in_order_and_few(text, offenders):
    assert count(text).offenders == offenders
    assert len(offenders) <= OFFENDERS_SHOWN


@pytest.mark.parametrize(
    ("text", "too_long"),
    [
        ("a" * MAX_CHARACTERS, False),
        ("a" * MAX_CHARACTERS + "b", True),
        ("€" * MAX_CHARACTERS, False),  # 3200 septets, 1600 characters
        ("ç" * MAX_CHARACTERS, False),
        (EMOJI * 800, False),
        (EMOJI * 801, True),
    ],
)
def test_the_limit_is_on_characters(text, too_long):
    assert count(text).too_long is too_long


# smsutil takes the escape code for a character; with emoji of several code points Twilio's own count differs.
TEXT = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Mn", "Me", "Mc"], exclude_characters="\x1b")
BORDER_TEXTS = st.one_of(
    st.text(TEXT, min_size=1, max_size=500),
    st.text(st.sampled_from(sorted(GSM)), min_size=1, max_size=500),
    st.tuples(st.integers(1, 480), st.text(st.sampled_from("a€ç[" + EMOJI), max_size=40)).map(
        lambda t: "a" * t[0] + t[1]
    ),
    st.tuples(st.integers(1, 210), st.text(st.sampled_from("aç" + EMOJI), max_size=40)).map(
        lambda t: "ç" * t[0] + t[1]
    ),
)


@settings(max_examples=500)
@given(BORDER_TEXTS)
def test_same_count_as_smsutil(text):
    theirs = smsutil.split(text)
    ours = count(text)
    bytes_per_unit = 1 if theirs.encoding == "gsm0338" else 2
    assert ours.segments == len(theirs.parts)
    assert ours.units * bytes_per_unit == theirs.total_bytes
    assert (ours.encoding == "GSM-7") == (theirs.encoding == "gsm0338")


@given(BORDER_TEXTS)
def test_left_is_what_fits_without_another_segment(text):
    before = count(text)
    filled = count(text + "a" * before.left)
    assert filled.segments == before.segments
    assert filled.left == 0
    assert count(text + "a" * (before.left + 1)).segments == before.segments + 1


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("We’re here: “come” – or not…", 'We\'re here: "come" - or not...'),
        ("10\u00a0%\u202foff", "10 % off"),
        ("a\tb", "a b"),
        ("`code`", "'code'"),
        ("non\u2011breaking − minus — dash", "non-breaking - minus - dash"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("cafe\u0301", "café"),
        ("½ price", "1/2 price"),
        ("façade " + FAMILY, "façade " + FAMILY),
        ("こんにちは。", "こんにちは。"),
        ("line\r\nline", "line\r\nline"),
    ],
)
def test_plain(typed, expected):
    assert plain(typed) == expected


@pytest.mark.parametrize(("text", "before", "after"), [("a" * 159 + "’", 3, 1), ("a" * 158 + "…", 3, 2), ("`", 1, 1)])
def test_plain_saves_segments(text, before, after):
    assert count(text).segments == before
    assert count(plain(text)).segments == after
    assert count(plain(text)).encoding == "GSM-7"


@given(st.text())
def test_plain_is_stable_and_leaves_no_look_alike(text):
    once = plain(text)
    assert plain(once) == once
    assert not {ord(character) for character in once} & set(_PLAIN)


@given(st.text(st.sampled_from(sorted(GSM))))
def test_plain_leaves_gsm_text_alone(text):
    assert plain(text) == text


def test_every_replacement_is_gsm():
    assert all(set(replacement) <= GSM for replacement in _PLAIN.values())
    assert not set(_PLAIN) & {ord(character) for character in GSM}
    assert len(GSM) == 127 + len(GSM_EXTENSION)
