"""What a Salesforce export says: ids, moments, which file has what, messages and what they ask for."""

import json
from datetime import UTC, datetime

import pytest

from optin.features.moving import headers, soql, texts
from optin.features.moving.cells import answer, moment, record_id
from optin.features.moving.records import ExportRow
from optin.features.moving.signs import HeldRow, KeywordRole, SignMeaning, TextSign, from_json, role_of, to_json
from optin.features.moving.terms import ExportObject
from optin.refused import Refused
from tests.support.salesforce_export import Export, Style, generate, record

NOON = datetime(2024, 5, 1, 12, 3, 22, tzinfo=UTC)


def test_both_forms_of_an_id_are_one() -> None:
    made = record("003", 4711)
    assert record_id(made.long) == record_id(f" {made.short} ") == made.short
    assert made.long != made.short
    assert record_id("0035g00000AbCdE") != record_id("0035g00000abcde")
    assert record_id("") == ""
    assert record_id("an old key of 24 characters") == "an old key of 24 characters"


@pytest.mark.parametrize(
    "written",
    [
        "2024-05-01T12:03:22.000Z",
        "2024-05-01T12:03:22.000+0000",
        "2024-05-01T12:03:22+00:00",
        "2024-05-01T05:03:22.000-0700",
        "2024-05-01 12:03:22",
        "2024/05/01 12:03:22 PM",
    ],
)
def test_every_way_to_write_a_moment(written: str) -> None:
    assert moment(written) == NOON


@pytest.mark.parametrize(
    "written", ["", "  ", "soon", "3/4/2026 10:00", "2024-02-31T00:00:00Z", "0001-01-01T00:00:00+1400"]
)
def test_what_is_no_moment(written: str) -> None:
    assert moment(written) is None


def test_a_day_alone_begins_at_midnight_in_utc() -> None:
    assert moment("2024-05-01") == datetime(2024, 5, 1, tzinfo=UTC)


def test_checkboxes() -> None:
    assert [answer(cell) for cell in ("true", "FALSE", "1", "0", "")] == [True, False, True, False, None]


@pytest.mark.parametrize("style", [Style(), Style(prefix="", upper=False), Style(prefix="twiliosf__", upper=False)])
def test_files_are_known_by_their_columns_whatever_they_are_called(style: Style) -> None:
    export = generate(40, style)
    for name, which in (
        ("Contact", ExportObject.CONTACT),
        ("Lead", ExportObject.LEAD),
        ("Opt_In__c", ExportObject.OPT_IN),
        ("CampaignMember", ExportObject.MEMBER),
        ("Campaign", ExportObject.CAMPAIGN),
        ("Message__c", ExportObject.MESSAGE),
        ("Opt_In_Keyword__c", ExportObject.KEYWORD),
    ):
        columns = header(export, name)
        assert headers.object_of(columns, "extract.csv") is which
        assert headers.missing(which, headers.columns(which, columns)) == ""


def header(export: Export, name: str) -> list[str]:
    """Return the names of a file's columns."""
    return [cell.strip('"') for cell in export.csv(name).decode().split("\n", 1)[0].split(",")]


def test_what_the_page_tells_to_export_is_what_is_read() -> None:
    for which, query in soql.QUERIES.items():
        columns = query.removeprefix("SELECT ").split(" FROM ")[0].split(", ")
        assert headers.object_of(columns, "extract.csv") is which
        found = headers.columns(which, columns)
        assert headers.missing(which, found) == ""
        assert sorted(found.values()) == list(range(len(columns))), f"{which}: a column is exported for nothing"


def test_columns_of_the_package_count_more_than_ones_own_of_the_same_name() -> None:
    own_first = ["Id", "Active__c", "TwilioSF__Active__c", "Opt_In_Keyword__c", "twiliosf__opt_in_keyword__r.Name"]
    found = headers.columns(ExportObject.OPT_IN, own_first)
    assert found == {"id": 0, "active": 2, "keyword": 3, "keyword_name": 4}
    assert headers.columns(ExportObject.OPT_IN, own_first[::-1])["active"] == 2
    assert headers.columns(ExportObject.CONTACT, ["Id", "Email", "EMAIL"])["email"] == 1


def test_a_table_of_something_else_is_none() -> None:
    assert headers.object_of(["Item", "Price"], "prices.csv") is None
    assert headers.object_of(["Id", "Name", "Status"], "x.csv") is ExportObject.CAMPAIGN
    assert headers.object_of(["Id", "Name", "Status"], "Opt-In Keywords.csv") is ExportObject.KEYWORD


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Volunteer", KeywordRole.CAMPAIGN),
        ("stop", KeywordRole.STOP),
        ("STOP!", KeywordRole.STOP),
        ("Unsubscribe", KeywordRole.STOP),
        ("Opt-Out", KeywordRole.STOP),
        ("Baja", KeywordRole.STOP),
        ("Stop Smoking", KeywordRole.CAMPAIGN),
        ("START", KeywordRole.START),
        ("Yes", KeywordRole.CAMPAIGN),
        ("", KeywordRole.UNKNOWN),
    ],
)
def test_what_rows_of_a_keyword_say(name: str, role: KeywordRole) -> None:
    assert role_of(name) is role


COLUMNS = {"direction": 0, "body": 1, "to": 2, "from": 3, "sid": 4, "status": 5, "created_at": 6}


def message(direction: str, body: str, other: str = "+14155550134", at: str = "2024-05-01T12:03:22.000Z") -> ExportRow:
    """Return a row of the messages; the other party's number is where the direction has it."""
    to, by = ("+14155550100", other) if direction.lower().startswith("in") else (other, "+14155550100")
    return ExportRow(2, (direction, body, to, by, "SM" + "0" * 32, "Received", at), COLUMNS)


@pytest.mark.parametrize("other", ["+14155550134", "(415) 555-0134", "14155550134"])
@pytest.mark.parametrize("direction", ["Inbound", "inbound", "Outbound", "outbound-api"])
def test_a_message(direction: str, other: str) -> None:
    found = texts.read(message(direction, "Hello", other), "US", NOON)
    assert not isinstance(found, Refused)
    assert found.other.value == "+14155550134"
    assert found.is_inbound is direction.lower().startswith("in")
    assert (found.at, found.ours, len(found.sid)) == (NOON, "+14155550100", 34)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (message("", "Hello"), "whether it was received or sent"),
        (message("Inbound", "Hello", ""), "no phone number in the column From"),
        (message("Outbound", "Hello", "nobody"), ""),
    ],
)
def test_a_message_without_a_thread(row: ExportRow, sentence: str) -> None:
    found = texts.read(row, "US", NOON)
    if sentence:
        assert isinstance(found, Refused)
        assert sentence in found.sentence


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ("STOP", SignMeaning.OPT_OUT),
        ("please take me off your list", SignMeaning.OPT_OUT),
        ("stop volunteer", SignMeaning.ONE_KEYWORD),
        ("we have to stop this bill", SignMeaning.DOUBT),
        ("volunteer", None),
        ("START", None),
        ("See you there", None),
    ],
)
def test_what_a_received_text_says_of_leaving(body: str, meaning: SignMeaning | None) -> None:
    found = texts.read(message("Inbound", body), "US", NOON)
    assert not isinstance(found, Refused)
    sign = texts.sign_of(found, frozenset({"volunteer"}), ())
    assert (sign and sign.meaning) == meaning
    sent = texts.read(message("Outbound", body), "US", NOON)
    assert not isinstance(sent, Refused)
    assert texts.sign_of(sent, frozenset({"volunteer"}), ()) is None


def test_signs_are_put_by_and_come_back() -> None:
    held = HeldRow(3, "k", "News", active=None, opted_in_at=NOON, people="contact:1")
    text = TextSign(4, NOON, SignMeaning.DOUBT, trigger="stop", body="we stop")
    assert from_json(HeldRow, to_json(held)) == held
    back = from_json(TextSign, json.loads(json.dumps(to_json(text))))
    assert back == text
    assert back.meaning is SignMeaning.DOUBT
