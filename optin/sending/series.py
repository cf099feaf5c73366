"""Series after a keyword: each number gets one text after the other from its opt-in on, each of them once at most.

Each step is one broadcast, to which those are added whose turn it is (sending/series_look.py): its messages pass the
rule, and are sent, as those of any. Here is what a series is, and what lets it go out; its campaign's lock covers both.
"""

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.transactions import reading
from optin.enums import OptInStatus, SeriesState
from optin.models import Campaign, OptIn, Series, SeriesStep
from optin.policy import audit
from optin.sending import scheduled
from optin.sending.series_turns import Wait

SUBJECT = "series"
OTHER_KEYWORD = "the campaign has another opt-in keyword now"


def locked(session: Session, series_id: int) -> Series:
    """Return a series as it is under its campaign's lock, which whoever changes it or sends of it has."""
    session.scalars(Campaign.locked(session.get_one(Series, series_id).campaign_id)).one()
    return session.get_one(Series, series_id, populate_existing=True)


def steps(session: Session, series_id: int) -> list[SeriesStep]:
    """List its steps in their order."""
    found = select(SeriesStep).where(SeriesStep.series_id == series_id).order_by(SeriesStep.place)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def wait_of(step: SeriesStep) -> Wait:
    """Return what a step waits for."""
    return Wait(step.wait, step.at)


def when(place: int, wait: Wait) -> str:
    """Say when the text at a place goes out."""
    return wait.words("the opt-in" if place == 1 else f"text {place - 1}")


def step_of(session: Session, broadcast_id: int) -> SeriesStep | None:
    """Return the step whose broadcast it is, None for any other broadcast."""
    return session.scalars(select(SeriesStep).where(SeriesStep.broadcast_id == broadcast_id)).one_or_none()


def of_campaign(campaign_id: int) -> Select[Series]:
    """Select the series of a campaign, the newest first."""
    return select(Series).where(Series.campaign_id == campaign_id).order_by(Series.id.desc())


def active(engine: Engine) -> list[int]:
    """List the series that are on."""
    with reading(engine) as session:
        return list(session.scalars(select(Series.id).where(Series.state == SeriesState.ACTIVE).order_by(Series.id)))


def hindrance(series: Series) -> str:
    """Say in a half sentence what keeps all of its texts back, apart from the sending gate; "" for nothing."""
    if series.campaign.keyword_id != series.keyword_id:
        return OTHER_KEYWORD
    return scheduled.hindrance(series.campaign, series.keyword, series.sender)


def begin(session: Session, series: Series, user_id: int | None) -> None:
    """Let a series that was never on take in who opts in from now on; the caller has the campaign's lock, and commits.

    Who is asked to confirm now has not opted in yet, and is taken in with the confirmation.
    """
    series.taken_to = 0 if series.takes_all else _taken_to(session, series)
    series.state, series.started_at = SeriesState.ACTIVE, clock.now()  # after the ids: what they passed began before
    audit.record(session, user_id, "started", SUBJECT, series.id)


def _taken_to(session: Session, series: Series) -> int:
    """Return the id up to which no opt-in with the keyword can begin any more, 0 where there is none."""
    mine = OptIn.keyword_id == series.keyword_id
    pending = session.scalar(select(func.min(OptIn.id)).where(mine, OptIn.status == OptInStatus.PENDING))
    if pending is not None:
        return pending - 1
    return session.scalar(select(func.max(OptIn.id)).where(mine)) or 0
