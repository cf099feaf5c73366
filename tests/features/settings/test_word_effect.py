"""What an extra opt-out word would have done is shown before it is saved."""

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy.orm import Session

from optin.features.settings import word_effect
from optin.policy import policy
from tests.conftest import Clock
from tests.features.settings.test_policy_panels import REPLIES
from tests.support.clients import Browser
from tests.support.world import INES, MAYA, TOM, keyword, text

SAVED = 303


def save(admin: Browser, words: str, **more: str) -> Any:
    return admin.post("/settings/replies", data={**REPLIES, "extra_opt_out_words": words, **more})


def shown(page: str) -> str:
    """Return the part that tells the effect, in words."""
    part = page.split('id="word-effect"')[1].split("</div>\n</div>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split())


def token(page: str) -> str:
    found = re.search(r'name="words_shown" value="([^"]*)"', page)
    return unescape(found[1]) if found else ""


@pytest.fixture
def texts(session: Session, clock: Clock) -> None:
    """Texts of the last year that a word such as "no" would have touched, and others that it would not."""
    keyword(session)
    clock.forward(days=-400)
    text(session, "no")
    clock.forward(days=400)
    for number, said in (
        (MAYA, "volunteer"), (MAYA, "No problem, see you then"), (TOM, "NO!"), (INES, "no"), (INES, "Noor here, hello"),
        (TOM, "There is no bus on Sundays"), (MAYA, "please stop volunteer texts, no fun"), (MAYA, "STOP"),
    ):  # fmt: skip
        clock.forward(minutes=1)
        text(session, said, number)


def test_a_word_that_stops_texts_of_today_is_shown_first(admin: Browser, session: Session, texts: None) -> None:
    refused = save(admin, "no", help_reply="{{ brand }}: a new help text.")
    assert refused.status_code == 422
    said = shown(refused.text)
    assert "“no” would have opted out the senders of 2 texts and put those of 2 texts on hold." in said
    assert "Out of 7 texts received in the last year" in said
    assert "“no” (opted out)" in said
    assert "“There is no bus on Sundays” (on hold for review)" in said
    assert said.count("(opted out)") == 1, "each wording once"
    assert said.count("“") == 4, "the word, and three texts"
    assert "Nothing has been saved yet." in refused.text
    assert policy.load(session).extra_opt_out_words == ()
    assert ">no</textarea>" in refused.text.replace("\r", "").replace(">\n", ">"), "what was typed is kept"
    assert "a new help text." in refused.text
    saved = save(admin, "no", help_reply="{{ brand }}: a new help text.", words_shown=token(refused.text))
    assert saved.status_code == SAVED
    in_force = policy.load(session)
    assert (in_force.extra_opt_out_words, in_force.help_reply) == (("no",), "{{ brand }}: a new help text.")


def test_another_word_than_the_one_shown_is_shown_too(admin: Browser, session: Session, texts: None) -> None:
    seen = token(save(admin, "no").text)
    refused = save(admin, "no\nhello", words_shown=seen)
    assert refused.status_code == 422
    assert "“hello” and “no” would have" in shown(refused.text)
    assert save(admin, "hello\nNO", words_shown=token(refused.text)).status_code == SAVED


def test_a_word_that_touches_nothing_is_saved_at_once(admin: Browser, session: Session, texts: None) -> None:
    saved = save(admin, "adiós")
    assert saved.status_code == SAVED
    assert "would have changed nothing in the texts of the last year" in admin.get(saved.location).text
    assert policy.load(session).extra_opt_out_words == ("adiós",)


def test_what_is_in_force_is_not_counted_again(admin: Browser, session: Session, texts: None) -> None:
    assert save(admin, "no", words_shown="no").status_code == SAVED
    assert save(admin, "no", question_hours="48").status_code == SAVED
    assert save(admin, "").status_code == SAVED


def test_it_is_shown_while_one_types(admin: Browser, session: Session, texts: None) -> None:
    part = admin.get("/settings/replies/words?extra_opt_out_words=no%0D%0Aadios").text
    assert part.lstrip().startswith('<div id="word-effect"')
    assert token(part) == "adios,no"
    assert "2 texts" in shown(part)
    assert "would have" not in admin.get("/settings/replies/words?extra_opt_out_words=STOP").text, "that is refused"
    assert "would have" not in admin.get("/settings/replies/words").text
    assert 'hx-get="/settings/replies/words"' in admin.get("/settings/replies").text


def test_of_very_many_texts_the_newest_are_counted_and_it_says_so(
    admin: Browser, session: Session, texts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_effect, "MOST_READ", 3)
    said = shown(save(admin, "no").text)
    assert "put the senders of 1 text on hold." in said
    assert "Out of the newest 3 texts, received since" in said


def test_a_hold_that_becomes_an_opt_out_counts_as_one(admin: Browser, session: Session) -> None:
    text(session, "stpo")
    assert "opted out the senders of 1 text." in shown(save(admin, "stpo").text)


def test_markup_in_a_text_is_text(admin: Browser, session: Session) -> None:
    text(session, "no <script>alert(1)</script>")
    assert "<script>alert" not in save(admin, "no").text


def test_a_wording_that_many_have_is_read_once(
    admin: Browser, session: Session, texts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (MAYA, TOM, INES):
        text(session, "Is there no bus today", number)
    read: list[str] = []
    change = word_effect._change
    monkeypatch.setattr(word_effect, "_change", lambda body, *more: read.append(body) or change(body, *more))
    said = shown(save(admin, "no").text)
    assert read.count("Is there no bus today") == 1
    assert "put those of 5 texts on hold" in said
