"""`verify` says in sentences whether the log leads to what is stored, in the database and in an export."""

from pathlib import Path

from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from optin.models import ConsentPayload, OptIn
from tests.support import archives, outbox, world


def verify(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["verify", *words])
    return result.exit_code, result.output


def test_the_database(app: Flask, session: Session) -> None:
    outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    world.text(session, "STOP", world.TOM)
    session.commit()
    code, said = verify(app)
    assert (code, said.splitlines()) == (
        0,
        [
            "3 events are newer than the log: they will be sealed while Optin runs.",
            "The log leads to what is stored: 3 events of 2 numbers, no difference.",
        ],
    ), said
    session.execute(update(OptIn).values(status="expired"))
    session.commit()
    code, said = verify(app)
    assert code == 1
    assert "OI-000001 is stored as “Expired”, by the log it is “Active”" in said
    assert "1 difference in 3 events of 2 numbers" in said


def test_an_export(app: Flask, database: str, session: Session, tmp_path: Path) -> None:
    outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    session.commit()
    file = tmp_path / "all.zip"
    file.write_bytes(archives.export(database, tmp_path))
    code, said = verify(app, str(file))
    assert (code, "is whole" in said, "1 event of 1 number, no difference" in said) == (0, True, True), said
    session.execute(update(OptIn).values(end_reason="by_user", status="inactive"))
    session.execute(delete(ConsentPayload))
    session.commit()
    file.write_bytes(archives.export(database, tmp_path))
    code, said = verify(app, str(file))
    assert (code, "An erased number: OI-000001" in said, "has been erased" in said) == (1, True, True), said
    file.write_bytes(file.read_bytes()[:-50])
    code, said = verify(app, str(file))
    assert (code, "damaged" in said) == (1, True)
