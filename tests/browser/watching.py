"""For the gallery: the log of consent is sealed, and the nightly check has found something."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import checkpoints, sealing
from optin.consent.proof.keeper import Keeper
from optin.enums import FindingCause, MessageStatus, Reason
from optin.jobs import nightly_check
from optin.models import BackgroundTask, Message, SendingFinding


def watch(session: Session, folder: Path) -> None:
    """Seal the log of consent, and let a night pass in which one message is found that should not have gone."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    sealing.seal(engine)
    checkpoints.sign(engine, Keeper("optin.example.org", folder, ""), clock.now())
    task = session.get_one(BackgroundTask, nightly_check.begin(session, {}))
    while task.finished_at is None:
        nightly_check.step(session, task)
    sent = session.scalars(select(Message).where(Message.status == MessageStatus.DELIVERED).limit(1)).one()
    assert sent.started_at is not None
    since, found_at = sent.started_at - timedelta(minutes=26), clock.now()
    found = {"reason": Reason.OPTED_OUT, "cause": FindingCause.LEARNED, "since": since, "found_at": found_at}
    session.add(SendingFinding(message_id=sent.id, **found))
    session.commit()
