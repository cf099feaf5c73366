"""A comparison with Twilio's message list that a user asks for."""

import logging
import threading
from dataclasses import dataclass

from sqlalchemy import Engine

from optin.provider.gateway import Gateway, GatewayError
from optin.receiving import reconcile
from optin.sending.unknown_outcomes import ComparisonReport

PATIENCE = 5.0
"""Seconds for which a page waits for the end; then the comparison goes on without it."""

log = logging.getLogger(__name__)


@dataclass
class _Comparison:
    engine: Engine
    gateway: Gateway
    said: tuple[str, str] = ("", "")

    def run(self) -> None:
        """Compare, and open the sending gate if it is closed."""
        try:
            report = reconcile.check_inbound(self.engine, self.gateway)
            settled = reconcile.settle_unknown(self.engine, self.gateway)
            opened = reconcile.reopen(self.engine, self.gateway)
            self.said = (_words(report, settled, opened), "ok" if report else "off")
        except GatewayError as error:
            self.said = (f"The comparison failed: {error.text}", "bad")
        except Exception:
            log.exception("a comparison that was asked for failed")
            self.said = ("The comparison failed. The reason is in the log.", "bad")


def now(engine: Engine, gateway: Gateway) -> tuple[str, str]:
    """Compare with Twilio's list, and return what to tell the user, with its tone."""
    asked = _Comparison(engine, gateway)
    thread = threading.Thread(target=asked.run, name="optin-compare", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return asked.said if not thread.is_alive() else ("The comparison is running. You can leave this page.", "off")


def _words(report: ComparisonReport | None, settled: ComparisonReport | None, opened: bool) -> str:
    if report is None:
        return reconcile.BUSY
    found = [f"{report.texts} texts were missing", f"{(settled or ComparisonReport()).settled} sends were settled"]
    return f"Compared with Twilio’s list: {', '.join(found)}." + (" Sending is open again." if opened else "")
