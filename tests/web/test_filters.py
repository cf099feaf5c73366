"""How times, numbers and counts read."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, g

from optin import clock
from optin.web import filters
from tests.support.frame_app import frame_app

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)

MOMENTS = [
    (timedelta(seconds=-59), "just now"),
    (timedelta(seconds=30), "just now"),
    (timedelta(minutes=-1), "1 minute ago"),
    (timedelta(minutes=-59), "59 minutes ago"),
    (timedelta(minutes=5, seconds=30), "in 5 minutes"),
    (timedelta(hours=-3), "today, 09:00"),
    (timedelta(hours=-13), "yesterday, 23:00"),
    (timedelta(hours=20), "tomorrow, 08:00"),
    (timedelta(days=-2), "21 Nov 2026"),
    (timedelta(days=-400), "19 Oct 2025"),
]


STAMPS = [
    (timedelta(minutes=-5), "11:55"),
    (timedelta(days=-2), "21 Nov, 12:00"),
    (timedelta(days=-400), "19 Oct 2025, 12:00"),
]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An app with the filters, numbers read in the US."""
    return frame_app(tmp_path)


@pytest.mark.parametrize(("distance", "said"), MOMENTS, ids=[said for _, said in MOMENTS])
def test_when(app: Flask, distance: timedelta, said: str) -> None:
    with app.test_request_context(), clock.at(NOON):
        assert filters.when(NOON + distance) == said


@pytest.mark.parametrize(("distance", "said"), STAMPS, ids=[said for _, said in STAMPS])
def test_stamp(app: Flask, distance: timedelta, said: str) -> None:
    with app.test_request_context(), clock.at(NOON):
        assert filters.stamp(NOON + distance) == said
        g.time_zone = "Asia/Tokyo"
        assert filters.stamp(NOON + distance).endswith(f"{(NOON + distance + timedelta(hours=9)):%H:%M}")


def test_times_are_shown_in_the_users_zone(app: Flask) -> None:
    early = datetime(2026, 11, 20, 3, 30, 5, tzinfo=UTC)
    with app.test_request_context(), clock.at(NOON):
        assert filters.exact(early) == "20 Nov 2026, 03:30:05 UTC"
        g.time_zone = "America/Los_Angeles"
        assert filters.exact(early) == "19 Nov 2026, 19:30:05 PST"
        assert filters.when(early) == "19 Nov 2026"
        assert filters.when(NOON - timedelta(hours=5)) == "yesterday, 23:00"


def test_a_time_to_come_is_said_with_the_place_of_its_zone(app: Flask) -> None:
    with app.test_request_context(), clock.at(NOON):
        assert filters.planned(datetime(2026, 11, 27, 18, 0, tzinfo=UTC)) == "27 Nov, 18:00 (UTC)"
        g.time_zone = "America/Los_Angeles"
        assert filters.planned(datetime(2026, 11, 27, 18, 0, tzinfo=UTC)) == "27 Nov, 10:00 (Los Angeles)"
        assert filters.planned(datetime(2027, 1, 1, 7, 59, tzinfo=UTC)) == "31 Dec, 23:59 (Los Angeles)"
        assert filters.planned(datetime(2027, 1, 1, 8, 0, tzinfo=UTC)) == "1 Jan 2027, 00:00 (Los Angeles)"
        twice = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
        assert filters.planned(twice) == "1 Nov, 01:30 (Los Angeles, PDT)"
        assert filters.planned(twice + timedelta(hours=1)) == "1 Nov, 01:30 (Los Angeles, PST)"


def test_a_date_has_no_zone(app: Flask) -> None:
    with app.test_request_context():
        g.time_zone = "America/Los_Angeles"
        assert filters.day(date(2026, 10, 4)) == "4 Oct 2026"


def test_numbers_show_as_people_of_the_region_write_them(app: Flask) -> None:
    template = app.jinja_env.from_string(
        "{{ '+14155550134'|number }} {{ '+442079460958'|number }} {{ '72345'|number }}"
    )
    with app.test_request_context():
        assert template.render() == "(415) 555-0134 +44 20 7946 0958 72345"
        g.region = "GB"
        assert template.render() == "+1 415-555-0134 020 7946 0958 72345"


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ 1234567|n }}", "1,234,567"),
        ("{{ 1|plural('person', 'people') }}", "1 person"),
        ("{{ 0|plural('person', 'people') }}", "0 people"),
        ("{{ 1198|plural('person', 'people') }}", "1,198 people"),
        ("{{ 'Ana Ruiz'|initials }}", "AR"),
        ("{{ 'Ana Maria Ruiz'|initials }}", "AR"),
        ("{{ 'ana'|initials }}", "A"),
        ("{{ '  '|initials }}", "?"),
        ("{{ 'SM4f00000000000000000000000000a91c'|short_sid }}", "SM4f…a91c"),
        ("{{ 'SM4f'|short_sid }}", "SM4f"),
    ],
)
def test_counts_names_and_sids(app: Flask, template: str, shown: str) -> None:
    assert app.jinja_env.from_string(template).render() == shown
