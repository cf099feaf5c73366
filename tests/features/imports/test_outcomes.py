"""What becomes of a row: a table of rows, with whom they meet and what is done with known people."""

from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import PersonKind
from optin.features.imports.fields import OPTED_OUT, to_guess
from optin.features.imports.rows import has_left, split_name
from optin.features.imports.terms import ImportKind, Known, Outcome, ways
from optin.models import Person
from optin.spreadsheets.guess import guess
from tests.support import importing, world
from tests.support.clients import Browser

MAYA = "Maya Ortiz"
HEADERS, FIELDS = "Name;Mobile;Email;Company;Opted out", "name mobile email company opted_out"


@dataclass(frozen=True)
class Case:
    """A row that meets somebody, or nobody: what becomes of it by each way, and how the person ends up."""

    row: str
    outcomes: str
    fill: tuple[str, ...] = ()
    overwrite: tuple[str, ...] = ()
    here: tuple[str, str | None, str] | None = (MAYA, "+14155550134", "")
    also: tuple[tuple[str, str | None, str], ...] = ()
    kind: PersonKind = PersonKind.CONTACT


NEW, CHANGED, SAME, LEFT_OUT, UNREADABLE = "new", "changed", "same", "left_out", "unreadable"
CASES = {
    "nobody has the number": Case("Tom Weber;6465550177;;;", NEW, here=None),
    "the number is known in another spelling": Case("Maya Ortiz;+1 415-555-0134;;;", SAME),
    "a gap is filled": Case(
        "Maya Ortiz;4155550134;m@example.org;;", CHANGED, fill=("m@example.org",), overwrite=("m@example.org",)
    ),
    "an empty cell changes nothing": Case(";4155550134;;;", SAME),
    "another name is no gap": Case("Maya Stone;4155550134;;;", "same changed", overwrite=("Maya Stone",)),
    "a lead is known as well": Case(
        "Maya Ortiz;4155550134;m@example.org;;", CHANGED, fill=("m@example.org",), kind=PersonKind.LEAD
    ),
    "known by the email, without a number": Case(
        "Maya Ortiz;4155550134;m@example.org;;", CHANGED, here=(MAYA, None, "m@example.org"), fill=("+14155550134",)
    ),
    "the email is written in another case": Case(
        ";;M@Example.org;;", "same changed", here=(MAYA, None, "m@example.org")
    ),
    "another number, the same email and name": Case(
        "Maya Ortiz;6465550177;m@example.org;;",
        "same changed",
        here=(MAYA, "+14155550134", "m@example.org"),
        overwrite=("+16465550177",),
    ),
    "another number, the same email, another name": Case(
        "Ben Ortiz;6465550177;m@example.org;;", NEW, here=(MAYA, "+14155550134", "m@example.org")
    ),
    "another number, the same email, no name": Case(
        ";6465550177;m@example.org;;", NEW, here=(MAYA, "+14155550134", "m@example.org")
    ),
    "the same email, another name, no number": Case(
        "Ben Ortiz;;m@example.org;;", NEW, here=(MAYA, "+14155550134", "m@example.org")
    ),
    "two with the email": Case(
        ";;m@example.org;;", NEW, here=("Ana Ruiz", None, "m@example.org"), also=(("Ben Ruiz", None, "m@example.org"),)
    ),
    "shared number, one has the name": Case(
        "Ben Ortiz;4155550134;b@example.org;;", CHANGED, also=(("Ben Ortiz", "+14155550134", ""),)
    ),
    "shared number, none has the name": Case(
        "Zoe Gray;4155550134;;;", LEFT_OUT, also=(("Ben Ortiz", "+14155550134", ""),)
    ),
    "shared number, no name": Case(";4155550134;m@example.org;;", CHANGED, also=(("Ben Ortiz", "+14155550134", ""),)),
    "no number, no email": Case("Maya Ortiz;;;Harbor;", UNREADABLE),
    "a number that is none": Case("Maya Ortiz;12345;m@example.org;;", UNREADABLE),
    "an extension": Case("Maya Ortiz;415-555-0134 ext 5;;;", UNREADABLE),
    "an email that is none": Case("Maya Ortiz;4155550134;maya at example;;", UNREADABLE),
    "a name that is too long": Case(f"{'a' * 81} b;4155550134;;;", UNREADABLE),
    "neither yes nor no": Case("Maya Ortiz;4155550134;;;perhaps", UNREADABLE),
    "two numbers in a cell": Case("Tom Weber;646-555-0177 / 646-555-0178;;;", NEW, here=None),
    "without a first name": Case(";6465550177;;Harbor;", NEW, here=None),
    "a formula is a text": Case("=cmd;6465550177;;;", NEW, here=None),
}  # fmt: skip


@pytest.mark.parametrize("known", ways(ImportKind.CONTACT))
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_row_becomes_what_was_said(app: Flask, agent: Browser, session: Session, case: Case, known: Known) -> None:
    """What the page says beforehand and what happens are the same."""
    before = {}
    for name, mobile, email in (*([case.here] if case.here else ()), *case.also):
        person = world.person(session, name, mobile, case.kind)
        person.email = email
        before[person.id] = _texts(person)
    session.commit()
    data = importing.table(case.row, headers=HEADERS)
    run = importing.import_file(app, session, agent, data, known=known, columns=FIELDS)
    fill, _, overwrite = case.outcomes.partition(" ")
    expected = overwrite or fill if known is Known.OVERWRITE else fill
    if known is Known.LEAVE and expected == CHANGED:
        expected = SAME
    said = {name: count for name, count in run.checked[known].items() if count and name in list(Outcome)}
    did = {name: count for name, count in run.counts.items() if count and name in list(Outcome)}
    assert (said, did) == ({expected: 1}, {expected: 1})
    people = session.scalars(select(Person).order_by(Person.id)).all()
    assert len(people) == len(before) + (expected == NEW)
    unchanged = [_texts(person) == before[person.id] for person in people if person.id in before]
    assert unchanged.count(False) == (expected == CHANGED)
    wanted = {Known.FILL: case.fill, Known.OVERWRITE: case.overwrite, Known.LEAVE: ()}[known]
    assert set(wanted) <= {text for person in people for text in _texts(person)}


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("yes", True), ("X", True), ("TRUE", True), ("1", True), ("opted out", True), ("Opted-Out", True),
        ("Unsubscribed", True), ("STOP", True), ("do not text", True), ("inactive", True), ("ja", True),
        ("no", False), ("0", False), ("subscribed", False), ("Opted in", False), ("active", False),
        ("2026-05-03", True), ("3.5.2026", True), ("5/3/2026 09:14", True), ("2026-05-03T09:14:00Z", True),
        ("perhaps", None), ("?", None), ("12", None),
    ],
)  # fmt: skip
def test_who_left_is_read_in_the_words_of_files(cell: str, left: bool | None) -> None:
    assert has_left(cell) is left


@pytest.mark.parametrize(
    ("header", "cell", "is_guessed"),
    [
        ("Bitte nicht anschreiben", "ja", True), ("Keine SMS!", "x", True), ("Gesperrt", "1", True),
        ("Ne pas contacter", "oui", True), ("No contactar", "sí", True), ("Não contatar", "sim", True),
        ("Don't text", "yes", True), ("SMS opt-out", "TRUE", True), ("Do not contact by SMS", "yes", True),
        ("Opt_Out_Date_Time__c", "2026-05-03T09:14:00Z", True), ("Unsubscribed on", "2026-05-03", True),
        ("Opted in", "yes", False), ("Active", "1", False), ("Email opt-out", "yes", False),
        ("Birth date", "1990-05-03", False), ("Brings a boat", "yes", False),
    ],
)  # fmt: skip
def test_a_column_that_says_who_left_is_known_by_its_name(header: str, cell: str, is_guessed: bool) -> None:
    found = guess(["Mobile", header], [["(415) 555-0100", cell]], to_guess(ImportKind.CONTACT))
    assert (found.get(1) == OPTED_OUT) is is_guessed


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("Maya Ortiz", "Maya", "Ortiz"), ("Ortiz, Maya", "Maya", "Ortiz"), ("Maya", "Maya", ""),
        ("Maya  del  Mar Ortiz", "Maya del Mar", "Ortiz"), ("Ortiz,", "", "Ortiz"),
    ],
)  # fmt: skip
def test_a_whole_name_is_two(written: str, first: str, last: str) -> None:
    assert split_name(written) == (first, last)


def _texts(person: Person) -> tuple[str, ...]:
    name = f"{person.first_name} {person.last_name}".strip()
    return (name, person.mobile or "", person.email, person.company, person.notes)


@pytest.mark.parametrize(
    ("name", "email", "said"),
    [
        ("Tom Stone", "t@example.org", "Already a contact by another name, Maya Ortiz: gets email."),
        ("Tom Stone", "", "Already a contact by another name, Maya Ortiz; first name and last name stay as they are."),
        ("MAYA ortiz", "t@example.org", "Already a contact: gets email."),
        ("Maya", "t@example.org", "Already a contact: gets email."),
        ("", "t@example.org", "Already a contact: gets email."),
        ("Maya Stone", "", "Already a contact by another name, Maya Ortiz; last name stays as it is."),
    ],
)
def test_a_row_says_where_a_number_has_another_name_here(
    app: Flask, admin: Browser, session: Session, name: str, email: str, said: str
) -> None:
    """Or somebody's email address would stand with a stranger's name."""
    world.person(session, MAYA, world.MAYA)
    session.commit()
    data = importing.table(f"{name};4155550134;{email}", headers="Name;Mobile;Email")
    run_id = importing.upload(admin, data)
    importing.choose(admin, run_id)
    importing.work(app, session)
    outcome = "changed" if email else "same"
    assert said in admin.get(f"/imports/{run_id}/rows?known=fill&outcome={outcome}").text


def test_rows_that_need_no_reason_have_none(app: Flask, admin: Browser, session: Session) -> None:
    run_id = importing.upload(admin, importing.table("Tom Stone;4155550134", "Ann;12", headers="Name;Mobile"))
    importing.choose(admin, run_id)
    importing.work(app, session)
    assert "Reason" not in admin.get(f"/imports/{run_id}/rows?known=fill&outcome=new").text
    assert "Reason" in admin.get(f"/imports/{run_id}/rows?known=fill&outcome=unreadable").text
