"""Compares an export of Twilio for Salesforce with the database that it was moved into: a script of its own.

It reads the CSV files with `csv` and the database with SQL, by its own rules, and knows nothing of the code that moves.
The texts that ask, or may ask, to stop are those that the made-up exports have.
"""

import csv
import io
import random
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Row = Mapping[str, str]
Ask = Callable[..., Sequence[Any]]
"""Runs a statement of SQL with values and returns the rows."""
FILES = ("opt_in_keyword__c", "contact", "lead", "opt_in__c", "campaign", "campaignmember", "message__c")
GOODBYES = ("stop", "stop.", "unsubscribe", "please remove me from this list")
DOUBTS = ("we have to stop this bill now", "stpo")
NO_KEYWORDS = ("stop", "start", "?")
ACTIVE = "status = 'active'"


@dataclass
class Number:
    """What the export says of a number: when it left and what is in doubt, and its rows by keyword."""

    stops: list[datetime] = field(default_factory=list)
    doubts: list[datetime] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)

    @property
    def left(self) -> datetime:
        """Return when it left last; long ago for never."""
        return max(self.stops, default=datetime.min.replace(tzinfo=UTC))

    def is_active(self, word: str) -> bool:
        """Tell whether the row of a keyword is active and nothing says that the person left since."""
        row = self.rows[word]
        return row["active__c"] == "true" and moment(row["opt_in_date_time__c"]) > self.left

    @property
    def joined(self) -> list[datetime]:
        """Return since when it has each of its active opt-ins."""
        return [moment(row["opt_in_date_time__c"]) for word, row in self.rows.items() if self.is_active(word)]

    @property
    def has_left(self) -> bool:
        """Tell whether it left everything and did not come back."""
        return bool(self.stops) and not self.joined

    @property
    def is_held(self) -> bool:
        """Tell whether a person has to decide: a doubt that nothing answered, or a keyword right after a STOP."""
        since = [*self.joined, *self.stops]
        open_doubt = any(all(doubt >= at for at in since) for doubt in self.doubts)
        minute = timedelta(minutes=1)
        return not self.has_left and (open_doubt or any(at - self.left <= minute for at in self.joined))


def read(path: Path) -> dict[str, list[Row]]:
    """Return the rows of each file of an export, with plain names of their columns."""
    found: dict[str, list[Row]] = {name: [] for name in FILES}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            text = io.TextIOWrapper(archive.open(name), "utf-8", newline="")
            rows = csv.reader(text)
            header = [plain(cell) for cell in next(rows)]
            found[plain(name.removesuffix(".csv"))] = [dict(zip(header, row, strict=True)) for row in rows]
    return found


def plain(name: str) -> str:
    """Return a name without the prefix of the package, in small letters."""
    return name.lower().replace("twiliosf__", "")


def moment(written: object) -> datetime:
    """Return a moment as a file or a database has it."""
    found = datetime.fromisoformat(str(written).replace("+0000", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def e164(written: str) -> str:
    """Return a number of the United States in its one form."""
    return "+1" + "".join(filter(str.isdigit, written))[-10:]


def numbers_of(files: Mapping[str, Sequence[Row]]) -> dict[str, Number]:
    """Return all numbers of the opt-ins with what the export says of each."""
    names = {row["id"][:15]: row["name"].lower() for row in files["opt_in_keyword__c"]}
    found: dict[str, Number] = defaultdict(Number)
    for row in files["opt_in__c"]:
        name = names.get(row["opt_in_keyword__c"][:15], "?")
        number = found[e164(row["opt_in_phone_number_unformatted__c"])]
        if name == "stop" or (name == "?" and row["active__c"] == "false"):
            number.stops.append(moment(row["opt_out_date_time__c"]))
        elif name not in NO_KEYWORDS:
            number.rows[name] = row
    for row in files["message__c"]:
        if row["direction__c"] == "Inbound" and row["body__c"].lower() in GOODBYES:
            found[row["from_number__c"]].stops.append(moment(row["createddate"]))
        elif row["direction__c"] == "Inbound" and row["body__c"].lower() in DOUBTS:
            found[row["from_number__c"]].doubts.append(moment(row["createddate"]))
    return dict(found)


def compare(path: Path, ask: Ask, samples: int = 500, seed: int = 1) -> list[str]:
    """Return what differs: the counts of each object, and so many random rows of each, cell by cell."""
    check = _Check(read(path), ask)
    check.compare_counts()
    dice = random.Random(seed)
    for name, each in check.each.items():
        rows = check.files[name]
        for row in dice.sample(rows, min(samples, len(rows))):
            each(row)
    for number in dice.sample(sorted(check.numbers), min(samples, len(check.numbers))):
        check.compare_number(number)
    return check.differences


class _Check:
    """One comparison under way."""

    def __init__(self, files: dict[str, list[Row]], ask: Ask) -> None:
        self.files, self.ask, self.differences = files, ask, list[str]()
        self.numbers = numbers_of(files)
        self.people = {row["id"][:15]: row for name in ("contact", "lead") for row in files[name]}
        self.names = {row["id"][:15]: row["name"] for row in files["opt_in_keyword__c"]}
        self.campaigns = {
            row["id"][:15]: row["name"] for row in files["campaign"] if row["opt_in_keyword__c"][:15] in self.names
        }
        self.each: dict[str, Callable[[Row], None]] = {
            "contact": self.person,
            "lead": self.person,
            "opt_in__c": self.opt_in,
            "campaign": self.campaign,
            "campaignmember": self.member,
            "message__c": self.message,
        }

    def same(self, what: str, expected: object, found: object) -> None:
        """Note a difference."""
        if expected != found:
            self.differences.append(f"{what}: {expected!r} in the export, {found!r} here")

    def one(self, what: str, sql: str, expected: tuple[object, ...], **values: object) -> None:
        """Ask for one row and compare it; text that is a moment is compared as one."""
        rows = [tuple(map(_value, row)) for row in self.ask(sql, **values)]
        self.same(what, [tuple(map(_value, expected))], rows)

    def compare_counts(self) -> None:
        """Compare how many there are of each object."""
        opt_ins = [(number, word) for number, of in self.numbers.items() for word in of.rows]
        expected = {
            "keyword": sum(name.lower() not in NO_KEYWORDS for name in self.names.values()),
            "person WHERE kind = 'contact'": len(self.files["contact"]),
            "person WHERE kind = 'lead'": len(self.files["lead"]),
            "opt_in": len(opt_ins),
            f"opt_in WHERE {ACTIVE}": sum(self.numbers[number].is_active(word) for number, word in opt_ins),
            "suppression WHERE ended_at IS NULL": sum(of.has_left for of in self.numbers.values()),
            "hold WHERE ended_at IS NULL": sum(of.is_held for of in self.numbers.values()),
            "campaign": len(self.campaigns),
            "campaign_member": sum(map(self._is_moved, self.files["campaignmember"])),
            "message WHERE id < 0": len(self.files["message__c"]),
            "conversation": len({_other(row) for row in self.files["message__c"]}),
        }
        for name, count in expected.items():
            self.same(name, count, self.ask(f"SELECT count(*) FROM {name}")[0][0])

    def person(self, row: Row) -> None:
        """Compare a contact or a lead."""
        given = (
            row["firstname"],
            e164(row["mobilephone"]),
            row["email"],
            row.get("account.name") or row.get("company"),
        )
        sql = "SELECT first_name, mobile, email, company, kind FROM person WHERE last_name = :last"
        kind = "lead" if "isconverted" in row else "contact"
        self.one(row["lastname"], sql, (*(cell or "" for cell in given), kind), last=row["lastname"])

    def opt_in(self, row: Row) -> None:
        """Compare an opt-in, and to whom it is linked."""
        word = self.names.get(row["opt_in_keyword__c"][:15], "?").lower()
        number = e164(row["opt_in_phone_number_unformatted__c"])
        of, mine = self.numbers[number], {"number": number, "word": word}
        where = "FROM opt_in o JOIN keyword k ON k.id = o.keyword_id WHERE o.number = :number AND lower(k.word) = :word"
        if word in NO_KEYWORDS:
            self.same(f"{number} {word}", [], list(self.ask(f"SELECT o.id {where}", **mine)))
            return
        began = row["opt_in_date_time__c"] or row["opt_out_date_time__c"]
        reason = None
        if not of.is_active(word):
            ended = row["opt_out_date_time__c"] or began
            reason = "opted_out" if of.left >= moment(ended) else "migrated_inactive"
        expected = ("inactive" if reason else "active", began, reason)
        self.one(f"{number} {word}", f"SELECT o.status, o.requested_at, o.end_reason {where}", expected, **mine)
        if reason is None:
            person = self.people.get((row["contact__c"] or row["lead__c"])[:15])
            linked = [(person["lastname"],)] if person and e164(person["mobilephone"]) == number else []
            to = "opt_in_person l JOIN person p ON p.id = l.person_id JOIN opt_in o ON o.id = l.opt_in_id"
            with_word = "JOIN keyword k ON k.id = o.keyword_id WHERE o.number = :number AND lower(k.word) = :word"
            found = self.ask(f"SELECT p.last_name FROM {to} {with_word}", **mine)
            self.same(f"{number} {word} is linked", linked, [tuple(each) for each in found])

    def compare_number(self, number: str) -> None:
        """Compare whether a number has left, and whether it is on hold."""
        for table, expected in (
            ("suppression", self.numbers[number].has_left),
            ("hold", self.numbers[number].is_held),
        ):
            found = self.ask(f"SELECT id FROM {table} WHERE number = :number AND ended_at IS NULL", number=number)
            self.same(f"{number} {table}", expected, bool(found))

    def campaign(self, row: Row) -> None:
        """Compare a campaign and its keyword."""
        sql = "SELECT lower(k.word) FROM campaign c JOIN keyword k ON k.id = c.keyword_id WHERE c.name = :name"
        found = [word for (word,) in self.ask(sql, name=row["name"])]
        is_moved = row["id"][:15] in self.campaigns
        self.same(row["name"], [self.names[row["opt_in_keyword__c"][:15]].lower()] if is_moved else [], found)

    def member(self, row: Row) -> None:
        """Compare whether somebody is a member."""
        person = self.people.get((row["contactid"] or row["leadid"])[:15], {"lastname": ""})
        name = self.campaigns.get(row["campaignid"][:15], "")
        sql = (
            "SELECT m.id FROM campaign_member m JOIN campaign c ON c.id = m.campaign_id "
            "JOIN person p ON p.id = m.person_id WHERE c.name = :name AND p.last_name = :last"
        )
        found = self.ask(sql, name=name, last=person["lastname"])
        self.same(f"{person['lastname']} in {name}", self._is_moved(row), len(found) == 1)

    def message(self, row: Row) -> None:
        """Compare a message; what was still on its way there went if Twilio had it, and else never will."""
        said, sid = row["status__c"], row["external_id__c"]
        status = said if said in ("received", "delivered", "failed", "sent") else "sent" if sid else "cancelled"
        sql = "SELECT direction, number, body, created_at, status FROM message WHERE "
        expected = (row["direction__c"].lower(), _other(row), row["body__c"], row["createddate"], status)
        if sid:
            self.one(sid, f"{sql} sid = :sid", expected, sid=sid)
            return
        at, mine = moment(row["createddate"]), {"number": _other(row), "body": row["body__c"]}
        rows = self.ask(f"{sql} number = :number AND body = :body AND sid IS NULL", **mine)
        found = [tuple(map(_value, each)) for each in rows if moment(each[3]) == at]
        self.same(f"message {row['id']}", [tuple(map(_value, expected))], found)

    def _is_moved(self, member: Row) -> bool:
        whose = (member["contactid"] or member["leadid"])[:15]
        return whose in self.people and member["campaignid"][:15] in self.campaigns


def _other(message: Row) -> str:
    return message["from_number__c" if message["direction__c"] == "Inbound" else "to_number__c"]


def _value(found: object) -> object:
    """Return a moment as one, whatever it is written in."""
    if isinstance(found, datetime) or (isinstance(found, str) and found[4:5] == found[7:8] == "-"):
        return moment(found)
    return found
