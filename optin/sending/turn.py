"""A turn of a job that sends: the answers of one batch are written down and the next batch is started, by one commit.

The answers come first, and what they wait for they wait for without any number's lock. The start waits for nobody.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import Engine

from optin.database.statements import is_away
from optin.database.transactions import writing
from optin.sending import record, start
from optin.sending.claim import ClaimedMessage
from optin.sending.record import SendResult

log = logging.getLogger(__name__)


def record_and_start(
    engine: Engine, outcomes: Sequence[SendResult], claimed_messages: Sequence[ClaimedMessage]
) -> tuple[list[ClaimedMessage], list[ClaimedMessage]] | None:
    """Store outcomes of which all were sent and start what may go; return what `start` does.

    None where that can't be, for the sake of one outcome or of the database, or where nobody knows whether it came to
    be. Record and start by themselves then: neither does anything twice.
    """
    try:
        with writing(engine) as session:
            if record.store_sent(session, outcomes):
                return start.start_in(session, claimed_messages)
            session.rollback()
    except Exception as error:
        if not is_away(error):
            log.warning("answers and starts can't go together", exc_info=True)
    return None
