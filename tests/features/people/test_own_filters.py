"""Fields of one's own as filters of the lists, and as columns of the table and the file."""

import csv
import io
import re
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import FieldKind
from optin.models import OwnField
from optin.own_fields import definitions
from optin.person.filters import table
from optin.person.filters.field import Asker
from optin.person.filters.terms import Filter, Operator
from tests.support import world
from tests.support.clients import Browser
from tests.support.own_fields import add, put

PEOPLE = {
    "Ann": ("Zoë the Great", "-1.5", "2026-05-03", "yes", "S"),
    "Ben": ("ZOË", "10", "1990-12-31", "no", "M"),
    "Cid": ("50% off_x", "9", "2026-05-04", "", "S"),
    "Dot": ("x" * 100 + "Tail", "", "", "yes", ""),
    "Eve": ("", "", "", "", ""),
}


@pytest.fixture
def ids(session: Session) -> dict[str, int]:
    """Make the people with their values; return the ids of the options."""
    fields = [
        add(session, "Nickname"),
        add(session, "Dogs", FieldKind.NUMBER),
        add(session, "Birthday", FieldKind.DAY),
        add(session, "Drives", FieldKind.YES_NO),
        add(session, "Size", FieldKind.CHOICE, "S", "M"),
    ]
    for name, texts in PEOPLE.items():
        person = world.person(session, f"{name} X", None)
        for field, text in zip(fields, texts, strict=True):
            if text:
                put(session, field, person, text)
    return {option.label: option.id for option in fields[-1].options}


def listed(browser: Browser, query: str) -> str:
    page = browser.get(f"/contacts?{query}").text
    return " ".join(name for name in PEOPLE if f">{name} X</a>" in page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("own-nickname.equals=zoë", "Ben"),
        ("own-nickname.starts=ZOË", "Ann Ben"),
        ("own-nickname.contains=great", "Ann"),
        ("own-nickname.contains=ZOË", "Ann Ben"),
        ("own-nickname.contains=%25+off_", "Cid"),
        ("own-nickname.contains=tail", "Dot"),
        ("own-nickname.empty=yes", "Eve"),
        ("own-nickname.filled=yes", "Ann Ben Cid Dot"),
        ("own-dogs.equals=10.0", "Ben"),
        ("own-dogs.above=9", "Ben"),
        ("own-dogs.below=9,5", "Ann Cid"),
        ("own-dogs.empty=yes", "Dot Eve"),
        ("own-birthday.since=2026-05-04", "Cid"),
        ("own-birthday.before=4+May+2026", "Ann Ben"),
        ("own-birthday.equals=2026-05-03", "Ann"),
        ("own-drives=yes", "Ann Dot"),
        ("own-drives=yes&own-drives=no", "Ann Ben Dot"),
        ("own-drives.empty=yes", "Cid Eve"),
        ("own-size={S}", "Ann Cid"),
        ("own-size.not={S}", "Ben Dot Eve"),
        ("own-size={S}&own-size={M}&own-dogs.above=0", "Ben Cid"),
    ],
)
def test_who_is_found(agent: Browser, ids: dict[str, int], query: str, found: str) -> None:
    assert listed(agent, query.format(**ids)) == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("own-dogs.above=many", "“many” is not a number."),
        ("own-birthday.since=3/4/2026", "“3/4/2026” may be 3 April or 4 March."),
        ("own-drives=perhaps", "There is yes and no, and nothing else."),
        ("own-size=999", "not in the list any more, so the filter matches nobody."),
        ("own-nickname.contains=" + "x" * 130, "Use at most 120 characters."),
        ("own-gone=1", "“own-gone” in the address is no filter and was ignored."),
    ],
)
def test_what_can_not_be_asked_says_so_and_finds_nobody(
    agent: Browser, ids: dict[str, int], query: str, sentence: str
) -> None:
    page = agent.get(f"/contacts?{query}").text
    assert sentence in page
    assert ("Ann X" in page) == ("gone" in query)


def test_the_form_offers_them_and_says_them(session: Session, agent: Browser, ids: dict[str, int]) -> None:
    page = agent.get("/contacts").text
    assert '<option value="own-size">Size</option>' in page
    rows = {"1.field": "own-size", "1.op": "is", "1.value": str(ids["M"]), "2.field": "own-dogs", "2.op": "above"}
    page = agent.get("/contacts", query_string={**rows, "2.value": "3"}, follow_redirects=True)
    assert page.request.full_path == f"/contacts?own-size={ids['M']}&own-dogs.above=3"
    assert "Size is M" in page.text
    assert "Dogs is greater than 3" in page.text
    for label in ("Size", "Dogs"):
        found = next(field for field in definitions.everyone(session) if field.label == label)
        definitions.archive(session, found, None)
    session.commit()
    assert '<option value="own-size">Size</option>' not in agent.get("/contacts").text


def test_the_file_has_them_all(admin: Browser, ids: dict[str, int]) -> None:
    file = admin.get("/contacts/file?own-dogs.filled=yes").get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    fields = ("Nickname", "Dogs", "Birthday", "Drives", "Size")
    assert {row["First name"]: tuple(row[name] for name in fields) for row in rows} == {
        name: (texts[0], f"'{texts[1]}" if texts[1][0] == "-" else texts[1], *texts[2:])
        for name, texts in PEOPLE.items()
        if texts[1]
    }


@pytest.mark.parametrize(
    ("name", "operator", "value", "index"),
    [
        ("own-nickname", Operator.EQUALS, "zoë", "ix_own_value_field"),
        ("own-nickname", Operator.STARTS, "zoë", "ix_own_value_field"),
        ("own-dogs", Operator.ABOVE, "3", "ix_own_value_number"),
        ("own-birthday", Operator.BEFORE, "2026-01-01", "ix_own_value_field"),
        ("own-drives", Operator.IS, "yes", "ix_own_value_field"),
        ("own-size", Operator.IS, "{S}", "ix_own_value_option"),
    ],
)
def test_an_index_finds_them(
    session: Session, ids: dict[str, int], name: str, operator: Operator, value: str, index: str
) -> None:
    asked = [Filter(name, operator, (value.format(**ids),))]
    asker = Asker(None, clock.now(), ZoneInfo("UTC"))
    found = table.ask(session, asked, asker).asked[0].ids
    assert found is not None
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET enable_seqscan = off")
        connection.exec_driver_sql("SET enable_bitmapscan = off")
    compiled = str(found.compile(connection, compile_kwargs={"literal_binds": True})).replace("%", "%%")
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {compiled}"))
    assert re.search(rf"{index}\b", plan), plan


def test_chosen_columns_show_in_the_table_and_the_file_alone(agent: Browser, ids: dict[str, int]) -> None:
    page = agent.get("/contacts?own-nickname.equals=ZOË&columns=own-dogs,email,own-size,own-nothing").text
    assert re.findall('data-label="([^"]*)"[^>]*>([^<]*)<', page) == [("Dogs", "10"), ("Email", "–"), ("Size", "M")]
    file = agent.get("/contacts/file?columns=own-dogs,own-size").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file)))
    assert rows[0] == ["First name", "Last name", "Dogs", "Size"]
    assert rows[2] == ["Ben", "X", "10", "M"]
    assert "Dogs</th>" not in agent.get("/contacts").text
    assert 'value="own-dogs"' in agent.get("/contacts").text


def test_an_archived_field_is_no_column(agent: Browser, session: Session, ids: dict[str, int]) -> None:
    field = session.scalars(select(OwnField).where(OwnField.key == "dogs")).one()
    definitions.archive(session, field, None)
    session.commit()
    assert "Dogs" not in agent.get("/contacts?columns=own-dogs,email").text
