"""The panels of the policy: what they save, what they refuse, who may change them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Role
from optin.models import Keyword, KeywordWord, OptIn, Person
from optin.policy import policy
from optin.policy.policy import Policy
from optin.reading.words import normalise
from tests.support.clients import Browser

SMS = {
    "keywordless_needs_opt_in": "y",
    "cap_per_day": "0",
    "cap_per_week": "0",
    "cap_waits": "wait",
    "tries_before_lost": "1",
    "default_region": "US",
    "brand": "Our team",
}
DEFAULT = Policy()
REPLIES = {
    "opt_out_reply": DEFAULT.opt_out_reply,
    "keyword_ended_reply": DEFAULT.keyword_ended_reply,
    "help_reply": DEFAULT.help_reply,
    "extra_opt_out_words": "",
    "question_hours": "24",
}
HOURS = {"sending_hours": "y", "sending_from": "08:00", "sending_to": "20:00"}
FORMS = {"sms": SMS, "replies": REPLIES, "hours": HOURS}


def save(browser: Browser, panel: str, **changes: str | None) -> Any:
    """Post the panel's form as it is by default, with changes; None leaves a field out, as a switch that is off."""
    data = {name: value for name, value in {**FORMS[panel], **changes}.items() if value is not None}
    return browser.post(f"/settings/{panel}", data=data)


def add_person(session: Session, name: str, mobile: str | None, kind: str = "contact") -> None:
    now = clock.now()
    session.execute(
        insert(Person).values(
            kind=kind, first_name=name, sort_name=name.casefold(), mobile=mobile, created_at=now, updated_at=now
        )
    )


def add_keyword(session: Session, word: str, *aliases: str) -> Keyword:
    keyword = Keyword(word=word, confirmation="Hi", question="Sure?", created_at=clock.now())
    keyword.words = [KeywordWord(word=each, normal=normalise(each), is_main=each == word) for each in (word, *aliases)]
    session.add(keyword)
    session.flush()
    return keyword


@pytest.mark.parametrize(
    ("panel", "changes", "setting", "value"),
    [
        ("sms", {"require_opt_in_for_one_to_one": "y"}, "require_opt_in_for_one_to_one", True),
        ("sms", {"keywordless_needs_opt_in": None}, "keywordless_needs_opt_in", False),
        ("sms", {"start_restores_opt_ins": "y"}, "start_restores_opt_ins", True),
        ("sms", {"cap_per_day": "2"}, "cap_per_day", 2),
        ("sms", {"cap_per_week": " 7 "}, "cap_per_week", 7),
        ("sms", {"cap_waits": "skip"}, "cap_waits", False),
        ("sms", {"tries_before_lost": "2"}, "tries_before_lost", 2),
        ("sms", {"default_region": "DE"}, "default_region", "DE"),
        ("sms", {"brand": "  River   Friends "}, "brand", "River Friends"),
        (
            "replies",
            {"opt_out_reply": "Bye from {{ brand }}.\r\nSTART to return."},
            "opt_out_reply",
            "Bye from {{ brand }}.\nSTART to return.",
        ),
        ("replies", {"keyword_ended_reply": "No more {{ keyword }}."}, "keyword_ended_reply", "No more {{ keyword }}."),
        ("replies", {"help_reply": "We are {{ brand }}."}, "help_reply", "We are {{ brand }}."),
        (
            "replies",
            {"extra_opt_out_words": "Adiós\r\n\r\n fertig \r\nAdiós"},
            "extra_opt_out_words",
            ("Adiós", "fertig"),
        ),
        ("replies", {"question_hours": "48"}, "question_hours", 48),
        ("hours", {"sending_hours": None}, "sending_hours", False),
        ("hours", {"sending_from": "09:30"}, "sending_from", "09:30"),
        ("hours", {"sending_to": "00:00"}, "sending_to", "00:00"),
    ],
)
def test_what_is_saved(
    admin: Browser, session: Session, panel: str, changes: dict[str, str | None], setting: str, value: object
) -> None:
    response = save(admin, panel, **changes)
    assert (response.status_code, response.location) == (303, f"/settings/{panel}")
    in_force = policy.load(session)
    assert getattr(in_force, setting) == value
    others = {name: getattr(in_force, name) for name in vars(DEFAULT) if name != setting}
    assert others == {name: getattr(DEFAULT, name) for name in others}, "nothing else is changed"
    page = admin.get(response.location).text
    assert "Saved: " in page
    assert "Last changed by Admin Example, <time" in page


@pytest.mark.parametrize(
    ("panel", "changes", "sentence"),
    [
        ("sms", {"cap_per_day": "many"}, "Enter a whole number."),
        ("sms", {"cap_per_day": "-1"}, "Number must be between 0 and 100."),
        ("sms", {"cap_per_week": ""}, "Enter a number, 0 for no cap."),
        ("sms", {"cap_waits": "drop"}, "Not a valid choice"),
        ("sms", {"default_region": "XX"}, "Not a valid choice"),
        ("sms", {"brand": "   "}, "Enter the name that people know you by."),
        ("sms", {"brand": "{{ brand }}"}, "they mark merge fields"),
        ("sms", {"brand": "B" * 41}, "cannot be longer than 40 characters"),
        ("replies", {"opt_out_reply": " "}, "Enter a text"),
        (
            "replies",
            {"opt_out_reply": "Bye {{ first_name }}"},
            "There is no merge field “first_name”. Use one of these: brand.",
        ),
        (
            "replies",
            {"opt_out_reply": "No more {{ keyword }}"},
            "There is no merge field “keyword”. Use one of these: brand.",
        ),
        ("replies", {"keyword_ended_reply": "Bye {{ brand"}, "is not closed"),
        ("replies", {"help_reply": "x" * 1601}, "Use at most 1600 characters."),
        ("replies", {"extra_opt_out_words": "adios\nSTOP"}, "“stop” already opts people out."),
        ("replies", {"extra_opt_out_words": "Help!"}, "“help” asks for help."),
        ("replies", {"extra_opt_out_words": "start"}, "“start” allows texts again."),
        ("replies", {"extra_opt_out_words": "Y"}, "“y” confirms."),
        ("replies", {"extra_opt_out_words": "🛑"}, "“🛑” has no letters or digits."),
        ("replies", {"extra_opt_out_words": "w" * 31}, "is too long"),
        ("replies", {"extra_opt_out_words": "\n".join(f"word{n}" for n in range(51))}, "Enter at most 50 words."),
        ("replies", {"question_hours": "0"}, "Enter 1 to 168 hours."),
        ("hours", {"sending_from": "20:00", "sending_to": "08:00"}, "must end later than they begin"),
        ("hours", {"sending_from": "08:00", "sending_to": "08:00"}, "must end later than they begin"),
        ("hours", {"sending_from": "8 o’clock"}, "Enter a time such as 08:00."),
        ("hours", {"sending_to": "24:00"}, "Enter a time such as 20:00."),
        ("hours", {"sending_to": ""}, "Enter a time such as 20:00."),
    ],
)
def test_what_is_refused(admin: Browser, session: Session, panel: str, changes: dict[str, str], sentence: str) -> None:
    response = save(admin, panel, **changes)
    assert response.status_code == 422
    assert sentence in response.text
    assert policy.load(session) == DEFAULT
    for typed in changes.values():
        shown = typed.strip() or "is-invalid"
        assert shown in response.text or "selected" in response.text, "the form keeps what was typed"


def test_an_opt_out_word_that_is_a_keyword_names_it(admin: Browser, session: Session) -> None:
    add_keyword(session, "Jardín", "garden")
    refused = save(admin, "replies", extra_opt_out_words="jardin\nGARDEN\nadios")
    assert refused.status_code == 422
    assert "“jardin” is taken: people text the keyword Jardín to join." in refused.text, "accents make no other word"
    assert "“garden” is taken: people text garden, an alias of the keyword Jardín, to join." in refused.text
    assert "“adios”" not in refused.text


def test_extra_words_show_how_they_are_compared(admin: Browser) -> None:
    save(admin, "replies", extra_opt_out_words="¡No Más!\nFERTIG")
    page = admin.get("/settings/replies").text
    assert ">no más</kbd>" in page
    assert ">fertig</kbd>" in page


def test_replies_are_shown_as_they_are_sent(admin: Browser) -> None:
    save(admin, "sms", brand="River Friends")
    save(admin, "replies", opt_out_reply="{{ brand }}: bye…")
    page = admin.get("/settings/replies").text
    assert "River Friends: bye…<small>1 segment, UCS-2, 19 characters</small>" in page
    assert "no more volunteer messages" in page
    save(admin, "replies", help_reply="{{ brand }}: reply YES to go on.")
    assert "“YES” means that a person wants texts again" in admin.get("/settings/replies").text


def test_the_effect_of_requiring_an_opt_in_is_told_in_numbers(admin: Browser, session: Session) -> None:
    keyword = add_keyword(session, "volunteer")
    opt_ins = [("+14155550101", "active"), ("+14155550102", "inactive"), ("+14155550103", "pending")]
    for number, status in opt_ins:
        session.add(OptIn(number=number, keyword_id=keyword.id, status=status, source="sms", requested_at=clock.now()))
    for number in range(101, 106):
        add_person(session, f"Person {number}", f"+14155550{number}", "lead" if number % 2 else "contact")
    add_person(session, "Shares", "+14155550101")
    add_person(session, "Without", None)
    page = admin.get("/settings/sms").text
    assert "4 of 6 contacts and leads could no longer be texted." in page
    found = [
        name
        for address in re.findall(r'See who: <a href="([^"]+)">contacts</a>, <a href="([^"]+)">leads</a>', page)[0]
        for name in re.findall(r">((?:Person|Shares|Without)[^<]*)</a>", admin.get(address).text)
    ]
    assert found == ["Person 102", "Person 104", "Person 103", "Person 105"]
    saved = save(admin, "sms", require_opt_in_for_one_to_one="y")
    page = admin.get(saved.location).text
    assert "Saved: Require Opt-In for 1:1 SMS Messaging. 4 of 6 contacts and leads can’t be texted now." in page


def test_saving_what_is_there_changes_nothing(admin: Browser, session: Session) -> None:
    for panel in FORMS:
        assert "Nothing was changed." in admin.get(save(admin, panel).location).text
        assert "Last changed by" not in admin.get(f"/settings/{panel}").text
    assert policy.load(session) == DEFAULT


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT])
@pytest.mark.parametrize("panel", list(FORMS))
def test_others_read_but_do_not_change(
    browse_as: Callable[[Role | None], Browser], session: Session, role: Role, panel: str
) -> None:
    browser = browse_as(role)
    page = browser.get(f"/settings/{panel}")
    assert page.status_code == 200
    assert "<fieldset disabled>" in page.text
    assert ">Save</button>" not in page.text
    assert "Only an admin can change this." in page.text
    assert "/settings/twilio" not in page.text
    refused = save(browser, panel, brand="Mine", sending_hours=None, question_hours="1")
    assert refused.status_code == 403
    assert "Your role does not allow this" in refused.text
    assert policy.load(session) == DEFAULT


def test_numbers_are_shown_as_in_the_default_country(admin: Browser, session: Session) -> None:
    admin.post("/settings/twilio/senders", data={"address": "+4930901820"})
    assert ">+49 30 901820<" in admin.get("/settings/twilio").text
    save(admin, "sms", default_region="DE")
    assert ">030 901820<" in admin.get("/settings/twilio").text


def test_hours_beyond_the_us_rule_are_pointed_out(admin: Browser) -> None:
    assert "47 CFR 64.1200(c)(1)" in admin.get("/settings/hours").text
    assert "of the US rule below" not in admin.get("/settings/hours").text
    save(admin, "hours", sending_from="07:00", sending_to="22:00")
    page = admin.get("/settings/hours").text
    assert "Earlier than the 8 a.m. of the US rule below." in page
    assert "Later than the 9 p.m. of the US rule below." in page


def test_the_settings_lead_to_the_first_panel(viewer: Browser) -> None:
    assert viewer.get("/settings").location == "/settings/sms"


def test_the_languages_that_are_heard_are_not_denied(viewer: Browser) -> None:
    page = viewer.get("/settings/replies").text
    assert "in English and Spanish." not in page
    assert "French" in page
