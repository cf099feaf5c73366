"""The page of the nightly check: its verdict, how it is checked, and the messages that should not have gone."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Blueprint, Response, render_template
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from optin.database.session import db
from optin.enums import FindingCause, LabelledEnum, Purpose, Reason, Role
from optin.jobs import nightly_check
from optin.models import Person, SendingFinding
from optin.queries import people_of_numbers
from optin.web import lists
from optin.web.access import downloads, requires
from optin.web.filters import person_name
from optin.web.lists import Column, Listing

blueprint = Blueprint("sending_check", __name__)


class FindingRow(NamedTuple):
    """A finding with the people of its number, and the seconds from the goodbye to the start of the message."""

    finding: SendingFinding
    people: Sequence[Person]

    @property
    def seconds(self) -> float | None:
        """Return the seconds, None where there was no goodbye."""
        started, since = self.finding.message.started_at, self.finding.since
        return (started - since).total_seconds() if started and since else None

    @property
    def after(self) -> str:
        """Say how long after the goodbye it started."""
        seconds = self.seconds
        if seconds is None:
            return ""
        if seconds < 60:
            return f"{seconds:.1f} seconds"
        return f"{seconds / 60:,.0f} minutes" if seconds < 7200 else f"{seconds / 3600:,.0f} hours"


COLUMNS: tuple[Column[FindingRow], ...] = (
    Column("Started", lambda row: row.finding.message.started_at, is_moment=True, name="message",
           keys=[SendingFinding.message_id], descending=True),
    Column("Phone number", lambda row: row.finding.message.number, is_phone=True),
    Column("Contact or lead", lambda row: ", ".join(person_name(person) for person in row.people), cell="people"),
    Column("Message", lambda row: Purpose(row.finding.message.purpose or "").label, cell="message"),
    Column("Text", lambda row: row.finding.message.body, in_table=False),
    Column("Why not", lambda row: Reason(row.finding.reason).label),
    Column("Since", lambda row: row.finding.since, is_moment=True),
    Column("After that", lambda row: row.after),
    Column("How it came", lambda row: FindingCause(row.finding.cause).label, cell="cause"),
)  # fmt: skip


@blueprint.get("/sending-check")
def index() -> str:
    """Show what the last check came to."""
    session, listing = db.session(), _listing()
    page = listing.page(session, _query())
    check, shown = nightly_check.state(session), _rows(session, page.rows)
    return render_template("sending_check/index.html", check=check, listing=listing, page=page, rows=shown)


@blueprint.get("/sending-check/file")
@requires(Role.AGENT)
@downloads
def index_file() -> Response:
    return lists.download("nightly-check", _listing(), _query(), _rows)


def _listing() -> Listing:
    return Listing(COLUMNS, "-message", "sending_check.index", file_endpoint="sending_check.index_file")


@blueprint.context_processor
def terms() -> dict[str, type[LabelledEnum]]:
    """Let the template read what is stored as the terms that people see."""
    return {"purpose": Purpose, "finding_cause": FindingCause}


def _query() -> Select[SendingFinding]:
    return select(SendingFinding).options(joinedload(SendingFinding.message))


def _rows(session: Session, found: Sequence[SendingFinding]) -> list[FindingRow]:
    people = people_of_numbers.of_numbers(session, {each.message.number for each in found})
    return [FindingRow(each, people.get(each.message.number, [])) for each in found]
