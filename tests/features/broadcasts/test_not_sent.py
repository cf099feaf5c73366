"""The tab *Not sent to*: everybody left out and every message that did not start, once, with the reason in words."""

import csv
import html
import io
import re

import pytest
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import BroadcastState, MessageStatus, OptInStatus, Reason
from optin.features.broadcasts import not_sent
from optin.models import Broadcast, LeftOut, Person
from optin.person import merging, records
from optin.queries import cached_counts
from optin.refused import Refused
from optin.sending import put_out
from tests.support import audience_scene as scene
from tests.support import campaign_scene, outbox, world
from tests.support.clients import Browser

LABELS = {"Tom Ash": Reason.NOT_OPTED_IN, "Ines Gil": Reason.OPTED_OUT, "Noor Haddad": Reason.NO_NUMBER}


@pytest.fixture
def broadcast(session: Session) -> Broadcast:
    """A broadcast to Maya, that left three people out; Olga's message was skipped, and Pedro's taken back."""
    outbox.without_sending_hours(session)
    keyword = outbox.keyword(session, "volunteer")
    made = outbox.broadcast(session, to=keyword, body="Hello")
    numbers = iter(outbox.numbers(9))
    for name in ("Maya Cole", "Olga Ruiz", "Pedro Sol", *LABELS):
        reason = LABELS.get(name)
        number = None if reason == Reason.NO_NUMBER else next(numbers)
        campaign_scene.member(session, made.campaign, world.person(session, name, number))
        if number and reason != Reason.NOT_OPTED_IN:
            scene.opt_in(session, number, OptInStatus.ACTIVE, keyword)
        if number and reason == Reason.OPTED_OUT:
            scene.obstacle(session, made, number, reason)
    put_out.begin(session, made.campaign, made, None)
    _, olga, pedro = campaign_scene.messages(session, made.id)
    olga.status, olga.reason = MessageStatus.SKIPPED, Reason.ON_HOLD
    pedro.status = MessageStatus.CANCELLED
    session.commit()
    return made


def names(page: str) -> list[str]:
    """Return whom the list shows, in its order."""
    table = page.partition('<div id="recipients"')[2].partition("</div>")[0]
    return [html.unescape(name) for name in re.findall(r'<a href="/(?:contacts|leads)/\d+">([^<]+)</a>', table)]


def test_sent_to_and_not_sent_to_are_everybody_and_nobody_twice(broadcast: Broadcast, viewer: Browser) -> None:
    sent = names(viewer.get(f"/broadcasts/{broadcast.id}").text)
    not_sent_to = names(viewer.get(f"/broadcasts/{broadcast.id}?view=not-sent").text)
    assert sent == ["Maya Cole"]
    assert not_sent_to == ["Noor Haddad", "Tom Ash", "Ines Gil", "Pedro Sol", "Olga Ruiz"]


def test_each_says_why_and_leads_to_more(broadcast: Broadcast, viewer: Browser, session: Session) -> None:
    page = viewer.get(f"/broadcasts/{broadcast.id}?view=not-sent").text
    for label in (*(reason.label for reason in LABELS.values()), "On hold for review", "Taken back by a user"):
        assert html.escape(label, quote=False) in html.unescape(page)
    links = re.findall(r'class="why-link"[^>]* href="([^"]+)"', page)
    assert len(links) == 5
    assert all(viewer.get(link).status_code == 200 for link in links)
    assert "was not kept" not in page


def test_the_filter_counts_each_reason_and_narrows(broadcast: Broadcast, agent: Browser) -> None:
    page = html.unescape(agent.get(f"/broadcasts/{broadcast.id}?view=not-sent").text)
    options = re.findall(r'<option value="([^"]*)"[^>]*>([^<]+)</option>', page)
    assert ("", "Any reason (5)") in options
    assert {(key, text) for key, text in options if key} == {
        ("no_number", "No valid mobile number (1)"),
        ("not_opted_in", "Not opted in with the campaign's keyword (1)"),
        ("opted_out", "Opted out (1)"),
        ("on_hold", "On hold for review (1)"),
        ("taken_back", "Taken back by a user (1)"),
    }
    for key, expected in (
        ("opted_out", ["Ines Gil"]), ("on_hold", ["Olga Ruiz"]), ("taken_back", ["Pedro Sol"]), ("blocked", []),
    ):  # fmt: skip
        assert names(agent.get(f"/broadcasts/{broadcast.id}?view=not-sent&reason={key}").text) == expected
    assert len(names(agent.get(f"/broadcasts/{broadcast.id}?view=not-sent&reason=nonsense").text)) == 5


def test_the_file_has_what_the_list_shows(broadcast: Broadcast, agent: Browser, viewer: Browser) -> None:
    address = f"/broadcasts/{broadcast.id}/not-sent/file"
    lines = list(csv.reader(io.StringIO(agent.get(address).text.removeprefix("\ufeff"))))
    assert [f"{line[0]} {line[1]}" for line in lines[1:]] == names(
        agent.get(f"/broadcasts/{broadcast.id}?view=not-sent").text
    )
    assert lines[0][3:5] == ["Why", "Message"]
    assert [line[4] for line in lines[1:]] == ["Left out"] * 3 + ["Cancelled", "Skipped"]
    assert len(agent.get(f"{address}?reason=opted_out").text.splitlines()) == 2
    assert viewer.get(address).status_code == 403


@pytest.mark.parametrize("order", ["why", "-why"])
@pytest.mark.parametrize("reason", ["", "not_opted_in"])
def test_pages_go_on_from_those_left_out_to_messages_and_back(
    session: Session, broadcast: Broadcast, agent: Browser, order: str, reason: str
) -> None:
    now = clock.now()
    expected = 1 + 110 if reason else 5 + 220
    for index, number in enumerate(outbox.numbers(400)[200:310]):
        person = world.person(session, f"L{index} Out", number)
        row = {"broadcast_id": broadcast.id, "person_id": person.id, "number": number, "asked_at": now}
        session.add(LeftOut(reason="not_opted_in", **row))
    outbox.add_people(session, broadcast, outbox.numbers(600)[400:510])
    session.flush()
    for message in campaign_scene.messages(session, broadcast.id)[3:]:
        message.status, message.reason = MessageStatus.SKIPPED, "blocked" if reason else "on_hold"
    session.commit()
    address: str | None = f"/broadcasts/{broadcast.id}?view=not-sent&sort={order}&reason={reason}"
    pages, last = [], ""
    while address:
        last = address
        page = agent.get(address).text
        pages.append(names(page))
        link = re.search(r'href="([^"]+)" rel="next"', page)
        address = html.unescape(link[1]) if link else None
    everybody = [name for page in pages for name in page]
    assert len(everybody) == len(set(everybody)) == expected
    back, address = [], last
    while address:
        page = agent.get(address).text
        back.insert(0, names(page))
        link = re.search(r'href="([^"]+)" rel="prev"', page)
        address = html.unescape(link[1]) if link else None
    assert [name for page in back for name in page] == everybody
    assert agent.get(f"/broadcasts/{broadcast.id}?view=not-sent&page=nonsense").status_code == 200


def test_very_many_are_counted_behind(
    session: Session, broadcast: Broadcast, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_counts, "FEW", 1)
    page = agent.get(f"/broadcasts/{broadcast.id}?view=not-sent").text
    assert ">Any reason</option>" in page
    session.commit()
    cached_counts.refresh(session.get_bind())
    assert "Any reason (5)" in agent.get(f"/broadcasts/{broadcast.id}?view=not-sent").text


def test_a_broadcast_of_before_says_that_it_was_not_kept(
    session: Session, broadcast: Broadcast, agent: Browser
) -> None:
    broadcast.keeps_left_out = False
    session.query(LeftOut).delete()
    session.commit()
    page = agent.get(f"/broadcasts/{broadcast.id}?view=not-sent").text
    assert "was not kept" in page
    assert names(page) == ["Pedro Sol", "Olga Ruiz"]


def test_a_scheduled_one_says_that_it_is_not_decided(session: Session, agent: Browser) -> None:
    campaign = campaign_scene.campaign(session)
    made = campaign_scene.broadcast(session, campaign, campaign_scene.sender(session), BroadcastState.SCHEDULED)
    made.starts_at = clock.now()
    session.commit()
    page = agent.get(f"/broadcasts/{made.id}?view=not-sent").text
    assert "Who is left out is decided when it starts." in page
    assert "was not kept" not in page


def test_it_comes_with_the_pages_as_htmx_asks_for_them(broadcast: Broadcast, agent: Browser) -> None:
    """What reads itself again while the broadcast is under way asks for the same tab and filter."""
    page = agent.get(f"/broadcasts/{broadcast.id}?view=not-sent&reason=opted_out").text
    again = re.search(r'id="recipients" hx-get="([^"]+)"', page)
    assert again
    assert names(agent.get(html.unescape(again[1]), headers={"HX-Request": "true"}).text) == ["Ines Gil"]


def test_the_record_of_who_was_left_out_says_so_newest_first(session: Session, agent: Browser) -> None:
    outbox.without_sending_hours(session)
    keyword = outbox.keyword(session, "volunteer")
    tom = world.person(session, "Tom Ash", world.TOM)
    for index in range(7):
        made = outbox.broadcast(session, to=keyword if index else None)
        made.campaign.name = f"Clean-up {index}"
        campaign_scene.member(session, made.campaign, tom)
        put_out.begin(session, made.campaign, made, None)
        session.commit()
    page = agent.get(f"/contacts/{tom.id}?tab=related").text
    section = page.partition('id="left-out"')[2].partition("</section>")[0]
    assert re.findall(r">Clean-up (\d), ", section) == ["6", "5", "4", "3", "2"]
    assert section.count(": not sent, not opted in with volunteer.") == 5
    more = re.search(r'href="([^"]+)">Earlier ones', section)
    assert more
    section = agent.get(html.unescape(more[1])).text.partition('id="left-out"')[2].partition("</section>")[0]
    assert re.findall(r">Clean-up (\d), ", section) == ["1", "0"]
    assert ": not sent, no opt-in." in section
    assert "Earlier ones" not in section
    links = re.findall(r'class="why-link"[^>]* href="([^"]+)"', section)
    assert len(links) == 2
    assert agent.get(links[0]).status_code == 200


def test_a_merged_record_keeps_what_left_it_out_on_the_kept_one(
    session: Session, broadcast: Broadcast, agent: Browser
) -> None:
    tom = session.query(Person).filter_by(first_name="Tom").one()
    kept = world.person(session, "Thomas Ash", None)
    chosen = {name: getattr(kept, name) for name in records.FIELDS} | {"mobile": tom.mobile}
    merged = merging.merge(session, kept, tom, chosen, outbox.author(session))
    session.commit()
    assert not isinstance(merged, Refused)
    page = agent.get(f"/contacts/{kept.id}?tab=related").text
    assert 'id="left-out"' in page
    assert agent.get(f"/broadcasts/{broadcast.id}/left-out/{tom.id}/why").status_code == 200
    assert len(names(agent.get(f"/broadcasts/{broadcast.id}?view=not-sent").text)) == 5


def test_every_reason_has_words() -> None:
    assert not_sent.label(None) == "Taken back by a user"
    assert all(not_sent.label(reason) == reason.label for reason in Reason)
