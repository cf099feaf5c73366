"""Exports of Twilio for Salesforce as Data Loader writes them, made up: every odd thing that S2 names is among them."""

import csv
import io
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
START = datetime(2023, 1, 1, 9, 0, tzinfo=UTC)
OURS = "+14155550100"
ORDINARY = ("Thanks!", "See you there", "What time?", "I can bring chairs", "ok", "Wer kommt noch?")
GOODBYES = ("STOP", "Stop.", "please remove me from this list", "UNSUBSCRIBE")
DOUBTS = ("we have to stop this bill now", "stpo")
KEYWORDS = ("Volunteer", "News", "Spring Team", "Yes", "STOP", "START")
CAMPAIGN_KEYWORDS = KEYWORDS[:4]


@dataclass(frozen=True)
class Style:
    """How an export is written: with the prefix of the package, ids of 15 or 18 characters, `Z` or `+0000`, headers."""

    prefix: str = "TwilioSF__"
    long_ids: bool = True
    zulu: bool = True
    upper: bool = True


@dataclass
class Export:
    """The rows of each file, by the names of its columns, without the prefix."""

    style: Style
    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def add(self, name: str, **cells: object) -> None:
        """Add a row to a file."""
        self.rows.setdefault(name, []).append(cells)

    def csv(self, name: str) -> bytes:
        """Return a file as Data Loader writes it: all cells in quotation marks."""
        rows = self.rows.get(name, [])
        columns = list(dict.fromkeys(column for row in rows for column in row))
        file = io.StringIO()
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([self._header(column) for column in columns])
        writer.writerows([[self._cell(row.get(column)) for column in columns] for row in rows])
        return file.getvalue().encode()

    def zip(self, names: Sequence[str] = ()) -> bytes:
        """Return the files as one ZIP."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in names or self.rows:
                archive.writestr(f"{name}.csv", self.csv(name))
        return file.getvalue()

    def _header(self, column: str) -> str:
        parts = [self.style.prefix + part if part.endswith(("__c", "__r")) else part for part in column.split(".")]
        header = ".".join(parts)
        return header.upper() if self.style.upper else header

    def _cell(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%dT%H:%M:%S}.000{'Z' if self.style.zulu else '+0000'}"
        if isinstance(value, Id):
            return value.long if self.style.long_ids else value.short
        return str(value)


@dataclass(frozen=True)
class Id:
    """A Salesforce id in both its forms."""

    short: str

    @property
    def long(self) -> str:
        """Return it with its three characters that tell small letters from capitals."""
        parts = (self.short[at : at + 5] for at in (0, 5, 10))
        return self.short + "".join(
            ALPHABET[sum(1 << place for place, sign in enumerate(part) if sign.isupper())] for part in parts
        )


def record(kind: str, number: int) -> Id:
    """Return the id of a record; `kind` are the three characters that Salesforce begins with."""
    digits, signs = "", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    while number:
        number, rest = divmod(number, len(signs))
        digits = signs[rest] + digits
    return Id(f"{kind}5g00000{digits:0>5}"[:15].ljust(15, "0"))


def phone(index: int) -> str:
    """Return a number of San Francisco in E.164; each index has its own."""
    return f"+1415{200 + index // 10000:03d}{index % 10000:04d}"


def written(number: str, way: int) -> str:
    """Return a number as people write it, in one of four ways."""
    national = number[2:]
    return (national, f"1{national}", number, f"({national[:3]}) {national[3:6]}-{national[6:]}")[way % 4]


def sid(number: int) -> str:
    """Return a MessageSid."""
    return f"SM{number:032x}"


def generate(opt_ins: int, style: Style | None = None, seed: int = 1, messages: bool = True) -> Export:
    """Make an export with about so many opt-ins: two rows for each number, as the upsert leaves them."""
    export, dice = Export(style or Style()), random.Random(seed)
    keywords = {word: record("a0K", index + 1) for index, word in enumerate(KEYWORDS)}
    for word, key in keywords.items():
        export.add("Opt_In_Keyword__c", Id=key, Name=word)
    for index, word in enumerate(("Volunteer", "News", "Spring Team")):
        lookup = {"Opt_In_Keyword__c": keywords[word]}
        export.add("Campaign", Id=record("701", index + 1), Name=f"{word} campaign", Status="In Progress", **lookup)
    export.add(
        "Campaign",
        Id=record("701", 9),
        Name="Of a deleted keyword",
        Status="Planned",
        Opt_In_Keyword__c="a0K5g00000Gone1",
    )
    for index in range(opt_ins // 2):
        _person(export, dice, keywords, index, messages)
    return export


def _person(export: Export, dice: random.Random, keywords: dict[str, Id], index: int, messages: bool) -> None:
    number = phone(index)
    is_lead = index % 5 == 4
    key = record("00Q" if is_lead else "003", index + 1)
    other_number = index % 17 == 3
    about = {
        "Id": key,
        "FirstName": dice.choice(("Maya", "Tom", "Zoë", "")),
        "LastName": f"Person {index}",
        "MobilePhone": written(phone(5_000_000 + index) if other_number else number, index),
        "Email": f"p{index}@example.org" if index % 3 else None,
    }
    gone = index % 23 == 5  # deleted since, so that lookups lead nowhere
    if not gone and is_lead:
        export.add("Lead", **about, Company="None", IsConverted=False, ConvertedContactId=None)
    elif not gone:
        export.add("Contact", **about, **{"Account.Name": "Riverteam" if index % 2 else None})
    lookup = {"Lead__c": key, "Contact__c": None} if is_lead else {"Contact__c": key, "Lead__c": None}
    _consent(export, dice, keywords, index, lookup)
    campaign = record("701", index % 3 + 1)
    export.add(
        "CampaignMember",
        Id=record("00v", index + 1),
        CampaignId=campaign,
        ContactId=None if is_lead else key,
        LeadId=key if is_lead else None,
    )
    if messages:
        _texts(export, dice, index, key)


def _consent(
    export: Export, dice: random.Random, keywords: dict[str, Id], index: int, lookup: dict[str, object]
) -> None:
    """Add two rows of a number, by its index in one of the ways that there are."""
    began = START + timedelta(minutes=index, seconds=dice.randrange(60))
    word = CAMPAIGN_KEYWORDS[index % 4]
    way = index % 10

    def row(name: str, active: bool | None, joined: datetime | None, left: datetime | None) -> None:
        unique = f"{phone(index)}|{name}"
        export.add(
            "Opt_In__c",
            Id=record("a0O", len(export.rows.get("Opt_In__c", [])) + 1),
            UniqueId__c=unique.encode().hex(),
            Opt_In_Phone_Number_Unformatted__c=written(phone(index), index),
            Opt_In_Keyword__c=keywords.get(name, "a0K5g00000Gone1"),
            Active__c=active,
            Opt_In_Date_Time__c=joined,
            Opt_Out_Date_Time__c=left,
            **lookup,
            CreatedDate=joined or left,
        )

    other = CAMPAIGN_KEYWORDS[(index + 1) % 4]
    later = began + timedelta(days=40)
    match way:
        case 0 | 1 | 2:
            row(word, True, began, None)
            row(other, True, later, None)
        case 3:  # left: the upsert has set the date of joining to null
            row(word, False, None, later)
            row("STOP", False, None, later)
        case 4:  # a STOP that did not reach the keyword's row
            row(word, True, began, None)
            row("STOP", False, None, later)
        case 5:  # came back by the keyword
            row("STOP", False, None, began)
            row(word, True, later, None)
        case 6:  # within a minute
            row("STOP", False, None, began)
            row(word, True, began + timedelta(seconds=20), None)
        case 7:  # inactive, and nobody knows why
            row(word, False, None, later)
            row(other, True, began, None)
        case 8:  # a keyword that was deleted
            is_active = index % 20 == 8
            row("gone", is_active, began if is_active else None, None if is_active else began)
            row(word, True, later, None)
        case _:  # START after STOP
            row("STOP", False, None, began)
            row("START", True, later, None)


def _texts(export: Export, dice: random.Random, index: int, key: Id) -> None:
    """Add two texts of a number, and now and then one that asks, or may ask, to stop."""
    at = START + timedelta(minutes=index)

    def text(body: str, inbound: bool, when: datetime) -> None:
        count = len(export.rows.get("Message__c", [])) + 1
        export.add(
            "Message__c",
            Id=record("a0M", count),
            External_Id__c=sid(count) if count % 50 else None,
            Direction__c="Inbound" if inbound else "Outbound",
            Body__c=body,
            To_Number__c=OURS if inbound else phone(index),
            From_Number__c=phone(index) if inbound else OURS,
            Status__c="received" if inbound else dice.choice(("delivered", "sent", "failed", "queued")),
            CreatedDate=when,
        )

    text(dice.choice(ORDINARY), True, at)
    text("Hello from Riverteam", False, at + timedelta(minutes=1))
    if index % 37 == 1:
        text(dice.choice(GOODBYES), True, at + timedelta(days=60))
    if index % 41 == 2:
        text(dice.choice(DOUBTS), True, at + timedelta(days=61))
