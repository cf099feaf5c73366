"""Making and changing keywords through the form, with what must be refused."""

import threading
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.features.keywords import check
from optin.models import AuditEntry, Disclosure, Keyword, KeywordWord, Message, OptIn
from optin.models.keyword import CONFIRMATION, QUESTION
from tests.conftest import Clock, add_user
from tests.support.clients import Browser
from tests.support.world import keyword, text

FULL = {
    "word": "River",
    "aliases": "rivers, creek",
    "description": "Clean-up days",
    "disclosure": "Text RIVER to get up to 4 texts a month.",
    "disclosure_url": "https://example.org/river",
    "frequency": "4 msgs/month",
    "opt_in": "double",
    "confirmation": "{{ brand }}: welcome to {{ keyword }}. {{ frequency }}. HELP for help, STOP to end.",
    "question": "{{ brand }}: reply YES for {{ keyword }}.",
}


def words(session: Session) -> list[str]:
    return sorted(session.scalars(select(KeywordWord.normal)))


def test_only_the_word_is_required(agent: Browser, session: Session) -> None:
    response = agent.post("/keywords", data={"word": "volunteer"})
    made = session.scalars(select(Keyword)).one()
    assert (response.status_code, response.location) == (303, f"/keywords/{made.id}")
    assert (made.word, made.double_opt_in, made.archived_at) == ("volunteer", False, None)
    assert (made.confirmation, made.question) == (CONFIRMATION, QUESTION)
    assert made.created_by_id == agent.user.id
    assert text(session, "Volunteer!").effect == "opted in with volunteer"


def test_the_default_reply_says_what_carriers_ask_for() -> None:
    for needed in ("{{ brand }}", "{{ keyword }}", "{{ frequency", "Msg & data rates may apply", "HELP", "STOP"):
        assert needed in CONFIRMATION
        assert needed in QUESTION


def test_the_form_has_a_field_that_is_called_keyword_and_nothing_else(agent: Browser) -> None:
    page = agent.get("/keywords/new").text
    assert '<label class="form-label" for="word">Keyword</label>' in page
    assert "Msg &amp; data rates may apply" in page


def test_everything_can_be_said(agent: Browser, session: Session) -> None:
    assert agent.post("/keywords", data=FULL).status_code == 303
    made = session.scalars(select(Keyword)).one()
    assert (made.word, made.aliases, made.frequency, made.double_opt_in) == (
        "River", ["rivers", "creek"], "4 msgs/month", True,
    )  # fmt: skip
    told = made.disclosures[0]
    assert (told.version, told.text, told.url) == (1, FULL["disclosure"], FULL["disclosure_url"])
    page = agent.get(f"/keywords/{made.id}").text
    for shown in ("rivers, creek", "Clean-up days", FULL["disclosure"], "Our team: reply YES for River."):
        assert shown in unescape(page)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("word", "", "Enter a word of letters and digits."),
        ("word", "STOP", "“STOP” is reserved: people text it to opt out."),
        ("word", "Stop!", "“Stop!” is reserved: people text it to opt out."),
        ("word", "info", "“info” is reserved: people text it to ask for help."),
        ("word", "unstop", "“unstop” is reserved: people text it to allow texts again."),
        ("word", "yes", "“yes” is reserved: people text it to confirm."),
        ("word", "two words", "Enter one word, without spaces."),
        ("word", "x", "Use 2 to 30 letters and digits."),
        ("word", "a" * 31, "Use 2 to 30 letters and digits."),
        ("word", "e\u0301" * 31, "Use 2 to 30 letters and digits."),
        ("word", "save-it", "Use only letters and digits."),
        ("word", "nul\0l", "null"),
        ("aliases", "help", "“help” is reserved: people text it to ask for help."),
        ("aliases", "creek, CREEK", "“CREEK” is entered twice."),
        ("aliases", "river", "“river” is entered twice."),
        ("aliases", " ".join(f"word{n}" for n in range(21)), "Enter at most 20 aliases."),
        ("disclosure_url", "example.org", "Enter a full web address, such as https://example.org/volunteer."),
        ("disclosure_url", "javascript:alert(1)", "Enter a full web address, such as https://example.org/volunteer."),
        ("confirmation", "Hi {{ first_name }}", "There is no merge field “first_name”."),
        ("confirmation", "Hi {{ brand", "A merge field that begins with “{{” is not closed with “}}”."),
        ("question", "{{ }}", "A merge field is empty"),
        ("frequency", "f" * 81, "Field cannot be longer than 80 characters."),
        ("opt_in", "triple", "Not a valid choice."),
    ],
)
def test_what_cannot_be_used_is_refused_and_kept(
    agent: Browser, session: Session, field: str, typed: str, sentence: str
) -> None:
    response = agent.post("/keywords", data={**FULL, field: typed})
    if typed == "nul\0l":  # what a database cannot keep is dropped
        assert (response.status_code, session.scalars(select(Keyword.word)).all()) == (303, ["null"])
        return
    page = unescape(response.text)
    assert response.status_code == 422
    assert sentence in page
    assert FULL["description"] in page
    assert typed in page or field == "opt_in" or "e\u0301" in typed
    assert session.scalars(select(func.count(Keyword.id))).one() == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"word": "volunteer"}, "“volunteer” is already a keyword."),
        ({"word": "ＶＯＬＵＮＴＥＥＲ"}, "“VOLUNTEER” is already a keyword."),
        ({"word": "vols"}, "“vols” is already an alias of “volunteer”."),
        ({"word": "new", "aliases": "fresh vols"}, "“vols” is already an alias of “volunteer”."),
        ({"word": "old"}, "“old” is already a keyword, but it is archived: bring it back instead."),
    ],
)
def test_a_word_belongs_to_one_keyword(agent: Browser, session: Session, typed: dict[str, str], sentence: str) -> None:
    keyword(session, "volunteer", "vols")
    keyword(session, "old")
    old = session.scalars(select(Keyword).where(Keyword.word == "old")).one()
    agent.post(f"/keywords/{old.id}/archive")
    response = agent.post("/keywords", data=typed)
    assert response.status_code == 422
    assert sentence in unescape(response.text)
    assert words(session) == ["old", "vols", "volunteer"]


def test_two_users_who_save_the_same_word_at_once_get_one_keyword(app: Flask, session: Session) -> None:
    user = add_user(session, Role.AGENT)
    start = threading.Barrier(4)
    answers: list[int] = []

    def save(word: str) -> None:
        browser = app.test_client()
        browser.sign_in(user)
        start.wait()
        response = browser.post("/keywords", data={"word": word, "aliases": "" if word.islower() else "helper"})
        assert response.status_code == 303 or "is already a keyword" in unescape(response.text)
        answers.append(response.status_code)

    typed = ["volunteer", "Volunteer", "VOLUNTEER", "volunteer"]
    threads = [threading.Thread(target=save, args=[word]) for word in typed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 422, 422, 422]
    assert len(session.scalars(select(Keyword)).all()) == 1


def test_a_change_is_stored_and_stands_in_the_history(agent: Browser, session: Session) -> None:
    agent.post("/keywords", data=FULL)
    made = session.scalars(select(Keyword)).one()
    page = unescape(agent.get(f"/keywords/{made.id}/edit").text)
    for value in ("River", "rivers, creek", FULL["disclosure"], FULL["question"]):
        assert value in page
    changed = {**FULL, "word": "creek", "aliases": "river stream", "disclosure": "New words"}
    assert agent.post(f"/keywords/{made.id}", data=changed).status_code == 303
    assert (made.word, made.aliases) == ("creek", ["river", "stream"])
    assert words(session) == ["creek", "river", "stream"]
    assert [(one.version, one.text) for one in made.disclosures] == [(2, "New words"), (1, FULL["disclosure"])]
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.field, entry.before, entry.after) for entry in entries] == [
        ("created", "Keyword", "", "River"),
        ("changed", "Keyword", "River", "creek"),
        ("changed", "Aliases", "rivers, creek", "river, stream"),
        ("changed", "What people are told", FULL["disclosure"], "New words"),
    ]
    assert "Agent Example" in agent.get(f"/keywords/{made.id}?tab=history").text


def test_nothing_changed_makes_no_version_and_no_entry(agent: Browser, session: Session) -> None:
    agent.post("/keywords", data=FULL)
    made = session.scalars(select(Keyword)).one()
    response = agent.post(f"/keywords/{made.id}", data=FULL, follow_redirects=True)
    assert "Nothing was changed." in response.text
    assert session.scalars(select(func.count(Disclosure.id))).one() == 1
    assert session.scalars(select(func.count(AuditEntry.id))).one() == 1


def test_a_change_to_a_word_that_is_taken_leaves_everything(agent: Browser, session: Session) -> None:
    keyword(session, "donate")
    made = keyword(session, "volunteer", "vols")
    response = agent.post(f"/keywords/{made.id}", data={"word": "Donate", "description": "typed"})
    assert response.status_code == 422
    assert "“Donate” is already a keyword." in unescape(response.text)
    assert "typed" in response.text
    assert (made.word, made.description, words(session)) == ("volunteer", "", ["donate", "vols", "volunteer"])


def test_an_opt_in_keeps_its_text_and_disclosure_when_the_keyword_is_renamed(agent: Browser, session: Session) -> None:
    agent.post("/keywords", data={"word": "volunteer", "disclosure": "First"})
    made = session.scalars(select(Keyword)).one()
    text(session, "VOLUNTEER")
    agent.post(f"/keywords/{made.id}", data={"word": "helper", "disclosure": "Second"})
    opt_in = session.scalars(select(OptIn)).one()
    assert (opt_in.text, opt_in.disclosure.text if opt_in.disclosure else "") == ("VOLUNTEER", "First")
    assert text(session, "volunteer", "+16465550199").effect == ""


@pytest.mark.parametrize(("word", "alias"), [("Yes", "yay"), ("rowing", "Stop"), ("Spring Team", "spring")])
def test_a_word_that_nobody_may_use_stays_archived(agent: Browser, session: Session, word: str, alias: str) -> None:
    """A move brings such keywords, archived."""
    made = keyword(session, word, alias, archived_at=clock.now())
    page = agent.post(f"/keywords/{made.id}/archive", data={"archived": "0"}, follow_redirects=True).text
    named = alias if word == "rowing" else word
    assert f"Change “{named}” first, then bring the keyword back." in page
    assert session.get_one(Keyword, made.id, populate_existing=True).archived_at is not None


def test_an_archived_keyword_opts_nobody_in_until_it_is_brought_back(agent: Browser, session: Session) -> None:
    made = keyword(session)
    text(session, "volunteer")
    response = agent.post(f"/keywords/{made.id}/archive", data={"archived": "1"}, follow_redirects=True)
    assert "Its 1 active opt-in stays as it is" in response.text
    assert (made.archived_by_id, text(session, "volunteer", "+16465550177").effect) == (agent.user.id, "")
    assert "No active keyword." in agent.get("/keywords").text
    assert ">volunteer</a>" in agent.get("/keywords?state=archived").text
    agent.post(f"/keywords/{made.id}/archive", data={"archived": "0"})
    assert text(session, "volunteer", "+16465550177").effect == "opted in with volunteer"


def test_a_keyword_without_opt_ins_can_be_deleted(agent: Browser, session: Session) -> None:
    agent.post("/keywords", data=FULL)
    made = session.scalars(select(Keyword)).one()
    text(session, "rivr")
    response = agent.post(f"/keywords/{made.id}/deletion", follow_redirects=True)
    assert "“River” was deleted" in unescape(response.text)
    assert (words(session), session.scalars(select(func.count(Keyword.id))).one()) == ([], 0)


def test_a_keyword_with_opt_ins_cannot_be_deleted(agent: Browser, session: Session) -> None:
    made = keyword(session, "volunteer", "vols")
    text(session, "vols")
    assert "Delete" not in agent.get(f"/keywords/{made.id}").text
    response = agent.post(f"/keywords/{made.id}/deletion", follow_redirects=True)
    assert "Archive it instead" in response.text
    assert words(session) == ["vols", "volunteer"]


@pytest.mark.parametrize(
    "url",
    ["/keywords", "/keywords/1", "/keywords/1/archive", "/keywords/1/deletion"],
)
def test_a_viewer_may_not_change_anything(viewer: Browser, session: Session, url: str) -> None:
    keyword(session)
    assert viewer.post(url, data={"word": "other"}).status_code == 403
    assert words(session) == ["volunteer"]


@pytest.mark.parametrize("url", ["/keywords/7", "/keywords/7/edit", "/keywords/7/opt-ins"])
def test_an_unknown_keyword_is_not_found(agent: Browser, url: str) -> None:
    assert agent.get(url).status_code == 404


@pytest.mark.parametrize("url", ["/keywords/7", "/keywords/7/archive", "/keywords/7/deletion"])
def test_an_unknown_keyword_cannot_be_changed(agent: Browser, url: str) -> None:
    assert agent.post(url, data={"word": "volunteer"}).status_code == 404


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("volunteer", "“volunteer” is unlikely to be sent by accident."),
        ("stop", "“stop” is reserved: people text it to opt out."),
        ("hello", "It is a common word"),
        ("abc", "It is short"),
        ("vol", "Many everyday words are one letter away from it, so few typos are marked as near misses."),
        ("stops", "It is one letter away from STOP."),
        ("send", "It is one letter away from END."),
        ("yep", "It is one letter away from YES."),
        ("infos", "It is one letter away from INFO."),
        ("donatee", "It is one letter away from the keyword “donate”."),
        ("donate", "Another keyword already has this word."),
        ("pizza", "1 person texted this as an ordinary message in the last year."),
    ],
)
def test_the_check_advises_while_typing(agent: Browser, session: Session, word: str, sentence: str) -> None:
    keyword(session, "donate")
    text(session, " Pizza ")
    assert sentence in unescape(agent.get(f"/keywords/check?word={word}").text)


def test_the_check_keeps_away_from_the_words_that_the_admin_added(session: Session) -> None:
    (advice,) = check.advise(session, "enoughh", extra_opt_out=["Enough!"])
    assert (advice.tone, advice.sentence) == ("warn", "It is one letter away from ENOUGH.")


def test_the_check_counts_each_number_once_whatever_its_spelling(
    agent: Browser, session: Session, clock: Clock
) -> None:
    text(session, "pizza", "+13125550118")
    clock.forward(days=366)
    for number in ("+14155550134", "+16465550177"):
        for spelling in ("Pizza!!", " ＰＩＺＺＡ", "\u201cpizza\u201d \U0001f355"):
            text(session, spelling, number)
    text(session, "pizza please", "+12125550199")
    assert (
        "2 people texted this as an ordinary message in the last year." in agent.get("/keywords/check?word=piZZa").text
    )


def test_what_did_something_is_no_ordinary_message(agent: Browser, session: Session) -> None:
    keyword(session, "volunteer")
    for body in ("volunteer", "STOP", "volunteer"):
        text(session, body)
    assert session.scalars(select(Message.word).where(Message.direction == "inbound")).all() == [None] * 3


def test_saving_repeats_the_advice(agent: Browser, session: Session) -> None:
    sentence = "“hello”: It is a common word"
    assert sentence in unescape(agent.post("/keywords", data={"word": "hello"}, follow_redirects=True).text)
    made = session.scalars(select(Keyword)).one()
    saved = agent.post(f"/keywords/{made.id}", data={"word": "hello", "description": "x"}, follow_redirects=True)
    assert "Saved." in saved.text
    assert sentence not in unescape(saved.text)
    renamed = agent.post(f"/keywords/{made.id}", data={"word": "send"}, follow_redirects=True)
    assert "“send”: It is one letter away from END." in unescape(renamed.text)


def test_saving_warns_of_each_new_alias(agent: Browser, session: Session) -> None:
    sentence = "“vol”: Many everyday words are one letter away from it"
    made = agent.post("/keywords", data={"word": "volunteer", "aliases": "vol, helper"}, follow_redirects=True)
    assert sentence in unescape(made.text)
    assert "“helper”" not in unescape(made.text)
    url = f"/keywords/{session.scalars(select(Keyword.id)).one()}"
    again = agent.post(url, data={"word": "volunteer", "aliases": "vol, helper, rvr"}, follow_redirects=True)
    assert sentence not in unescape(again.text)
    assert "“rvr”: It is short" in unescape(again.text)
