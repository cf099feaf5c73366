"""Exports that lack what tells rows apart or when they are of: nothing is lost, and whoever left has left."""

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.enums import HoldResolution, OptInStatus, Role
from optin.models import ConsentEvent, Hold, Message, OptIn, Suppression
from optin.policy import policy
from tests.conftest import add_user
from tests.support.moving import move
from tests.support.salesforce_export import OURS, START, Export, Style, phone, record, sid


def texted(export: Export, body: str, other: int = 1, **further: object) -> None:
    """Add a text that came in."""
    given = {"From_Number__c": phone(other), "To_Number__c": OURS, "CreatedDate": START, **further}
    export.add("Message__c", Direction__c="Inbound", Body__c=body, **given)


def opted_in(export: Export, word: str, active: bool = True, **further: object) -> None:
    """Add an opt-in of the first number with a keyword, and the keyword."""
    key = record("a0K", len(export.rows.get("Opt_In_Keyword__c", [])) + 1)
    export.add("Opt_In_Keyword__c", Id=key, Name=word)
    given = {"Opt_In_Phone_Number_Unformatted__c": phone(1), "Active__c": active, "Opt_In_Date_Time__c": None}
    export.add("Opt_In__c", UniqueId__c=f"u{key.short}", Opt_In_Keyword__c=key, **{**given, **further})


def out(session: Session) -> list[str]:
    """Return the numbers that get nothing."""
    session.expire_all()
    return list(session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None))))


def test_messages_without_any_id_are_all_moved_once(app: Flask, session: Session) -> None:
    user, export = add_user(session, Role.ADMIN), Export(Style())
    for index in range(50):
        texted(export, f"Text {index % 25}", other=index // 25)
    texted(export, "Text 0", other=0)  # the same text of the same second is the same
    moved = move(app, session, export, user.id)
    assert moved.counts["message"] == moved.checked["message"] == {"found": 51, "moved": 50, "here": 1}
    assert session.scalar(select(func.count()).where(Message.id < 0)) == 50
    assert move(app, session, export, user.id).counts["message"] == {"found": 51, "here": 51}
    assert session.scalar(select(func.count()).where(Message.id < 0)) == 50


@pytest.mark.parametrize("word", ["Opt-Out", "Leave"])
def test_a_keyword_that_asks_to_stop_opts_nobody_in(app: Flask, session: Session, word: str) -> None:
    policy.change(session, None, extra_opt_out_words=["leave"])
    session.commit()
    user, export = add_user(session, Role.ADMIN), Export(Style())
    opted_in(export, word, Opt_In_Date_Time__c=START)
    moved = move(app, session, export, user.id)
    assert moved.counts == moved.checked
    assert session.scalar(select(func.count()).select_from(OptIn)) == 0
    assert out(session) == [phone(1)]


@pytest.mark.parametrize("further", [{"CreatedDate": ""}, {"IsDeleted": True}], ids=["no date", "deleted"])
def test_a_stop_counts_also_where_its_message_is_left_out(
    app: Flask, session: Session, further: dict[str, object]
) -> None:
    user, export = add_user(session, Role.ADMIN), Export(Style())
    opted_in(export, "Volunteer", Opt_In_Date_Time__c=START)
    texted(export, "STOP", External_Id__c=sid(1), **further)
    moved = move(app, session, export, user.id)
    assert moved.counts["message"] == {"found": 1, "left_out": 1}
    assert session.scalars(select(OptIn.status)).all() == [OptInStatus.INACTIVE]
    assert out(session) == [phone(1)]


def test_what_has_no_date_changes_nothing_when_it_is_moved_again(app: Flask, session: Session) -> None:
    user, export = add_user(session, Role.ADMIN), Export(Style())
    opted_in(export, "STOP", active=False)
    texted(export, "we have to stop this bill", other=2, CreatedDate="", External_Id__c=sid(1))
    move(app, session, export, user.id)
    assert out(session) == [phone(1)]
    held = session.scalars(select(Hold)).one()
    held.ended_at, held.resolution = held.started_at, HoldResolution.KEEP
    session.commit()
    events = session.scalar(select(func.count()).select_from(ConsentEvent))
    move(app, session, export, user.id)
    assert session.scalar(select(func.count()).select_from(ConsentEvent)) == events
    assert session.scalars(select(Hold.id).where(Hold.ended_at.is_(None))).all() == []
