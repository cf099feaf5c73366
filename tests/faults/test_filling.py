"""`import-all` is killed with SIGKILL in its middle: the database is empty as before; the next one fills it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.archive import tables
from optin.database.statements import table
from optin.models import Person
from tests.support import archives, world
from tests.support.faults.processes import running, until
from tests.support.provider import serve_provider

FILL = "tests.support.faults.fill_slowly"
PEOPLE = 1000
LAST = tables.in_order()[-1].name


@pytest.fixture
def target(database: str, shared_folder: Path, tmp_path: Path) -> Iterator[str]:
    """An empty database of the same kind as the one that was exported."""
    with archives.empty_database(database.split(":")[0].split("+")[0], shared_folder, tmp_path / "target") as url:
        yield url


def rows(url: str) -> dict[str, int]:
    """Count the rows of each table that an export has, those without any left out."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with Session(engine) as session:
            asked = {each.name: session.scalar(select(func.count()).select_from(each)) for each in tables.in_order()}
    finally:
        engine.dispose()
    return {name: count for name, count in asked.items() if count}


@pytest.mark.parametrize("stop_after", ["person", LAST])
def test_a_killed_filling_leaves_nothing_and_begins_anew(
    database: str, session: Session, target: str, tmp_path: Path, stop_after: str
) -> None:
    world.keyword(session)
    world.text(session, "volunteer")
    person = world.person(session, "Maya Chen", world.MAYA)
    copied = {column.name: getattr(person, column.name) for column in table(Person).columns if column.name != "id"}
    session.add_all(Person(**{**copied, "mobile": f"+1206{2000000 + each}"}) for each in range(PEOPLE))
    session.commit()
    file = tmp_path / "all.zip"
    file.write_bytes(archives.export(database, tmp_path))
    before, whole = rows(target), rows(database)
    folder = tmp_path / "killed"
    with serve_provider() as provider:
        with running(("-m", FILL, str(file)), target, folder, provider, STOP_AFTER=stop_after):
            until((folder / "stands still").exists, 120)
        assert rows(target) == before, "nothing half that looks whole"
        with running(("-m", FILL, str(file)), target, tmp_path / "again", provider) as process:
            assert process.wait(240) == 0, (tmp_path / "again" / "log").read_text()
    said = (tmp_path / "again" / "log").read_text()
    assert f"{PEOPLE + 1:,} person" in said
    assert "The log leads to what is stored: 1 event of 1 number, no difference." in said
    filled = rows(target)
    assert {name: filled.get(name) for name in whole if name != "setting"} == {
        name: count for name, count in whole.items() if name != "setting"
    }, "the settings also say where all of it is from"
