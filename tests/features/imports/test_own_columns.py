"""Columns that are fields of one's own: guessed, checked by their kind, filled in or overwritten, and undone."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import FieldKind
from optin.features.imports import undo
from optin.features.imports.terms import ImportState
from optin.models import AuditEntry, ImportRow, ImportRun, OwnOption, OwnValue, Person
from optin.own_fields import definitions, deleting
from tests.support import importing, world
from tests.support.clients import Browser
from tests.support.importing import table
from tests.support.own_fields import add, kept, put
from tests.support.world import MAYA, TOM

HEADERS = "First name;Mobile;Email;SHIRT SIZE;birthday;dogs;Drives?;nick-name"


def all_kinds(session: Session) -> None:
    add(session, "Shirt size", FieldKind.CHOICE, "S", "M")
    add(session, "Birthday", FieldKind.DAY)
    add(session, "Dogs", FieldKind.NUMBER)
    add(session, "Drives", FieldKind.YES_NO)
    add(session, "Nick name")


def of(session: Session, mobile: str) -> dict[str, str]:
    """Return what somebody has, by the labels of the fields."""
    person = session.scalars(select(Person).where(Person.mobile == mobile)).one()
    rows = select(OwnValue, OwnOption.label).outerjoin(OwnOption).where(OwnValue.person_id == person.id)
    labels = {field.id: field.label for field in definitions.everyone(session)}
    return {labels[value.field_id]: value.text or label for value, label in session.execute(rows)}


def undo_it(app: Flask, session: Session, agent: Browser, run: ImportRun) -> None:
    assert agent.post(f"/imports/{run.id}/undo").status_code == 303
    importing.work(app, session)
    assert session.get_one(ImportRun, run.id).state == ImportState.UNDONE


def test_a_file_fills_them(app: Flask, session: Session, agent: Browser) -> None:
    all_kinds(session)
    data = table(
        "Maya;415 555 0134;;m;13/04/1990;1,5;ja;Mai  Li",
        "Tom;646 555 0177;;;3/4/1991;;;",
        "Ines;;ines@example.org;S;;0;nein;",
        "Ben;312 555 0199;;XL;31/04/1990;two;maybe;",
        headers=HEADERS,
    )
    run_id = importing.upload(agent, data)
    columns = importing.selected(agent.get(f"/imports/{run_id}/columns").text)
    assert [columns[f"column-{index}"] for index in range(3, 8)] == [
        "own-shirt_size", "own-birthday", "own-dogs", "own-drives", "own-nick_name",
    ]  # fmt: skip
    importing.choose(agent, run_id)
    wrong = agent.get(f"/imports/{run_id}/rows?known=fill&outcome=unreadable").text
    for sentence in (
        "Shirt size: “XL” is not in the list: S, M.",
        "Birthday: “31/04/1990” is not a day, such as 2026-05-03.",
        "Dogs: “two” is not a number.",
        "Drives: “maybe” is neither yes nor no.",
    ):
        assert sentence in wrong
    importing.start(agent, run_id)
    importing.work(app, session)
    assert of(session, MAYA) == {
        "Shirt size": "M",
        "Birthday": "1990-04-13",
        "Dogs": "1.5",
        "Drives": "yes",
        "Nick name": "Mai Li",
    }
    assert of(session, TOM) == {"Birthday": "1991-04-03"}  # the first row says that the day comes first
    assert kept(session)[-3:] == ["S", "0", "no"]
    undo_it(app, session, agent, session.get_one(ImportRun, run_id))
    assert session.scalars(select(Person)).all() == []
    assert kept(session) == []


@pytest.mark.parametrize(
    ("known", "after", "sentence"),
    [
        ("leave", {"Dogs": "1"}, "Already a contact."),
        ("fill", {"Dogs": "1", "Birthday": "1990-05-03"}, "Already a contact: gets Birthday."),
        (
            "overwrite",
            {"Dogs": "2", "Birthday": "1990-05-03"},
            "Already a contact: gets Birthday, Dogs is replaced.",
        ),
    ],
)
def test_known_people_are_filled_in_or_overwritten_and_restored(
    app: Flask, session: Session, agent: Browser, known: str, after: dict[str, str], sentence: str
) -> None:
    all_kinds(session)
    maya = world.person(session, "Maya Ortiz", MAYA)
    dogs = next(field for field in definitions.everyone(session) if field.key == "dogs")
    put(session, dogs, maya, "1")
    data = table("Maya;415 555 0134;;;3 May 1990;2;;", headers=HEADERS)
    run_id = importing.upload(agent, data)
    importing.choose(agent, run_id)
    outcome = "same" if known == "leave" else "changed"
    assert sentence in agent.get(f"/imports/{run_id}/rows?known={known}&outcome={outcome}").text
    importing.start(agent, run_id, known)
    importing.work(app, session)
    assert of(session, MAYA) == after
    told = select(AuditEntry.field, AuditEntry.before, AuditEntry.after).where(AuditEntry.subject_kind == "person")
    fields = {"Dogs": "own-dogs", "Birthday": "own-birthday"}
    assert {tuple(row) for row in session.execute(told)} == {
        (fields[label], "1" if label == "Dogs" else "", text)
        for label, text in after.items()
        if (label, text) != ("Dogs", "1")
    }
    if known != "leave":
        undo_it(app, session, agent, session.get_one(ImportRun, run_id))
        assert of(session, MAYA) == {"Dogs": "1"}


def test_a_change_of_number_brings_them_too(app: Flask, session: Session, agent: Browser) -> None:
    all_kinds(session)
    maya = world.person(session, "Maya Ortiz", None)
    maya.email = "maya@example.org"
    run = importing.import_file(app, session, agent, table("Maya;415 555 0134;maya@example.org;S;;;;", headers=HEADERS))
    assert of(session, MAYA) == {"Shirt size": "S"}
    undo_it(app, session, agent, run)
    assert kept(session) == []
    assert session.get_one(Person, maya.id).mobile is None


def test_what_was_deleted_meanwhile_is_left_out(app: Flask, session: Session, agent: Browser) -> None:
    all_kinds(session)
    maya = world.person(session, "Maya Ortiz", MAYA)
    data = table("Maya;415 555 0134;;S;;2;;", "Tom;646 555 0177;;M;;3;;", headers=HEADERS)
    run_id = importing.upload(agent, data)
    importing.choose(agent, run_id)
    delete(session, "dogs")
    importing.start(agent, run_id)
    importing.work(app, session)
    assert of(session, MAYA) == {"Shirt size": "S"}
    assert of(session, TOM) == {"Shirt size": "M"}
    delete(session, "shirt_size")
    undo_it(app, session, agent, session.get_one(ImportRun, run_id))
    assert kept(session) == []
    assert session.get_one(Person, maya.id).first_name == "Maya"


def delete(session: Session, key: str) -> None:
    found = next(field for field in definitions.everyone(session) if field.key == key)
    mine = definitions.locked(session, found.id)
    assert mine is not None
    assert deleting.begin(session, mine, "", None) is None
    deleting.delete_some(session, mine.id)
    session.commit()


def test_who_can_not_be_restored_is_named(app: Flask, session: Session, agent: Browser) -> None:
    all_kinds(session)
    maya = world.person(session, "Maya Ortiz", MAYA)
    size = next(field for field in definitions.everyone(session) if field.key == "shirt_size")
    put(session, size, maya, "S")
    run = importing.import_file(
        app, session, agent, table("Maya;415 555 0134;;M;;;;", headers=HEADERS), known="overwrite"
    )
    session.delete(size.options[0])
    session.commit()
    undo_it(app, session, agent, run)
    assert kept(session) == ["M"]
    sentences = select(ImportRow.sentence).where(ImportRow.run_id == run.id, ImportRow.outcome == "kept")
    assert session.scalars(sentences).one() == "“S” is not in the list: M."


def test_a_day_that_may_be_two_is_not_guessed(app: Flask, session: Session, agent: Browser) -> None:
    all_kinds(session)
    run_id = importing.upload(agent, table("Maya;415 555 0134;;;3/4/1990;;;", headers=HEADERS))
    importing.choose(agent, run_id)
    page = agent.get(f"/imports/{run_id}/rows?known=fill&outcome=unreadable").text
    assert "Birthday: “3/4/1990” may be 3 April or 4 March. Write it as 1990-04-03." in page


def test_who_was_changed_by_hand_since_stays(app: Flask, session: Session, agent: Browser) -> None:
    all_kinds(session)
    run = importing.import_file(app, session, agent, table("Maya;415 555 0134;;S;;;;", headers=HEADERS))
    maya = session.scalars(select(Person)).one()
    agent.post(f"/contacts/{maya.id}/edit", data={"first_name": "Maya", "mobile": MAYA, "own-shirt_size": "M"})
    undo_it(app, session, agent, run)
    assert of(session, MAYA) == {"Shirt size": "M"}
    rows = session.scalars(select(ImportRow.sentence).where(ImportRow.outcome == "kept")).all()
    assert rows == [undo.CHANGED_SINCE]


def test_a_row_of_each_email_gets_its_own(app: Flask, session: Session, agent: Browser) -> None:
    """Rows are written many at once, and come back in any order."""
    all_kinds(session)
    rows = [f"P{index};;P{index}@Example.org;;;{index};;" for index in range(70)]
    rows += [f"Q{index};415 556 {index:04d};P{index}@Example.net;;;{index};;" for index in range(70)]
    importing.import_file(app, session, agent, table(*rows, headers=HEADERS))
    found = session.execute(select(Person.first_name, OwnValue.text).join(OwnValue, OwnValue.person_id == Person.id))
    assert {tuple(row) for row in found} == {(f"{mark}{index}", str(index)) for mark in "PQ" for index in range(70)}
