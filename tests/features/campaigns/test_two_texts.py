"""Two texts in the composer: both are looked at like any text, and the choice goes through every form."""

import html
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as optin_clock
from optin.enums import BroadcastState, Purpose, TextTestState, Variant, WinsBy
from optin.features.campaigns import compose, queries
from optin.features.campaigns.compose import Draft
from optin.models import AuditEntry, Broadcast, Campaign, Message, Person, User
from optin.queries import saved_draft
from optin.sending import variants
from optin.texts import send_time, text_test
from optin.texts.text_test import TextTest
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser

ONE, TWO = "Hi {{ first_name | you }}, join us", "{{ first_name | You }}, can you come?"
CHOSEN = {"other_body": TWO, "test_percent": "40", "wins_by": "opt_outs", "test_hours": "12", "test_then": "click"}
TEST = TextTest(TWO, 40, WinsBy.OPT_OUTS, 12, goes_on=False)
LATER = {"when": "later", "at": "2027-01-05T12:00", "zone": "America/New_York"}
PEOPLE = 104


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign of enough people for a test, whom it may text."""
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    made = outbox.broadcast(session)
    outbox.add_people(session, made, outbox.numbers(PEOPLE))
    for message in scene.messages(session, made.id):
        session.delete(message)
    made.state = BroadcastState.CANCELLED
    session.commit()
    return session.get_one(Campaign, made.campaign_id)


@pytest.fixture
def few(session: Session) -> Campaign:
    """A campaign of Maya and Tom."""
    return scene.with_opted_in(session, {"Maya Chen": world.MAYA, "Tom Reyes": world.TOM})


def said(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def ask(agent: Browser, campaign: Campaign, **form: str) -> str:
    found = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": ONE, **CHOSEN, **form})
    return str(found.text)


def send(agent: Browser, session: Session, campaign: Campaign, **form: str) -> Broadcast:
    made = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": ONE, **CHOSEN, **form})
    assert made.status_code == 303, said(made.text)
    return session.get_one(Broadcast, int(made.location.rsplit("/", 1)[1]))


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def assert_chosen(page: str) -> None:
    """The composer says what was chosen, and is open."""
    assert '<details class="mb-3" id="text-test" open>' in page
    assert f">\n{TWO}</textarea>" in html.unescape(page)
    for value in ("40", "opt_outs", "12", "click"):
        assert f'<option value="{value}" selected>' in page, value


def test_the_composer_offers_a_second_text(few: Campaign, agent: Browser) -> None:
    page = agent.get(f"/campaigns/{few.id}?tab=broadcasts").text
    assert '<details class="mb-3" id="text-test" >' in page
    assert '<option value="20" selected>' in page


def test_the_confirmation_shows_both_and_carries_the_choice(campaign: Campaign, agent: Browser) -> None:
    page = ask(agent, campaign)
    assert "Send to 104 people" in said(page)
    assert re.search(r"Text A Hi \w+, join us .*Text B \w+, can you come\?", said(page))
    assert TEST.words in said(page)
    assert "50 people get each text." in said(page)
    assert {name: hidden(page)[name] for name in CHOSEN} == CHOSEN
    assert_chosen(ask(agent, campaign, do="edit"))


def test_the_broadcast_tests_them(campaign: Campaign, agent: Browser, session: Session) -> None:
    broadcast = send(agent, session, campaign)
    assert (variants.test_of(broadcast), broadcast.test_state) == (TEST, TextTestState.CHOOSING)
    assert len(scene.messages(session, broadcast.id)) == PEOPLE
    other = send(agent, session, campaign, other_body=" ")
    assert (other.other_body, other.test_state) == (None, None)


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"other_body": ONE}, text_test.SAME),
        ({"first": "few"}, text_test.TWO_FIRSTS),
        ({"again": "week", **LATER}, text_test.NOT_AGAIN),
        ({"other_body": "x" * 1700}, "Text B: The text has 1,700 characters."),
        ({"other_body": "{{ nobody }}"}, "Text B: "),
        ({"body": ""}, "Text A: Write a message first."),
    ],
)
def test_what_forbids_it_is_said_before_and_at_sending(
    campaign: Campaign, agent: Browser, session: Session, form: dict[str, str], fault: str
) -> None:
    assert fault in said(ask(agent, campaign, **form))
    before = len(session.scalars(select(Broadcast.id)).all())
    refused = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": ONE, **CHOSEN, **form})
    assert refused.status_code == 422
    assert fault in said(refused.text)
    assert hidden(refused.text)["other_body"] == form.get("other_body", TWO)
    assert len(session.scalars(select(Broadcast.id)).all()) == before


def test_a_text_that_is_too_long_for_somebody_is_named(campaign: Campaign, agent: Browser, session: Session) -> None:
    person = session.scalars(select(Person)).first()
    assert person
    person.first_name = "Wolfeschlegelsteinhausen" * 3
    session.commit()
    other = "x" * 1550 + " {{ first_name }}"
    told = "Text B: With the longest names filled in"
    assert told in said(ask(agent, campaign, other_body=other))
    refused = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": ONE, **CHOSEN, "other_body": other})
    assert told in said(refused.text)


def test_too_few_people_are_told(few: Campaign, agent: Browser) -> None:
    assert "2 people can receive it, and a test needs more than 100" in said(ask(agent, few))
    assert "It is decided when it starts." in said(ask(agent, few, **LATER))


def test_the_second_text_is_looked_at_like_the_first(campaign: Campaign, agent: Browser, session: Session) -> None:
    typing = agent.post(
        f"/campaigns/{campaign.id}/broadcasts/preview",
        data={"body": ONE, **CHOSEN, "other_body": "Reply YES, {{ company }} — {{ nope }}"},
    ).text
    advice = typing[typing.index('id="other-advice"') :]
    assert "UCS-2 because of" in said(advice)
    assert "nope" in said(advice[: advice.index('id="ready"')])
    assert "{{ company }} is empty for 104 of 104 people" in said(typing)
    asked = said(ask(agent, campaign, other_body="Reply YES " + "x" * 200))
    assert "Text B: " in asked
    assert "2 segments at most" in asked
    assert "at most 208 segments" in asked
    assert "Leave out 104 people" in said(ask(agent, campaign, other_body="Hi {{ company }}"))


@pytest.mark.parametrize("texts", [("Today at noon", "Tomorrow at noon"), ("Tomorrow at noon", "Today at noon")])
def test_the_text_that_is_over_first_says_when_to_stop(clock: Clock, texts: tuple[str, str]) -> None:
    clock.set(datetime(2026, 11, 25, 9, tzinfo=UTC))
    plan = send_time.suggested(ZoneInfo("UTC"), optin_clock.now())
    draft = compose.in_time(Draft(plan, texts[0], test=TextTest(texts[1])))
    assert draft.plan.until == "2026-11-26T00:00"


def test_what_is_put_into_the_text_is_put_into_both(campaign: Campaign, agent: Browser) -> None:
    page = html.unescape(ask(agent, campaign, other_body="Of {{ company }}", do="default", **{"default-company": "us"}))
    assert "Of {{ company | us }}</textarea>" in page
    page = html.unescape(ask(agent, campaign, body="“A”", other_body="“B”", do="plain"))
    assert '"A"</textarea>' in page
    assert '"B"</textarea>' in page
    page = hidden(ask(agent, campaign, do="first_line"))
    assert (page["body"], page["other_body"]) == (f"{{{{ first_line }}}} {ONE}", f"{{{{ first_line }}}} {TWO}")


def test_who_has_an_empty_field_in_either_text_is_left_out(
    campaign: Campaign, agent: Browser, session: Session
) -> None:
    first, *others = session.scalars(select(Person).order_by(Person.id)).all()
    first.company = ""
    for person in others:
        person.company = "Acme"
    session.commit()
    broadcast = send(agent, session, campaign, other_body="Hi {{ company }}", empty="leave_out")
    assert len(scene.messages(session, broadcast.id)) == PEOPLE - 1


def test_a_scheduled_one_is_changed_with_its_test(campaign: Campaign, agent: Browser, session: Session) -> None:
    broadcast = send(agent, session, campaign, **LATER)
    assert_chosen(agent.get(f"/broadcasts/{broadcast.id}/edit").text)
    about = {"changes": str(broadcast.id), "version": "1"}

    def save(**form: str) -> Any:
        return agent.post(f"/broadcasts/{broadcast.id}/edit", data={"body": ONE, **CHOSEN, **LATER, **about, **form})

    assert save(other_body="Three", test_hours="4").status_code == 303
    session.expire_all()
    assert (broadcast.version, broadcast.other_body, broadcast.test_hours) == (2, "Three", 4)
    assert "This change was already saved." in agent.get(save(other_body="Three", test_hours="4").location).text
    trail = select(AuditEntry.field, AuditEntry.before, AuditEntry.after).where(AuditEntry.action == "changed")
    found = {row[0]: row[1:] for row in session.execute(trail)}
    assert found["Text B"] == (TWO, "Three")
    assert found["Test of two texts"][0] == TEST.words
    assert save(other_body="", version="2").status_code == 303
    session.expire_all()
    assert (broadcast.other_body, broadcast.test_state) == (None, None)
    meanwhile = save(other_body="Mine", version="2")
    assert meanwhile.status_code == 409
    assert hidden(meanwhile.text)["other_body"] == "Mine"


def test_a_draft_is_kept_with_its_test(few: Campaign, agent: Browser, session: Session) -> None:
    user: User = agent.user
    saved_draft.keep(session, user.id, few.id, {"body": ONE, **CHOSEN})
    session.commit()
    assert_chosen(agent.get(f"/campaigns/{few.id}?tab=broadcasts").text)


def test_a_copy_has_both_and_a_follow_up_the_text_that_won(
    campaign: Campaign, agent: Browser, session: Session
) -> None:
    broadcast = send(agent, session, campaign)
    assert_chosen(agent.get(f"/campaigns/{campaign.id}/broadcasts/new?copy={broadcast.id}").text)
    broadcast.state, broadcast.started_at = BroadcastState.SENT, broadcast.created_at
    session.commit()
    missed = f"/campaigns/{campaign.id}/broadcasts/new?audience=missed&of={broadcast.id}"
    assert f"{ONE}</textarea>" in html.unescape(agent.get(missed).text)
    broadcast.winner = Variant.B
    session.commit()
    page = html.unescape(agent.get(missed).text)
    assert f"{TWO}</textarea>" in page
    assert f"{ONE}</textarea>" not in page


def test_the_same_text_is_known_from_either_side(campaign: Campaign, agent: Browser, session: Session) -> None:
    broadcast = send(agent, session, campaign)
    day = broadcast.created_at.replace(hour=0)
    for texts in ([ONE], [TWO], ["New", TWO], ["New", ONE]):
        assert queries.sent_before(session, campaign.id, texts, day) is broadcast, texts
    assert queries.sent_before(session, campaign.id, ["New", "Newer"], day) is None
    assert "The same text went to this campaign" in said(ask(agent, campaign, body="New"))


def test_a_date_of_a_recurring_broadcast_offers_no_test(few: Campaign, agent: Browser, session: Session) -> None:
    broadcast = send(agent, session, few, other_body="", again="week", **LATER)
    assert "text-test" not in agent.get(f"/broadcasts/{broadcast.id}/edit").text
    form = {"body": ONE, **CHOSEN, **LATER, "changes": str(broadcast.id), "version": "1"}
    assert text_test.NOT_AGAIN in said(agent.post(f"/broadcasts/{broadcast.id}/edit", data=form).text)


def test_a_test_message_is_sent_of_each_text(few: Campaign, agent: Browser, session: Session) -> None:
    user = session.get_one(User, agent.user.id)
    user.mobile = "+12065550163"
    session.commit()
    done = agent.post(f"/campaigns/{few.id}/broadcasts/test", data={"body": ONE, **CHOSEN})
    assert "A test of each text is on its way" in said(done.text)
    sent = select(Message.body).where(Message.purpose == Purpose.TEST).order_by(Message.id)
    assert session.scalars(sent).all() == ["Hi Maya, join us", "Maya, can you come?"]
    refused = agent.post(f"/campaigns/{few.id}/broadcasts/test", data={"body": ONE, "other_body": "{{ nobody }}"})
    assert "Text B: " in said(refused.text)
    assert len(session.scalars(sent).all()) == 2
