"""Sealing and signing at once what is new, so that what is handed out now can be checked now."""

from datetime import datetime

from sqlalchemy import Engine

from optin.consent.proof import checkpoints, origins, sealing, stored
from optin.consent.proof.keeper import Keeper
from optin.database.transactions import reading


def seal_and_sign(engine: Engine, keeper: Keeper, now: datetime) -> None:
    """Do so where it is little, and where the log goes on with the key of this machine; else the schedule does it."""
    with reading(engine) as session:
        known, new = origins.all_origins(session), stored.waiting(session)
    if new <= sealing.AT_ONCE and known and keeper.has_key_of(known[-1].name, known[-1].verifier_key):
        sealing.seal(engine)
        checkpoints.sign(engine, keeper, now)
