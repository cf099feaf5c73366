"""How what goes wrong beside the web is told."""

import logging

from optin.storage.troubles import trouble_of

log = logging.getLogger(__name__)


def log_error(what: str, error: BaseException) -> None:
    """Log what went wrong: in a line if the database could not be used, else with the way that led there."""
    trouble = trouble_of(error)
    if trouble is None:
        log.error(what, exc_info=error)
    else:
        log.warning("%s: %s", what, trouble.sentence)
