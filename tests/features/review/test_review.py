"""The review queue: what waits, deciding, two users at once, and what the person does meanwhile."""

import threading
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import PersonKind, Role
from optin.features.review.records import marked, open_count
from optin.models import ConsentEvent, Hold, Message, OptIn, Suppression
from tests.conftest import Clock, add_user
from tests.support.clients import Browser
from tests.support.world import INES, MAYA, TOM, keyword, person, text

DOUBTFUL = "we have to stop this bill, friends"


def hold_of(session: Session, number: str = MAYA) -> Hold:
    return session.scalars(select(Hold).where(Hold.number == number)).one()


@pytest.fixture
def held(session: Session) -> Hold:
    """Maya, opted in with volunteer, wrote something that may ask to stop."""
    keyword(session)
    person(session, "Maya Chen", MAYA)
    text(session, "volunteer")
    text(session, DOUBTFUL)
    return hold_of(session)


def test_a_card_says_who_what_since_when_and_how_long(agent: Browser, held: Hold) -> None:
    page = unescape(agent.get("/review").text)
    for shown in (
        "1 number on hold", "Maya Chen", "(415) 555-0134", "opted in with volunteer since", "10 of 10 business days",
        "we have to <mark>stop</mark> this bill, friends", "a word that may ask to stop, inside a sentence",
        'href="/inbox/', 'data-key="o"', 'data-key="k"',
    ):  # fmt: skip
        assert shown in page


def test_the_oldest_stands_first_and_alone_has_the_keys(
    agent: Browser, session: Session, held: Hold, clock: Clock
) -> None:
    clock.forward(days=14)
    text(session, "stpo", TOM)
    person(session, "Tom Baker", TOM, PersonKind.LEAD)
    page = agent.get("/review").text
    assert page.index("Maya Chen") < page.index("Tom Baker")
    assert (page.count('data-key="o"'), page.count('data-key="k"')) == (1, 1)
    assert "2 numbers on hold" in page
    assert 'href="/leads/' in page


def test_a_card_leads_to_the_conversation_that_the_text_is_in(agent: Browser, session: Session, held: Hold) -> None:
    by_sms = session.get_one(Message, held.message_id)
    text(session, "hello", TOM)
    by_whatsapp = text(session, DOUBTFUL, f"whatsapp:{TOM}")
    page = agent.get("/review").text
    for message in (by_sms, by_whatsapp):
        assert f'<a href="/inbox/{message.conversation_id}">conversation</a>' in page


def test_the_tab_counts_what_waits(agent: Browser, session: Session, held: Hold) -> None:
    text(session, "please stop volunteer texts", TOM)
    assert open_count(session).value == 2
    assert '<span class="count">2<span class="visually-hidden"> waiting</span></span>' in agent.get("/keywords").text


def test_opt_out_ends_everything_and_says_so(agent: Browser, session: Session, held: Hold) -> None:
    response = agent.post(f"/review/{held.id}/decision", data={"decision": "opt_out"}, follow_redirects=True)
    assert "Maya Chen is opted out: 1 opt-in ended. No text was sent." in response.text
    assert (held.resolution, held.resolved_by_id) == ("opt_out", agent.user.id)
    assert session.scalars(select(OptIn.end_reason)).one() == "opted_out"
    assert session.scalars(select(Suppression.ended_at)).all() == [None]
    last = session.scalars(select(ConsentEvent).order_by(ConsentEvent.id.desc()).limit(1)).one()
    assert (last.source, last.actor_id) == ("user", agent.user.id)
    page = unescape(response.text)
    assert "Nothing on hold" in page
    assert ">you</td>" in page
    assert "we have to <mark>stop</mark> this bill, friends" in page
    assert '<td><a href="/contacts/' in page


def test_keep_ends_the_hold_only(agent: Browser, session: Session, held: Hold) -> None:
    response = agent.post(f"/review/{held.id}/decision", data={"decision": "keep"}, follow_redirects=True)
    assert "Kept: broadcasts reach Maya Chen again." in response.text
    assert (held.resolution, held.resolved_by_id) == ("keep", agent.user.id)
    assert session.scalars(select(OptIn.status)).one() == "active"
    assert session.scalars(select(Suppression)).all() == []


@pytest.mark.parametrize(("said", "how"), [("STOP", "They texted STOP"), ("volunteer", "They texted a keyword")])
def test_the_persons_own_text_decides_first(
    agent: Browser, session: Session, held: Hold, clock: Clock, said: str, how: str
) -> None:
    clock.forward(minutes=5)
    text(session, said)
    ended = session.scalars(select(OptIn.end_reason)).all()
    response = agent.post(f"/review/{held.id}/decision", data={"decision": "opt_out"}, follow_redirects=True)
    assert f"Maya Chen was already decided: {how}" in response.text
    assert session.scalars(select(OptIn.end_reason)).all() == ended
    assert ">the person</td>" in response.text


def test_of_two_users_who_decide_at_once_one_wins(app: Flask, session: Session, held: Hold) -> None:
    user = add_user(session, Role.AGENT)
    session.commit()
    start = threading.Barrier(6)
    pages: list[str] = []

    def decide(decision: str) -> None:
        browser = app.test_client()
        browser.sign_in(user)
        start.wait()
        response = browser.post(
            f"/review/{held.id}/decision", data={"decision": decision}, follow_redirects=True, lint=False
        )
        pages.append(response.text)

    threads = [threading.Thread(target=decide, args=[decision]) for decision in ("opt_out", "keep") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    late = [page for page in pages if "was already decided" in page]
    assert (len(pages), len(late)) == (6, 5)
    session.expire_all()
    kinds = session.scalars(select(ConsentEvent.kind)).all()
    assert [kinds.count("kept"), kinds.count("hold_resolved")] in ([1, 0], [0, 1])
    active = session.scalars(select(OptIn.status)).one() == "active"
    assert active == (hold_of(session).resolution == "keep") == (kinds.count("kept") == 1)


def test_what_was_decided_longer_ago_than_a_week_is_gone(agent: Browser, held: Hold, clock: Clock) -> None:
    agent.post(f"/review/{held.id}/decision", data={"decision": "keep"})
    assert "Agent Example" in agent.get("/review").text
    clock.forward(days=8)
    assert "Nothing was decided in the last 7 days." in agent.get("/review").text


def test_a_viewer_sees_but_does_not_decide(viewer: Browser, held: Hold, session: Session) -> None:
    page = viewer.get("/review").text
    assert "Maya Chen" in page
    assert "/decision" not in page
    assert viewer.post(f"/review/{held.id}/decision", data={"decision": "keep"}).status_code == 403
    assert held.ended_at is None


def test_what_is_unknown_is_refused(agent: Browser, held: Hold) -> None:
    assert agent.post("/review/999/decision", data={"decision": "keep"}).status_code == 404
    assert agent.post(f"/review/{held.id}/decision", data={"decision": "later"}).status_code == 422
    assert agent.post(f"/review/{held.id}/decision").status_code == 422
    assert held.ended_at is None


def test_with_nothing_on_hold_the_page_says_so(agent: Browser) -> None:
    page = agent.get("/review").text
    assert "Nothing on hold" in page
    assert 'class="count"' not in page.split("</header>")[0]


def test_many_numbers_come_in_pages(agent: Browser, session: Session, clock: Clock) -> None:
    for each in range(51):
        clock.forward(minutes=1)
        text(session, "stpo", f"+1415555{2000 + each}")
    first = agent.get("/review").text
    assert first.count('class="held"') == 50
    older = unescape(first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0])
    assert "(415) 555-2050" in agent.get(older).text


@pytest.mark.parametrize(
    ("body", "trigger", "parts"),
    [
        ("We have to Stop it", "Stop", ("We have to ", "Stop", " it")),
        ("stop, stop", "stop", ("", "stop", ", stop")),
        ("nothing of it", "stop", ("nothing of it", "", "")),
        ("whatever", "", ("whatever", "", "")),
    ],
)
def test_the_trigger_is_marked_in_the_text(body: str, trigger: str, parts: tuple[str, str, str]) -> None:
    assert marked(body, trigger) == parts


def test_a_text_with_markup_is_shown_as_text(agent: Browser, session: Session) -> None:
    text(session, "<b>we must stop</b> & <script>x</script>", INES)
    page = agent.get("/review").text
    assert "&lt;b&gt;we must" in page
    assert "<script>x" not in page
