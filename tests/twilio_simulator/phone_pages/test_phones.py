"""The phones: texting as a person over the simulator's HTTP, with real webhooks, with and without HTMX."""

import re
import socket
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import OptInStatus, PersonKind, Role, SenderKind
from optin.models import Conversation, Keyword, Message, OptIn, Sender
from optin.provider import senders
from tests.conftest import add_user
from tests.support import world
from tests.support.clients import Browser
from tests.support.servers import LiveServer
from tests.support.world import INES, MAYA, OURS, TOM
from twilio_simulator import SIMULATOR_SERVICE_SID

PHONES = "/simulator/phones"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def running(live_server: LiveServer) -> Iterator[Session]:
    """A session on the database of a running app that has the keyword volunteer."""
    with live_server.session() as session:
        world.keyword(session, "volunteer", confirmation="You’re in!")
        session.commit()
        yield session


@pytest.fixture
def agent_there(live_server: LiveServer, running: Session) -> Browser:
    """A browser on the running app, an agent signed in."""
    return browser(live_server, running, Role.AGENT)


def browser(live_server: LiveServer, session: Session, role: Role) -> Browser:
    live_server.app.test_client_class = Browser
    client = live_server.app.test_client()
    assert isinstance(client, Browser)
    client.test_session = session
    client.sign_in(add_user(session, role))
    return client


def address(*numbers: str) -> str:
    return "?" + "&".join(f"phone={quote(number)}" for number in numbers)


def send(client: Browser, text: str, *, slot: int = 1, phones: str = address(MAYA), **fields: str):
    return client.post(f"{PHONES}/{slot}/messages{phones}", data={"text": text, **fields})


def poll_address(html: str) -> str:
    found = re.search(r'hx-get="([^"]+/face[^"]*)"', html)
    assert found
    return found.group(1).replace("&amp;", "&")


def test_a_text_reaches_the_app_and_stands_in_the_thread(agent_there: Browser, running: Session) -> None:
    answer = send(agent_there, "Volunteer")
    assert answer.status_code == 303
    page = agent_there.get(answer.location).text
    assert '<div class="bubble me' in page
    assert "Volunteer<small>" in page
    opt_in = running.scalars(select(OptIn)).one()
    assert (opt_in.number, opt_in.status) == (MAYA, OptInStatus.ACTIVE)


def test_what_twilio_answers_itself_says_so(agent_there: Browser, running: Session) -> None:
    page = agent_there.get(send(agent_there, "STOP").location).text
    assert "You have successfully been unsubscribed" in page
    assert "answered by Twilio" in page
    assert running.scalars(select(Message.effect)).one().startswith("opted out")


def test_who_joins_again_behind_a_block_is_told_nothing_and_the_phone_says_why(agent_there: Browser) -> None:
    for text in ("volunteer", "STOP"):
        send(agent_there, text)
    assert "still blocked until START" not in agent_there.get(PHONES + address(MAYA)).text
    page = agent_there.get(send(agent_there, "volunteer").location).text
    assert "still blocked until START" in page


def test_a_suggestion_is_sent_and_what_was_typed_stays(agent_there: Browser, running: Session) -> None:
    answer = send(agent_there, "I also wanted", suggestion="HELP")
    page = agent_there.get(answer.location).text
    assert running.scalars(select(Message.body)).one() == "HELP"
    assert 'value="I also wanted"' in page


def test_suggestions_are_the_keywords_and_the_words_of_twilio(agent_there: Browser, running: Session) -> None:
    world.keyword(running, "donate2026", double_opt_in=True)
    assert _chips(agent_there.get(PHONES + address(MAYA)).text) == ["volunteer", "donate2026", "STOP", "HELP", "START"]
    page = agent_there.get(send(agent_there, "donate2026").location).text
    assert _chips(page) == ["volunteer", "donate2026", "YES", "STOP", "HELP", "START"]


def test_archived_keywords_are_not_suggested(agent_there: Browser, running: Session) -> None:
    keyword = running.scalars(select(Keyword)).one()
    keyword.archived_at = keyword.created_at
    assert _chips(agent_there.get(PHONES + address(MAYA)).text) == ["STOP", "HELP", "START"]


def _chips(page: str) -> list[str]:
    return re.findall(r'name="suggestion" value="([^"]+)"', page)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "Enter a message"), (" \0 ", "Enter a message"), ("x" * 1601, "exceeds the 1600 character limit")],
)
def test_what_cannot_be_sent_stays_with_a_sentence(
    agent_there: Browser, running: Session, text: str, sentence: str
) -> None:
    answer = send(agent_there, text)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{text.strip(chr(0) + " ")}"' in answer.text
    assert running.scalars(select(Message)).all() == []


def test_with_htmx_the_phone_alone_comes_back(agent_there: Browser) -> None:
    answer = agent_there.post(f"{PHONES}/2/messages{address(MAYA, TOM)}", data={"text": "volunteer"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section class="phone" id="phone-2"')
    assert "volunteer<small>" in answer.text
    refused = agent_there.post(f"{PHONES}/2/messages{address(MAYA, TOM)}", data={"text": ""}, headers=HTMX)
    assert refused.status_code == 422
    assert "Enter a message" in refused.text


def test_a_poll_brings_the_face_only_when_something_is_new(agent_there: Browser) -> None:
    poll = poll_address(agent_there.get(PHONES + address(MAYA)).text)
    assert agent_there.get(poll).status_code == 204
    send(agent_there, "hello")
    answer = agent_there.get(poll)
    assert answer.status_code == 200
    assert "hello<small>" in answer.text
    assert "<form" not in answer.text
    assert agent_there.get(poll_address(answer.text)).status_code == 204


def test_a_new_name_is_news_too(agent_there: Browser, running: Session) -> None:
    poll = poll_address(agent_there.get(PHONES + address(MAYA)).text)
    world.person(running, "Maya Chen", MAYA)
    assert "Maya Chen" in agent_there.get(poll).text


def test_phones_bear_the_names_of_our_people(agent_there: Browser, running: Session) -> None:
    world.person(running, "Paulo Duarte", INES, PersonKind.LEAD)
    world.person(running, "Ines Duarte", INES)
    page = agent_there.get(PHONES + address(INES, TOM)).text
    assert re.findall(r'id="phone-\d-name">(?:<a[^>]*>)?([^<]+)', page) == ["Ines Duarte", "New number"]
    assert "Contact, shared by 2" in page


def test_without_numbers_in_the_address_the_last_used_phones_and_a_new_one_are_there(agent_there: Browser) -> None:
    send(agent_there, "hello", phones=address(MAYA))
    send(agent_there, "hello", phones=address(TOM))
    page = agent_there.get(PHONES).text
    numbers = re.findall(r'<span title="(\+\d+)">[^<]*</span></span></span>\s*(?:·|<a)', page)
    assert numbers[:2] == [TOM, MAYA]
    assert numbers[2] not in (TOM, MAYA, OURS)


def test_all_of_our_numbers_can_be_texted_and_their_texts_say_so(agent_there: Browser, running: Session) -> None:
    page = agent_there.get(PHONES + address(MAYA)).text
    assert re.findall(r'<option value="(\S+)"[^>]*>[^<]*· ([^<]+)</option>', page.partition("</select>")[2]) == [
        (OURS, "long code"),
        ("+18335550100", "toll-free"),
        ("40404", "short code"),
        ("+14155550101", "service, Advanced Opt-Out"),
        ("+14155550102", "service, Advanced Opt-Out"),
    ]
    page = agent_there.get(send(agent_there, "stop", to="+14155550101").location).text
    assert "to (415) 555-0101" in page
    assert "answered by Twilio" in page
    suppressed = running.scalars(select(Message.effect)).one()
    assert suppressed.startswith("opted out")
    learned = running.scalars(select(Sender).where(Sender.address == "+14155550101")).one()
    assert learned.messaging_service_sid == SIMULATOR_SERVICE_SID


def test_a_number_that_the_simulator_does_not_serve_gets_no_text(agent_there: Browser, running: Session) -> None:
    running.add(Sender(address="+18335550123", kind=SenderKind.TOLL_FREE, created_at=clock.now()))
    answer = send(agent_there, "volunteer", to="+18335550123")
    assert answer.status_code == 422
    assert "Invalid &#39;To&#39; Phone Number" in answer.text


def test_viewers_look_and_do_not_text(live_server: LiveServer, running: Session) -> None:
    viewer = browser(live_server, running, Role.VIEWER)
    page = viewer.get(PHONES + address(MAYA))
    assert page.status_code == 200
    assert "Send</button>" not in page.text
    assert send(viewer, "volunteer").status_code == 403
    assert running.scalars(select(Conversation)).all() == []


@pytest.mark.parametrize("slot", [0, 2, 9])
def test_a_slot_without_a_phone_is_not_there(agent_there: Browser, slot: int) -> None:
    assert send(agent_there, "hello", slot=slot).status_code == 404
    assert agent_there.get(f"{PHONES}/{slot}/face{address(MAYA)}").status_code == 404


def test_there_are_no_phones_with_a_real_account(make_app: Callable[..., Flask]) -> None:
    app = make_app(
        OPTIN_MODE="twilio", TWILIO_ACCOUNT_SID="AC" + "1" * 32, TWILIO_AUTH_TOKEN="2" * 32, TWILIO_FROM=OURS
    )
    assert [rule.rule for rule in app.url_map.iter_rules() if "simulator" in rule.rule] == []


def test_while_the_simulator_is_away_the_page_says_so_and_nothing_typed_is_lost(make_app: Callable[..., Flask]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        app = make_app(TWILIO_API_URL=f"http://127.0.0.1:{unused.getsockname()[1]}")
    client = app.test_client()
    with app.app_context():
        client.sign_in(add_user(db.session(), Role.AGENT))
        senders.ensure(db.session(), OURS)
        db.session.commit()
    page = client.get(PHONES + address(MAYA))
    assert page.status_code == 503
    assert "The simulator does not answer" in page.text
    assert client.get(f"{PHONES}/1/face{address(MAYA)}").status_code == 204
    refused = client.post(f"{PHONES}/1/messages{address(MAYA)}", data={"text": "volunteer"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Nothing was sent" in refused.text
    assert 'value="volunteer"' in refused.text
    plain = client.post(f"{PHONES}/1/messages{address(MAYA)}", data={"text": "volunteer"})
    assert plain.status_code == 422
    assert 'value="volunteer"' in plain.text


def test_the_phones_stand_as_they_were_left(live_server: LiveServer, running: Session, agent_there: Browser) -> None:
    def standing(client: Browser, query: str = "") -> list[str]:
        html = client.get(f"{PHONES}{query}").text
        return re.findall(r'id="phone-\d-number"><span[^>]*><span title="([^"]+)"', html)

    left = [TOM, MAYA, "+16465550101"]
    assert standing(agent_there, address(*left)) == left
    send(agent_there, "Hello", phones=address(MAYA))
    assert standing(agent_there) == left
    assert standing(agent_there, address(TOM)) == [TOM]
    assert standing(agent_there) == [TOM]
    other = browser(live_server, running, Role.VIEWER)
    begun = standing(other)
    assert begun[0] == MAYA, "used last, by whomever"
    assert standing(other) == begun
