"""Contacts and leads through HTTP: lists, search, forms, what a change of number says before and after it is saved."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import PersonKind
from optin.models import Campaign, CampaignMember, Keyword, Message, OptIn, Person
from optin.person import records
from optin.queries import look
from optin.refused import Refused, done
from tests.support.clients import Browser

OLD, NEW = "+12065550163", "+12065550147"


def typed(person: Person, **changes: str) -> dict[str, str]:
    """What the form of a person sends."""
    fields = {"first_name": person.first_name, "last_name": person.last_name, "mobile": "(206) 555-0163"}
    return {**fields, "company": person.company, "owner_id": "", "time_zone": "", **changes}


def lead(session: Session, **fields: str) -> Person:
    return done(records.create(session, PersonKind.LEAD, fields, None))


def test_a_contact_is_made_and_shown(agent: Browser, session: Session) -> None:
    assert "Create the first contact" in agent.get("/contacts").text
    sent = {"first_name": "Ines", "last_name": "Duarte", "mobile": "415 555 0199", "email": "ines@example.org"}
    response = agent.post("/contacts/new", data=sent, follow_redirects=True)
    assert response.status_code == 200
    person = session.scalars(select(Person)).one()
    assert (person.kind, person.mobile, person.sort_name) == ("contact", "+14155550199", "duarte ines")
    for words in ("Ines Duarte", "(415) 555-0199", "No opt-in", "Contact Ines Duarte was created."):
        assert words in response.text


def test_who_has_no_name_is_called_by_the_number_as_it_is_written_at_home(agent: Browser, session: Session) -> None:
    made = lead(session, mobile=NEW)
    page = agent.get(f"/leads/{made.id}").text
    assert page.count("(206) 555-0147") > 2
    assert "+1 206-555-0147" not in page
    assert made.name_in("US") == "(206) 555-0147"
    assert made.name_in("DE") == "+1 206-555-0147"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"first_name": "Al", "mobile": "555-0199"}, "That number is too short: enter it with its area code."),
        ({"first_name": "Al", "mobile": "(415) 555-0199 ext. 3"}, "without an extension"),
        ({"first_name": "Al", "email": "al at example"}, "Enter an email address"),
        ({"company": "Harbor Friends"}, "Enter a name, a mobile phone number or an email address."),
        ({"first_name": "A" * 81}, "Field cannot be longer than 80 characters."),
        ({"first_name": "Al", "owner_id": "99"}, "Not a valid choice."),
        ({"first_name": "Al", "time_zone": "Mars/Olympus"}, "Not a valid choice."),
    ],
)
def test_a_bad_form_comes_back_as_typed(agent: Browser, session: Session, sent: dict[str, str], sentence: str) -> None:
    response = agent.post("/leads/new", data=sent)
    assert response.status_code == 422
    assert sentence in response.text
    for name in ("first_name", "mobile", "email", "company"):
        assert f'value="{sent.get(name, "")}"' in response.text
    assert session.scalars(select(Person)).all() == []


@pytest.mark.parametrize(("path", "act"), [("/contacts/new", "create"), ("/contacts/{}/edit", "change")])
def test_what_the_core_refuses_after_the_form_is_said_at_its_field(
    agent: Browser, noor: Person, monkeypatch: pytest.MonkeyPatch, path: str, act: str
) -> None:
    refused = Refused("That number has gone meanwhile.", field="mobile")
    monkeypatch.setattr(records, act, lambda *_given: refused)
    response = agent.post(path.format(noor.id), data=typed(noor))
    assert response.status_code == 422
    assert re.search(rf'id="mobile-error"[^>]*>\s*{refused.sentence}', response.text)


def test_lists_show_their_kind_and_where_numbers_stand(
    agent: Browser, session: Session, volunteer: Keyword, noor: Person, text: Callable[..., Message]
) -> None:
    lead(session, first_name="Paulo", mobile=OLD)
    text("volunteer")
    contacts, leads = agent.get("/contacts").text, agent.get("/leads").text
    assert "Noor Haddad" in contacts
    assert "Paulo" not in contacts
    assert "Noor Haddad" not in leads
    for page in (contacts, leads):
        assert "Opted in with volunteer" in page
        assert "shared by 2" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("haddad", True),
        ("HADDAD noor", True),
        ("noor had", True),
        ("noor duarte", False),
        ("harbor", True),
        ("(206) 555", True),
        ("206.555.0163", True),
        ("+1 206 555 01 63", True),
        ("5550164", False),
        ("0163", True),
        ("0206 555", True),
        ("063", False),
        ("addad", False),
        ("%", False),
        ("_oor", False),
        ("noor\0", True),
    ],
)
def test_search_finds_names_numbers_and_companies(agent: Browser, noor: Person, query: str, found: bool) -> None:
    assert ("Noor Haddad" in agent.get("/contacts", query_string={"q": query}).text) is found


def test_search_offers_what_was_found_of_the_other_kind(agent: Browser, session: Session, noor: Person) -> None:
    lead(session, first_name="Noor", last_name="Baker")
    page = agent.get("/contacts?q=noor").text
    assert 'href="/leads?q=noor"' in page
    assert "1 lead" in page


@pytest.mark.parametrize("few", [0, 1000])
def test_a_filter_leaves_who_has_no_active_opt_in(
    agent: Browser,
    session: Session,
    noor: Person,
    volunteer: Keyword,
    text: Callable[..., Message],
    monkeypatch: pytest.MonkeyPatch,
    few: int,
) -> None:
    monkeypatch.setattr(look, "FEW", few)
    url = "/contacts?consent=no-active-opt-in"
    lead(session, first_name="Paulo", mobile=NEW)
    lead(session, first_name="Numberless")
    page = agent.get(url).text
    assert "Noor Haddad" in page
    assert '<a href="/leads?consent=no-active-opt-in">1 lead</a> found as well' in page
    assert "Noor Haddad" not in agent.get(f"{url}&q=paulo").text
    assert "Consent: no active opt-in" in page
    assert "Noor" in agent.get("/contacts/file?consent=no-active-opt-in").text
    text("volunteer")
    page = agent.get(url).text
    assert "Noor Haddad" not in page
    assert "No contact meets the filter." in page
    assert "Noor" not in agent.get("/contacts/file?consent=no-active-opt-in").text
    text("STOP")
    assert "Noor Haddad" in agent.get(url).text
    wrong = agent.get("/contacts?consent=nonsense").text
    assert "Choose where the number stands." in wrong
    assert "Noor Haddad" not in wrong, "what can't be asked for is not left out"


def test_pages_follow_one_another_without_a_gap(agent: Browser, session: Session) -> None:
    for index in range(120):
        lead(session, first_name=f"P{index:03}", last_name="Same" if index < 60 else "")
    seen: list[str] = []
    url: str | None = "/leads"
    while url:
        page = agent.get(url).text
        seen += re.findall(r">(P\d{3})[ <]", page)
        following = re.search(r'href="(/leads\?page=[^"]+)" rel="next"', page)
        url = following[1] if following else None
    assert len(seen) == len(set(seen)) == 120
    previous = re.search(r'href="(/leads\?page=[^"]+)" rel="prev"', page)
    assert previous
    assert re.findall(r">(P\d{3})[ <]", agent.get(previous[1]).text) == seen[50:100]


def test_another_spelling_saves_without_a_question(
    agent: Browser, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    response = agent.post(f"/contacts/{noor.id}/edit", data=typed(noor, mobile="206.555.0163"), follow_redirects=True)
    assert "Nothing was changed." in response.text
    assert "Opted in with volunteer" in response.text


def test_a_change_of_number_says_first_what_it_ends(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    sent = typed(noor, mobile="(206) 555-0147", company="New Company")
    first = agent.post(f"/contacts/{noor.id}/edit", data=sent)
    assert first.status_code == 422
    assert "This ends 1 opt-in: volunteer." in first.text
    assert ">Save and end 1 opt-in</button>" in first.text
    assert 'value="(206) 555-0147"' in first.text
    assert 'value="New Company"' in first.text
    assert session.get_one(Person, noor.id).mobile == OLD
    token = re.search(r'name="ends" value="([^"]*)"', first.text)
    assert token
    second = agent.post(f"/contacts/{noor.id}/edit", data={**sent, "ends": token[1]}, follow_redirects=True)
    assert "Saved. 1 opt-in of (206) 555-0163 ended: volunteer." in second.text
    assert session.scalars(select(OptIn)).one().end_reason == "number_changed"
    assert session.get_one(Person, noor.id).mobile == NEW
    assert "changed the number from (206) 555-0163 to (206) 555-0147 · 1 opt-in ended" in second.text


def test_the_old_number_can_be_put_back_before_saving(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    shown = session.scalars(select(OptIn)).one().id
    sent = typed(noor, company="New Company", ends=str(shown))
    assert "Saved." in agent.post(f"/contacts/{noor.id}/edit", data=sent, follow_redirects=True).text
    assert session.scalars(select(OptIn)).one().status == "active"


def test_an_opt_in_that_comes_between_is_shown_before_it_ends(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    sent = typed(noor, mobile="")
    assert agent.get(f"/contacts/{noor.id}/number?mobile=").text.count("This ends") == 0
    text("volunteer")
    refused = agent.post(f"/contacts/{noor.id}/edit", data={**sent, "ends": ""})
    assert refused.status_code == 422
    assert "This ends 1 opt-in: volunteer." in refused.text


def test_the_fragment_says_what_a_typed_number_ends(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    asked = f"/contacts/{noor.id}/number"
    assert "This ends 1 opt-in: volunteer." in agent.get(asked, query_string={"mobile": "2065550147"}).text
    assert "This ends" not in agent.get(asked, query_string={"mobile": "206 555 0163"}).text
    assert "This ends" not in agent.get(asked, query_string={"mobile": "206"}).text
    lead(session, first_name="Paulo", mobile=OLD)
    assert "No opt-in ends: Paulo still has" in agent.get(asked, query_string={"mobile": "2065550147"}).text


def test_the_record_shows_opt_ins_of_earlier_numbers_campaigns_and_history(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    done(records.change(session, noor, {"mobile": NEW}, None))
    campaign = Campaign(name="Volunteer Campaign", keyword=volunteer, created_at=clock.now(), updated_at=clock.now())
    session.add(CampaignMember(campaign=campaign, person=noor, number=NEW, zones=noor.zones, added_at=clock.now()))
    related = agent.get(f"/contacts/{noor.id}?tab=related").text
    for words in ("1, none active", "(206) 555-0163", "Number changed", "No: not opted in with volunteer"):
        assert words in related
    history = agent.get(f"/contacts/{noor.id}?tab=history").text
    assert "Opt-ins ended with the number" in history
    assert "(206) 555-0147" in history


def test_a_lead_is_converted_and_found_at_its_old_address(agent: Browser, session: Session) -> None:
    made = lead(session, first_name="Paulo", mobile=OLD)
    response = agent.post(f"/leads/{made.id}/conversion")
    assert response.headers["Location"] == f"/contacts/{made.id}"
    assert "Paulo is now a contact." in agent.get(f"/contacts/{made.id}").text
    assert agent.get(f"/leads/{made.id}").headers["Location"] == f"/contacts/{made.id}"


def test_deleting_asks_first(
    agent: Browser, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    address = f"/contacts/{noor.id}"
    assert "are kept: they belong to the number" in agent.get(f"{address}/deletion").text
    response = agent.post(f"{address}/deletion", follow_redirects=True)
    assert "Contact Noor Haddad was deleted." in response.text
    assert session.scalars(select(OptIn)).one().status == "active"
    assert agent.get(address).status_code == 404


def test_a_number_from_the_inbox_fills_the_form(agent: Browser) -> None:
    assert 'value="(312) 555-0118"' in agent.get("/leads/new?mobile=%2B13125550118").text


@pytest.mark.parametrize("path", ["/contacts/99", "/leads/99/edit", "/contacts/99/thread", "/contacts/99999999999"])
def test_what_is_not_there_is_404(agent: Browser, path: str) -> None:
    assert agent.get(path).status_code == 404


def test_a_viewer_reads_and_changes_nothing(viewer: Browser, noor: Person, volunteer: Keyword) -> None:
    page = viewer.get(f"/contacts/{noor.id}").text
    assert "Noor Haddad" in page
    for words in (">Edit<", ">Delete<", "<textarea"):
        assert words not in page
    for path in ("/contacts/new", f"/contacts/{noor.id}/edit", f"/contacts/{noor.id}/messages"):
        assert viewer.post(path, data=typed(noor)).status_code == 403


def _stopped(session: Session, person: Person, text: Callable[..., Message]) -> str:
    """The address of the form of somebody who texted STOP."""
    text("STOP")
    session.commit()
    return f"/contacts/{person.id}/edit"


def test_a_new_number_asks_whether_who_opted_out_agreed_there(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    form = _stopped(session, noor, text)
    asked = agent.get(form.replace("edit", "number"), query_string={"mobile": "(206) 555-0147"}).text
    assert "Noor Haddad opted out" in asked
    assert "Keep them opted out there too" in asked
    unseen = agent.post(form, data=typed(noor, mobile="(206) 555-0147"))
    assert unseen.status_code == 422, "without a script the question comes with the first press"
    assert "Noor Haddad opted out" in unseen.text
    assert 'name="ends" value="out"' in unseen.text
    saved = agent.post(form, data=typed(noor, mobile="(206) 555-0147", ends="out", stays="out"), follow_redirects=True)
    assert "They stay opted out at the new number." in saved.text
    assert "You can’t text Noor." in saved.text


def test_how_they_agreed_must_be_said_and_stays_in_the_form(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    form = _stopped(session, noor, text)
    sent = typed(noor, mobile="(206) 555-0147", ends="out", stays="agreed")
    empty = agent.post(form, data=sent)
    assert empty.status_code == 422
    assert "Say how and when they agreed" in empty.text
    assert re.search(r'<input checked[^>]*value="agreed"|value="agreed"[^>]*checked', empty.text)
    saved = agent.post(form, data={**sent, "agreed": "at the desk, 3 May"}, follow_redirects=True)
    assert "You can’t text" not in saved.text
    assert "Opted out with an earlier number, (206) 555-0163" in saved.text
    assert "at the desk, 3 May" in agent.get(f"/contacts/{noor.id}?tab=history").text


def test_what_is_typed_into_the_question_stays_when_the_number_is_typed_again(
    agent: Browser, session: Session, noor: Person, text: Callable[..., Message]
) -> None:
    address = _stopped(session, noor, text).replace("edit", "number")
    given = {"mobile": "(206) 555-0147", "stays": "agreed", "agreed": "at the desk"}
    assert 'value="at the desk"' in agent.get(address, query_string=given).text
