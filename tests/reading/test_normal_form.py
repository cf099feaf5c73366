"""The two forms in which texts are compared, and the way back to the original."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.reading.normal_form import bare, normalise, original_piece

ANY_TEXT = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Mn", "So", "Lo"]),
        st.sampled_from("stop .\n'|"),
    )
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Hello   World  ", "hello world"),
        ("“¡Qué!”", "qué"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("don’t", "don’t"),
        ("vol-unteer!", "vol-unteer"),
        ("हाँ।", "हाँ"),
        ("1️⃣", "1"),
        ("\u200f\u202eabc\u202c", "abc"),
        ("👍🏽👍🏽", ""),
        ("a\x00b", "ab"),
        ("①②", "12"),
        ("\ud800x\udfff", "x"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_the_list_of_unseen_characters_covers_what_unicode_calls_format_and_control() -> None:
    every = (chr(code) for code in range(sys.maxunicode + 1))
    unseen = [ch for ch in every if unicodedata.category(ch) in ("Cf", "Cc") and not ch.isspace()]
    assert [hex(ord(ch)) for ch in unseen if normalise(f"a{ch}b") != "ab"] == []
    assert [hex(ord(ch)) for ch in unseen if bare(f"a{ch}b") != "ab"] == []


@given(ANY_TEXT)
def test_normalising_twice_changes_nothing(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal


@given(ANY_TEXT)
def test_the_whole_bare_form_comes_from_the_whole_text(text: str) -> None:
    form = bare(text)
    assert bare(original_piece(text, form, 0, len(form))).replace("|", "") == form.replace("|", "")
