"""After any import nobody may be texted who might not be before, and nobody of whom the file says that they left."""

import random

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock, phone
from optin.models import ImportRun, Person
from tests.support import importing, world
from tests.support.clients import Browser
from tests.support.happenings import act
from tests.support.messageable import may_be_texted

pytestmark = pytest.mark.slow

MEXICAN, BRAZILIAN = "+5215512345678", "+551161234567"
NUMBERS = [f"+1206555{index:04d}" for index in range(100, 150)] + [phone.normalise(MEXICAN, "US"), "+5511961234567"]
SPELLINGS = {NUMBERS[-2]: MEXICAN, NUMBERS[-1]: BRAZILIAN}
ACTS = ("keyword", "other", "stop", "phrase", "hold", "block", "ended", "by hand")


def row(chance: random.Random, number: str) -> str:
    """Write a number in one of the ways in which files have it, with whatever else may stand in a row."""
    ways = [number, number.replace("+", "00"), number.removeprefix("+1"), f"'{number}", f"{number}\u00a0"]
    written = SPELLINGS.get(number) or chance.choice(ways)
    name, email = (
        chance.choice(["", "Maya Ortiz", "Tom"]),
        chance.choice(["", "m@example.org", "nonsense", f"{number}@x.org"]),
    )
    return f"{name};{written};{email};{chance.choice(['', 'Harbor'])};{chance.choice(['', '', 'yes', 'no', 'perhaps'])}"


@pytest.mark.parametrize("known", ["leave", "fill", "overwrite"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_import_lets_anybody_be_texted(app: Flask, admin: Browser, session: Session, seed: int, known: str) -> None:
    chance = random.Random(seed)
    keywords = [world.keyword(session), world.keyword(session, "donate")]
    for number in NUMBERS:
        for _ in range(chance.randrange(4)):
            what = chance.choice(ACTS)
            act(session, number, what, keywords[what == "other"])
        if chance.random() < 0.4:
            person = world.person(session, "Maya Ortiz", number)
            person.email = chance.choice(["", "m@example.org", f"{number}@x.org"])
    session.commit()
    before = may_be_texted(session, NUMBERS, keywords)
    chosen = [chance.choice(NUMBERS) for _ in range(120)]
    rows = [row(chance, number) for number in chosen]
    said = {number for number, written in zip(chosen, rows, strict=True) if written.endswith(";yes")}
    session.commit()
    fields = "name mobile email company opted_out"
    data = importing.table(*rows, headers="Name;Mobile;Email;Company;Out")
    run = importing.import_file(app, session, admin, data, known=known, columns=fields)
    assert run.state == "done"
    assert run.counts.get("new") or run.counts.get("changed") or known == "leave"
    after = may_be_texted(session, NUMBERS, keywords)
    assert after <= before
    assert said
    assert not said & {number for _, number in after}
    run = importing.import_file(app, session, admin, data, kind="opted_out", columns="- mobile - - opted_out")
    assert may_be_texted(session, NUMBERS, keywords) <= after
    assert session.scalars(select(Person)).first() is not None


@pytest.mark.parametrize(("seed", "takes_back"), [(4, False), (5, True)])
def test_no_consent_in_a_file_brings_back_who_left(
    app: Flask, admin: Browser, session: Session, seed: int, takes_back: bool
) -> None:
    """Contacts with a consent of today, whatever they did before; and no undo brings anybody back either."""
    chance = random.Random(seed)
    keywords = [world.keyword(session), world.keyword(session, "donate")]
    left = set()
    for number in NUMBERS:
        for what in (chance.choice(ACTS) for _ in range(chance.randrange(4))):
            act(session, number, what, keywords[what == "other"])
            if what in ("stop", "phrase", "hold", "block"):
                left.add(number)
            elif what in ("keyword", "other"):
                left.discard(number)
    session.commit()
    before = may_be_texted(session, NUMBERS, keywords)
    rows = [row(chance, number) for number in NUMBERS]
    said = {number for number, written in zip(NUMBERS, rows, strict=True) if written.endswith(";yes")}
    run_id = importing.upload(admin, importing.table(*rows, headers="Name;Mobile;Email;Company;Out"))
    names = ("name", "mobile", "email", "company", "opted_out")
    importing.choose(admin, run_id, **{f"column-{index}": name for index, name in enumerate(names)})
    now = clock.now().date().isoformat()
    importing.vouch(admin, run_id, keyword=keywords[0].id, date=now, told="text", text="Texts about the boat.")
    importing.work(app, session)
    importing.start(admin, run_id)
    importing.work(app, session)
    run = session.get_one(ImportRun, run_id, populate_existing=True)
    assert run.counts["opted_in"]
    after = may_be_texted(session, NUMBERS, keywords)
    assert {each for each in after - before if each[1] in left} == set()
    assert not said & {number for _, number in after}
    assert admin.post(f"/imports/{run_id}/undo", data={"opt_outs": "yes"} if takes_back else {}).status_code == 303
    importing.work(app, session)
    assert session.get_one(ImportRun, run_id, populate_existing=True).state == "undone"
    assert may_be_texted(session, NUMBERS, keywords) <= before
