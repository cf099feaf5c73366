"""Every North American area code counts in all zones that its numbers may be in, by the finest data there is."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from optin import phone
from optin.consent import hours
from optin.phone import area_codes

AREAS = sorted({prefix[1:4] for prefix in TIMEZONE_DATA if prefix.startswith("1") and len(prefix) >= 4})
EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)


@pytest.mark.parametrize("area", AREAS)
def test_an_area_code_counts_in_every_zone_of_its_finest_prefixes(area: str) -> None:
    finest = {zone for prefix, zones in TIMEZONE_DATA.items() if prefix.startswith(f"1{area}") for zone in zones}
    assert set(phone.zones(f"+1{area}5550134")) >= finest > set()


@pytest.mark.parametrize(("overlay", "below"), sorted(area_codes.OVERLAYS.items()))
def test_an_overlay_counts_as_the_area_below_it(overlay: str, below: str) -> None:
    assert phone.zones(f"+1{overlay}5550134") == phone.zones(f"+1{below}5550199")
    assert len(phone.zones(f"+1{overlay}5550134")) > 1


@pytest.mark.parametrize(
    ("area", "zones"),
    [
        ("219", {EASTERN, CENTRAL}),
        ("270", {EASTERN, CENTRAL}),
        ("364", {EASTERN, CENTRAL}),
        ("812", {EASTERN, CENTRAL}),
        ("930", {EASTERN, CENTRAL}),
        ("448", {EASTERN, CENTRAL}),
        ("850", {EASTERN, CENTRAL}),
        ("423", {EASTERN, CENTRAL}),
        ("729", {EASTERN, CENTRAL}),
        ("906", {EASTERN, CENTRAL}),
        ("308", {CENTRAL, MOUNTAIN}),
        ("605", {CENTRAL, MOUNTAIN}),
        ("701", {CENTRAL, MOUNTAIN}),
        ("785", {CENTRAL, MOUNTAIN}),
        ("620", {CENTRAL, MOUNTAIN}),
        ("541", {MOUNTAIN, PACIFIC}),
        ("458", {MOUNTAIN, PACIFIC}),
        ("986", {"America/Boise", PACIFIC}),
        ("257", {"America/Edmonton", "America/Vancouver"}),
    ],
)
def test_areas_that_are_known_to_be_split(area: str, zones: set[str]) -> None:
    assert zones <= set(phone.zones(f"+1{area}2220134"))


@pytest.mark.parametrize(("area", "zone"), [("212", EASTERN), ("312", CENTRAL), ("303", MOUNTAIN), ("415", PACIFIC)])
def test_areas_of_one_zone_keep_it(area: str, zone: str) -> None:
    assert phone.zones(f"+1{area}5550134") == (zone,)


def test_a_number_without_a_place_still_counts_in_all_zones() -> None:
    assert {EASTERN, PACIFIC, "Pacific/Honolulu"} <= set(phone.zones("+18335550134"))


@pytest.mark.parametrize(
    ("area", "zone"),
    [
        ("364", CENTRAL),
        ("448", CENTRAL),
        ("270", CENTRAL),
        ("812", CENTRAL),
        ("219", CENTRAL),
        ("850", CENTRAL),
        ("308", MOUNTAIN),
        ("701", MOUNTAIN),
        ("458", PACIFIC),
    ],
)
def test_nobody_in_the_west_of_a_split_area_is_texted_at_five_past_seven(area: str, zone: str) -> None:
    group = phone.zone_group(f"+1{area}5550134", "US").split(hours.GROUP_SEPARATOR)
    at = datetime(2026, 11, 25, 7, 5, tzinfo=ZoneInfo(zone))
    assert not hours.is_open(group, at, (time(8), time(20)))
    assert hours.is_open(group, at.replace(hour=9), (time(8), time(20)))
