"""The list of keywords and a keyword's record page: figures, campaigns, the live list of opt-ins, near misses."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.database.statements import insert
from optin.enums import BroadcastState, CampaignStatus, OptInSource, PersonKind, Role
from optin.models import Broadcast, Campaign, CampaignMember, Keyword, OptIn, Sender
from tests.conftest import Clock
from tests.support.clients import Browser
from tests.support.world import INES, MAYA, OURS, TOM, keyword, person, text


def words_only(html: str) -> str:
    """Return what a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def related(browser: Browser, made: Keyword, query: str = "") -> str:
    return browser.get(f"/keywords/{made.id}?tab=related{query}").text


def rows(html: str) -> list[str]:
    """Return the rows of the list of opt-ins as words."""
    table = html.split('id="opt-ins"')[1].split("</table>")[0]
    return [words_only(row) for row in re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)]


def poll_url(html: str) -> str:
    return unescape(re.findall(r'id="opt-ins" hx-get="([^"]+)"', html)[0])


def test_an_empty_list_leads_to_the_first_keyword(agent: Browser) -> None:
    page = agent.get("/keywords").text
    assert "No keywords yet" in page
    assert '<a class="btn btn-primary" href="/keywords/new">Create the first keyword</a>' in page


def test_the_list_counts_and_searches(agent: Browser, session: Session) -> None:
    keyword(session, "volunteer", "helfer", description="Clean-up days")
    keyword(session, "donate2026")
    for number in (MAYA, TOM):
        text(session, "volunteer", number)
    text(session, "stop", TOM)
    page = words_only(agent.get("/keywords").text)
    assert "volunteer Clean-up days 1 Single Active" in page
    assert "donate2026 – 0 Single Active" in page
    for search, found in [("HELF", "volunteer"), ("clean-UP", "volunteer"), ("2026", "donate2026"), ("%", None)]:
        page = agent.get("/keywords", query_string={"q": search}).text
        assert [word for word in ("volunteer", "donate2026") if f">{word}</a>" in page] == ([found] if found else [])
    assert "No active keyword matches “xyz”." in unescape(agent.get("/keywords?q=xyz").text)


def test_many_keywords_come_in_pages(agent: Browser, session: Session) -> None:
    for each in range(51):
        keyword(session, f"word{each}")
    first = agent.get("/keywords").text
    assert (">word50</a>" in first, ">word0</a>" in first) == (True, False)
    older = unescape(re.findall(r'href="([^"]+)" rel="next"', first)[0])
    assert ">word0</a>" in agent.get(older).text


def test_the_header_counts(agent: Browser, session: Session, clock: Clock) -> None:
    clock.set(the_clock.now().replace(year=2026, month=11, day=18, hour=12))  # a Wednesday
    made = keyword(session)
    for number in (MAYA, TOM):
        text(session, "volunteer", number)
    clock.forward(days=7)
    text(session, "stop", TOM)
    text(session, "volunteer", INES)
    text(session, "volunteers", "+12065550150")
    page = words_only(agent.get(f"/keywords/{made.id}").text)
    assert "Active opt-ins 2 Inactive 1 Opted in this week 1 Near misses 1 State Active" in page
    chart = agent.get(f"/keywords/{made.id}").text
    assert "30 days: 3 in, 1 out" in chart
    assert "<title>18 Nov 2026: 2 in, 0 out</title>" in chart
    assert "<title>25 Nov 2026: 1 in, 1 out</title>" in chart


def test_the_week_and_the_days_are_the_readers(agent: Browser, session: Session, clock: Clock) -> None:
    clock.set(the_clock.now().replace(year=2026, month=11, day=16, hour=3))  # Monday in UTC, Sunday in Los Angeles
    made = keyword(session)
    text(session, "volunteer")
    assert "Opted in this week 1" in words_only(agent.get(f"/keywords/{made.id}").text)
    assert "16 Nov 2026: 1 in" in agent.get(f"/keywords/{made.id}").text


def test_a_text_from_a_phone_appears_in_the_list(agent: Browser, session: Session) -> None:
    made = keyword(session)
    maya = person(session, "Maya Chen", MAYA)
    message = text(session, "Volunteer!")
    page = related(agent, made)
    row = rows(page)[0]
    for shown in ("OI-000001", "(415) 555-0134", "Maya Chen Contact", "Active", "Volunteer!", "just now"):
        assert shown in row
    assert f'title="{message.sid}"' in page
    assert f'href="/contacts/{maya.id}"' in page
    assert f'href="/opt-ins/{session.scalars(select(OptIn.id)).one()}"' in page


def test_the_people_behind_a_number(agent: Browser, viewer: Browser, session: Session) -> None:
    made = keyword(session)
    person(session, "Lea Lead", MAYA, PersonKind.LEAD)
    person(session, "Ines Duarte", MAYA)
    tom = person(session, "Tom Baker", TOM, PersonKind.LEAD)
    for number in (MAYA, TOM, INES):
        text(session, "volunteer", number)
    ledger.change_number(session, tom.id, TOM, None, Act(source=OptInSource.USER, at=the_clock.now()))
    tom.mobile = None
    page = related(agent, made)
    ines, toms, mayas = rows(page)
    assert "No contact or lead · Create lead" in ines
    assert "/leads/new?mobile=%2B13125550118" in page
    assert "Tom Baker Lead Number changed" in toms
    assert "Ines Duarte Contact · shared by 2" in mayas
    assert "Create lead" not in related(viewer, made)


def test_search_and_filter(agent: Browser, session: Session) -> None:
    made = keyword(session)
    keyword(session, "other")
    person(session, "Maya Chen", MAYA)
    person(session, "Tom Baker", TOM)
    for number in (MAYA, TOM, INES):
        text(session, "volunteer", number)
    text(session, "other", MAYA)
    text(session, "stop", INES)
    for query, found in [
        ({}, [INES, TOM, MAYA]),
        ({"q": "chen"}, [MAYA]),
        ({"q": "Maya Chen"}, [MAYA]),
        ({"q": "Chen, Maya"}, [MAYA]),
        ({"q": "(415) 555-0134"}, [MAYA]),
        ({"q": "0134"}, [MAYA]),
        ({"q": "+1"}, []),
        ({"q": "(415) 5"}, [MAYA]),
        ({"q": "12"}, []),
        ({"q": "%"}, []),
        ({"q": "nul\0l"}, []),
        ({"status": "active"}, [TOM, MAYA]),
        ({"status": "inactive"}, [INES]),
        ({"status": "pending"}, []),
        ({"status": "nonsense"}, [INES, TOM, MAYA]),
        ({"q": "baker", "status": "inactive"}, []),
    ]:
        page = agent.get(f"/keywords/{made.id}", query_string={"tab": "related", **query}).text
        assert re.findall(r'title="(\+\d+)"', page) == found, query
        assert f'id="opt-ins-count" >{len(found)}<' in page


def test_the_fragment_for_search_names_the_address_of_the_page(agent: Browser, session: Session) -> None:
    made = keyword(session)
    text(session, "volunteer")
    response = agent.get(f"/keywords/{made.id}/opt-ins?tab=related&q=0134&status=active")
    assert response.headers["HX-Replace-Url"] == f"/keywords/{made.id}?tab=related&q=0134&status=active"
    assert "(415) 555-0134" in response.text


def test_the_poll_answers_only_when_something_changed(agent: Browser, session: Session) -> None:
    made = keyword(session)
    url = poll_url(related(agent, made))
    assert agent.get(url).status_code == 204
    text(session, "volunteer")
    answer = agent.get(url)
    assert (answer.status_code, len(rows(answer.text))) == (200, 1)
    assert "HX-Replace-Url" not in answer.headers
    assert 'id="opt-ins-count" hx-swap-oob="true">1<' in answer.text
    assert "Active opt-ins 1" in words_only(answer.text)
    url = poll_url(answer.text)
    assert agent.get(url).status_code == 204
    text(session, "something else")
    assert agent.get(url).status_code == 204
    text(session, "stop")
    assert "Opted out" in rows(agent.get(url).text)[0]
    url = poll_url(agent.get(url).text)
    person(session, "Maya Chen", MAYA)
    assert "Maya Chen" in rows(agent.get(url).text)[0]


def test_the_list_comes_in_pages_that_keep_the_filter(agent: Browser, session: Session) -> None:
    made = keyword(session)
    now = the_clock.now()
    session.execute(
        insert(OptIn).values(
            [
                {
                    "number": f"+1415555{1000 + each}", "keyword_id": made.id, "status": "active", "source": "sms",
                    "requested_at": now, "activated_at": now, "channel": "sms", "text": "volunteer", "comment": "",
                    "end_comment": "",
                }
                for each in range(120)
            ]
        )
    )  # fmt: skip
    seen: list[str] = []
    url = f"/keywords/{made.id}?tab=related&status=active&q=415555"
    while url:
        page = agent.get(url).text
        seen += re.findall(r'title="(\+\d+)"', page)
        older = re.findall(r'href="([^"]+)" rel="next"', page)
        url = unescape(older[0]) if older else ""
    assert seen == [f"+1415555{1000 + each}" for each in reversed(range(120))]
    assert agent.get(poll_url(page)).status_code == 204


def test_campaigns_say_members_deliverable_and_last_broadcast(agent: Browser, session: Session) -> None:
    made = keyword(session)
    other = keyword(session, "other")
    now = the_clock.now()
    people = [person(session, f"P{each} Example", number) for each, number in enumerate((MAYA, TOM, None))]
    text(session, "volunteer", MAYA)
    sender = session.scalars(select(Sender)).one()
    assert sender.address == OURS
    for name, keyword_id in (("River clean-up", made.id), ("Volunteer Campaign", made.id), ("Else", other.id)):
        session.add(
            Campaign(
                name=name, keyword_id=keyword_id, status=CampaignStatus.IN_PROGRESS, created_at=now, updated_at=now
            )
        )
    session.flush()
    campaign = session.scalars(select(Campaign).where(Campaign.name == "Volunteer Campaign")).one()
    for one in people:
        session.add(CampaignMember(campaign_id=campaign.id, person_id=one.id, number=one.mobile, added_at=now))
    session.add(
        Broadcast(
            campaign_id=campaign.id, keyword_id=made.id, sender_id=sender.id, body="Hi", state=BroadcastState.SENT,
            form_key="1", created_at=now, started_at=now - timedelta(days=30),
        )
    )  # fmt: skip
    page = related(agent, made)
    section = words_only(page.split('id="campaigns-title"')[1].split("</section>")[0])
    last = f"{(now - timedelta(days=30)):%-d %b %Y}"
    assert f"Volunteer Campaign In progress 3 1 {last} River clean-up In progress 0 0 –" in section
    assert "Else" not in section
    assert f'<a class="btn btn-sm btn-outline-secondary" href="/campaigns/new?keyword={made.id}">New</a>' in page


def test_near_misses_are_listed_and_opt_nobody_in(agent: Browser, session: Session) -> None:
    made = keyword(session)
    person(session, "Maya Chen", MAYA)
    text(session, "volunter")
    text(session, "volunteer please", TOM)
    page = words_only(agent.get(f"/keywords/{made.id}?tab=near").text)
    assert "volunteer please (646) 555-0177 No contact or lead · Create lead just now Open" in page
    assert "volunter (415) 555-0134 Maya Chen Contact just now Open" in page
    assert session.scalars(select(OptIn)).all() == []


def test_the_page_begins_with_details_and_knows_its_tabs(agent: Browser, session: Session) -> None:
    made = keyword(session, description="For <b>helpers</b>")
    for query in ("", "?tab=nonsense"):
        page = agent.get(f"/keywords/{made.id}{query}").text
        assert re.findall(r'<a class="nav-link\s*(\w*)" href="([^"]+)"', page) == [
            ("active", f"/keywords/{made.id}"),
            ("", f"/keywords/{made.id}?tab=related"),
            ("", f"/keywords/{made.id}?tab=near"),
            ("", f"/keywords/{made.id}?tab=history"),
        ]
        assert "For &lt;b&gt;helpers" in page
    assert "Our team: you are signed up for volunteer texts. Msg frequency varies. Msg & data rates" in unescape(page)


@pytest.mark.parametrize("tab", ["details", "related", "near", "history"])
def test_a_viewer_reads_everything_and_is_offered_nothing_to_change(
    viewer: Browser, session: Session, tab: str
) -> None:
    made = keyword(session)
    text(session, "volunteer")
    page = viewer.get(f"/keywords/{made.id}?tab={tab}").text
    assert "volunteer" in page
    for offered in ("/edit", "campaigns/new", "/archive", "opt-ins/new", "/deletion", "leads/new"):
        assert offered not in page
    assert Role(viewer.user.role) is Role.VIEWER
    assert "/keywords/new" not in viewer.get("/keywords").text
