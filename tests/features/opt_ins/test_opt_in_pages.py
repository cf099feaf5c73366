"""The record page of an opt-in, ending one, and recording one that was given elsewhere."""

import re
import threading
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import HoldCause, OptInSource, Role
from optin.models import ConsentEvent, ConsentPayload, Disclosure, Keyword, OptIn
from tests.conftest import Clock, add_user
from tests.support.clients import Browser
from tests.support.world import MAYA, TOM, keyword, person, question, text


def words_only(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def only(session: Session) -> OptIn:
    return session.scalars(select(OptIn)).one()


@pytest.fixture
def volunteer(session: Session, clock: Clock) -> Keyword:
    """A keyword with a disclosure."""
    made = keyword(session)
    told = Disclosure(version=1, text="Text VOLUNTEER for news.", url="https://example.org", created_at=clock.now())
    made.disclosures.append(told)
    session.commit()
    return made


def test_the_page_shows_every_field(agent: Browser, session: Session, volunteer: Keyword) -> None:
    maya = person(session, "Maya Chen", MAYA)
    message = text(session, "Volunteer!")
    opt_in = only(session)
    html = agent.get(f"/opt-ins/{opt_in.id}").text
    page = words_only(html)
    for shown in (
        opt_in.name, "(415) 555-0134", "volunteer", "Text message", "Volunteer!", "Text VOLUNTEER for news.",
        "version 1", "Maya Chen Contact", "Ledger 1", "Opted in just now", "(415) 555-0100",
    ):  # fmt: skip
        assert shown in page
    assert f'title="{message.sid}"' in html
    assert f'href="/contacts/{maya.id}"' in html
    assert f'href="/inbox/{message.conversation_id}"' in html
    assert f'href="/keywords/{volunteer.id}?tab=related"' in html


def test_the_timeline_tells_the_whole_story(agent: Browser, session: Session, volunteer: Keyword, clock: Clock) -> None:
    for said in ("volunteer", "volunteer", "we must stop this bill", "STOP"):
        text(session, said)
        clock.forward(hours=1)
    text(session, "start")
    html = agent.get(f"/opt-ins/{only(session).id}").text
    assert re.findall(r"<strong>([^<]+)</strong> <time", html.split('class="timeline"')[1]) == [
        "Opted in",
        "Asked again, already opted in",
        "On hold for review",
        "Opted out of everything",
        "Hold ended",
        "Blocked at Twilio",
    ]
    assert "“we must stop this bill”" in unescape(html)
    assert '<span class="state bad">Opted out</span>' in html
    assert 'id="end"' not in html


def test_what_befell_the_number_at_other_times_is_not_told(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    for said in ("STOP", "START", "volunteer"):
        text(session, said)
        clock.forward(hours=1)
    text(session, "STOP", TOM)
    page = agent.get(f"/opt-ins/{only(session).id}").text
    assert page.split('class="timeline"')[1].count("<strong>") == 1


@pytest.mark.parametrize(
    ("said", "status", "number", "remedy"),
    [
        (
            ["volunteer", "STOP", "volunteer"],
            "Active",
            ["Opted in with volunteer", "Blocked at Twilio"],
            "Twilio refuses to send to this number from (415) 555-0100. Ask the person to text START",
        ),
        (["volunteer", "we must stop this bill"], "Active", ["On hold"], "Decide in the review queue"),
        (["volunteer"], "Active", ["Opted in with volunteer"], ""),
        (["volunteer", "STOP"], "Opted out", ["Opted out", "Blocked at Twilio"], ""),
    ],
)
def test_the_status_says_what_stands_against_it(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock,
    said: list[str], status: str, number: list[str], remedy: str,
) -> None:  # fmt: skip
    for each in said:
        text(session, each)
        clock.forward(minutes=1)
    newest = session.scalars(select(OptIn).order_by(OptIn.id.desc()).limit(1)).one()
    html = agent.get(f"/opt-ins/{newest.id}").text
    assert f">{status}</span>" in html.split("</h1>")[1][:200]
    badge = html.split('<span class="consent">')[1].split("</dd>")[0]
    assert [one.split("<")[0] for one in badge.split('">')[1:]] == number
    assert remedy in words_only(html)
    assert ('class="blocked"' in html) == bool(remedy)


def test_a_double_opt_in_waits_and_then_shows_both_messages(agent: Browser, session: Session, clock: Clock) -> None:
    keyword(session, double_opt_in=True)
    first = text(session, "volunteer")
    url = f"/opt-ins/{only(session).id}"
    assert "Waiting for confirmation" in agent.get(url).text
    question(session)
    clock.forward(minutes=5)
    second = text(session, "yes")
    page = agent.get(url).text
    assert f'title="{first.sid}"' in page
    assert f'title="{second.sid}"' in page


def test_a_number_that_was_changed_names_who_had_it(agent: Browser, session: Session, volunteer: Keyword) -> None:
    maya = person(session, "Maya Chen", MAYA)
    text(session, "volunteer")
    ledger.change_number(session, maya.id, MAYA, TOM, Act(source=OptInSource.USER, at=only(session).requested_at))
    maya.mobile = TOM
    page = words_only(agent.get(f"/opt-ins/{only(session).id}").text)
    assert "Maya Chen Contact · had this number before" in page
    assert "Number changed" in page


def test_a_user_ends_it_with_a_reason(agent: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, "volunteer")
    opt_in = only(session)
    response = agent.post(f"/opt-ins/{opt_in.id}/end", data={"reason": " asked by telephone "}, follow_redirects=True)
    assert f"{opt_in.name} was ended." in response.text
    assert (opt_in.end_reason, opt_in.end_comment, opt_in.ended_by_id) == (
        "by_user", "asked by telephone", agent.user.id,
    )  # fmt: skip
    page = words_only(response.text)
    assert "Ended by a user" in page
    assert "“asked by telephone” Entered by a user: Agent Example" in page
    again = agent.post(f"/opt-ins/{opt_in.id}/end", data={"reason": "twice"}, follow_redirects=True)
    assert "had already ended" in again.text
    assert opt_in.end_comment == "asked by telephone"


@pytest.mark.parametrize(
    ("reason", "sentence"), [("", "Say why you are ending it"), (" ", "Say why"), ("x" * 1001, "longer")]
)
def test_without_a_reason_nothing_ends(
    agent: Browser, session: Session, volunteer: Keyword, reason: str, sentence: str
) -> None:
    text(session, "volunteer")
    response = agent.post(f"/opt-ins/{only(session).id}/end", data={"reason": reason})
    assert (response.status_code, only(session).status) == (422, "active")
    assert sentence in response.text
    assert f'value="{reason.strip()}"' in response.text


def test_of_two_users_who_end_it_at_once_one_is_recorded(app: Flask, session: Session, volunteer: Keyword) -> None:
    text(session, "volunteer")
    opt_in_id, user = only(session).id, add_user(session, Role.AGENT)
    start = threading.Barrier(4)
    pages: list[str] = []

    def end(reason: str) -> None:
        browser = app.test_client()
        browser.sign_in(user)
        start.wait()
        pages.append(browser.post(f"/opt-ins/{opt_in_id}/end", data={"reason": reason}, follow_redirects=True).text)

    threads = [threading.Thread(target=end, args=[f"reason {each}"]) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("was ended." in page for page in pages) == 1
    assert sum("had already ended" in page for page in pages) == 3
    kinds = session.scalars(select(ConsentEvent.kind)).all()
    assert kinds.count("ended_by_user") == 1


GIVEN = {"number": "(415) 555-0134", "comment": "Paper form, 3 May"}


def test_an_opt_in_given_elsewhere_is_recorded(agent: Browser, session: Session, volunteer: Keyword) -> None:
    form = agent.get(f"/opt-ins/new?number=%2B14155550134&keyword={volunteer.id}").text
    assert 'value="+14155550134"' in form
    assert f'<option selected value="{volunteer.id}">volunteer</option>' in form
    response = agent.post("/opt-ins", data={**GIVEN, "keyword": volunteer.id})
    opt_in = only(session)
    assert (response.status_code, response.location) == (303, f"/opt-ins/{opt_in.id}")
    assert (opt_in.number, opt_in.status, opt_in.source, opt_in.comment, opt_in.created_by_id) == (
        MAYA, "active", "user", "Paper form, 3 May", agent.user.id,
    )  # fmt: skip
    assert session.scalars(select(ConsentPayload.text)).one() == "Paper form, 3 May"
    page = words_only(agent.get(response.location).text)
    assert "(415) 555-0134 is now opted in with “volunteer”. No text was sent." in page
    assert "Entered by Agent Example Comment Paper form, 3 May" in page
    assert "Entered by a user" in words_only(agent.get(f"/keywords/{volunteer.id}?tab=related").text)


def test_the_same_again_adds_to_the_ledger_only(agent: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, "volunteer")
    response = agent.post("/opt-ins", data={**GIVEN, "keyword": volunteer.id}, follow_redirects=True)
    assert "was already opted in with “volunteer”" in unescape(response.text)
    assert only(session).source == "sms"


def test_a_no_to_the_question_stays_a_no(agent: Browser, session: Session, clock: Clock) -> None:
    asked = keyword(session, double_opt_in=True)
    text(session, "volunteer")
    question(session)
    clock.forward(minutes=1)
    text(session, "No thanks")
    assert "Answered no" in words_only(agent.get(f"/opt-ins/{only(session).id}").text)
    clock.forward(days=1)
    response = agent.post("/opt-ins", data={**GIVEN, "keyword": asked.id})
    assert response.status_code == 422
    page = unescape(response.text)
    assert "(415) 555-0134 has answered no to “volunteer” (yesterday" in page
    assert "Only the person can opt in again: ask them to text “volunteer”." in page


def test_what_the_person_ended_stays_ended(agent: Browser, session: Session, volunteer: Keyword, clock: Clock) -> None:
    text(session, "volunteer")
    clock.forward(minutes=1)
    text(session, "STOP")
    clock.forward(days=1)
    response = agent.post("/opt-ins", data={**GIVEN, "keyword": volunteer.id})
    page = unescape(response.text)
    assert response.status_code == 422
    assert "(415) 555-0134 has opted out (yesterday" in page
    assert "ask them to text “volunteer”" in page
    assert "Paper form, 3 May" in page
    assert 'value="(415) 555-0134"' in page
    assert [only(session).status, session.scalars(select(func.count(ConsentEvent.id))).one()] == ["inactive", 4]


def test_what_a_user_ended_a_user_may_record_anew(agent: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, "volunteer")
    agent.post(f"/opt-ins/{only(session).id}/end", data={"reason": "mistake"})
    assert agent.post("/opt-ins", data={**GIVEN, "keyword": volunteer.id}).status_code == 303
    assert session.scalars(select(OptIn.status).order_by(OptIn.id)).all() == ["inactive", "active"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": ""}, "Enter a phone number."),
        ({"number": "12"}, "That number is too short"),
        ({"number": "(415) 555-0134 ext. 5"}, "without an extension"),
        ({"comment": "  "}, "Say how and when they agreed"),
        ({"keyword": "999"}, "Not a valid choice."),
        ({"keyword": "x"}, "Invalid Choice"),
        ({"keyword": ""}, "Choose a keyword."),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_kept(
    agent: Browser, session: Session, volunteer: Keyword, change: dict[str, str], sentence: str
) -> None:
    response = agent.post("/opt-ins", data={**GIVEN, "keyword": str(volunteer.id), **change})
    assert response.status_code == 422
    assert sentence in response.text
    kept = "Paper form, 3 May" if "comment" not in change else GIVEN["number"]
    assert kept in response.text
    assert session.scalars(select(OptIn)).all() == []


def test_nobody_opts_in_with_an_archived_keyword(agent: Browser, session: Session, volunteer: Keyword) -> None:
    agent.post(f"/keywords/{volunteer.id}/archive")
    response = agent.post("/opt-ins", data={**GIVEN, "keyword": volunteer.id})
    assert response.status_code == 422
    assert session.scalars(select(OptIn)).all() == []


def test_a_viewer_reads_and_changes_nothing(viewer: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, "volunteer")
    opt_in = only(session)
    page = viewer.get(f"/opt-ins/{opt_in.id}").text
    assert "End opt-in" not in page
    assert viewer.post(f"/opt-ins/{opt_in.id}/end", data={"reason": "x"}).status_code == 403
    assert viewer.post("/opt-ins", data={**GIVEN, "keyword": volunteer.id}).status_code == 403
    assert opt_in.status == "active"


def test_an_unknown_opt_in_is_not_found(agent: Browser) -> None:
    assert agent.get("/opt-ins/7").status_code == 404
    assert agent.post("/opt-ins/7/end", data={"reason": "x"}).status_code == 404


def test_an_erased_payload_leaves_the_event(agent: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, "volunteer")
    session.query(ConsentPayload).delete()
    page = agent.get(f"/opt-ins/{only(session).id}").text
    assert "Ledger" in page
    assert page.split('class="timeline"')[1].count("<strong>") == 1


def test_a_hold_without_a_message_is_shown_too(agent: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, "volunteer")
    act = Act(source=OptInSource.IMPORT, at=only(session).requested_at, text="stop list of 2025")
    ledger.hold(session, MAYA, act, HoldCause.LATE_STOP, "stop list of 2025")
    assert "stop list of 2025" in agent.get("/review").text
