"""A whole export is moved: compared with its files by rules of its own, twice, and against what is here already."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from optin.database import postgresql
from optin.database.statements import table
from optin.enums import EndReason, OptInStatus, Role
from optin.features.moving import tasks, work
from optin.models import (
    CampaignMember,
    ConsentEvent,
    Conversation,
    Hold,
    Keyword,
    KeywordWord,
    Message,
    MoveSign,
    OptIn,
    Person,
    Suppression,
    User,
)
from tests.conftest import add_user
from tests.support import world
from tests.support.clients import Browser
from tests.support.moving import check, move
from tests.support.salesforce_export import Export, Style, generate, phone, record, sid

TABLES = (OptIn, Person, Message, CampaignMember, Suppression, Hold, ConsentEvent, Keyword, Conversation)


def counts(session: Session) -> dict[str, int | None]:
    """Return how many rows there are."""
    session.expire_all()
    return {model.__name__: session.scalar(select(func.count()).select_from(model)) for model in TABLES}


@pytest.mark.parametrize(
    "style", [Style(), Style(prefix="", long_ids=False, zulu=False, upper=False)], ids=["prefix", "plain"]
)
def test_a_move_does_what_its_report_says_and_twice_changes_nothing(app: Flask, session: Session, style: Style) -> None:
    user, export = add_user(session, Role.ADMIN), generate(200, style)
    assert counts(session)["OptIn"] == 0
    moved = move(app, session, export, user.id)
    assert moved.checked == moved.counts
    before = counts(session)
    assert session.scalar(select(func.count()).where(Message.id < 0)) == len(export.rows["Message__c"])
    compare(session, export)
    move(app, session, export, user.id)
    assert counts(session) == before


def test_postgresql_plans_by_what_a_move_has_made_of_its_tables(app: Flask, session: Session) -> None:
    """It looks by itself once a minute at most; until then each part would go through all that was moved."""
    for model in tasks.LOOKED_UP:
        postgresql.analyse(session, model)
    move(app, session, generate(40), add_user(session, Role.ADMIN).id)
    names = [table(model).name for model in tasks.LOOKED_UP if model is not MoveSign]
    known = text("SELECT count(*) FROM pg_class WHERE relname = ANY(:names) AND reltuples > 0")
    if session.get_bind().dialect.name == "postgresql":
        assert session.scalar(known, {"names": names}) == len(names)


def compare(session: Session, export: Export) -> None:
    """Compare each row of the opt-ins with what is stored; nothing of the move's own code is used."""
    names = {str(row["Id"]): str(row["Name"]) for row in export.rows["Opt_In_Keyword__c"]}
    stored = {
        (row.number, row.normal): row
        for row in session.execute(
            select(OptIn.number, KeywordWord.normal, OptIn.status, OptIn.requested_at, OptIn.end_reason)
            .join(KeywordWord, KeywordWord.keyword_id == OptIn.keyword_id)
            .where(KeywordWord.is_main)
        )
    }
    suppressed = set(session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None))))
    stops: dict[str, list[datetime]] = {}
    rows = []
    for row in export.rows["Opt_In__c"]:
        digits = "".join(sign for sign in str(row["Opt_In_Phone_Number_Unformatted__c"]) if sign.isdigit())
        number = f"+1{digits[-10:]}"
        name = names.get(str(row["Opt_In_Keyword__c"]), "?").lower()
        rows.append((number, name, row))
        if name == "stop" or (name == "?" and not row["Active__c"]):
            stops.setdefault(number, []).append(moment(row["Opt_Out_Date_Time__c"]))
    for row in export.rows["Message__c"]:
        if (
            str(row["Body__c"]).lower().startswith(("stop", "unsub", "please remove"))
            and row["Direction__c"] == "Inbound"
        ):
            stops.setdefault(str(row["From_Number__c"]), []).append(moment(row["CreatedDate"]))
    active = set()
    for number, name, row in rows:
        if name in ("stop", "start", "?"):
            continue
        found = stored[number, name]
        last = max(stops.get(number, []), default=None)
        joined = row["Opt_In_Date_Time__c"]
        if row["Active__c"] and (last is None or last < moment(joined)):
            assert (found.status, found.requested_at) == (OptInStatus.ACTIVE, joined), (number, name)
            active.add(number)
        else:
            assert found.status == OptInStatus.INACTIVE, (number, name)
            by_stop = last is not None and last >= moment(row["Opt_Out_Date_Time__c"] or joined)
            assert found.end_reason == (EndReason.OPTED_OUT if by_stop else EndReason.MIGRATED_INACTIVE)
    assert suppressed == stops.keys() - active
    assert len(stored) == sum(name not in ("stop", "start", "?") for _, name, _ in rows)


def moment(value: object) -> datetime:
    """Return a cell that is one."""
    assert isinstance(value, datetime)
    return value


def one(active: bool = True, at: datetime = datetime(2024, 5, 1, tzinfo=UTC), left: datetime | None = None) -> Export:
    """Return an export with one opt-in."""
    export = Export(Style())
    export.add("Opt_In_Keyword__c", Id=record("a0K", 1), Name="Volunteer")
    export.add(
        "Opt_In__c",
        Id=record("a0O", 1),
        UniqueId__c="u1",
        Opt_In_Phone_Number_Unformatted__c=phone(1),
        Opt_In_Keyword__c=record("a0K", 1),
        Active__c=active,
        Opt_In_Date_Time__c=at if active else None,
        Opt_Out_Date_Time__c=left,
    )
    return export


def status(session: Session) -> list[tuple[str, str | None]]:
    """Return how the opt-ins stand."""
    session.expire_all()
    return [(row.status, row.end_reason) for row in session.scalars(select(OptIn).order_by(OptIn.id))]


def test_who_opted_out_here_is_not_opted_in(app: Flask, session: Session) -> None:
    user = add_user(session, Role.ADMIN)
    world.text(session, "STOP", phone(1))
    move(app, session, one(), user.id)
    assert status(session) == [("inactive", "opted_out")]
    world.text(session, "START", phone(1))
    move(app, session, one(at=datetime.now(UTC) - timedelta(seconds=1)), user.id)
    assert status(session) == [("inactive", "opted_out")]


def test_a_newer_export_brings_less_consent_and_never_more(app: Flask, session: Session) -> None:
    user, later = add_user(session, Role.ADMIN), datetime(2024, 6, 1, tzinfo=UTC)
    move(app, session, one(), user.id)
    assert status(session) == [("active", None)]
    move(app, session, one(active=False, left=later), user.id)
    assert status(session) == [("inactive", "migrated_inactive")]
    move(app, session, one(at=later + timedelta(days=1)), user.id)
    assert status(session) == [("inactive", "migrated_inactive")]


def test_moved_messages_stand_first_in_their_thread_and_wait_for_nobody(app: Flask, session: Session) -> None:
    user, export = add_user(session, Role.ADMIN), generate(20)
    own = world.text(session, "Hello", phone(0))
    move(app, session, export, user.id)
    session.expire_all()
    thread = session.get_one(Conversation, own.conversation_id)
    ids = select(Message.id).where(Message.conversation_id == thread.id).order_by(Message.id.desc())
    assert session.scalars(ids).first() == own.id
    assert (thread.unread, thread.closed_at, thread.preview) == (1, None, "Hello")
    others = session.scalars(select(Conversation).where(Conversation.id != thread.id)).all()
    assert all(each.unread == 0 and each.closed_at is not None for each in others)
    waiting = select(func.count()).where(Message.status.in_(["queued", "claimed", "sending", "unknown"]))
    assert session.scalar(waiting.where(Message.direction == "outbound", Message.id < 0)) == 0


def talk(length: int) -> Export:
    """Return an export with one long conversation, a text a minute."""
    export = Export(Style())
    begin = datetime(2024, 5, 1, tzinfo=UTC)
    for number in range(length):
        export.add(
            "Message__c",
            Id=record("a0M", number),
            Direction__c="Inbound",
            Body__c=f"Text {number}.",
            From_Number__c=phone(1),
            To_Number__c=world.OURS,
            Status__c="received",
            External_Id__c=sid(10_000 + number),
            CreatedDate=begin + timedelta(minutes=number),
        )
    return export


def test_a_long_moved_thread_is_read_to_its_beginning(app: Flask, session: Session, admin: Browser) -> None:
    move(app, session, talk(130), session.scalars(select(User.id)).one())
    thread = session.scalars(select(Conversation.id)).one()
    seen, address = set[str](), f"/inbox/{thread}"
    for _ in range(10):
        page = admin.get(address).text
        seen |= set(re.findall(r"Text (\d+)\.<small>", page))
        older = re.search(r'id="older-messages" href="([^"]+)"', page)
        if older is None:
            break
        address = html.unescape(older[1])
    assert seen == {str(number) for number in range(130)}


def test_what_comes_in_after_a_move_into_an_empty_optin_stands_after_it(app: Flask, session: Session) -> None:
    user = add_user(session, Role.ADMIN)
    move(app, session, talk(20), user.id)
    assert world.text(session, "Hello", phone(1)).id > 0
    assert session.scalar(select(func.count()).where(Message.id > 0)) == 1


def test_a_thread_keeps_its_order_over_the_steps_of_a_move_into_an_empty_optin(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 7)
    move(app, session, talk(30), add_user(session, Role.ADMIN).id)
    bodies = session.scalars(select(Message.body).where(Message.number == phone(1)).order_by(Message.id)).all()
    assert bodies == [f"Text {number}." for number in range(30)]


def test_the_pages_of_a_move(app: Flask, session: Session, admin: object) -> None:
    user = session.scalars(select(User)).one()
    run = check(app, session, generate(40).zip(["Opt_In__c", "Opt_In_Keyword__c", "Message__c"]), user.id)
    for path in (
        "",
        f"/{run.id}",
        f"/{run.id}/rows/opt_in?outcome=left_out",
        f"/{run.id}/rows/keyword?outcome=conflict",
    ):
        assert admin.get(f"/settings/move{path}").status_code == 200  # type: ignore[attr-defined]
    page = admin.get(f"/settings/move/{run.id}").text  # type: ignore[attr-defined]
    assert "No file of contacts." in page
    assert "To move, with something to know" in page
    rows = admin.get(f"/settings/move/{run.id}/rows/opt_in?outcome=conflict").text  # type: ignore[attr-defined]
    assert "Spring Team · active · 2023-" in rows, "people know a row by its words, not by its ids"
    file = admin.get(f"/settings/move/{run.id}/rows/opt_in/file?outcome=moved")  # type: ignore[attr-defined]
    assert file.status_code == 200
    assert admin.post(f"/settings/move/{run.id}/start").status_code == 303  # type: ignore[attr-defined]
