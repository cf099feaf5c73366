"""What may happen to a number before something else does: it opts in, leaves, is held or blocked."""

from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import BlockCause, HoldCause, OptInSource
from optin.models import Keyword
from tests.support.messageable import SCOPE


def act(session: Session, number: str, what: str, keyword: Keyword) -> None:
    """Let something happen to a number; whatever has no name of its own is an opt-in by text."""
    by_phone = Act(OptInSource.SMS, clock.now(), text=what)
    match what:
        case "stop" | "phrase":
            ledger.opt_out(session, number, by_phone)
        case "hold":
            ledger.hold(session, number, by_phone, HoldCause.SENTENCE, "stop")
        case "block":
            ledger.block(session, SCOPE, number, BlockCause.ERROR_21610, by_phone)
        case "ended":
            ledger.opt_out_keyword(session, number, keyword.id, by_phone)
        case "by hand":
            ledger.opt_in(session, number, keyword, Act(OptInSource.USER, clock.now(), text="on paper"))
        case _:
            ledger.opt_in(session, number, keyword, by_phone)
