"""Fields of one's own on a person: the form, the record page, the trail, and two changes at once."""

import threading

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import FieldKind, PersonKind
from optin.models import AuditEntry, OwnField, OwnValue, Person
from optin.own_fields import definitions, deleting, kinds, values
from optin.own_fields.definitions import Given
from optin.person import records
from optin.refused import Refused, done
from tests.support.clients import Browser
from tests.support.own_fields import add, kept, put

NEW = {"first_name": "Noor", "last_name": "Haddad"}


def contact(session: Session, **fields: str) -> Person:
    made = done(records.create(session, PersonKind.CONTACT, {**NEW, **fields}, None))
    session.commit()
    return made


def all_kinds(session: Session) -> dict[str, OwnField]:
    """Make a field of each kind."""
    return {
        "own-nickname": add(session, "Nickname", help="As friends say it"),
        "own-dogs": add(session, "Dogs", FieldKind.NUMBER),
        "own-birthday": add(session, "Birthday", FieldKind.DAY),
        "own-drives": add(session, "Drives", FieldKind.YES_NO),
        "own-size": add(session, "Size", FieldKind.CHOICE, "S", "M"),
    }


def test_the_story_of_values(session: Session, agent: Browser, viewer: Browser) -> None:
    fields = all_kinds(session)
    form = agent.get("/contacts/new").text
    for words in ("Nickname", "As friends say it", 'inputmode="decimal"', 'type="date"', ">Yes<", ">M<"):
        assert words in form
    sent = {
        **NEW,
        "own-nickname": " Noo ",
        "own-dogs": "2,5",
        "own-birthday": "1990-05-03",
        "own-drives": "yes",
        "own-size": "M",
    }
    page = agent.post("/contacts/new", data=sent, follow_redirects=True).text
    for words in ("Noo", "2.5", "3 May 1990", "Yes"):
        assert words in page
    assert kept(session) == ["Noo", "2.5", "1990-05-03", "yes", "M"]
    person = session.scalars(select(Person)).one()

    edit = agent.get(f"/contacts/{person.id}/edit").text
    assert 'value="2.5"' in edit
    assert 'value="1990-05-03"' in edit
    changed = {"own-dogs": "", "own-size": "S", "own-nickname": "Noo", "own-birthday": "1990-05-03"}
    agent.post(f"/contacts/{person.id}/edit", data={**NEW, **changed})
    assert kept(session) == ["Noo", "1990-05-03", "yes", "S"]  # what a form leaves out stays
    rows = select(AuditEntry.field, AuditEntry.before, AuditEntry.after).where(AuditEntry.action == "changed")
    assert {tuple(row) for row in session.execute(rows.where(AuditEntry.subject_kind == "person"))} == {
        ("own-dogs", "2.5", ""),
        ("own-size", "M", "S"),
    }
    history = viewer.get(f"/contacts/{person.id}?tab=history").text
    assert "Changed: Dogs" in history
    assert "Changed: Size" in history

    definitions.archive(session, fields["own-nickname"], None)
    session.commit()
    assert "Nickname" not in agent.get(f"/contacts/{person.id}").text
    assert "Nickname" not in agent.get(f"/contacts/{person.id}/edit").text
    agent.post(f"/contacts/{person.id}/deletion")
    assert kept(session) == []


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("own-nickname", "x" * 256, "has more than 255 characters."),
        ("own-dogs", "two", "“two” is not a number."),
        ("own-birthday", "3/4/1990", "“3/4/1990” may be 3 April or 4 March. Write it as 1990-04-03."),
        ("own-drives", "perhaps", "“perhaps” is neither yes nor no."),
        ("own-size", "XL", "“XL” is not in the list: S, M."),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_lost(
    session: Session, agent: Browser, name: str, typed: str, sentence: str
) -> None:
    all_kinds(session)
    person = contact(session, **{"own-dogs": "3"})
    for address in ("/contacts/new", f"/contacts/{person.id}/edit"):
        answer = agent.post(address, data={**NEW, "first_name": "Other", "own-nickname": "Noo", name: typed})
        assert answer.status_code == 422
        assert f'id="{name}-error">' in answer.text
        assert sentence in answer.text
        assert 'value="Other"' in answer.text
        assert f'value="{typed}"' in answer.text
        assert name == "own-nickname" or 'value="Noo"' in answer.text
    assert kept(session) == ["3"]
    assert session.scalars(select(Person.first_name)).all() == ["Noor"]


def test_a_script_meets_the_same_rules(session: Session) -> None:
    all_kinds(session)
    person = contact(session)
    refused = records.change(session, person, {"first_name": "Other", "own-dogs": "two", "own-size": "XL"}, None)
    assert isinstance(refused, Refused)
    assert [each.field for each in refused] == ["own-dogs", "own-size"]
    assert person.first_name == "Noor"
    gone = records.change(session, person, {"own-gone": "1"}, None)
    assert isinstance(gone, Refused)
    assert gone.sentence == values.GONE
    assert not done(records.change(session, person, {"own-dogs": " "}, None)).fields
    assert done(records.change(session, person, {"own-dogs": "4"}, None)).fields == ["own-dogs"]


TYPED = st.sampled_from(["", "S", "m", "12", "1,5", "x", "yes", "No", "2026-05-03", "3/4/2026", "\0", "€"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["nickname", "dogs", "birthday", "drives", "size"]), TYPED), max_size=8))
def test_what_is_written_is_read_back_and_what_is_refused_changes_nothing(
    session: Session, steps: list[tuple[str, str]]
) -> None:
    if not session.scalars(select(OwnField)).first():
        all_kinds(session)
    person, expected = contact(session), dict[str, str]()
    for key, typed in steps:
        field = session.scalars(select(OwnField).where(OwnField.key == key)).one()
        text = kinds.read(FieldKind(field.kind), typed, [option.label for option in field.options])
        changed = records.change(session, person, {f"own-{key}": typed}, None)
        assert isinstance(changed, Refused) == isinstance(text, Refused)
        if not isinstance(text, Refused):
            assert bool(done(changed).fields) == (expected.get(key, "") != text)
            expected[key] = text
        held = values.held(session, [f"own-{key}" for key in expected])
        now = values.before(session, person.id, held)
        assert now == {f"own-{key}": text for key, text in expected.items()}


def test_a_page_of_people_costs_one_statement_more_and_none_without_fields(session: Session) -> None:
    person, asked = contact(session), list[str]()
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert values.of_people(session, [person.id], []) == {}
    assert values.held(session, ["first_name"]) == {}
    assert asked == []


def test_a_value_is_never_written_to_a_field_that_goes_or_changes_its_kind(app: Flask, session: Session) -> None:
    """A field is deleted and another gets another kind while forms are saved: each comes before that or after it."""
    with app.app_context():
        engine = db.engine
    going, turning = add(session, "Going"), add(session, "Turning")
    people = [contact(session).id for _ in range(12)]
    ids = going.id, turning.id
    start, errors = threading.Barrier(5), list[Exception]()

    def save(some: list[int]) -> None:
        start.wait()
        for person_id in some:
            try:
                with writing(engine) as own:
                    fields = {"own-going": "x", "own-turning": "1"}
                    changed = records.change(own, own.get_one(Person, person_id), fields, None)
                    assert not isinstance(changed, Refused) or changed.sentence == values.GONE
            except Exception as error:
                errors.append(error)

    def end() -> None:
        start.wait()
        try:
            with writing(engine) as own:
                mine = definitions.locked(own, ids[0])
                assert mine is not None
                assert deleting.begin(own, mine, "", None) is None
            with writing(engine) as own:
                deleting.delete_some(own, ids[0])
            with writing(engine) as own:
                mine = definitions.locked(own, ids[1])
                assert mine is not None
                done(definitions.change(own, mine, Given("Turning", FieldKind.NUMBER), None))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=save, args=(people[place::4],)) for place in range(4)]
    for thread in (*threads, last := threading.Thread(target=end)):
        thread.start()
    for thread in (*threads, last):
        thread.join()
    assert errors == []
    session.expire_all()
    assert session.scalars(select(OwnField.label)).all() == ["Turning"]
    rows = session.scalars(select(OwnValue)).all()
    assert {(row.field_id, row.text, row.number) for row in rows} <= {(ids[1], "1", 1.0)}


def test_of_two_fields_made_at_once_with_one_label_one_is_refused(app: Flask, session: Session) -> None:
    with app.app_context():
        engine = db.engine
    start, results = threading.Barrier(4), list[object]()

    def make() -> None:
        start.wait()
        with writing(engine) as own:
            made = definitions.create(own, Given("Shirt", FieldKind.TEXT), None)
            results.append(isinstance(made, Refused))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True, True, True]
    assert len(definitions.everyone(session)) == 1


def test_the_database_keeps_an_option_that_somebody_has(session: Session) -> None:
    field = add(session, "Size", FieldKind.CHOICE, "S")
    put(session, field, contact(session), "S")
    session.delete(field.options[0])
    with pytest.raises(DBAPIError):
        session.flush()
    session.rollback()
