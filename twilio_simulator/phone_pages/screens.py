"""What one phone on the page shows: whose it is, its thread, what to text from it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from optin import phone
from optin.config import Config
from optin.enums import MessageStatus, OptInStatus, Purpose, Reason
from optin.models import Keyword, Message, OptIn, Person
from optin.provider import statuses
from optin.queries import people_of_numbers
from optin.web.filters import person_name
from twilio_simulator.phone_pages import control, faults
from twilio_simulator.phone_pages.control import Entry

KEYWORDS = 4
BLOCKED = 21610


@dataclass(frozen=True)
class Row:
    """A line of the thread: `side` is me (texted by the person), them (arrived) or event."""

    side: str
    text: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class Screen:
    """One phone: its place on the page from 1, its number, who has the number now, its thread."""

    slot: int
    number: str
    people: Sequence[Person]
    rows: Sequence[Row]

    @property
    def owner(self) -> Person | None:
        """Return whose phone it is: a contact before a lead, then the oldest record."""
        return next(iter(self.people), None)

    @property
    def name(self) -> str:
        """Return the name at the head of the phone."""
        return person_name(self.owner) if self.owner else "New number"

    @property
    def version(self) -> str:
        """Return a short text that differs when anything of what is shown differs."""
        shown = [(row.side, row.text, row.at, row.note) for row in self.rows]
        whose = [(person.id, person_name(person), person.kind) for person in self.people]
        return hashlib.sha256(repr((self.number, whose, shown)).encode()).hexdigest()[:16]


def load(session: Session, config: Config, numbers: Sequence[str], *, default: str, region: str) -> list[Screen]:
    """Read phones; each text says which of our numbers it went to or came from, unless that is the `default`.

    `region` is the country whose numbers are shown in national form. Raises SimulatorAway.
    """
    owners = people_of_numbers.of_numbers(session, numbers)
    return [
        Screen(
            slot,
            number,
            owners.get(number, []),
            _rows(session, number, control.thread(config, number), default, region),
        )
        for slot, number in enumerate(numbers, start=1)
    ]


def suggestions(session: Session, numbers: Sequence[str]) -> dict[str, list[str]]:
    """Return what each phone offers to text: the newest active keywords, the answer that is waited for, STOP, HELP."""
    active = select(Keyword.word).where(Keyword.archived_at.is_(None)).order_by(Keyword.id.desc()).limit(KEYWORDS)
    words = list(session.scalars(active))[::-1]
    asked = set(
        session.scalars(select(OptIn.number).where(OptIn.number.in_(numbers), OptIn.status == OptInStatus.PENDING))
    )
    return {number: [*words, *(["YES"] if number in asked else []), "STOP", "HELP", "START"] for number in numbers}


def _rows(session: Session, number: str, entries: Sequence[Entry], default: str, region: str) -> list[Row]:
    unanswered = _unanswered(session, number)
    rows = []
    for entry in entries:
        rows.append(_row(entry, default, region))
        if entry.sid in unanswered:
            rows.append(Row("event", f"No answer: Twilio refuses it, {BLOCKED}, still blocked until START", entry.at))
    return rows


def _row(entry: Entry, default: str, region: str) -> Row:
    if entry.kind == "refused":
        return Row("event", _refusal(entry), entry.at)
    if entry.kind == "fault":
        return Row("event", faults.sentence(entry.body), entry.at)
    mine = entry.kind == "sent"
    notes = [f"{'to' if mine else 'from'} {phone.display(entry.number, region)}"] if entry.number != default else []
    if entry.answered_by:
        notes.append(f"answered by {entry.answered_by}")
    text = entry.body or ("1 picture or file" if entry.media == 1 else f"{entry.media} pictures or files")
    return Row("me" if mine else "them", text, entry.at, " · ".join(notes))


def _refusal(entry: Entry) -> str:
    if entry.code == BLOCKED:
        return f"Twilio refused the answer: {BLOCKED}, still blocked until START"
    text = shorten(entry.body, 40, placeholder="…")
    return f"“{text}” was not delivered: {entry.code}, {statuses.meaning(entry.code or 0).text}"


def _unanswered(session: Session, number: str) -> set[str]:
    """Return the SIDs of the person's texts whose answer we left out, because Twilio blocks us."""
    asked, answer = aliased(Message), aliased(Message)
    found = (
        select(asked.sid)
        .join(answer, answer.in_reply_to_id == asked.id)
        .where(
            answer.number == number,
            answer.purpose == Purpose.REPLY,
            answer.status == MessageStatus.SKIPPED,
            answer.reason == Reason.BLOCKED,
        )
    )
    return {str(sid) for sid in session.scalars(found)}
