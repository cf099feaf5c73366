"""Consent by import, as an admin does it: what they vouch for, what becomes of each row, and back."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import ConsentWay, EndReason, OptInStatus
from optin.features.imports.consent_choice import way_in
from optin.models import ConsentEvent, Disclosure, ImportRow, ImportRun, Keyword, Message, OptIn, Person, Suppression
from tests.conftest import Clock
from tests.support import importing, world
from tests.support.clients import Browser
from tests.support.world import MAYA

HEADERS = "Name;Mobile;Signed on;Way;Told;Staff;Left"
FIELDS = "name mobile consent_date consent_way consent_told consent_by opted_out"
LEAVER = "+12065550199"


@pytest.fixture
def keyword(session: Session, clock: Clock) -> Keyword:
    """A keyword that has told people something since 1 June 2026; it is 1 August."""
    made = world.keyword(session)
    clock.set(clock.now().replace(2026, 6, 1, 12, 0))
    disclosure = Disclosure(
        keyword_id=made.id, version=1, text="Texts about shifts, 2 a month.", created_at=clock.now()
    )
    session.add(disclosure)
    session.commit()
    clock.set(clock.now().replace(2026, 8, 1, 12, 0))
    return made


def run_all(
    app: Flask, session: Session, browser: Browser, data: bytes, kind: str, columns: str, **given: object
) -> ImportRun:
    """Import a file with consent from its choice to the end."""
    run_id = importing.upload(browser, data, kind)
    page = browser.get(f"/imports/{run_id}/columns").text
    chosen = {f"column-{index}": "" if name == "-" else name for index, name in enumerate(columns.split())}
    answer = browser.post(f"/imports/{run_id}/columns", data={**importing.selected(page), **chosen})
    assert answer.location.endswith("/consent")
    assert "You vouch for it" in browser.get(answer.location).text
    importing.vouch(browser, run_id, **given)
    importing.work(app, session)
    importing.start(browser, run_id)
    importing.work(app, session)
    return session.get_one(ImportRun, run_id, populate_existing=True)


def sentences(session: Session, run: ImportRun, *outcomes: str) -> dict[int, str]:
    """Return what is said of the rows, by their lines."""
    rows = select(ImportRow.line, ImportRow.sentence).where(ImportRow.run_id == run.id, ImportRow.known == "")
    return dict(session.execute(rows.where(ImportRow.outcome.in_(outcomes)).order_by(ImportRow.line)).all())


def test_a_list_of_opt_ins(app: Flask, admin: Browser, session: Session, keyword: Keyword, clock: Clock) -> None:
    """From the keyword to the proof of each opt-in, and back."""
    record = admin.get(f"/keywords/{keyword.id}?tab=related").text
    assert f"/imports/new/opt_in?keyword={keyword.id}" in record
    world.text(session, "stop", LEAVER)
    data = importing.table(
        "(415) 555-0134;3 July 2026", "646 555 0177;", "312-555-0118;2 Sep 2026", "206 555 0199;5 July 2026",
        "415-555-0134;9 July 2026", "12;5 July 2026", "206-555-0101;31 May 2026", "206-555-0102;nonsense",
        headers="Phone;Signed on",
    )  # fmt: skip
    run = run_all(app, session, admin, data, "opt_in", "mobile consent_date", keyword=keyword.id)
    names = ("new", "same", "to_confirm", "left_out", "unreadable")
    assert [run.counts.get(name, 0) for name in names] == [1, 0, 1, 5, 1]
    assert [run.checked["fill"].get(name, 0) for name in names] == [1, 0, 1, 5, 1]
    assert sentences(session, run, "left_out", "to_confirm", "unreadable") == {
        3: "There is no date on which they agreed.",
        4: "They can’t have agreed on 2 Sep 2026: that day has not come.",
        5: "Opted out on 1 Aug 2026 by text. Only they can come back, by texting the keyword.",
        6: "The same number is in row 2, and the first row counts.",
        7: "“12”: That number is too short: enter it with its area code.",
        8: "What “volunteer” tells people is known from 1 Jun 2026 on, and this is older.",
        9: "“nonsense” is not a date.",
    }
    made = session.scalars(select(OptIn)).one()
    assert (made.number, made.status, made.activated_at.date().isoformat()) == (MAYA, "active", "2026-07-03")
    assert made.disclosure is not None
    page = admin.get(f"/opt-ins/{made.id}").text
    for said in ("people.csv", "On paper", "Ana Ruiz", admin.user.name, "Opted in by an import", run.digest[:16]):
        assert said in page
    result = admin.get(f"/imports/{run.id}").text
    assert importing.shown(result)[0] == ("1", "Opted in")
    assert "Download it" in result
    assert "646 555 0177" in admin.get(f"/imports/{run.id}/rows/file?outcome=to_confirm").text
    assert "(415) 555-0134" in admin.get(f"/imports/{run.id}/rows?outcome=new").text
    assert session.scalars(select(Message).where(Message.direction == "outbound", Message.number != LEAVER)).all() == []
    again = run_all(app, session, admin, data, "opt_in", "mobile consent_date", keyword=keyword.id)
    assert (again.counts.get("new", 0), again.counts["same"]) == (0, 1)
    clock.forward(minutes=5)
    admin.post(f"/imports/{run.id}/undo")
    importing.work(app, session)
    assert session.scalars(select(OptIn.end_reason)).all() == [EndReason.IMPORT_WITHDRAWN]
    assert "Opt-ins ended" in admin.get(f"/imports/{run.id}").text


def test_people_with_their_consent(app: Flask, admin: Browser, session: Session, keyword: Keyword) -> None:
    """What a row says comes first; people are imported whatever becomes of their consent."""
    data = importing.table(
        "Maya Ortiz;(415) 555-0134;3/7/2026;online;We text about storms;;",
        "Tom Weber;646 555 0177;3/7/2026;carrier pigeon;;;",
        "Ines Gray;312-555-0118;;;;;",
        "Ben Stone;206-555-0101;4/7/2026;;;Lee;",
        "Ann Hill;206-555-0102;4/7/2026;;;;yes",
        headers=HEADERS,
    )
    run = run_all(app, session, admin, data, "contact", FIELDS, keyword=keyword.id)
    assert [run.counts.get(name, 0) for name in ("new", "opted_in", "to_confirm", "no_consent")] == [5, 2, 1, 2]
    assert sentences(session, run, "no_consent") == {
        3: "“carrier pigeon” is no way to agree: paper, web, text or spoken.",
        6: "The file says that they opted out.",
    }
    opt_ins = {each.number: each for each in session.scalars(select(OptIn))}
    assert opt_ins[MAYA].evidence == {"way": "web", "by": "Ana Ruiz", "told": "We text about storms", "row": 2}
    ben = opt_ins["+12065550101"]
    assert (ben.evidence, ben.disclosure_id) == ({"way": "paper", "by": "Lee", "told": "", "row": 5}, ben.disclosure_id)
    assert ben.disclosure_id is not None
    assert ben.activated_at is not None
    assert ben.activated_at.date().isoformat() == "2026-07-04"
    assert len(session.scalars(select(Person)).all()) == 5
    assert "We text about storms" in admin.get(f"/opt-ins/{opt_ins[MAYA].id}").text
    assert "Ben Stone" in admin.get(f"/imports/{run.id}/rows?outcome=opted_in").text
    assert session.scalars(select(Suppression.number)).all() == ["+12065550102"]
    admin.post(f"/imports/{run.id}/undo")
    importing.work(app, session)
    assert session.scalars(select(OptIn.status).where(OptIn.status == OptInStatus.ACTIVE)).all() == []
    assert session.scalars(select(Suppression.ended_at)).all() == [None]
    assert session.scalars(select(Person)).all() == []


def test_the_opt_outs_of_an_import_are_taken_back_where_an_admin_ticks_it(
    app: Flask, admin: Browser, session: Session, keyword: Keyword, clock: Clock
) -> None:
    world.text(session, "volunteer", MAYA)
    clock.forward(minutes=1)
    data = importing.table("415 555 0134", headers="Phone")
    run = importing.import_file(app, session, admin, data, kind="opted_out")
    clock.forward(minutes=1)
    page = admin.get(f"/imports/{run.id}").text
    assert "Also take back 1 opt-out" in page
    assert "Tick that" in admin.post(f"/imports/{run.id}/undo", follow_redirects=True).text
    assert session.scalars(select(Suppression.ended_at)).all() == [None]
    admin.post(f"/imports/{run.id}/undo", data={"opt_outs": "yes"})
    importing.work(app, session)
    assert session.scalars(select(OptIn.status)).all() == [OptInStatus.ACTIVE]
    assert session.scalars(select(Suppression.withdrawn_at.is_not(None))).all() == [True]
    assert "Opt-outs taken back" in admin.get(f"/imports/{run.id}").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Somebody Else"}, "Type your name as it stands in Optin"), ({"attested": ""}, "without it nobody"),
        ({"way": ""}, "Choose how they agreed."), ({"by": ""}, "Say who collected it"),
        ({"told": "text"}, "Paste the text"), ({"told": "999"}, "Not a valid choice"), ({"keyword": ""}, "Keyword"),
        ({"date": "2026-99-99"}, "Date on which they agreed"),
        ({"date": "2026-08-02"}, "Choose today or an earlier day."),
        ({"date": "0001-01-01"}, "Check the year."),
        ({"way": "pigeon"}, "How they agreed"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_and_nothing_is_lost(
    admin: Browser, session: Session, keyword: Keyword, given: dict[str, str], said: str
) -> None:
    run_id = importing.upload(admin, importing.table("4155550134", headers="Phone"), "opt_in")
    page = importing.vouch(admin, run_id, **{"keyword": keyword.id, "by": "The harbor crew", "text": "", **given})
    assert "Nothing has been saved yet." in page
    assert said in page
    assert given.get("by", "The harbor crew") in page
    assert session.get_one(ImportRun, run_id).attested_name is None


def test_without_a_keyword_one_is_asked_for(admin: Browser) -> None:
    run_id = importing.upload(admin, importing.table("4155550134", headers="Phone"), "opt_in")
    assert "There is no keyword yet." in admin.get(f"/imports/{run_id}/consent").text
    assert "Choose the keyword." in importing.vouch(admin, run_id)


def test_a_row_that_says_opted_out_counts_whatever_it_says_of_consent(
    app: Flask, admin: Browser, session: Session, keyword: Keyword
) -> None:
    world.text(session, "volunteer", MAYA)
    data = importing.table(
        "(415) 555-0134;nonsense;pigeon;yes", "646-555-0177 / 312-555-0118;;;yes", "206 555 0101;3 July 2026;paper;no",
        headers="Phone;Signed on;Consent way;Opted out",
    )  # fmt: skip
    fields = "mobile consent_date consent_way opted_out"
    run = run_all(app, session, admin, data, "opt_in", fields, keyword=keyword.id)
    assert (run.counts["new"], run.counts["left_out"], run.counts["opted_out"]) == (1, 2, 3)
    active = session.scalars(select(OptIn.number).where(OptIn.status == OptInStatus.ACTIVE)).all()
    assert active == ["+12065550101"]
    assert set(session.scalars(select(Suppression.number))) == {MAYA, "+16465550177", "+13125550118"}


def test_a_pasted_text_may_be_older_than_the_keyword(
    app: Flask, admin: Browser, session: Session, keyword: Keyword
) -> None:
    """The forms of last year say what they say; a version of the keyword's can't have been read before it was saved."""
    data = importing.table("4155550134", headers="Phone")
    told = {"date": "2025-03-01", "keyword": keyword.id}
    version = str(session.scalars(select(Disclosure.id)).one())
    run = run_all(app, session, admin, data, "opt_in", "mobile", **told, told=version)
    assert run.counts["left_out"] == 1
    run = run_all(app, session, admin, data, "opt_in", "mobile", **told, told="text", text="Text me about the boat.")
    assert run.counts["new"] == 1
    assert session.scalars(select(OptIn.evidence)).one()["told"] == "Text me about the boat."


def test_agents_import_no_consent(admin: Browser, agent: Browser, session: Session, keyword: Keyword) -> None:
    """Neither by a list of opt-ins nor by a column, and they don't start what an admin vouched for."""
    assert agent.get("/imports/new/opt_in").status_code == 403
    assert "/imports/new/opt_in" not in agent.get(f"/keywords/{keyword.id}?tab=related").text
    assert "an admin can import it with their consent" in agent.get("/imports/new/contact").text
    data = importing.table("Maya Ortiz;4155550134;3 July 2026", headers="Name;Mobile;Signed on")
    run_id = importing.upload(agent, data)
    page = agent.get(f"/imports/{run_id}/columns").text
    assert "Consent: date" not in page
    chosen = {"column-0": "name", "column-1": "mobile", "column-2": "consent_date"}
    agent.post(f"/imports/{run_id}/columns", data={**importing.selected(page), **chosen})
    session.expire_all()
    assert session.get_one(ImportRun, run_id).mapping == {"0": "name", "1": "mobile"}
    for way in ("consent", "consent/removal"):
        assert agent.post(f"/imports/{run_id}/{way}").status_code == 403
    assert agent.get(f"/imports/{run_id}/consent").status_code == 403
    assert "Add their consent" not in agent.get(f"/imports/{run_id}").text
    assert "Add their consent" in admin.get(f"/imports/{run_id}").text
    importing.vouch(admin, run_id, keyword=keyword.id, date="2026-07-01")
    assert agent.get(f"/imports/{run_id}").status_code == 200
    assert agent.post(f"/imports/{run_id}/start", data={"known": "fill"}).status_code == 403


def test_other_columns_have_to_be_vouched_for_anew(admin: Browser, session: Session, keyword: Keyword) -> None:
    data = importing.table("4155550134;3 July 2026;2 June 2026", headers="Phone;Signed on;Other")
    run_id = importing.upload(admin, data, "opt_in")
    importing.vouch(admin, run_id, keyword=keyword.id)
    assert "Opt in 1 number" in admin.get(f"/imports/{run_id}").text
    page = importing.selected(admin.get(f"/imports/{run_id}/columns").text)
    answer = admin.post(f"/imports/{run_id}/columns", data={**page, "column-1": "", "column-2": "consent_date"})
    assert answer.location.endswith("/consent")
    assert "Ana Ruiz" in admin.get(answer.location).text
    assert admin.post(f"/imports/{run_id}/start", data={"known": "fill"}).status_code == 303
    session.expire_all()
    run = session.get_one(ImportRun, run_id)
    assert (run.state, run.attested_name) == ("columns", None)
    assert session.scalars(select(OptIn)).all() == []


def test_who_unsubscribed_elsewhere_and_here_is_not_active_again(
    app: Flask, admin: Browser, session: Session, keyword: Keyword, clock: Clock
) -> None:
    """Keila #253: importing the whole list again, as exported years ago, made all who had left active."""
    numbers = [f"(206) 555-{index:04d}" for index in range(100, 112)]
    rows = [f"{number};1 July 2026;active" for number in numbers]
    data = importing.table(*rows, headers="Phone;Date;Status")
    run = run_all(app, session, admin, data, "opt_in", "mobile consent_date -", keyword=keyword.id)
    assert run.counts["new"] == 12
    for index in range(100, 109):
        clock.forward(minutes=1)
        world.text(session, "stop" if index % 2 else "please unsubscribe me", f"+1206555{index:04d}")
    world.text(session, "start", "+12065550101")
    session.expire_all()
    events = len(session.scalars(select(ConsentEvent)).all())
    again = run_all(app, session, admin, data, "opt_in", "mobile consent_date -", keyword=keyword.id)
    assert (again.counts.get("new", 0), again.counts["left_out"], again.counts["same"]) == (0, 9, 3)
    active = set(session.scalars(select(OptIn.number).where(OptIn.status == OptInStatus.ACTIVE)))
    assert active == {f"+1206555{index:04d}" for index in range(109, 112)}
    assert len(session.scalars(select(ConsentEvent)).all()) == events
    data = importing.table(*(f"{number};29 July 2026" for number in numbers), headers="Phone;Date")
    later = run_all(app, session, admin, data, "opt_in", "mobile consent_date", keyword=keyword.id)
    assert later.counts.get("new", 0) == 0


@pytest.mark.parametrize(
    ("cell", "way"),
    [
        ("Paper form", ConsentWay.PAPER), ("WEB", ConsentWay.WEB), ("website", ConsentWay.WEB),
        ("sms", ConsentWay.TEXT),
        ("by phone call", ConsentWay.SPOKEN), ("mündlich", ConsentWay.SPOKEN), ("text message", ConsentWay.TEXT),
        ("pigeon", None), ("web or paper", None), ("", None),
    ],
)  # fmt: skip
def test_a_way_is_read_in_the_words_of_files(cell: str, way: ConsentWay | None) -> None:
    assert way_in(cell) is way
