"""The pages that ask who was opted in at a moment: form, count in steps, list, file, and what is no time."""

import csv
import html
import re
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import as_of
from optin.models import Campaign, CampaignMember, Keyword
from optin.queries import paging
from optin.web import as_of as pages
from tests.support import outbox, world
from tests.support.clients import Browser


def typed(**ago: float) -> dict[str, str]:
    """Return the query that asks for a moment."""
    return {"at": f"{clock.now() - timedelta(**ago):%Y-%m-%dT%H:%M:%S}", "zone": "UTC"}


@pytest.fixture
def keyword(session: Session) -> Keyword:
    """A keyword with seven opt-ins, an hour old, of which one ended just now."""
    with clock.at(clock.now() - timedelta(hours=1)):
        made = outbox.keyword(session)
        for number in outbox.numbers(7):
            world.text(session, "VOLUNTEER", number)
    world.text(session, "STOP", outbox.numbers(7)[3])
    return made


def test_a_keyword_says_who_was_opted_in_then(viewer: Browser, keyword: Keyword) -> None:
    address = f"/keywords/{keyword.id}/as-of"
    assert address in viewer.get(f"/keywords/{keyword.id}").text
    form = viewer.get(address).text
    assert 'type="datetime-local"' in form
    assert "opted in, as it was known" not in form
    page = viewer.get(address, query_string=typed(minutes=30)).text
    assert "<strong>7</strong> were opted in, as it was known then." in page
    assert "As it is known now, it was the same." in page
    assert page.count(">OI-") == 7
    with clock.at(clock.now() + timedelta(minutes=5)):
        assert "<strong>6</strong> were opted in" in viewer.get(address, query_string=typed(seconds=1)).text
    assert "<strong>0</strong> were opted in" in viewer.get(address, query_string=typed(days=2)).text


def test_a_campaign_says_which_members_were_opted_in_then(viewer: Browser, session: Session, keyword: Keyword) -> None:
    campaign = Campaign(name="Beach", keyword=keyword, created_at=clock.now(), updated_at=clock.now())
    person = world.person(session, "Maya Cole", outbox.numbers(1)[0])
    session.add(CampaignMember(campaign=campaign, person=person, number=person.mobile, added_at=clock.now()))
    session.commit()
    address = f"/campaigns/{campaign.id}/as-of"
    assert address in viewer.get(f"/campaigns/{campaign.id}").text
    assert "<strong>0</strong> were opted in" in viewer.get(address, query_string=typed(minutes=30)).text
    with clock.at(clock.now() + timedelta(minutes=5)):
        page = viewer.get(address, query_string=typed(seconds=1)).text
    assert "<strong>1</strong> was opted in, as it was known then." in page
    assert "Maya Cole" in page


def test_a_campaign_without_a_keyword_has_no_consent_to_ask_for(viewer: Browser, session: Session) -> None:
    campaign = Campaign(name="Beach", created_at=clock.now(), updated_at=clock.now())
    session.add(campaign)
    session.commit()
    assert "as-of" not in viewer.get(f"/campaigns/{campaign.id}").text
    assert viewer.get(f"/campaigns/{campaign.id}/as-of").status_code == 404


def test_a_large_audience_is_counted_in_steps_that_nobody_can_make_up(
    viewer: Browser, keyword: Keyword, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_FIRST", 1)
    monkeypatch.setattr(pages, "AT_ONCE", 3)
    asked = typed(minutes=30)
    page = viewer.get(f"/keywords/{keyword.id}/as-of", query_string=asked).text
    seen = []
    while match := re.search(r'hx-get="([^"]+/count[^"]+)"', page):
        seen.append(re.findall(r"(\d) looked at so far", page))
        page = viewer.get(html.unescape(match[1])).text
    assert seen == [["1"], ["4"], ["7"]]
    assert "<strong>7</strong> were opted in" in page
    for so_far in ("nonsense", "eyJ.x"):
        page = viewer.get(f"/keywords/{keyword.id}/as-of/count", query_string={**asked, "so_far": so_far}).text
        assert "1 looked at so far" in page
    first = viewer.get(f"/keywords/{keyword.id}/as-of", query_string=asked).text
    token = re.search(r"so_far=([^\"&]+)", first)
    assert token is not None
    other = viewer.get(f"/keywords/{keyword.id}/as-of/count", query_string={**typed(days=2), "so_far": token[1]}).text
    assert "1 looked at so far" in other  # counted of another moment: it begins anew


def test_the_list_goes_on_where_few_of_many_were_opted_in(
    viewer: Browser, keyword: Keyword, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_of, "LOOKED_AT", 1)
    monkeypatch.setattr(paging, "SIZE", 3)
    page = viewer.get(f"/keywords/{keyword.id}/as-of", query_string=typed(minutes=30)).text
    listed = [page.count(">OI-")]
    while match := re.search(r'href="([^"]+)" rel="next"', page):
        page = viewer.get(html.unescape(match[1])).text
        listed.append(page.count(">OI-"))
    assert listed == [3, 3, 1]
    nobody = viewer.get(f"/keywords/{keyword.id}/as-of", query_string=typed(days=2)).text
    assert "The list goes on." in nobody


def test_the_file_has_both_answers(agent: Browser, keyword: Keyword) -> None:
    file = agent.get(f"/keywords/{keyword.id}/as-of/file", query_string=typed(minutes=30)).text
    titles, *rows = csv.reader(file.splitlines())
    assert titles[3:] == ["Known then", "Known now", "Status today"]
    assert sorted(row[3:] for row in rows) == [
        *[["Opted in", "Opted in", "Active"]] * 6,
        ["Opted in", "Opted in", "Opted out"],
    ]


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        ("nonsense", "UTC", "Choose the day and time."),
        ("2026-05-03", "UTC", "Choose the day and time."),
        ("0001-01-01T00:00", "Asia/Tokyo", "Choose the day and time."),
        ("9999-12-31T23:59", "UTC", "That time has not come yet."),
        ("2026-03-08T02:30", "America/New_York", "The clocks go forward that night"),
    ],
)
def test_what_is_no_moment_is_said(viewer: Browser, keyword: Keyword, at: str, zone: str, said: str) -> None:
    address, asked = f"/keywords/{keyword.id}/as-of", {"at": at, "zone": zone}
    page = viewer.get(address, query_string=asked)
    assert page.status_code == 200
    assert said in page.text
    assert "were opted in" not in page.text
    assert viewer.get(f"{address}/count", query_string=asked).status_code == 404


def test_a_zone_that_is_none_is_the_users(viewer: Browser, keyword: Keyword) -> None:
    page = viewer.get(f"/keywords/{keyword.id}/as-of", query_string={**typed(minutes=5), "zone": "Mars/Base"}).text
    assert "were opted in" in page or "Nobody" in page
