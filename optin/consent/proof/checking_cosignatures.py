"""Whether what witnesses have cosigned is what is stored: some at a time, each time in a short transaction."""

from collections.abc import Iterator

from sqlalchemy import Engine, select, tuple_

from optin.consent.proof.cosignature import Cosigner
from optin.consent.proof.signed_note import BadNote
from optin.database.transactions import reading
from optin.models import LogCheckpoint, LogCosignature, Witness

AT_ONCE = 1000


def false_ones(engine: Engine) -> Iterator[str]:
    """Yield in sentences which cosignatures are not of their checkpoint, or not of their witness."""
    key = (LogCosignature.checkpoint_id, LogCosignature.witness_id)
    wanted = (
        select(*key, LogCosignature.at, LogCosignature.line, LogCheckpoint.note, Witness.name, Witness.verifier_key)
        .join(LogCheckpoint, LogCheckpoint.id == LogCosignature.checkpoint_id)
        .join(Witness, Witness.id == LogCosignature.witness_id)
        .order_by(*key)
        .limit(AT_ONCE)
    )
    last = (0, 0)
    while True:
        with reading(engine) as session:
            rows = session.execute(wanted.where(tuple_(*key) > last)).all()
        for row in rows:
            try:
                is_right = Cosigner.read(row.verifier_key).cosignature(row.note, row.line, row.at).at == row.at
            except BadNote:
                is_right = False
            if not is_right:
                yield f"The cosignature of {row.name} on the checkpoint {row.checkpoint_id} is not what it cosigned."
        if not rows:
            return
        last = (rows[-1].checkpoint_id, rows[-1].witness_id)
