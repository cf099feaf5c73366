"""A background task is killed with SIGKILL, or its job is lost: it goes on where it stood; nothing is done twice."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import PersonKind
from optin.features.campaigns import add_opt_ins_task
from optin.features.campaigns.add_opt_ins import AddOptInsReport, Choices
from optin.jobs.queue_database import open_queue
from optin.models import BackgroundTask, CampaignMember, OptIn, Person
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

OPT_INS = 2000
SLOWLY = {"AT_ONCE": "20", "DEADLINE": "5"}


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def task_id(app: Flask, engine: Engine) -> int:
    """A task that adds the opt-ins of a campaign; a third of the numbers has a contact."""
    with app.app_context(), Session(engine) as session:
        keyword = world.keyword(session)
        campaign = scene.campaign(session, keyword)
        now = clock.now()
        numbers = [f"+1415{2000000 + index}" for index in range(OPT_INS)]
        given = {"keyword_id": keyword.id, "status": "active", "source": "sms", "requested_at": now}
        session.add_all(OptIn(number=number, activated_at=now, **given) for number in numbers)
        session.add_all(
            Person(kind=PersonKind.CONTACT, sort_name=number, mobile=number, created_at=now, updated_at=now)
            for number in numbers[::3]
        )
        session.flush()
        made = add_opt_ins_task.begin(session, campaign.id, keyword.id, None, Choices(True, False))
        session.commit()
        return made


def done(engine: Engine, task_id: int) -> int:
    """Return how far the task has come."""
    with reading(engine) as session:
        return session.get_one(BackgroundTask, task_id).done


def ended(engine: Engine, task_id: int) -> bool:
    """Tell whether the task has ended."""
    with reading(engine) as session:
        return session.get_one(BackgroundTask, task_id).finished_at is not None


def everybody_is_in_once(engine: Engine, task_id: int) -> None:
    """See that each number is a member once and that nobody got two leads, and that the task says so."""
    with Session(engine) as session:
        task = session.get_one(BackgroundTask, task_id)
        leads = OPT_INS - len(range(0, OPT_INS, 3))
        assert (task.done, task.ended_because) == (OPT_INS, "")
        assert add_opt_ins_task.report(task) == AddOptInsReport(members=OPT_INS, leads=leads)
        counted = select(func.count(), func.count(CampaignMember.number.distinct())).select_from(CampaignMember)
        assert session.execute(counted).one() == (OPT_INS, OPT_INS)
        assert session.scalar(select(func.count()).where(Person.kind == PersonKind.LEAD)) == leads


@pytest.mark.parametrize("by", ["the same", "another"])
def test_what_a_killed_process_was_at_goes_on(
    database: str, engine: Engine, tmp_path: Path, task_id: int, by: str
) -> None:
    """The same process takes its job up at once when it comes back; another when the job's deadline is over."""
    with serve_provider() as provider:
        for kill in (1, 2):
            with running(SERVER, database, tmp_path / "killed", provider, **SLOWLY):
                until(lambda kill=kill: done(engine, task_id) > kill * OPT_INS / 4)
        assert not ended(engine, task_id)
        folder = tmp_path / ("killed" if by == "the same" else "another")
        with running(SERVER, database, folder, provider, **SLOWLY):
            until(lambda: ended(engine, task_id))
    everybody_is_in_once(engine, task_id)


def test_what_the_queue_lost_is_found(database: str, app: Flask, engine: Engine, tmp_path: Path, task_id: int) -> None:
    """As after a power cut, since the queue's commits do not wait for the disk."""
    with serve_provider() as provider:
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(lambda: done(engine, task_id) > OPT_INS / 4)
        queue = open_queue(app.config["OPTIN"].queue_url)
        schema = "dbos." if queue.dialect.name == "postgresql" else ""
        with queue.begin() as connection:
            assert connection.execute(text(f"DELETE FROM {schema}workflow_status")).rowcount > 0
        queue.dispose()
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(lambda: ended(engine, task_id))
    everybody_is_in_once(engine, task_id)
