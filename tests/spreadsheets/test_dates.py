"""Dates as people write them, and which of 3/4 is the day."""

# ruff: noqa: DTZ001 - times in tables have no zone

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.spreadsheets.dates import date_in, day_first_of, is_ambiguous

MAY = date(2026, 5, 3)
DATES = [
    ("2026-05-03", None, MAY),
    ("2026/5/3", None, MAY),
    ("20260503", None, MAY),
    ("3.5.2026", None, MAY),
    ("03.05.26", None, MAY),
    ("3/5/2026", True, MAY),
    ("5/3/2026", False, MAY),
    ("5-3-26", False, MAY),
    ("3/5/2026", None, None),
    ("5/5/2026", None, date(2026, 5, 5)),
    ("25/12/2026", None, date(2026, 12, 25)),
    ("12/25/2026", None, date(2026, 12, 25)),
    ("25/12/2026", False, date(2026, 12, 25)),
    ("3 May 2026", None, MAY),
    ("Sunday, May 3rd, 2026", None, MAY),
    ("03-May-2026", None, MAY),
    ("3. Mai 2026", None, MAY),
    ("1er mai 2026", None, date(2026, 5, 1)),
    ("3 de mayo de 2026", None, MAY),
    ("15 août 2026", None, date(2026, 8, 15)),
    ("3 de março de 2026", None, date(2026, 3, 3)),
    ("1. März 2026", None, date(2026, 3, 1)),
    ("1/2/69", False, date(2069, 1, 2)),
    ("1/2/70", False, date(1970, 1, 2)),
    ("2026-05-03 09:14:00", None, datetime(2026, 5, 3, 9, 14)),
    ("2026-05-03T09:14:00.000Z", None, datetime(2026, 5, 3, 9, 14, tzinfo=UTC)),
    ("2026-05-03T09:14:00.000+0000", None, datetime(2026, 5, 3, 9, 14, tzinfo=UTC)),
    ("2026-05-03T09:14:00-07:00", None, datetime(2026, 5, 3, 9, 14, tzinfo=timezone(-timedelta(hours=7)))),
    ("5/3/2026 9:14 PM", False, datetime(2026, 5, 3, 21, 14)),
    ("5/3/2026, 12:14 am", False, datetime(2026, 5, 3, 0, 14)),
    ("3.5.2026 9:14", None, datetime(2026, 5, 3, 9, 14)),
    ("May 3, 2026 at 9:14 p.m.", None, datetime(2026, 5, 3, 21, 14)),
    ("", None, None),
    ("soon", None, None),
    ("31/02/2026", None, None),
    ("2026-13-01", None, None),
    ("5/3/2026 25:00", False, None),
    ("5/3/2026 13:00 PM", False, None),
    ("2026-05-03T09:14:00+99:00", None, None),
    ("4155550100", None, None),
    ("415-555-0100", None, None),
    ("May 2026", None, None),
    ("Hello 3 May 2026 there", None, None),
    ("x" * 1000, None, None),
]


@pytest.mark.parametrize(("cell", "day_first", "meant"), DATES)
def test_a_date_is_read(cell: str, day_first: bool | None, meant: date | None) -> None:
    read = date_in(cell, day_first=day_first)
    assert (read, type(read)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("cells", "day_first"),
    [
        (["3/4/2026", "25/12/2026"], True),
        (["3/4/2026", "12/25/2026"], False),
        (["3.4.2026"], True),
        (["3/4/2026", "", "soon", "2026-05-03"], None),
        (["25/12/2026", "12/25/2026"], None),
        ([], None),
    ],
)
def test_a_column_shows_its_order(cells: list[str], day_first: bool | None) -> None:
    assert day_first_of(cells) is day_first


def test_a_date_of_two_meanings_is_told() -> None:
    assert [is_ambiguous(cell) for cell in ("3/4/2026", "4/4/2026", "25/4/2026", "3.4.2026", "no")] == [
        True,
        False,
        False,
        False,
        False,
    ]


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2069, 1, 1)), st.booleans())
def test_what_is_written_comes_back(moment: datetime, day_first: bool) -> None:
    moment = moment.replace(microsecond=0)
    order = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    for form in (order, "%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%b %d, %Y", "%y".join(order.split("%Y"))):
        assert date_in(moment.strftime(form), day_first=day_first) == moment.date()
        assert date_in(moment.strftime(f"{form} %H:%M:%S"), day_first=day_first) == moment
        assert date_in(moment.strftime(f"{form} %I:%M:%S %p"), day_first=day_first) == moment


@given(st.text(max_size=70) | st.text("0123456789/-.: TZapm+", max_size=25))
def test_no_text_breaks_it(cell: str) -> None:
    assert isinstance(date_in(cell, day_first=None), date | None)
    day_first_of([cell])
