"""What tests of series after a keyword arrange and read."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import SeriesState
from optin.models import Campaign, Message, Series, SeriesNumber, SeriesStep
from optin.provider import senders
from optin.sending import series
from optin.sending.series_turns import Wait
from tests.support import world


def make(
    session: Session,
    campaign: Campaign,
    *waits: Wait,
    takes_all: bool = False,
    begins: bool = True,
) -> Series:
    """Store a series of texts with these waits, "Text 1" and so on, and start it if it `begins`."""
    assert campaign.keyword_id is not None
    sender = senders.ensure(session, world.OURS)
    made = Series(
        channel=sender.channel,
        campaign_id=campaign.id,
        keyword_id=campaign.keyword_id,
        sender_id=sender.id,
        name="Welcome",
        state=SeriesState.DRAFT,
        takes_all=takes_all,
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    session.add_all(
        SeriesStep(series_id=made.id, place=place, body=f"Text {place}", wait=wait.minutes, at=wait.at)
        for place, wait in enumerate(waits, 1)
    )
    session.flush()
    if begins:
        series.begin(session, made, None)
    session.commit()
    return made


def row(session: Session, made: Series, number: str) -> SeriesNumber:
    """Return how far a number is."""
    return session.get_one(SeriesNumber, (made.id, number), populate_existing=True)


def messages(session: Session, made: Series, number: str | None = None) -> Sequence[Message]:
    """Return the messages of a series, of all or of one number, the oldest first."""
    session.rollback()
    found = select(Message).join(SeriesStep, SeriesStep.broadcast_id == Message.broadcast_id)
    found = found.where(SeriesStep.series_id == made.id).order_by(Message.id)
    if number is not None:
        found = found.where(Message.number == number)
    return session.scalars(found.execution_options(populate_existing=True)).all()
