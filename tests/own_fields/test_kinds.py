"""What each kind of field takes, what it makes of it, and what it says of what it does not take."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.enums import FieldKind
from optin.own_fields import keys, kinds
from optin.refused import Refused

SIZES = ("S", "M", "Größe L")


@pytest.mark.parametrize(
    ("kind", "written", "text"),
    [
        (FieldKind.TEXT, "  two \t words\r\nhere ", "two words here"),
        (FieldKind.TEXT, "x" * 255, "x" * 255),
        (FieldKind.TEXT, "\0", ""),
        (FieldKind.TEXT, "Zoë \U0001f355", "Zoë \U0001f355"),
        (FieldKind.NUMBER, "12", "12"),
        (FieldKind.NUMBER, " -3.50 ", "-3.5"),
        (FieldKind.NUMBER, "+7", "7"),
        (FieldKind.NUMBER, "007", "7"),
        (FieldKind.NUMBER, ".5", "0.5"),
        (FieldKind.NUMBER, "5.", "5"),
        (FieldKind.NUMBER, "-0", "0"),
        (FieldKind.NUMBER, "12,5", "12.5"),
        (FieldKind.NUMBER, "0,125", "0.125"),
        (FieldKind.NUMBER, "1.234,5", "1234.5"),
        (FieldKind.NUMBER, "1,234.5", "1234.5"),
        (FieldKind.NUMBER, "1,234,567", "1234567"),
        (FieldKind.NUMBER, "1.234.567", "1234567"),
        (FieldKind.NUMBER, "1 234", "1234"),
        (FieldKind.NUMBER, "1’234’567", "1234567"),
        (FieldKind.NUMBER, "−4", "-4"),
        (FieldKind.NUMBER, "999999999999999", "999999999999999"),
        (FieldKind.NUMBER, "0.000000000000001", "0.000000000000001"),
        (FieldKind.DAY, "2026-05-03", "2026-05-03"),
        (FieldKind.DAY, "3 May 2026", "2026-05-03"),
        (FieldKind.DAY, "31/12/2026", "2026-12-31"),
        (FieldKind.DAY, "12/31/1999", "1999-12-31"),
        (FieldKind.DAY, "3.4.2026", "2026-04-03"),
        (FieldKind.DAY, "2026-05-03 10:30", "2026-05-03"),
        (FieldKind.YES_NO, "Yes", "yes"),
        (FieldKind.YES_NO, "N", "no"),
        (FieldKind.YES_NO, "oui", "yes"),
        (FieldKind.YES_NO, "0", "no"),
        (FieldKind.CHOICE, "m", "M"),
        (FieldKind.CHOICE, "GRÖSSE L", "Größe L"),
        (FieldKind.CHOICE, "  S ", "S"),
        *((kind, " \n", "") for kind in FieldKind),
    ],
)
def test_what_is_taken(kind: FieldKind, written: str, text: str) -> None:
    assert kinds.read(kind, written, SIZES) == text


@pytest.mark.parametrize(
    ("kind", "written", "sentence"),
    [
        (FieldKind.TEXT, "x" * 256, f"“{'x' * 60}…” has more than 255 characters."),
        (FieldKind.NUMBER, "a dozen", "“a dozen” is not a number."),
        (FieldKind.NUMBER, "€5", "“€5” is not a number."),
        (FieldKind.NUMBER, "1e5", "“1e5” is not a number."),
        (FieldKind.NUMBER, "nan", "“nan” is not a number."),
        (FieldKind.NUMBER, "٣", "“٣” is not a number."),
        (FieldKind.NUMBER, "1,234", "“1,234” may be 1234 or 1.234. Write it without the comma."),
        (FieldKind.NUMBER, "1234567890123456", "“1234567890123456” has more than 15 digits."),
        (FieldKind.NUMBER, "9" * 400, f"“{'9' * 60}…” has more than 15 digits."),
        (FieldKind.DAY, "soon", "“soon” is not a day, such as 2026-05-03."),
        (FieldKind.DAY, "31/02/2026", "“31/02/2026” is not a day, such as 2026-05-03."),
        (FieldKind.DAY, "3/4/2026", "“3/4/2026” may be 3 April or 4 March. Write it as 2026-04-03."),
        (FieldKind.YES_NO, "maybe", "“maybe” is neither yes nor no."),
        (FieldKind.CHOICE, "XL", "“XL” is not in the list: S, M, Größe L."),
    ],
)
def test_what_is_refused(kind: FieldKind, written: str, sentence: str) -> None:
    assert kinds.read(kind, written, SIZES) == Refused(sentence)


def test_a_date_is_read_in_the_order_of_its_column() -> None:
    assert kinds.read(FieldKind.DAY, "3/4/2026", day_first=True) == "2026-04-03"
    assert kinds.read(FieldKind.DAY, "3/4/2026", day_first=False) == "2026-03-04"


@given(st.sampled_from(list(FieldKind)), st.text(max_size=300) | st.from_regex(r"[-+]?[\d., ]{0,20}", fullmatch=True))
def test_what_was_read_is_read_again_as_itself(kind: FieldKind, written: str) -> None:
    text = kinds.read(kind, written, SIZES)
    if not isinstance(text, Refused):
        assert kinds.read(kind, text, SIZES) == text
        assert "\0" not in text
        if text:
            kept = kinds.stored(kind, text, dict(enumerate(SIZES)))
            assert (kept.text is None) == (kind is FieldKind.CHOICE)
            assert kept.number is None or f"{kept.number:.15g}" == f"{float(text):.15g}"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**11), max_value=10**11))
def test_a_number_keeps_its_value(number) -> None:
    assert float(kinds.read(FieldKind.NUMBER, f"{number:f}")) == float(number)


@given(st.dates(date(1000, 1, 1)))
def test_a_day_reads_as_on_every_page(day: date) -> None:
    assert kinds.shown(FieldKind.DAY, day.isoformat()) == f"{day.day} {day:%b} {day.year}"
    assert kinds.read(FieldKind.DAY, kinds.shown(FieldKind.DAY, day.isoformat())) == day.isoformat()


@pytest.mark.parametrize(
    ("label", "others", "key"),
    [
        ("Shirt size", (), "shirt_size"),
        ("Größe", (), "grosse"),
        ("T-Shirt (2026)", (), "t_shirt_2026"),
        ("Brand", (), "brand_2"),
        ("First name?", (), "first_name_2"),
        ("Shirt size!", ("shirt_size",), "shirt_size_2"),
        ("Shirt size!", ("shirt_size", "shirt_size_2"), "shirt_size_3"),
        ("\U0001f355", (), "field"),
        ("サイズ", (), "サイス"),
        ("x" * 60, (), "x" * 40),
        ("x" * 60, ("x" * 40,), "x" * 37 + "_2"),
    ],
)
def test_a_key_is_made_from_the_label(label: str, others: tuple[str, ...], key: str) -> None:
    assert keys.key_of(label, others) == key


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_every_field_can_be_a_merge_field(label: str, before: list[str]) -> None:
    taken: list[str] = []
    for each in (*before, label):
        taken.append(keys.key_of(each, taken))
    assert len(set(taken)) == len(taken)
    assert not keys.TAKEN.intersection(taken)
    assert all(0 < len(key) <= keys.LONGEST and not set("{}|") & set(key) and key == key.strip() for key in taken)
