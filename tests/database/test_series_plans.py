"""What a series asks at each look reads its own rows along their indexes, however many have opted in."""

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from bench import data
from optin.database.session import db
from optin.features.broadcasts import series_figures
from optin.models import Campaign, OptIn, Series, SeriesNumber
from optin.sending import deciding, series_intake, series_look, series_put_out
from optin.sending.series_turns import HOUR, Wait
from tests.conftest import Clock
from tests.database.test_query_plans import ROWS, asked, repeats, scans
from tests.support import outbox, series_scene


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        data.fill(db.engine, ROWS)
        return db.engine


def test_a_look_at_a_series_reads_its_own_rows(
    engine: Engine, session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_intake, "AT_ONCE", 100)
    outbox.without_sending_hours(session)
    campaign = session.scalars(select(Campaign).where(Campaign.keyword_id.is_not(None)).order_by(Campaign.id)).first()
    assert campaign is not None
    made = series_scene.make(session, campaign, Wait(HOUR), Wait(HOUR), takes_all=True)
    series_look.look(engine, made.id)
    session.execute(text("ANALYZE"))
    assert (session.scalar(select(func.count()).select_from(SeriesNumber)) or 0) > ROWS / 10
    found_series = session.get_one(Series, made.id, populate_existing=True)
    assert found_series.taken_to == session.scalar(select(func.max(OptIn.id)))
    found_series.taken_to = 0
    series_id = made.id
    session.commit()
    with asked(engine, "SELECT", "WITH", "INSERT", "UPDATE") as statements:
        clock.forward(minutes=2)
        assert series_intake.take_in(engine, series_id) == 100
        clock.forward(minutes=59)
        monkeypatch.setattr(series_put_out, "AT_ONCE", 5)
        assert series_put_out.put_out_due(engine, series_id) == 5
    with Session(engine) as own, asked(engine, "SELECT") as figures:
        series_figures.lines(own, series_id)
    found = {}
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # it would like to where there are so few rows
        else:
            connection.execute(deciding._HAVE_ANSWERS)
        for statement, given in (statements | figures).items():
            values = given[0] if isinstance(given, list) else given  # one of many rows
            lines = scans(connection, statement, values)
            if statement in statements:
                of_new = "broadcast_left_out"  # the broadcast of the step is new: there are no rows of it yet
                lines += [line for line in repeats(connection, statement, values) if of_new not in line]
            found |= {statement: lines} if lines else {}
    assert len(statements) > 10
    assert not found, "\n\n".join(f"{lines}\n{statement}" for statement, lines in found.items())
