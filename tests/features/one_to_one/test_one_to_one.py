"""1:1 SMS Messaging through HTTP: one refusal in both places, forged sends, drafts, the poll, what a thread shows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import HoldCause, MessageStatus, OptInSource, Purpose, Reason
from optin.features.one_to_one import composer, draft
from optin.models import Conversation, Keyword, Message, Person, Sender
from optin.person import records
from optin.policy import policy
from optin.refused import Refused, done
from tests.features.conftest import NOOR, OURS
from tests.support.clients import Browser

HX = {"HX-Request": "true"}
NOT_OPTED_IN = (
    "You can’t text Noor: this number has not opted in.",
    "SMS Settings require an opt-in for 1:1 messages.",
    "To open the composer, Noor texts volunteer to (415) 555-0100.",
)


@pytest.fixture
def required(session: Session, volunteer: Keyword) -> None:
    """Require Opt-In for 1:1 SMS Messaging is on."""
    policy.change(session, None, require_opt_in_for_one_to_one=True)


@pytest.fixture
def in_inbox(session: Session, noor: Person) -> Conversation:
    """A conversation with Noor's number that only we know of."""
    conversation = Conversation(number=NOOR, created_at=the_clock.now(), last_message_at=the_clock.now())
    session.add(conversation)
    session.flush()
    return conversation


def outbox(session: Session) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.purpose == Purpose.ONE_TO_ONE).order_by(Message.id)))


def warning(page: str) -> str:
    """The text of the refusal, as one line."""
    found = re.search(r'<div id="composer-warning".*?</div>\s*</div>\s*</div>', page, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def form(body: str, **more: str) -> dict[str, str]:
    return {"body": body, "form_key": str(uuid4()), "number": NOOR, **more}


def test_without_the_setting_the_composer_is_open(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword
) -> None:
    page = agent.get(f"/contacts/{noor.id}").text
    assert warning(page) == ""
    assert "From (415) 555-0100" in page
    response = agent.post(f"/contacts/{noor.id}/messages", data=form("Hi {{ first_name }},\r\nsee you at 9"))
    assert response.status_code == 303
    (message,) = outbox(session)
    assert (message.body, message.number, message.status) == ("Hi Noor,\nsee you at 9", NOOR, MessageStatus.QUEUED)
    assert (message.person_id, message.author_id) == (noor.id, agent.user.id if agent.user else 0)
    assert "Hi Noor," in agent.get(response.headers["Location"]).text
    assert "You: Hi Noor," in agent.get("/inbox").text


@pytest.mark.usefixtures("required")
def test_the_warning_leads_to_the_keyword_and_to_other_evidence(
    agent: Browser, viewer: Browser, noor: Person, volunteer: Keyword
) -> None:
    share, record = f'<a href="/keywords/{volunteer.id}/share">Show the QR code</a>', "Record an opt-in given elsewhere"
    page = agent.get(f"/contacts/{noor.id}").text
    assert share in page
    assert record in page
    page = viewer.get(f"/contacts/{noor.id}").text
    assert share in page
    assert record not in page


def test_the_same_no_opt_in_warning_stands_in_both_places_and_both_refuse(
    agent: Browser, session: Session, noor: Person, in_inbox: Conversation, required: None
) -> None:
    record, inbox = f"/contacts/{noor.id}", f"/inbox/{in_inbox.id}"
    for sentence in NOT_OPTED_IN:
        assert sentence in warning(agent.get(record).text)
    assert warning(agent.get(record).text) == warning(agent.get(inbox).text)
    for address, page in ((f"{record}/messages", record), (f"/conversations/{in_inbox.id}/messages", inbox)):
        assert re.search(r'id="composer-send" disabled', agent.get(page).text)
        forged = agent.post(address, data=form("Hi Noor, are you"))
        assert forged.status_code == 422
        assert warning(forged.text) == warning(agent.get(record).text)
        assert re.search(r"<textarea[^>]*>\s*Hi Noor, are you</textarea>", forged.text)
        by_htmx = agent.post(address, data=form("Hi Noor, are you"), headers=HX)
        assert by_htmx.status_code == 422
        assert by_htmx.text.lstrip().startswith('<div class="one-to-one"') or "one-to-one" in by_htmx.text
        assert "<html" not in by_htmx.text
        assert "Hi Noor, are you</textarea>" in by_htmx.text
    assert outbox(session) == []


def test_the_keyword_opens_the_composer_and_stop_closes_it(
    agent: Browser, session: Session, noor: Person, required: None, text: Callable[..., Message], clock: Any
) -> None:
    clock.set(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    text("volunteer")
    page = agent.get(f"/contacts/{noor.id}").text
    assert warning(page) == ""
    assert "Opted in with volunteer" in page
    assert agent.post(f"/contacts/{noor.id}/messages", data=form("Welcome")).status_code == 303
    clock.forward(hours=1)
    text("Stop. Thank you")
    page = agent.get(f"/contacts/{noor.id}").text
    assert "You can’t text Noor." in warning(page)
    assert "They opted out on 20 Nov 2026. Only they can undo that, by texting a keyword or START." in warning(page)
    assert "texted “Stop. Thank you” · opted out of everything, 1 opt-in ended" in page
    assert agent.post(f"/contacts/{noor.id}/messages", data=form("One more thing")).status_code == 422
    assert [message.body for message in outbox(session)] == ["Welcome"]


def test_opted_out_is_refused_whatever_the_setting(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("STOP")
    said = warning(agent.get(f"/contacts/{noor.id}").text)
    assert "You can’t text Noor." in said
    assert "Twilio blocks texts from (415) 555-0100 to this number too, until Noor texts START to it." in said
    assert agent.post(f"/contacts/{noor.id}/messages", data=form("Hello")).status_code == 422


def test_a_block_says_what_lifts_it(
    agent: Browser, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("STOP")
    text("volunteer")
    page = agent.get(f"/contacts/{noor.id}").text
    assert "You can’t text Noor: Twilio blocks texts from (415) 555-0100 to this number." in warning(page)
    assert "To open the composer, Noor texts START to (415) 555-0100." in warning(page)
    assert "Opted in with volunteer</span>" in page
    assert "Blocked at Twilio</span>" in page
    assert "automatic reply not sent: Twilio blocks it, they cannot be answered until they text START" in page


def test_a_hold_is_said_and_does_not_refuse(agent: Browser, session: Session, noor: Person, volunteer: Keyword) -> None:
    act = Act(source=OptInSource.SMS, at=the_clock.now(), text="we have to stop this bill")
    ledger.hold(session, NOOR, act, HoldCause.SENTENCE, "stop")
    page = agent.get(f"/contacts/{noor.id}").text
    assert "the last text may ask to stop (“stop”). You can reply to Noor here" in page
    assert agent.post(f"/contacts/{noor.id}/messages", data=form("Which bill?")).status_code == 303


def test_no_number_no_sender_and_no_keyword_are_said(agent: Browser, session: Session, noor: Person) -> None:
    assert "there is no number to send from" in warning(agent.get(f"/contacts/{noor.id}").text)
    assert agent.post(f"/contacts/{noor.id}/messages", data=form("Hello")).status_code == 422
    session.add(Sender(address=OURS, kind="long_code", created_at=the_clock.now()))
    policy.change(session, None, require_opt_in_for_one_to_one=True)
    assert "create an opt-in keyword first" in warning(agent.get(f"/contacts/{noor.id}").text)
    done(records.change(session, noor, {"mobile": ""}, None))
    assert "there is no mobile number" in warning(agent.get(f"/contacts/{noor.id}").text)


def test_the_warning_names_the_old_number_s_opt_ins(
    agent: Browser, session: Session, noor: Person, required: None, text: Callable[..., Message]
) -> None:
    text("volunteer")
    done(records.change(session, noor, {"mobile": "+12065550147"}, None))
    said = warning(agent.get(f"/contacts/{noor.id}").text)
    assert "Noor’s opt-ins belong to the old number, (206) 555-0163." in said


def test_an_open_question_is_named(
    agent: Browser, session: Session, noor: Person, required: None, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    volunteer.double_opt_in = True
    text("volunteer")
    said = warning(agent.get(f"/contacts/{noor.id}").text)
    assert "They were asked to confirm volunteer on " in said
    assert " and have not answered yet." in said
    assert "Noor texts YES or volunteer to (415) 555-0100." in said


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("  \r\n ", "Write a message first."),
        ("Hi {{ name }}", "There is no merge field “name”."),
        ("Hi {{ first_name", "is not closed"),
        ("x" * 1601, "This text is longer than 1,600 characters"),
    ],
)
def test_what_is_wrong_with_a_text_is_said_and_the_text_kept(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, body: str, sentence: str
) -> None:
    refused = agent.post(f"/contacts/{noor.id}/messages", data=form(body))
    assert refused.status_code == 422
    assert sentence in refused.text
    assert body.strip() in refused.text
    assert outbox(session) == []


def test_a_refused_send_says_its_reason_or_its_field(
    session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    def send(body: str) -> Message | Refused:
        given = policy.load(session)
        to = composer.composer(session, NOOR, noor, given, ZoneInfo("UTC"))
        return draft.send(session, to, draft.Draft(body, number=NOOR), given, author_id=1)

    assert send(" ") == Refused("Write a message first.", field="body")
    text("STOP")
    refused = send(" ")
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.field) == (Reason.OPTED_OUT, "")
    assert refused.sentence.startswith("You can’t text Noor. They opted out on")


def test_a_double_click_is_one_message_and_a_used_form_never_swallows_a_text(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword
) -> None:
    sent = form("Hello")
    for _ in range(2):
        assert agent.post(f"/contacts/{noor.id}/messages", data=sent).status_code == 303
    again = agent.post(f"/contacts/{noor.id}/messages", data={**sent, "body": "And another thing"})
    assert again.status_code == 422
    assert "And another thing</textarea>" in again.text
    assert [message.body for message in outbox(session)] == ["Hello"]


def test_a_number_that_changed_meanwhile_is_not_texted(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword
) -> None:
    done(records.change(session, noor, {"mobile": "+12065550147"}, None))
    refused = agent.post(f"/contacts/{noor.id}/messages", data=form("Hello"))
    assert refused.status_code == 422
    assert "The number has changed since this page was loaded" in refused.text
    assert outbox(session) == []


def test_the_reply_goes_from_the_sender_that_was_texted_last(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    other = Sender(address="+14155550111", kind="long_code", created_at=the_clock.now())
    session.add(other)
    text("Is there parking?")
    session.flush()
    session.execute(update(Conversation).values(sender_id=other.id))
    agent.post(f"/contacts/{noor.id}/messages", data=form("Yes"))
    session.get_one(Sender, other.id).retired_at = the_clock.now()
    agent.post(f"/contacts/{noor.id}/messages", data=form("Behind the boat house"))
    senders = [session.get_one(Sender, message.sender_id).address for message in outbox(session)]
    assert senders == ["+14155550111", OURS]


def poll_address(page: str) -> str:
    found = re.search(r'hx-get="([^"]*/thread\?[^"]*)"', page)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("place", ["record", "inbox"])
def test_the_poll_is_silent_until_something_is_new(
    agent: Browser,
    session: Session,
    noor: Person,
    in_inbox: Conversation,
    required: None,
    text: Callable[..., Message],
    place: str,
) -> None:
    page = agent.get(f"/contacts/{noor.id}" if place == "record" else f"/inbox/{in_inbox.id}").text
    assert agent.get(poll_address(page)).status_code == 204
    text("volunteer")
    answer = agent.get(poll_address(page))
    assert answer.status_code == 200
    assert "texted “volunteer” · opted in with volunteer" in answer.text
    assert "<textarea" not in answer.text
    assert re.search(r'id="composer-warning" hx-swap-oob="true">\s*</div>', answer.text)
    assert re.search(r'id="composer-send" >', answer.text)
    assert "Opted in with volunteer" in answer.text
    assert "New message: volunteer" in answer.text
    assert agent.get(poll_address(answer.text)).status_code == 204


def test_the_poll_leaves_the_composer_alone_while_it_says_the_same(
    agent: Browser, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("Hello")
    page = agent.get(f"/contacts/{noor.id}").text
    text("Is there parking?")
    answer = agent.get(poll_address(page)).text
    assert "Is there parking?" in answer
    assert "composer" not in answer


def test_switching_the_setting_reaches_an_open_page(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword
) -> None:
    page = agent.get(f"/contacts/{noor.id}").text
    policy.change(session, None, require_opt_in_for_one_to_one=True)
    assert NOT_OPTED_IN[0] in warning(agent.get(poll_address(page)).text)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("VOLUNTEER!", "texted “VOLUNTEER!” · opted in with volunteer"),
        ("help", "texted “help” · asked for help"),
        ("start", "texted “start” · texted START"),
        ("volunter", "looks like VOLUNTEER"),
        ("Is there <b>parking</b>?", "Is there &lt;b&gt;parking&lt;/b&gt;?"),
        ("volunteer\nI also have a dog", "volunteer\nI also have a dog"),
    ],
)
def test_a_thread_tells_what_a_text_did(
    agent: Browser, noor: Person, volunteer: Keyword, text: Callable[..., Message], body: str, shown: str
) -> None:
    text(body)
    page = agent.get(f"/contacts/{noor.id}").text
    assert shown in page
    if "\n" in body:
        assert "opted in with volunteer" in page


def test_statuses_and_errors_are_in_words(agent: Browser, session: Session, noor: Person, volunteer: Keyword) -> None:
    agent.post(f"/contacts/{noor.id}/messages", data=form("Hello"))
    (message,) = outbox(session)
    message.status, message.error_code = MessageStatus.UNDELIVERED, 30005
    page = agent.get(f"/contacts/{noor.id}").text
    assert "Agent · Not delivered: The number is not in use. Check the number with the person." in page


def test_older_messages_are_a_page_away(
    agent: Browser, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    for index in range(60):
        text(f"Question {index:02}")
    page = agent.get(f"/contacts/{noor.id}").text
    older = re.search(r'href="([^"]*before=\d+)"', page)
    assert older
    assert "Question 09" not in page
    earlier = agent.get(older[1].replace("&amp;", "&")).text
    assert "Question 09" in earlier
    assert "Question 10" not in earlier
    assert 'hx-trigger="every 3s"' not in earlier


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hi {{ first_name }}", "7 characters · 1 segment"),
        ("x" * 161, "161 characters · 2 segments"),
        ("Grüße 🙂", "Unicode because of 🙂"),
        ("", ""),
    ],
)
def test_segments_are_counted_as_sent(agent: Browser, noor: Person, volunteer: Keyword, body: str, said: str) -> None:
    answer = agent.post(f"/contacts/{noor.id}/messages/segments", data={"body": body}).text
    assert said in answer
    assert 'id="composer-count"' in answer


def test_a_viewer_reads_and_cannot_send(
    viewer: Browser, session: Session, noor: Person, in_inbox: Conversation, required: None
) -> None:
    page = viewer.get(f"/contacts/{noor.id}").text
    assert NOT_OPTED_IN[0] in warning(page)
    assert "<textarea" not in page
    for address in (f"/contacts/{noor.id}/messages", f"/conversations/{in_inbox.id}/messages"):
        assert viewer.post(address, data=form("Hello")).status_code == 403
    assert outbox(session) == []
