"""For the gallery: the log of consent is sealed and cosigned, and the nightly check has found something."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import checkpoints, sealing
from optin.consent.proof.keeper import Keeper
from optin.enums import FindingCause, MessageStatus, Reason
from optin.jobs import nightly_check
from optin.models import BackgroundTask, LogCosignature, Message, SendingFinding, Witness


def watch(session: Session, folder: Path) -> None:
    """Seal the log of consent, and let a night pass in which one message is found that should not have gone."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    sealing.seal(engine)
    signed = checkpoints.sign(engine, Keeper("optin.example.org", folder, ""), clock.now())
    assert signed is not None
    _have_witnesses(session, signed.id)
    task = session.get_one(BackgroundTask, nightly_check.begin(session, {}))
    while task.finished_at is None:
        nightly_check.step(session, task)
    sent = session.scalars(select(Message).where(Message.status == MessageStatus.DELIVERED).limit(1)).one()
    assert sent.started_at is not None
    since, found_at = sent.started_at - timedelta(minutes=26), clock.now()
    found = {"reason": Reason.OPTED_OUT, "cause": FindingCause.LEARNED, "since": since, "found_at": found_at}
    session.add(SendingFinding(message_id=sent.id, **found))
    session.commit()


def _have_witnesses(session: Session, checkpoint_id: int) -> None:
    """Add one that has cosigned, one that can't be reached, and one that was never heard."""
    now = clock.now()
    for name, url, error in (
        ("witness.library.example.org/1", "https://witness.library.example.org", ""),
        ("food-bank.example.org/witness", "http://10.0.4.17:8089", "It did not answer within 10 seconds."),
        ("witness.legal-aid.example.org/2027", "https://witness.legal-aid.example.org", ""),
    ):
        made = Witness(name=name, verifier_key=f"{name}+1a2b3c4d+key", url=url, added_at=now, error=error)
        made.next_at = now + timedelta(days=365)  # there is nobody to ask
        session.add(made)
        session.flush()
        if not error and url.endswith("library.example.org"):
            session.add(
                LogCosignature(checkpoint_id=checkpoint_id, witness_id=made.id, at=now, line=f"\u2014 {name} …")
            )
