"""Merging through HTTP: choosing the other record, both side by side, what is said of consent, the undo."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import PersonKind
from optin.models import Keyword, Person, PersonMerge
from optin.person import records
from optin.refused import done
from tests.conftest import Clock
from tests.support import own_fields, world
from tests.support.clients import Browser

ONE, TWO = "+12065550163", "+12065550147"


@pytest.fixture
def nora(session: Session) -> Person:
    person = world.person(session, "Nora Hadad", TWO, PersonKind.LEAD)
    done(records.change(session, person, {"email": "nora@example.org", "notes": "met at the pier"}, None))
    session.commit()
    return person


def address(one: Person, other: Person) -> str:
    return f"/people/{one.id}/merge/{other.id}"


def hidden(page: str) -> dict[str, str]:
    """What the form of the page sends without a click: hidden fields, and what is chosen."""
    sent = dict(re.findall(r'<input[^>]*name="(keep|seen|shown)"[^>]*value="([^"]*)"', page))
    for tag in re.findall(r'<input[^>]*type="radio"[^>]*>', page):
        if "checked" in tag:
            sent[re.findall(r'name="([^"]*)"', tag)[0]] = re.findall(r'value="([^"]*)"', tag)[0]
    return sent


def merge(agent: Browser, one: Person, other: Person, **changes: str) -> str:
    sent = hidden(agent.get(address(one, other)).text)
    response = agent.post(address(one, other), data={**sent, **changes}, follow_redirects=True)
    return str(response.text)


def test_a_record_leads_to_a_search_for_the_other_one(agent: Browser, noor: Person, nora: Person) -> None:
    assert f"/contacts/{noor.id}/merge" in agent.get(f"/contacts/{noor.id}").text
    assert "Search for the other record" in agent.get(f"/contacts/{noor.id}/merge").text
    found = agent.get(f"/contacts/{noor.id}/merge?q=nora").text
    assert f'href="{address(noor, nora)}"' in found
    assert "Nobody else matches" in agent.get(f"/contacts/{noor.id}/merge?q=haddad").text


def test_both_stand_side_by_side_and_the_better_value_is_chosen(agent: Browser, noor: Person, nora: Person) -> None:
    page = agent.get(address(nora, noor)).text
    assert page.index("Noor Haddad</a>") < page.index("Nora Hadad</a>"), "the contact stays, whoever was first"
    sent = hidden(page)
    assert sent["email"] == "other"
    assert sent["keep"] == str(noor.id)
    assert "Keep the other record" not in page


@pytest.mark.parametrize("number", ["kept", "other"])
def test_what_becomes_of_each_number_is_said_before_and_so_done(
    agent: Browser, session: Session, volunteer: Keyword, noor: Person, nora: Person, number: str
) -> None:
    world.text(session, "volunteer", TWO)
    page = agent.get(address(noor, nora)).text
    said = re.sub(r"<[^>]*>|\s+", " ", page)
    assert re.search(r"\(206\) 555-0147 is given up: +this ends 1 opt-in +\(volunteer\)", said)
    assert re.search(r"\(206\) 555-0163 is given up: +it has no opt-in, so nothing ends", said)
    assert hidden(page)["mobile"] == "other", "with it nothing ends"
    after = merge(agent, noor, nora, mobile=number)
    assert ("1 opt-in ended." in after) is (number == "kept")
    session.expire_all()
    assert noor.mobile == (ONE if number == "kept" else TWO)


def test_the_same_number_ends_nothing(agent: Browser, session: Session, noor: Person, nora: Person) -> None:
    done(records.change(session, nora, {"mobile": ONE}, None))
    session.commit()
    assert "(206) 555-0163 stays: nothing ends." in agent.get(address(noor, nora)).text


def test_an_opt_out_goes_along_unless_the_user_says_how_they_agreed(
    agent: Browser, session: Session, volunteer: Keyword, noor: Person, nora: Person
) -> None:
    world.text(session, "volunteer", ONE)
    world.text(session, "STOP", TWO)
    page = agent.get(address(noor, nora)).text
    assert "(206) 555-0163 is opted out too:" in page
    sent = {**hidden(page), "mobile": "kept", "stays": "agreed"}
    refused = agent.post(address(noor, nora), data=sent)
    assert refused.status_code == 422
    assert "Say how and when they agreed" in refused.text
    assert "Opted in with volunteer" in merge(agent, noor, nora, mobile="kept", stays="agreed", agreed="at the desk")


def test_what_changed_meanwhile_is_shown_and_nothing_that_was_chosen_is_lost(
    agent: Browser, session: Session, volunteer: Keyword, noor: Person, nora: Person
) -> None:
    sent = {**hidden(agent.get(address(noor, nora)).text), "first_name": "other"}
    world.text(session, "volunteer", TWO)
    response = agent.post(address(noor, nora), data={**sent, "mobile": "kept"})
    assert response.status_code == 422
    assert "this ends 1 opt-in" in response.text
    assert hidden(response.text)["first_name"] == "other"
    done(records.change(session, nora, {"company": "Harbor"}, None))
    session.commit()
    sent = hidden(response.text)
    response = agent.post(address(noor, nora), data=sent)
    assert response.status_code == 422
    assert "was changed in the meantime" in response.text
    assert agent.post(address(noor, nora), data=hidden(response.text)).status_code == 303


def test_the_old_address_leads_to_the_kept_record_until_the_undo(
    agent: Browser, session: Session, noor: Person, nora: Person, clock: Clock
) -> None:
    after = merge(agent, noor, nora)
    assert "Merged into" in after
    assert "Nora Hadad was merged into this record" in after
    old = agent.get(f"/leads/{nora.id}")
    assert (old.status_code, old.headers["Location"]) == (303, f"/contacts/{noor.id}")
    assert "Nora" not in agent.get("/leads").text
    assert "1 lead" not in agent.get("/contacts?q=haddad").text
    history = agent.get(f"/contacts/{noor.id}?tab=history").text
    for words in ("Merged: Merged with", "met at the pier", "Merged: Merged into"):
        assert words in history
    made = session.scalars(select(PersonMerge)).one()
    assert "Nora Hadad was merged into" in agent.get(f"/merges/{made.id}/undo").text
    undone = agent.post(f"/merges/{made.id}/undo", follow_redirects=True).text
    assert "Noor Haddad and Nora Hadad are two records again." in undone
    assert agent.get(f"/leads/{nora.id}").status_code == 200
    assert "undone already" in agent.get(f"/merges/{made.id}/undo").text
    assert "Merge undone: Merged with" in agent.get(f"/contacts/{noor.id}?tab=history").text


def test_an_undo_says_what_it_can_not_bring_back(
    agent: Browser, session: Session, noor: Person, nora: Person, clock: Clock
) -> None:
    merge(agent, noor, nora)
    clock.forward(minutes=1)
    done(records.change(session, noor, {"company": "Harbor"}, None))
    session.commit()
    made = session.scalars(select(PersonMerge)).one()
    assert re.search(r"not restored on Nora Hadad:</strong> company", agent.get(f"/merges/{made.id}/undo").text)
    assert "not restored: company." in agent.post(f"/merges/{made.id}/undo", follow_redirects=True).text
    clock.forward(days=1)
    assert "was merged into this record" not in agent.get(f"/contacts/{noor.id}").text


@pytest.mark.parametrize("others", ["self", "merged", "nobody"])
def test_a_pair_that_is_none_is_led_on_or_not_found(
    agent: Browser, session: Session, noor: Person, nora: Person, others: str
) -> None:
    if others == "merged":
        merge(agent, noor, nora)
    path = {"self": address(noor, noor), "merged": address(noor, nora), "nobody": f"/people/{noor.id}/merge/999"}[
        others
    ]
    answers = {"self": (303, 404), "merged": (303, 303), "nobody": (404, 404)}[others]
    assert (agent.get(path).status_code, agent.post(path).status_code) == answers


def test_notes_that_are_too_long_together_are_refused_with_a_sentence(
    agent: Browser, session: Session, noor: Person, nora: Person
) -> None:
    noor.notes, nora.notes = "a" * 15_000, "b" * 15_000
    session.commit()
    assert "Both notes together are too long" in merge(agent, noor, nora)


def test_fields_of_ones_own_are_chosen_like_the_others(
    agent: Browser, session: Session, noor: Person, nora: Person
) -> None:
    size, pet = own_fields.add(session, "Shirt size"), own_fields.add(session, "Pet")
    for person, text in ((noor, "S"), (nora, "L")):
        own_fields.put(session, size, person, text)
        own_fields.put(session, pet, person, "cat")
    page = agent.get(address(noor, nora)).text
    said = re.sub(r"<[^>]*>|\s+", " ", page)
    assert re.search(r"Pet +cat +in both", said)
    assert "Shirt size" in said
    differing = len(re.findall(r'<fieldset class="choice">', page))
    assert f"{differing} fields differ." in said
    merge(agent, noor, nora, **{"own-shirt_size": "other"})
    assert own_fields.of(session, noor) == ["L", "cat"]
    history = agent.get(f"/contacts/{noor.id}?tab=history").text
    assert "Merged: Shirt size" in history
    merge_id = session.scalars(select(PersonMerge.id)).one()
    own_fields.put(session, size, noor, "XL")
    assert "Shirt size" in agent.get(f"/merges/{merge_id}/undo").text
    own_fields.put(session, size, noor, "L")
    agent.post(f"/merges/{merge_id}/undo")
    assert own_fields.of(session, noor) == ["S", "cat"]


def test_a_merge_without_a_word_on_a_new_field_takes_the_better_value(
    agent: Browser, session: Session, noor: Person, nora: Person
) -> None:
    """A field that was added while the page was open."""
    sent = hidden(agent.get(address(noor, nora)).text)
    own_fields.put(session, own_fields.add(session, "Pet"), nora, "cat")
    assert agent.post(address(noor, nora), data=sent).status_code == 303
    assert own_fields.of(session, noor) == ["cat"]


def test_a_record_says_of_which_it_was_made_for_good(
    agent: Browser, session: Session, clock: Clock, noor: Person, nora: Person
) -> None:
    """Also what had become part of its part; an undone merge is none."""
    tom = world.person(session, "Tom Reyes", None)
    session.commit()
    assert "Made of" not in agent.get(f"/contacts/{noor.id}").text
    merge(agent, tom, nora)
    merge(agent, noor, tom, keep=str(noor.id))
    clock.forward(hours=30)
    page = agent.get(f"/contacts/{noor.id}").text
    said = re.sub(r"<[^>]*>|\s+", " ", page)
    assert "Made of 3 records" in said
    assert re.search(r"Tom Reyes, merged .* by Agent Example", said)
    assert "Nora Hadad, merged" in said
    assert f'href="/contacts/{noor.id}?tab=history"' in page
    ida = world.person(session, "Ida Stone", None)
    session.commit()
    merge(agent, noor, ida, keep=str(noor.id))
    assert "Made of 4 records" in agent.get(f"/contacts/{noor.id}").text
    agent.post(f"/merges/{session.scalars(select(PersonMerge.id).order_by(PersonMerge.id.desc())).first()}/undo")
    said = agent.get(f"/contacts/{noor.id}").text
    assert "Made of 3 records" in said
    assert "Ida Stone, merged" not in said
